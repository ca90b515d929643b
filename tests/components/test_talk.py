"""Notes, questions and clips follow their lecture: captions that are edited, files that are replaced, mappings that are
declared afterwards. On both databases."""

import datetime as dt
from dataclasses import dataclass

import pytest
from sqlalchemy import select

from academy.accounts.events import PersonErased
from academy.core import clock
from academy.core.actor import SYSTEM, Actor, Role
from academy.core.audit import AuditEntry
from academy.core.errors import Busy, Conflict, Forbidden, Invalid, NotFound
from academy.core.runtime import Runtime
from academy.jobs.api import publish
from academy.learning.events import RecutDeclared
from academy.learning.models import Recut
from academy.library.events import CoursePublished
from academy.library.models import Course, CourseItem, ItemVersion
from academy.media import service as media
from academy.media.captions.caption_files import CueText
from academy.media.models import Asset
from academy.talk import access, clips, favourites, notes, places, questions, rules
from academy.talk import jobs as talk_jobs
from academy.talk.models import Clip, Favourite, Note, Question
from academy.talk.places import Spot
from academy.talk.rules import Saved
from tests.support import factories as make
from tests.support import shelf
from tests.support.ledger_makers import learner, lecture
from tests.support.shortcuts import drain

WORDS = (
    "同志们上午好请坐下",
    "今天讲村务公开的三件事",
    "第一件是账目每月公开",
    "第二件是低保名单公开",
    "第三件是工程招标公开",
)


def cues(words: tuple[str, ...] = WORDS, at: int = 0) -> list[CueText]:
    return [CueText(at + n * 5000, at + n * 5000 + 5000, text) for n, text in enumerate(words)]


@dataclass
class Hall:
    """A lecture with captions, somebody who listens, and somebody who may decide."""

    runtime: Runtime
    listener: Actor
    trainer: Actor
    course_id: int
    item_id: int

    def item(self, tx: object) -> ItemVersion:
        found = places.published_items(tx, item_id=self.item_id)  # type: ignore[arg-type]
        return found[0]

    def note(self, start: int, body: str = "回去就办", key: str = "one") -> None:
        with self.runtime.db.begin() as tx:
            notes.add_note(tx, self.listener, self.item(tx), key, Spot(start), Saved(body, "page", 1, 0))

    def say(self, lines: list[CueText]) -> None:
        with self.runtime.db.begin() as tx:
            media.replace_cues(tx, tx.get_one(Asset, self.item(tx).asset_id), lines, "manual")
        drain(self.runtime)

    def replace_file(self, lines: list[CueText]) -> None:
        """Another film takes the place of the first, as a published revision does."""
        with self.runtime.db.begin() as tx:
            item = self.item(tx)
            old = tx.get_one(Asset, item.asset_id)
            new = Asset(account_id=old.account_id, kind="video", filename="新.mp4", size=1, state="ready")
            new.duration_ms = old.duration_ms
            tx.add(new)
            tx.flush()
            media.replace_cues(tx, new, lines, "manual")
            shelf.change_item(tx, self.item_id, asset_id=new.id, number=item.number + 1)
            publish(tx, CoursePublished(self.course_id))
        drain(self.runtime)

    def one(self, kind: type[Note] | type[Question] | type[Clip] = Note) -> tuple[str, int, int, str, int]:
        with self.runtime.db.read() as tx:
            row = tx.scalars(select(kind)).one()
            assert isinstance(row, Note | Question | Clip)
            return str(row.place), row.place_start, row.place_end, row.words, row.item_version


@pytest.fixture
def hall(runtime: Runtime) -> Hall:
    with runtime.db.begin() as tx:
        _, actor, account = learner(tx)
        course = lecture(tx, account)
        item = course.shown.items[0]
        trainer = make.account(tx, None, (Role.TRAINER, course.organisation))
        media.replace_cues(tx, tx.get_one(Asset, item.asset_id), cues(), "manual")
        made = Hall(runtime, actor, make.actor_of(tx, trainer), course.id, item.item_id)
    drain(runtime)
    return made


