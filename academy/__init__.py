"""Academy (云学院): a city's courseware library, recorded lectures and coverage of every member."""
