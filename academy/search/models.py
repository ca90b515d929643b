"""Search data in the database; the index itself can be rebuilt."""

import datetime as dt

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from academy.core import clock
from academy.core.database import Base
from academy.core.types import Key


class Term(Base):
    """A term of the city's own (names of places, campaigns, slogans) that must stay one token."""

    __tablename__ = "search_terms"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    text: Mapped[str] = mapped_column(String(40), unique=True)
    added_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    created_at: Mapped[dt.datetime] = mapped_column(default=clock.now)


class QueryLog(Base):
    """Queries and their numbers of results, by day; never who searched."""

    __tablename__ = "search_queries"
    __table_args__ = (Index("uq_search_queries_day", "day", "text", unique=True),)

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    day: Mapped[dt.date]
    text: Mapped[str] = mapped_column(String(80))
    times: Mapped[int] = mapped_column(default=1)
    found: Mapped[int] = mapped_column(default=0)
