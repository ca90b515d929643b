"""Two tabs, two people, one form: who comes later is shown both texts instead of replacing the other unseen."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from html import unescape

import pytest
from flask.testing import FlaskClient

from academy.core.actor import Role
from academy.core.database import Tx
from academy.core.runtime import Runtime
from academy.library.categories import add_category
from academy.library.models import Category, Course
from academy.media.transcripts import chapters
from academy.people import cohorts, sectors
from academy.people.models import Organisation, Sector
from academy.trainings.models import Training
from tests.conftest import sign_in
from tests.support import factories
from tests.support.coverage_city import City, training
from tests.support.factories import actor_of


@dataclass
class Scene:
    """A form: where it is shown and sent, which button, what two people type, and what is kept."""

    page: str
    action: str
    typed: tuple[str, str]
    name: str
    kept: Callable[[Tx], str]
    fixed: dict[str, str] = field(default_factory=dict)
    """Hidden fields that tell this form from others on the page."""


def _course(tx: Tx, role: Callable[..., object]) -> Scene:
    course = factories.course(tx, role(Role.TRAINER))
    page = f"/studio/{course.public_id}"
    return Scene(page, page, ("甲的标题", "乙的标题"), "title", lambda t: t.get_one(Course, course.id).title)


def _item(tx: Tx, role: Callable[..., object]) -> Scene:
    course = factories.course(tx, role(Role.TRAINER))
    item = course.shown.items[0]
    action = f"/studio/{course.public_id}/items/{item.public_id}"
    kept = lambda t: t.get_one(Course, course.id).shown.items[0].title  # noqa: E731
    return Scene(f"/studio/{course.public_id}", action, ("甲的课件", "乙的课件"), "item_title", kept)


def _training(tx: Tx, role: Callable[..., object]) -> Scene:
    city = City(tx)
    role(Role.NODE_ADMINISTRATOR, city.city)
    made = training(tx, city.city, city.courses)
    page = f"/trainings/{made.public_id}/edit"
    return Scene(page, "", ("甲的培训", "乙的培训"), "title", lambda t: t.get_one(Training, made.id).title)


def _category(tx: Tx, role: Callable[..., object]) -> Scene:
    actor = actor_of(tx, role(Role.SYSTEM_ADMINISTRATOR))
    row = add_category(tx, actor, "新分类")
    page = "/library/categories"
    kept = lambda t: t.get_one(Category, row.id).name  # noqa: E731
    return Scene(page, page, ("甲类", "乙类"), "name", kept, {"verb": "rename", "slug": row.slug, "symbol": row.symbol})


def _sector(tx: Tx, role: Callable[..., object]) -> Scene:
    actor = actor_of(tx, role(Role.SYSTEM_ADMINISTRATOR))
    row = sectors.add_sector(tx, actor, "新领域")
    kept = lambda t: t.get_one(Sector, row.code).name  # noqa: E731
    return Scene("/sectors", "/sectors", ("甲领域", "乙领域"), "name", kept, {"verb": "rename", "code": row.code})


def _cohort(tx: Tx, role: Callable[..., object]) -> Scene:
    node = factories.organisation(tx)
    made = cohorts.create_cohort(tx, actor_of(tx, role(Role.NODE_ADMINISTRATOR, node)), node, "名单")
    page = f"/cohorts/{made.public_id}"
    kept = lambda t: t.get_one(type(made), made.id).name  # noqa: E731
    return Scene(page, "", ("甲名单", "乙名单"), "name", kept, {"verb": "rename"})


def _member(tx: Tx, role: Callable[..., object]) -> Scene:
    node = factories.organisation(tx)
    role(Role.NODE_ADMINISTRATOR, node)
    person = factories.member(tx, node)
    page = f"/members/{person.public_id}"
    kept = lambda t: t.get_one(type(person), person.id).education  # noqa: E731
    return Scene(page, "", ("大学", "大专"), "education", kept, {"verb": "edit"})


def _organisation(tx: Tx, role: Callable[..., object]) -> Scene:
    node = factories.organisation(tx)
    role(Role.NODE_ADMINISTRATOR, node)
    page = f"/organisations/{node.public_id}/change"
    kept = lambda t: t.get_one(Organisation, node.id).name  # noqa: E731
    return Scene(page, "", ("甲支部", "乙支部"), "name", kept, {"verb": "rename"})


def _chapters(tx: Tx, role: Callable[..., object]) -> Scene:
    asset = factories.asset(tx, role(Role.TRAINER))
    page = f"/media/{asset.public_id}/chapters"
    kept = lambda t: chapters.written_chapters(chapters.chapters_of(t, asset.id))  # noqa: E731
    return Scene(page, "", ("0:00 甲的开场", "0:00 乙的开场"), "chapters", kept)


SCENES = {
    "course": _course,
    "item": _item,
    "training": _training,
    "category": _category,
    "sector": _sector,
    "cohort": _cohort,
    "member": _member,
    "organisation": _organisation,
    "chapters": _chapters,
}


def fields_of(page: str, scene: Scene) -> dict[str, str]:
    """What a browser would send of the form: hidden and text fields as they stand."""
    for form in re.findall(r"<form\b.*?</form>", page, re.S):
        action = re.search(r'<form[^>]*\baction="([^"]*)"', form)
        if unescape(action[1] if action else "") != scene.action:
            continue
        fields: dict[str, str] = {}
        for tag in re.findall(r"<input\b[^>]*>", form):
            name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
            if name and ('type="checkbox"' not in tag or " checked" in tag):
                fields[name[1]] = unescape(value[1]) if value else ""
        for name, text in re.findall(r'<textarea[^>]*name="([^"]*)"[^>]*>(.*?)</textarea>', form, re.S):
            fields[name] = unescape(text).strip()
        for name, options in re.findall(r'<select[^>]*name="([^"]*)"[^>]*>(.*?)</select>', form, re.S):
            chosen = re.search(r'value="([^"]*)"[^>]*selected', options)
            fields[name] = chosen[1] if chosen else ""
        if scene.name in fields and all(fields.get(k) == v for k, v in scene.fixed.items()):
            return fields
    raise AssertionError(f"no such form on {scene.page}")


def opened_form(runtime: Runtime, client: FlaskClient, kind: str) -> tuple[Scene, dict[str, str]]:
    """A scene with its form as the client, who holds the role, has it open."""
    with runtime.db.begin() as tx:

        def role(role: Role, node: Organisation | None = None) -> object:
            account = factories.account(tx, None, (role, node or factories.organisation(tx, level="city")))
            sign_in(client, factories.session_token(tx, account))
            return account

        scene = SCENES[kind](tx, role)
    opened = fields_of(client.get(scene.page).get_data(as_text=True), scene)
    return scene, opened


@pytest.mark.parametrize("kind", list(SCENES))
def test_the_second_of_two_is_shown_both(runtime: Runtime, client: FlaskClient, kind: str) -> None:
    scene, opened = opened_form(runtime, client, kind)
    assert re.fullmatch("[0-9a-f]{20}", opened["version"]), "the form says what it was filled from"
    first, second = scene.typed
    assert client.post(scene.action or scene.page, data=opened | {scene.name: first}).status_code in {302, 303}

    answer = client.post(scene.action or scene.page, data=opened | {scene.name: second})
    page = answer.get_data(as_text=True)
    with runtime.db.read() as tx:
        assert scene.kept(tx) == first, "the first is not lost"
    assert answer.status_code == 409
    assert first in page and second in page, "both are there to compare"
    again = fields_of(page, scene)
    assert again["version"] != opened["version"]
    assert client.post(scene.action or scene.page, data=again | {scene.name: second}).status_code in {302, 303}
    with runtime.db.read() as tx:
        assert scene.kept(tx) == second, "knowingly, the later one may replace it"


@pytest.mark.parametrize("kind", list(SCENES))
def test_nobody_is_asked_when_nothing_changed_meanwhile(runtime: Runtime, client: FlaskClient, kind: str) -> None:
    scene, opened = opened_form(runtime, client, kind)
    assert client.post(scene.action or scene.page, data=opened | {scene.name: scene.typed[0]}).status_code in {302, 303}
    with runtime.db.read() as tx:
        assert scene.kept(tx) == scene.typed[0]
