"""Leases, the watch ledger, completions, credit hours."""
