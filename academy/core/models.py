"""Tables that belong to no component: keys with which documents were signed."""

import datetime as dt

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from academy.core import clock
from academy.core.database import Base


class SigningKey(Base):
    """A public key with which this academy signed documents.

    Kept for ever: a document is checked years after its key was replaced.
    """

    __tablename__ = "signing_keys"

    key_id: Mapped[str] = mapped_column(String(16), primary_key=True)
    public_key: Mapped[str] = mapped_column(String(44), unique=True)
    first_used_at: Mapped[dt.datetime] = mapped_column(default=clock.now)
