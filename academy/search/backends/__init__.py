"""The index behind one interface, on Whoosh or on PostgreSQL."""
