"""One age on one day, whoever asks: audiences, statistics, checks of the roster."""

import datetime as dt

from hypothesis import example, given
from hypothesis import strategies as st

from academy.people.ages import age_on, years_before
from academy.trainings.rules import AGE_BANDS, Audience

LEAP = dt.date(2028, 2, 29)


@given(st.dates(dt.date(1900, 1, 1), dt.date(2028, 12, 31)), st.dates(dt.date(2000, 1, 1), dt.date(2060, 12, 31)))
@example(dt.date(1992, 2, 29), LEAP)
@example(dt.date(1992, 2, 29), dt.date(2027, 2, 28))
@example(dt.date(1993, 3, 1), LEAP)
def test_limits_by_birthday_and_by_years_say_the_same(birth: dt.date, day: dt.date) -> None:
    age = age_on(birth, day)
    for years in (18, 35, 36, 105, age, age + 1):
        if day.year - years >= 1:
            assert (birth <= years_before(day, years)) == (age >= years)
    for key, (low, high) in AGE_BANDS.items():
        ((earliest, latest),) = Audience(ages=(key,)).birth_bands(day)
        inside = (earliest is None or birth >= earliest) and (latest is None or birth <= latest)
        assert inside == (age >= low and (high is None or age <= high)), key