def test_a_note_follows_edited_split_joined_and_moved_captions(hall: Hall) -> None:
    hall.note(12_000)
    assert hall.one() == ("same", 10_000, 15_000, WORDS[2], 1)
    hall.say(cues(at=7000))
    assert hall.one()[:3] == ("same", 17_000, 22_000)
    hall.say([*cues()[:2], CueText(10_000, 12_000, "第一件是"), CueText(12_000, 15_000, "账目每月公开"), *cues()[3:]])
    assert hall.one()[:3] == ("same", 10_000, 15_000)
    hall.say([*cues()[:2], CueText(10_000, 20_000, f"{WORDS[2]}，{WORDS[3]}"), cues()[4]])
    assert hall.one()[:3] == ("same", 10_000, 20_000)
    hall.say([*cues()[:2], CueText(10_000, 15_000, "第一件是帐目按月公开"), *cues()[3:]])
    assert hall.one()[:4] == ("edited", 10_000, 15_000, "第一件是帐目按月公开")
    hall.say(cues())
    assert hall.one() == ("same", 10_000, 15_000, WORDS[2], 1)
    with hall.runtime.db.read() as tx:
        assert tx.scalars(select(Note.quote)).one() == WORDS[2], "what was noted stays"


def test_in_another_film_words_are_found_and_a_mapping_declared_later_counts_more(hall: Hall) -> None:
    hall.note(10_000, key="kept")
    hall.note(20_000, key="gone")
    with hall.runtime.db.begin() as tx:
        questions.ask_question(tx, hall.listener, hall.item(tx), "q", Spot(15_000), "名单贴在哪里？")
        clips.make_clip(tx, hall.listener, hall.item(tx), Spot(5000), Spot(15_000))
    hall.replace_file([*cues(WORDS[1:3], 2000), CueText(30_000, 35_000, WORDS[4])])

    def states() -> dict[str, tuple[str, int]]:
        with hall.runtime.db.read() as tx:
            return {row.key: (row.place, row.place_start) for row in tx.scalars(select(Note))}

    assert states() == {"kept": ("same", 7000), "gone": ("same", 30_000)}
    assert hall.one(Question)[0] == "cut"
    assert hall.one(Clip)[:3] == ("cut", 5000, 20_000), (
        "its last sentence is not there, and nobody declared where it went"
    )
    with hall.runtime.db.begin() as tx:
        kept = [[5000, 15_000, 2000]]
        tx.add(Recut(item_id=hall.item_id, from_version=1, to_version=2, extent=600_000, kept=kept))
        publish(tx, RecutDeclared(hall.item_id, 1, 2))
    drain(hall.runtime)
    assert states() == {"kept": ("same", 7000), "gone": ("cut", 20_000)}, "the same words elsewhere are not that place"
    assert hall.one(Clip) == ("edited", 2000, 12_000, WORDS[1], 2)
    hall.replace_file(cues())
    assert {key: found[1] for key, found in states().items()} == {"kept": 10_000, "gone": 20_000}, "it is back"
    assert hall.one(Question)[:3] == ("same", 15_000, 20_000)


def test_what_was_typed_on_an_older_page_is_hung_where_it_is_now(hall: Hall) -> None:
    hall.say(cues(at=60_000))
    with hall.runtime.db.begin() as tx:
        row, _ = notes.add_note(
            tx, hall.listener, hall.item(tx), "a", Spot(10_000, 1, WORDS[2]), Saved("晚", "p", 1, 0)
        )
        assert (row.place_start, row.quote) == (70_000, WORDS[2])
        kept = [[10_000, 15_000, 0]]
        tx.add(Recut(item_id=hall.item_id, from_version=1, to_version=2, extent=600_000, kept=kept))
        shelf.change_item(tx, hall.item_id, number=2)
    with hall.runtime.db.begin() as tx:
        row, _ = notes.add_note(tx, hall.listener, hall.item(tx), "b", Spot(10_000, 1), Saved("更晚", "p", 1, 0))
        assert (row.place_start, row.item_version) == (0, 2)
        with pytest.raises(Invalid):
            notes.add_note(tx, hall.listener, hall.item(tx), "c", Spot(20_000, 1, "别处的话"), Saved("", "p", 1, 0))


