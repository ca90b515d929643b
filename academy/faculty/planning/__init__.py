"""The planner of a term: who teaches what on which evening. Knows no database (docs/decisions/0064)."""
