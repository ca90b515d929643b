"""What stands on the shelves: categories, cards and covers, and the credit of a course."""

from collections.abc import Iterator

import pytest
from sqlalchemy import select

from academy.core.actor import Role
from academy.core.errors import Invalid
from academy.core.runtime import Runtime
from academy.library import api as library
from academy.library import queries
from academy.library.api import (
    add_category,
    add_item,
    approve_course,
    create_course,
    edit_course,
    publish_course,
    revise_course,
    seed_categories,
    submit_course,
    update_category,
)
from academy.library.models import Category
from academy.people.models import Organisation
from tests.components import course_scene
from tests.components.course_scene import Scene
from tests.support import factories


@pytest.fixture
def scene(runtime: Runtime) -> Iterator[Scene]:
    with course_scene.made(runtime) as there:
        yield there


def test_shelves_show_what_is_published_in_a_fixed_number_of_queries(scene: Scene, count_queries: object) -> None:
    for number in range(3):
        scene.published(
            title=f"课{number}", category="law", lecturer="县委书记", office="县委", is_leader=True, items=2
        )
    scene.draft(category="law")
    scene.published(category="village")
    law = queries.list_published(scene.tx, "law")
    assert [card.version.title for card in law.rows] == ["课2", "课1", "课0"]
    assert law.rows[0].duration_ms == 120_000 and law.rows[0].items == 2
    assert queries.list_published(scene.tx, leaders=True).total == 3
    assert {s.category.slug: s.courses for s in queries.list_shelves(scene.tx) if s.courses} == {"law": 3, "village": 1}
    few = count_queries(lambda: queries.list_published(scene.tx, size=1))  # type: ignore[operator]
    many = count_queries(lambda: queries.list_published(scene.tx, size=20))  # type: ignore[operator]
    assert few == many <= 4


def test_the_first_page_shows_the_newest_of_each_category_in_a_fixed_number_of_queries(
    scene: Scene, count_queries: object
) -> None:
    for number in range(3):
        scene.published(title=f"课{number}", category="law", items=2)
    scene.published(title="村", category="village")
    scene.draft(category="history")
    found = queries.shelves_with_cards(scene.tx, 2)
    assert {s.category.slug: [c.version.title for c in s.cards] for s in found} == {
        "law": ["课2", "课1"],
        "village": ["村"],
    }
    assert {s.category.slug: s.courses for s in found} == {"law": 3, "village": 1}
    one = count_queries(lambda: queries.shelves_with_cards(scene.tx, 1))  # type: ignore[operator]
    assert one == count_queries(lambda: queries.shelves_with_cards(scene.tx, 9)) <= 5  # type: ignore[operator]


def test_a_cover_tells_what_it_is_and_how_long(scene: Scene) -> None:
    film = queries.course_page(scene.tx, scene.published(category="law", items=2)).card
    assert (film.kind, film.duration_ms, film.pages, film.cover) == ("video", 120_000, 0, None)
    paper = factories.asset(scene.tx, scene.trainer, kind="document", state="ready", duration_ms=None, pages=7)
    draft = scene.draft(category="law", items=0)
    add_item(scene.tx, scene.author, draft, kind="document", title="条文", asset=paper)
    card = queries.course_page(scene.tx, draft).card
    assert (card.kind, card.duration_ms, card.pages) == ("document", 0, 7)


def test_a_category_has_a_symbol_that_there_is(scene: Scene) -> None:
    keeper = factories.actor_of(
        scene.tx,
        factories.account(
            scene.tx, None, (Role.SYSTEM_ADMINISTRATOR, scene.tx.get_one(Organisation, scene.county.parent_id))
        ),
    )
    rows = {row.slug: row for row in factories.library.seed_categories(scene.tx)}
    assert {row.symbol for row in rows.values()} == set(rows), "the first categories have each their own"
    made = add_category(scene.tx, keeper, "移风易俗", "culture")
    update_category(scene.tx, keeper, made.slug, "移风易俗", "health")
    assert made.symbol == "health"
    with pytest.raises(Invalid) as caught:
        add_category(scene.tx, keeper, "新类", "unicorn")
    assert set(caught.value.fields) == {"symbol"}


def test_seeding_leaves_renamed_shelves_alone(scene: Scene) -> None:
    first = factories.library.seed_categories(scene.tx)
    first[0].name = "理论武装"
    scene.tx.flush()
    assert seed_categories(scene.tx)[0].name == "理论武装"
    assert len(scene.tx.scalars(select(Category)).all()) == len(first)


def test_credit_follows_what_is_required_until_its_author_chooses(scene: Scene) -> None:
    tx = scene.tx
    library.seed_categories(tx)
    course = create_course(tx, scene.author, title="题", summary="简介", category="theory")
    assert library.proposed_credit(tx, course.shown) is None
    film = factories.asset(tx, scene.trainer, duration_ms=12 * 60_000)
    paper = factories.asset(tx, scene.trainer, kind="document", duration_ms=None, pages=30)
    add_item(tx, scene.author, course, kind="video", title="第一讲", asset=film)
    add_item(tx, scene.author, course, kind="document", title="讲义", asset=paper, required=False)
    assert library.proposed_credit(tx, course.shown) == 12
    submit_course(tx, scene.author, course)
    assert (course.shown.credit_minutes, course.shown.credit_chosen) == (12, False)
    edit_course(tx, scene.author, course, title="题", summary="简介", category="theory", credit_minutes=30)
    submit_course(tx, scene.author, course)
    assert course.shown.credit_minutes == 30
    approve_course(tx, scene.reviewer, course)
    publish_course(tx, scene.author, course)
    revise_course(tx, scene.author, course)
    assert course.draft is not None and course.draft.credit_chosen
    edit_course(tx, scene.author, course, title="题", summary="简介", category="theory")
    assert course.draft.credit_minutes == 12
