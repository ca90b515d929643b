"""The head of an iCalendar feed (RFC 5545, RFC 7986), which phones fetch a few times a day.

A feed has to be the same, byte for byte, as long as nothing that it shows has changed: its ETag spares phones the rest.
So no DTSTAMP is the present time.
"""

import datetime as dt

from icalendar import Calendar

from academy.core import clock


def new_feed(name: str, host: str, product: str, refresh: dt.timedelta) -> Calendar:
    """A calendar without events. `name` is what phones show, `host` and `product` name the maker; phones are asked to
    come again after `refresh`."""
    made = Calendar()
    made.add("prodid", f"-//{host}//{product}//")
    made.add("version", "2.0")
    made.add("method", "PUBLISH")
    made.add("name", name)
    made.add("x-wr-calname", name)
    made.add("x-wr-timezone", str(clock.CITY))
    made.add("refresh-interval", refresh, parameters={"VALUE": "DURATION"})
    made.add("x-published-ttl", refresh)
    return made
