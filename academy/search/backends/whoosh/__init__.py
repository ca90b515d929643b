"""The index in files, by Whoosh."""
