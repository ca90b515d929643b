"""The branch's desk: everybody on one page, reminded at once, and slips with codes that only their owners may use."""

import re
from collections.abc import Iterator
from html import unescape

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from academy.accounts import service as account_service
from academy.accounts.models import Account, ActivationCode, Restriction
from academy.core import clock
from academy.core.actor import SYSTEM, Role
from academy.core.audit import AuditEntry
from academy.core.runtime import Runtime
from academy.notifications.models import Notification
from academy.people import api as people
from academy.talk import clips
from academy.talk.places import Spot
from academy.trainings import service
from academy.trainings.models import Reminder, Training
from tests.conftest import sign_in
from tests.support import factories as make
from tests.support.coverage_city import City, at, complete, training
from tests.support.ledger_makers import lecture

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite"])

PHONE, PASSWORD = "14000000001", "春天的第一课2026"
SLIP = re.compile(r'<li class="slip">(.*?)\n</li>', re.S)
CODE = re.compile(r'class="slip-code">([A-Z0-9 ]+)<')


@pytest.fixture
def branch(runtime: Runtime) -> Iterator[tuple[City, Training]]:
    """Five members: one has completed, one has begun nothing but has an account, three have none."""
    with clock.frozen(at()), runtime.db.begin() as tx:
        city = City(tx)
        city.people[1].phone_sealed = runtime.sealer.seal(PHONE, context=people.PHONE_FIELD)
        plan = training(tx, city.city, city.courses[:1])
        service.open_training(tx, SYSTEM, plan)
        for person in city.people[:2]:
            make.account(tx, person)
        complete(tx, city.people[0].id, city.courses[0].id, at())
    with clock.frozen(at(1)):
        yield city, plan


def visit(runtime: Runtime, client: FlaskClient, *grants: tuple[Role, object]) -> Account:
    with runtime.db.begin() as tx:
        who = make.account(tx, None, *grants)  # type: ignore[arg-type]
        sign_in(client, make.session_token(tx, who))
    return who


def test_everybody_stands_there_with_a_mark_and_a_word(
    runtime: Runtime, client: FlaskClient, branch: tuple[City, Training]
) -> None:
    city, _ = branch
    visit(runtime, client, (Role.BRANCH_SECRETARY, city.branches[0]))
    address = client.get("/desk").location
    assert address == f"/desk/{city.branches[0].public_id}"
    with runtime.db.read() as tx:
        before = tx.scalar(select(func.count()).where(AuditEntry.verb == "people.listed")) or 0
    page = client.get(address).text
    assert 'data-total="5"' in page
    names = re.findall(r'<a href="/members/\w+">(.*?)</a></th>', page)
    assert sorted(names) == sorted(person.name for person in city.people[:5])
    assert names[-1] == city.people[0].name, "who has completed stands last"
    lights = re.findall(r'<span class="light (\w+)"><svg.*?</svg>(.*?)</span>', page)
    assert lights.count(("done", "已完成")) == 1 and len(lights) == 5 and all(word for _, word in lights)
    assert page.count("已开通") == 2 and "140****0001" in page and PHONE not in page
    with runtime.db.read() as tx:
        assert tx.scalar(select(func.count()).where(AuditEntry.verb == "people.listed")) == before + 1
    assert client.get(f"/desk/{city.branches[1].public_id}").status_code == 404
    assert 'aria-current="page"' in page and "/desk" in client.get("/").text


def test_all_are_reminded_at_once_and_the_desk_opens_again(
    runtime: Runtime, client: FlaskClient, branch: tuple[City, Training]
) -> None:
    city, _ = branch
    visit(runtime, client, (Role.BRANCH_SECRETARY, city.branches[0]))
    address = f"/desk/{city.branches[0].public_id}"
    page = client.get(address).text
    form = page.split('<div class="desk-acts">')[1].split("</form>")[0]
    action = unescape(re.findall(r'action="([^"]+)"', form)[0])
    sent = dict(re.findall(r'name="(to|next)" value="([^"]*)"', form))
    answer = client.post(action, data=sent)
    assert answer.location == address
    page = client.get(address).text
    assert "已提醒 1 人" in page and "3 天内不重复打扰" in page
    with runtime.db.read() as tx:
        told = tx.scalars(select(Notification.member_id).where(Notification.kind == "reminder")).all()
    assert told == [city.people[1].id]


