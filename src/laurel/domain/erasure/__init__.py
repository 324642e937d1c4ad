"""Forgetting a person: what is known of them is erased wherever it lies, figures about nobody stay."""
