"""Column types that behave alike on SQLite and PostgreSQL."""

import datetime as dt
import enum

from sqlalchemy import BigInteger, CheckConstraint, DateTime, Dialect, Integer, TypeDecorator

# SQLite counts rows by itself only when the key is declared INTEGER.
Key = BigInteger().with_variant(Integer, "sqlite")


def one_of(column: str, *allowed: type[enum.StrEnum]) -> CheckConstraint:
    """CHECK constraint of a column that holds a value of an enum, or of one of several; named after the column."""
    values = tuple(dict.fromkeys(str(value) for kind in allowed for value in kind))
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=column, info={ONE_OF: (column, values)})


ONE_OF = "one_of"
"""Key in a CHECK's `info` under which its column and allowed values are kept."""


class Instant(TypeDecorator[dt.datetime]):
    """An aware instant, kept in UTC. A naive datetime raises ValueError."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs a time zone")
        utc = value.astimezone(dt.UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=dt.UTC) if value.tzinfo is None else value.astimezone(dt.UTC)
