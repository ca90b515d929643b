"""The index in tables, by PostgreSQL's full text search."""
