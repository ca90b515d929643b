"""Age on a day: one definition for audiences, statistics, checks and reports. Pure.

A person born on 29 February is a year older on 1 March in years without that day.
"""

import datetime as dt


def years_before(day: dt.date, years: int) -> dt.date:
    """The latest birthday of a person who is at least `years` old on `day`."""
    try:
        return day.replace(year=day.year - years)
    except ValueError:  # 29 February in a year without one
        return day.replace(year=day.year - years, day=28)


def age_on(birth: dt.date, day: dt.date) -> int:
    """Full years on a day."""
    return day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))
