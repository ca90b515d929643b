"""The ground floor: database, clock, ids, actor, errors, logging, settings. Imports no other room."""
