"""What learners ask for in their wallet: another name on their credentials, or to be forgotten."""
