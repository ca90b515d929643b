"""Reports of the programme for the organisation department: lists, and the figures that count them."""
