"""Database, clock, ids, actor, errors, logging, settings. Imports no other component."""
