"""The shelves that a new academy starts with."""

from sqlalchemy import select

from academy.core.db import Tx
from academy.library.models import Category

FIRST = (
    ("theory", "理论学习"),
    ("constitution", "党章党规"),
    ("history", "党史教育"),
    ("village", "乡村振兴"),
    ("governance", "基层治理"),
    ("integrity", "廉政教育"),
    ("law", "法律法规"),
    ("skills", "业务技能"),
    ("models", "先进典型"),
    ("economy", "经济发展"),
)


def seed_categories(tx: Tx) -> list[Category]:
    """Make the first shelves; those that exist (also renamed ones) are left alone."""
    known = set(tx.scalars(select(Category.slug)))
    if not known:
        tx.add_all(Category(slug=slug, name=name, position=place) for place, (slug, name) in enumerate(FIRST, 1))
        tx.flush()
    return list(tx.scalars(select(Category).order_by(Category.position, Category.id)))
