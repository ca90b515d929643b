"""Credentials, sessions, roles and scopes; reading the audit trail."""