def test_a_note_is_saved_in_any_order_and_limits_lose_nothing(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    def save(body: str, writer: str, sequence: int, revision: int) -> tuple[str, int, bool]:
        with hall.runtime.db.begin() as tx:
            sent = Saved(body, writer, sequence, revision)
            row, is_merged = notes.add_note(tx, hall.listener, hall.item(tx), "n", Spot(0), sent)
            return row.body, row.revision, is_merged

    assert save("一", "a", 1, 0) == ("一", 1, False)
    assert save("一二三", "a", 3, 1) == ("一二三", 2, False)
    assert save("一二", "a", 2, 1)[:2] == ("一二三", 2), "late"
    assert save("四", "b", 1, 1) == ("一二三\n四", 3, True), "made from what another device replaced"
    with pytest.raises(Invalid):
        save("长" * (rules.NOTE_LENGTH + 1), "b", 2, 3)
    assert save("四", "b", 1, 1)[0] == "一二三\n四"
    monkeypatch.setattr(rules, "MOST_NOTES", 1)
    with hall.runtime.db.begin() as tx, pytest.raises(Conflict):
        notes.add_note(tx, hall.listener, hall.item(tx), "more", Spot(0), Saved("", "a", 1, 0))


def test_nobody_reads_or_changes_another_ones_note(hall: Hall) -> None:
    hall.note(0)
    with hall.runtime.db.begin() as tx:
        _, other, _ = learner(tx)
        for actor in (other, hall.trainer, SYSTEM):
            with pytest.raises(NotFound):
                access.access_note(tx, actor, "one")
        assert notes.own_notes(tx, other).rows == [] and notes.notes_of_item(tx, hall.trainer, hall.item_id) == []
        made, _ = notes.add_note(tx, other, hall.item(tx), "one", Spot(0), Saved("我的", "p", 1, 0))
        assert made.body == "我的", "the same key is another note"
        assert access.access_note(tx, hall.listener, "one").body == "回去就办"


def test_questions_wait_are_decided_on_once_and_their_asker_is_informed(hall: Hall) -> None:
    with hall.runtime.db.begin() as tx:
        row = questions.ask_question(tx, hall.listener, hall.item(tx), "k", Spot(16_000), " 名单\u202e贴在哪里？ ")
        assert row.body == "名单贴在哪里？" and row.quote == WORDS[3]
        assert questions.ask_question(tx, hall.listener, hall.item(tx), "k", Spot(16_000), "再发一次") is row
        assert questions.shown_questions(tx, hall.item_id) == []
        assert questions.count_waiting_questions(tx, hall.trainer) == 1
        with pytest.raises(Forbidden):
            access.access_question(tx, hall.listener, row.public_id)
        with pytest.raises(Invalid):
            questions.answer_question(tx, hall.trainer, row, answer=" ", by_lecturer=False, seen="waiting")
        questions.answer_question(tx, hall.trainer, row, answer="在村部墙上。", by_lecturer=True, seen="waiting")
        with pytest.raises(Conflict):
            questions.refuse_question(tx, hall.trainer, row, refusal="other", comment="不合适", seen="waiting")
        assert [one.answer for one in questions.shown_questions(tx, hall.item_id)] == ["在村部墙上。"]
        questions.refuse_question(tx, hall.trainer, row, refusal="personal", comment="", seen="answered")
        assert questions.count_shown(tx, hall.item_id) == 0
        verbs = set(tx.scalars(select(AuditEntry.verb).where(AuditEntry.target == f"question:{row.public_id}")))
        assert verbs == {"question.asked", "question.answered", "question.refused"}
        for n in range(rules.MOST_WAITING):
            questions.ask_question(tx, hall.listener, hall.item(tx), f"k{n}", Spot(0), "问")
        with pytest.raises(Busy):
            questions.ask_question(tx, hall.listener, hall.item(tx), "too-many", Spot(0), "问")
        for text in ("", "长" * (rules.QUESTION_LENGTH + 1)):
            with pytest.raises(Invalid):
                questions.ask_question(tx, hall.listener, hall.item(tx), "x", Spot(0), text)


def test_one_stretch_has_one_address_and_limits(hall: Hall) -> None:
    with hall.runtime.db.begin() as tx:
        item = hall.item(tx)
        made = clips.make_clip(tx, hall.listener, item, Spot(6000), Spot(12_000))
        assert (made.place_start, made.place_end) == (5000, 15_000)
        assert clips.make_clip(tx, hall.trainer, item, Spot(5000), Spot(14_999)).id == made.id
        assert access.access_clip(tx, hall.trainer, made.public_id)[0].id == made.id
        with pytest.raises(Invalid):
            clips.make_clip(tx, hall.listener, item, Spot(12_000), Spot(2000))
        for spot in (Spot(700_000), Spot(2**31 - 10_000)):
            with pytest.raises(Invalid):
                clips.make_clip(tx, hall.listener, item, Spot(0), spot)
        shelf.withdraw(tx, tx.get_one(Course, hall.course_id))
        with pytest.raises(NotFound):
            access.access_clip(tx, hall.trainer, made.public_id)


def test_pages_of_a_document_are_places_too(hall: Hall) -> None:
    with hall.runtime.db.begin() as tx:
        item = hall.item(tx)
        asset = tx.get_one(Asset, item.asset_id)
        asset.kind, asset.pages, asset.duration_ms = "document", 3, None
        shelf.change_item(tx, hall.item_id, kind="document")
    with hall.runtime.db.begin() as tx:
        row, _ = notes.add_note(tx, hall.listener, hall.item(tx), "p", Spot(1), Saved("第二页", "p", 1, 0))
        assert (row.unit, row.place_start, row.place_end) == ("page", 1, 2)
        with pytest.raises(Invalid):
            notes.add_note(tx, hall.listener, hall.item(tx), "q", Spot(3), Saved("", "p", 1, 0))
        with pytest.raises(Invalid):
            clips.make_clip(tx, hall.listener, hall.item(tx), Spot(0), Spot(1))


def test_an_erased_person_leaves_answers_and_nothing_else(hall: Hall) -> None:
    hall.note(0)
    with hall.runtime.db.begin() as tx:
        item, course = hall.item(tx), tx.get_one(Course, hall.course_id)
        favourites.mark_favourite(tx, hall.listener, course)
        favourites.mark_favourite(tx, hall.listener, course)
        assert favourites.favourite_cards(tx, hall.listener).total == 1
        answered, waiting, shown = (
            questions.ask_question(tx, hall.listener, item, key, Spot(0), "问") for key in ("a", "w", "s")
        )
        questions.answer_question(tx, hall.trainer, answered, answer="答", by_lecturer=False, seen="waiting")
        questions.show_question(tx, hall.trainer, shown, seen="waiting")
        assert waiting.state == "waiting"
        publish(tx, PersonErased(hall.listener.member_id or 0, hall.listener.account_id or 0))
    with hall.runtime.db.read() as tx:
        assert tx.scalars(select(Note)).all() == [] and tx.scalars(select(Favourite)).all() == []
        left = tx.scalars(select(Question)).one()
        assert (left.account_id, left.body, left.answer) == (None, "—", "答")


@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_refused_questions_are_forgotten_after_their_time(hall: Hall) -> None:
    with hall.runtime.db.begin() as tx:
        old, new = (questions.ask_question(tx, hall.listener, hall.item(tx), key, Spot(0), "问") for key in "ab")
        for row in (old, new):
            questions.refuse_question(tx, hall.trainer, row, refusal="elsewhere", comment="", seen="waiting")
        old.decided_at = clock.now() - dt.timedelta(hall.runtime.settings.keep_questions_days + 1)
        kept = new.id

    class Context:
        db, settings = hall.runtime.db, hall.runtime.settings

    talk_jobs.forget(Context())  # type: ignore[arg-type]
    with hall.runtime.db.read() as tx:
        assert [row.id for row in tx.scalars(select(Question))] == [kept]
        assert tx.scalars(select(CourseItem)).all(), "nothing else"
