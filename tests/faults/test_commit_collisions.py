"""At every commit of what people, commands and jobs do, another transaction is in the way once: nobody hears of it."""

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import event, select, update

from academy.accounts import creation, grants, service
from academy.accounts.authentication import passwords, second_step, sms, totp
from academy.accounts.models import Account
from academy.accounts.service import WrongPassword
from academy.app import create_app
from academy.core import clock, collisions
from academy.core.actor import SYSTEM, Actor, Role
from academy.core.runtime import Runtime
from academy.jobs import scheduler
from academy.jobs.api import Job, JobState, enqueue
from academy.jobs.worker import run_job
from academy.media import uploads, whole_files
from academy.media.models import Upload
from academy.people.models import Organisation
from academy.trainings import service as trainings
from academy.trainings.models import Training, TrainingState
from tests.support import factories as make
from tests.support.coverage_city import City, at, training
from tests.support.failures import busy, deadlock, serialisation
from tests.support.shortcuts import drain

pytestmark = pytest.mark.faults

PASSWORD, OTHER = "春天的第一课2026", "秋天的第二课2026"
KINDS = (deadlock, serialisation, busy)


class Commits:
    """Counts commits, and lets the one of a number fail."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime, self.seen, self.failed = runtime, 0, 0

    @contextmanager
    def failing(self, place: int, make_error: Callable[[], Exception] = deadlock) -> Iterator[None]:
        self.seen = self.failed = 0

        def before(_connection: object) -> None:
            self.seen += 1
            if self.seen == place:
                self.failed += 1
                raise make_error()

        event.listen(self.runtime.db.engine, "commit", before)
        try:
            yield
        finally:
            event.remove(self.runtime.db.engine, "commit", before)


def at_every_commit(runtime: Runtime, prepare: Callable[[int], Callable[[], object]]) -> int:
    """Do it without a failure, then with one at each of its commits, of each kind; how many commits it has."""
    commits = Commits(runtime)
    number = 0
    act = prepare(number)
    with commits.failing(0):
        act()
    total = commits.seen
    for place in range(1, total + 1):
        for kind in KINDS:
            number += 1
            act = prepare(number)
            with commits.failing(place, kind):
                act()
            assert commits.failed == 1 and commits.seen > place, "it was tried again"
    return total


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collisions, "PAUSE_S", 0)


def person(runtime: Runtime, number: int, *roles: Role) -> Account:
    def write(tx: object) -> Account:
        node = make.organisation(tx, level="city")  # type: ignore[arg-type]
        member = make.member(tx, node)  # type: ignore[arg-type]
        made = creation.create_account(
            tx,  # type: ignore[arg-type]
            SYSTEM,
            username=f"u{number}",
            display_name="某人",
            member=member,
            password_hash=passwords.hash_password(PASSWORD),
        )
        for role in roles:
            grants.grant_role(tx, SYSTEM, made, role, node)  # type: ignore[arg-type]
        return made

    return runtime.db.run_in_transaction(write)


def test_signing_in_and_failing_to(real_runtime: Runtime) -> None:
    def right(number: int) -> Callable[[], object]:
        person(real_runtime, number)
        return lambda: service.sign_in(real_runtime, f"u{number}", PASSWORD)

    def wrong(number: int) -> Callable[[], object]:
        person(real_runtime, 1000 + number)

        def act() -> None:
            with pytest.raises(WrongPassword):
                service.sign_in(real_runtime, f"u{1000 + number}", OTHER)

        return act

    assert at_every_commit(real_runtime, right) >= 2
    assert at_every_commit(real_runtime, wrong) >= 2


def test_activation_and_a_new_password(real_runtime: Runtime) -> None:
    def activation(number: int) -> Callable[[], object]:
        def write(tx: object) -> tuple[str, str]:
            member = make.member(tx, make.organisation(tx, level="city"))  # type: ignore[arg-type]
            return member.number, service.issue_activation_code(tx, SYSTEM, member)  # type: ignore[arg-type]

        who, code = real_runtime.db.run_in_transaction(write)
        return lambda: service.activate_account(real_runtime, who, code, PASSWORD)

    def change(number: int) -> Callable[[], object]:
        account = person(real_runtime, number)
        token = service.sign_in(real_runtime, f"u{number}", PASSWORD)
        actor = Actor(account_id=account.id, member_id=account.member_id)
        assert token
        return lambda: service.change_password(real_runtime, actor, old=PASSWORD, new=OTHER, session_id=0)

    assert at_every_commit(real_runtime, activation) >= 2
    assert at_every_commit(real_runtime, change) >= 3


def test_paper_codes_and_a_message_to_the_telephone(real_runtime: Runtime) -> None:
    def paper(number: int) -> Callable[[], object]:
        account = person(real_runtime, number)
        actor = Actor(account_id=account.id)
        with real_runtime.db.begin() as tx:
            session = make.session_id(tx, account.id)
            key = second_step.begin_second_step(tx, real_runtime, actor, session_id=session)
            step = int(clock.now().timestamp()) // totp.STEP_S
            codes = second_step.confirm_second_step(
                tx, real_runtime, actor, totp.code_at(key, step), session_id=session
            )
        return lambda: second_step.renew_recovery_codes(real_runtime, actor, codes[0])

    assert at_every_commit(real_runtime, paper) >= 2
    assert at_every_commit(
        real_runtime,
        lambda number: lambda: sms.request_sms_code(real_runtime, f"N{number}", "13900000000", f"10.0.{number}.1"),
    )


def test_commands(real_runtime: Runtime) -> None:
    run = create_app(real_runtime).test_cli_runner().invoke
    with real_runtime.db.begin() as tx:
        make.organisation(tx, level="city").code = "C"

    def command(*args: str) -> Callable[[], object]:
        def act() -> None:
            answer = run(args=list(args))
            assert answer.exit_code == 0, answer.output

        return act

    def each(number: int) -> list[Callable[[], object]]:
        person(real_runtime, number)
        return [
            command("accounts", "create", f"new{number}", "--name", "管理员", "--password", PASSWORD),
            command("accounts", "password", f"u{number}", "--password", OTHER),
            command("accounts", "grant", f"u{number}", "auditor", "C"),
            command("accounts", "revoke", f"u{number}", "auditor"),
            command("accounts", "token", f"u{number}"),
            command("accounts", "second-step-off", f"u{number}"),
            command("coverage", "settle"),
            command("progress", "repair", "--all"),
            command("privacy", "rotate"),
        ]

    def every(number: int) -> Callable[[], object]:
        acts = each(number)
        return lambda: [act() for act in acts]

    assert at_every_commit(real_runtime, every) >= 8


@pytest.mark.parametrize("part", range(3))
def test_jobs_of_the_calendar(real_runtime: Runtime, part: int) -> None:
    """Claimed, run and closed, each commit of it: done at the first attempt, without a crash."""
    create_app(real_runtime)
    with clock.frozen(at()), real_runtime.db.begin() as tx:
        city = City(tx)
        trainings.open_training(tx, SYSTEM, training(tx, city.city, city.courses))
    for name in sorted(scheduler._schedules)[part::3]:
        if name.startswith("test."):
            continue

        def prepare(_number: int, name: str = name) -> Callable[[], object]:
            def ask(tx: object) -> int:
                return enqueue(tx, name).id  # type: ignore[arg-type]

            asked = real_runtime.db.run_in_transaction(ask)

            def act() -> None:
                assert run_job(real_runtime, asked)
                with real_runtime.db.read() as tx:
                    job = tx.get_one(Job, asked)
                assert (job.state, job.crashes, job.attempts) == (JobState.DONE, 0, 1), name

            return act

        assert at_every_commit(real_runtime, prepare) >= 2, name


def test_opening_a_training_by_its_job(real_runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    create_app(real_runtime)
    monkeypatch.setattr(trainings, "AT_ONCE", 0)
    with real_runtime.db.begin() as tx:
        city = City(tx)

    def prepare(_number: int) -> Callable[[], object]:
        with real_runtime.db.begin() as tx:
            made = training(tx, tx.get_one(Organisation, city.city.id), city.courses)
            trainings.begin_opening(tx, SYSTEM, made)

        def act() -> None:
            drain(real_runtime, only=[trainings.OPEN])
            with real_runtime.db.read() as tx:
                assert tx.get_one(Training, made.id).state == TrainingState.OPEN

        return act

    assert at_every_commit(real_runtime, prepare) >= 3


def test_uploads(real_runtime: Runtime) -> None:
    create_app(real_runtime)
    account = person(real_runtime, 1, Role.TRAINER)
    with real_runtime.db.read() as tx:
        actor = make.actor_of(tx, tx.get_one(Account, account.id))

    def whole(number: int) -> Callable[[], object]:
        body = f"第 {number} 份".encode() * 100
        return lambda: whole_files.upload_whole(
            real_runtime, actor, filename="讲课.mp4", purpose="video", body=io.BytesIO(body), size=len(body)
        )

    def given_up(_number: int) -> Callable[[], object]:
        def begin(tx: object) -> tuple[int, str]:
            made = uploads.begin_upload(tx, real_runtime.settings, actor, filename="a.mp4", size=9, purpose="video")  # type: ignore[arg-type]
            return made.id, made.public_id

        row, public_id = real_runtime.db.run_in_transaction(begin)

        def act() -> None:
            real_runtime.db.run_in_transaction(
                lambda tx: tx.execute(update(Upload).where(Upload.id == row).values(expires_at=at(-99)))
            )
            uploads.expire(real_runtime, row)
            with real_runtime.db.read() as tx:
                assert tx.scalar(select(Upload.id).where(Upload.public_id == public_id)) is None

        return act

    assert at_every_commit(real_runtime, whole) >= 2
    assert at_every_commit(real_runtime, given_up) >= 2
