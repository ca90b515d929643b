"""Messages inside the academy, and the channels that carry them out."""
