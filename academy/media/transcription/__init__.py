"""Speech recognition: two engines behind one interface, a configured model, in the jail.

`models` identifies the model in a folder, `recogniser.py` is the script that loads it, `rules` turns its output into
captions, `requests` starts it and stores the result.
"""
