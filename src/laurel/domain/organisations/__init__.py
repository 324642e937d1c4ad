"""Organisations and what belongs to running one: departments, accounts, API keys, the audit trail."""
