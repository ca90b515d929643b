"""Speech recognition: two engines behind one interface, a model that the operator names, in the jail.

`models` tells what a folder holds, `recogniser.py` is the script that loads it, `rules` turns what was heard
into captions, `hearing` asks for it and keeps the result.
"""
