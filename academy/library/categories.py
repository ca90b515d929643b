"""Categories of courses: the initial ones, and their management by the city's administrators."""

from contextlib import AbstractContextManager

from sqlalchemy import func, select

from academy.core.actor import Actor
from academy.core.audit import record
from academy.core.database import Tx
from academy.core.errors import Conflict, Invalid, NotFound
from academy.core.i18n import msg
from academy.core.ids import new_id
from academy.core.unique import unique_or
from academy.library import access, rules
from academy.library.kinds import CategorySymbol
from academy.library.models import Category, CourseVersion

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
    """Create the initial categories; existing ones (also renamed ones) are left alone."""
    known = set(tx.scalars(select(Category.slug)))
    if not known:
        tx.add_all(
            Category(slug=slug, name=name, position=place, symbol=CategorySymbol(slug))
            for place, (slug, name) in enumerate(FIRST, 1)
        )
        tx.flush()
    return list(tx.scalars(select(Category).order_by(Category.position, Category.id)))


def add_category(tx: Tx, actor: Actor, name: str, symbol: str = CategorySymbol.PLAIN) -> Category:
    """Add a category after the others; `symbol` is one of `CategorySymbol`.

    Raises:
        Invalid: no name, too long a name, one that exists already, or an unknown symbol.
        Forbidden: the actor does not manage categories.
    """
    access.require_shelf_keeper(actor)
    last = tx.scalar(select(func.max(Category.position))) or 0
    made = Category(slug=new_id()[:8], name=_name(tx, name), position=last + 1, symbol=_symbol(symbol))
    with _unless_taken(tx):
        tx.add(made)
    record(tx, actor, "category.added", f"category:{made.slug}")
    return made


def update_category(tx: Tx, actor: Actor, slug: str, name: str, symbol: str) -> None:
    """Change the name and the symbol of a category; its links and courses stay. Raises as `add_category`."""
    access.require_shelf_keeper(actor)
    row = find_category(tx, slug)
    kept, drawn = _name(tx, name, row), _symbol(symbol)
    with _unless_taken(tx):
        row.name, row.symbol = kept, drawn
    record(tx, actor, "category.renamed", f"category:{slug}")


def move_category(tx: Tx, actor: Actor, slug: str, by: int) -> None:
    """Move a category so many places down (or up, when negative).

    Raises:
        NotFound: no category has this slug.
    """
    access.require_shelf_keeper(actor)
    rows = list(tx.scalars(select(Category).order_by(Category.position, Category.id).with_for_update()))
    here = next((place for place, row in enumerate(rows) if row.slug == slug), None)
    if here is None:
        raise NotFound
    rows.insert(max(0, here + by), rows.pop(here))
    for place, row in enumerate(rows, 1):
        row.position = place
    record(tx, actor, "category.moved", f"category:{slug}")


def remove_category(tx: Tx, actor: Actor, slug: str) -> None:
    """Remove an empty category.

    Raises:
        Conflict: it contains courses, possibly drafts.
    """
    access.require_shelf_keeper(actor)
    row = find_category(tx, slug)
    if tx.scalar(select(CourseVersion.id).where(CourseVersion.category_id == row.id).limit(1)):
        raise Conflict(msg("“%(name)s”里有课程（包括草稿），不能删除。", name=row.name))
    tx.delete(row)
    record(tx, actor, "category.removed", f"category:{slug}")


def find_category(tx: Tx, slug: str) -> Category:
    """The category of a slug.

    Raises:
        NotFound: no category has this slug.
    """
    row = tx.scalar(select(Category).where(Category.slug == slug))
    if row is None:
        raise NotFound
    return row


def _name(tx: Tx, name: str, own: Category | None = None) -> str:
    kept = rules.clean(name).replace("\n", " ")
    if not 1 <= len(kept) <= rules.CATEGORY_LENGTH:
        raise Invalid(fields={"name": msg("分类名称请写 1 到 %(most)s 个字。", most=rules.CATEGORY_LENGTH)})
    other = tx.scalar(select(Category).where(Category.name == kept))
    if other is not None and other is not own:
        raise Invalid(fields={"name": _TAKEN})
    return kept


def _symbol(symbol: str) -> CategorySymbol:
    if symbol not in set(CategorySymbol):
        raise Invalid(fields={"symbol": msg("请选一个封面图案。")})
    return CategorySymbol(symbol)


def _unless_taken(tx: Tx) -> AbstractContextManager[None]:
    """Somebody may take the name between our query and our write."""
    return unique_or(tx, Invalid(fields={"name": _TAKEN}))


_TAKEN = msg("已经有这个分类了。")
