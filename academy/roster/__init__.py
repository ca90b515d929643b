"""A roster from file to people: read, checked row by row, then applied all at once or not at all."""
