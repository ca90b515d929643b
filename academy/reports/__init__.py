"""Read-only queries, exports, evidence packs."""