def test_slips_are_for_all_without_an_account_and_open_theirs(
    runtime: Runtime, client: FlaskClient, branch: tuple[City, Training]
) -> None:
    city, _ = branch
    with runtime.db.begin() as tx:
        tx.add(Restriction(member_id=city.people[4].id, kind="erased"))
    visit(runtime, client, (Role.BRANCH_SECRETARY, city.branches[0]))
    address = f"/desk/{city.branches[0].public_id}"
    assert "3 人打印激活条" in client.get(address).text
    page = client.post(f"{address}/slips").text
    slips = SLIP.findall(page)
    assert [person.name in slip for person, slip in zip(city.people[2:4], slips, strict=True)] == [True, True]
    for slip in slips:
        assert slip.count("<li>") == 3 and "http://localhost/activate" in slip and "data:image/svg" in slip
    assert f"{city.people[4].name}：" in page and "要求停用或删除" in page
    code = CODE.findall(slips[0])[0].replace(" ", "")
    assert account_service.activate_account(runtime, city.people[2].number, code, PASSWORD)
    with runtime.db.read() as tx:
        issued = tx.scalars(select(AuditEntry.target).where(AuditEntry.verb == "activation.issued")).all()
        assert issued == [f"member:{person.public_id}" for person in city.people[2:4]]
        assert tx.scalar(select(func.count()).select_from(ActivationCode)) == 2
    assert "没有账号的 2 人" in client.get(address).text


def test_one_slip_for_one_member_of_ones_own(
    runtime: Runtime, client: FlaskClient, branch: tuple[City, Training]
) -> None:
    city, _ = branch
    visit(runtime, client, (Role.BRANCH_SECRETARY, city.branches[0]))
    address = f"/desk/{city.branches[0].public_id}/slips"
    page = client.post(address, data={"member": city.people[3].public_id}).text
    assert len(SLIP.findall(page)) == 1 and city.people[3].name in page
    assert client.post(address, data={"member": city.people[7].public_id}).status_code == 404
    with runtime.db.begin() as tx:
        held = make.account(tx, city.people[2], (Role.NODE_ADMINISTRATOR, city.city))
        held.state = "closed"
    page = client.post(address).text
    assert "只能由安全管理员发" in page and len(SLIP.findall(page)) == 2, "an office's code is not a branch's to give"


def test_a_branch_without_a_training_can_print_slips_too(runtime: Runtime, client: FlaskClient) -> None:
    with runtime.db.begin() as tx:
        city = City(tx)
    visit(runtime, client, (Role.BRANCH_SECRETARY, city.branches[0]))
    page = client.get(f"/desk/{city.branches[0].public_id}").text
    assert "没有进行中的培训" in page and "5 人打印激活条" in page


def test_a_clip_goes_with_a_reminder_and_the_message_leads_to_it(
    runtime: Runtime, client: FlaskClient, branch: tuple[City, Training]
) -> None:
    city, plan = branch
    visit(runtime, client, (Role.BRANCH_SECRETARY, city.branches[0]))
    with runtime.db.begin() as tx:
        owner = make.account(tx, city.people[2])
        item = lecture(tx, owner).shown.items[0]
        clip = clips.make_clip(tx, make.actor_of(tx, owner), item, Spot(0), Spot(5000)).public_id
    desk = f"/desk/{city.branches[0].public_id}"
    assert client.get(f"/desk?clip={clip}").location == f"{desk}?clip={clip}"
    page = client.get(f"{desk}?clip={clip}").text
    assert f'name="clip" value="{clip}"' in page and "提醒里会附上" in page
    assert "提醒里会附上" not in client.get(f"{desk}?clip=nonsense").text
    remind = f"/coverage/{plan.public_id}/{city.branches[0].public_id}/remind"
    wrong = client.post(remind, data={"note": "周五一起学", "clip": "https://elsewhere.example/clips/x"})
    assert wrong.status_code == 422 and "没有找到这个片段" in wrong.text and "周五一起学" in wrong.text
    sent = client.post(remind, data={"clip": f"http://localhost/clips/{clip}", "next": desk})
    assert sent.status_code == 302
    with runtime.db.read() as tx:
        rows = tx.scalars(select(Notification).where(Notification.kind == "reminder")).all()
        assert {row.link for row in rows} == {f"/clips/{clip}"} and len(rows) == 2
        assert tx.scalars(select(Reminder.clip_id)).one() is not None
