"""What single migrations make of the rows that people had: the same figures and the same waiting work, by new names."""

import datetime as dt

import pytest
import sqlalchemy as sa
from alembic import command

from academy.cli.database import alembic_config
from academy.core import clock
from academy.core.actor import SYSTEM
from academy.core.database import Database
from academy.jobs import events, outbox, queue, registry
from academy.jobs.models import Job, JobState, Recurrence
from academy.learning import rules
from academy.people import mergers
from academy.people.models import Member, MemberTerm, Organisation, RosterImport
from academy.trainings.models import Training
from tests.faults.filled_tables import THEN, insert
from tests.faults.upgrading import upgrade

pytestmark = pytest.mark.faults

HELD = [
    # position, its term's first day, its member's day of entry, what it is afterwards: (kind, precision)
    ("支部书记", "2026-03-01", "2026-03-01", ("secretary", "unknown")),
    ("支部书记", "2026-02-01", "2026-03-01", ("secretary", "day")),
    ("书记助理", "2026-03-01", "2026-03-01", ("other", "unknown")),
    ("团支部书记", "2026-01-05", "2026-03-01", ("other", "day")),
    ("原支部书记", "2026-03-01", "2026-03-01", ("other", "unknown")),
    ("支部副书记", "2026-03-01", "2026-03-01", ("deputy", "unknown")),
]


def test_dates_of_entry_are_forgotten_and_posts_worked_out_anew(empty_database: Database) -> None:
    """0018: a position that began on the day of its entry began nobody knows when; a closed one stays as it was."""
    upgrade(empty_database, "0017")
    number = 1200  # more than one batch of the migration
    with empty_database.engine.begin() as connection:
        insert(connection, "organisations", [{"id": 1, "path": "/1/"}])
        members, terms = [], []
        for one in range(number):
            position, first, entered, _ = HELD[one % len(HELD)]
            day, at = dt.date.fromisoformat(first), dt.datetime.fromisoformat(f"{entered}T04:00:00+00:00")
            if one % 2:
                # Early in the city's morning is still the day before by the world's clock.
                at = dt.datetime.fromisoformat(f"{entered}T00:30:00+08:00").astimezone(dt.UTC)
            who = {"id": one + 1, "number": f"N{one}", "public_id": f"p{one}", "organisation_id": 1}
            members.append(who | {"position": position, "position_since": day, "created_at": at})
            term = {"id": one + 1, "member_id": one + 1, "what": "position", "value": position, "kind": "secretary"}
            terms.append(term | {"valid_from": day, "valid_to": None})
        past = {"id": number + 1, "member_id": 1, "what": "position", "value": "支部书记", "kind": "secretary"}
        terms.append(past | {"valid_from": dt.date(2025, 1, 1), "valid_to": dt.date(2026, 1, 1)})
        insert(connection, "members", members)
        insert(connection, "member_terms", terms)
    upgrade(empty_database, "head")
    with empty_database.read() as tx:
        terms_now = tx.scalars(sa.select(MemberTerm).order_by(MemberTerm.id)).all()
        since = dict(tx.execute(sa.select(Member.id, Member.position_since)).all())
        assert len(terms_now) == number + 1
        for now in terms_now[:-1]:
            position, first, _, (kind, precision) = HELD[(now.id - 1) % len(HELD)]
            day = dt.date.fromisoformat(first)
            assert (now.value, now.kind, now.precision, now.valid_from) == (position, kind, precision, day)
            assert since[now.member_id] == (None if precision == "unknown" else day)
        assert (terms_now[-1].kind, terms_now[-1].precision) == ("secretary", "day")


def test_a_tree_from_before_mergers_were_kept_can_be_merged_and_unmerged(empty_database: Database) -> None:
    """0021: organisations and members of an earlier release stay as they are, and take part in what is new."""
    upgrade(empty_database, "0020")
    day = dt.date(2020, 1, 1)
    with empty_database.engine.begin() as connection:
        tree = [(1, None, "/1/", 0, "city"), (2, 1, "/1/2/", 1, "branch"), (3, 1, "/1/3/", 1, "branch")]
        for number, parent, path, depth, level in tree:
            node = {"id": number, "parent_id": parent, "path": path, "depth": depth, "level": level}
            kind = "branch" if level == "branch" else "committee"
            insert(
                connection, "organisations", [node | {"kind": kind, "code": f"C{number}", "public_id": f"o{number}"}]
            )
            spell = {"id": number, "organisation_id": number, "parent_id": parent, "valid_from": day, "valid_to": None}
            insert(connection, "organisation_spells", [spell])
        people = [(number, 2 + number % 2) for number in range(1, 8)]
        insert(
            connection,
            "members",
            [
                {"id": n, "number": f"N{n}", "public_id": f"p{n}", "organisation_id": where, "status": "active"}
                for n, where in people
            ],
        )
        insert(
            connection,
            "memberships",
            [
                {"id": n, "member_id": n, "organisation_id": where, "valid_from": day, "valid_to": None}
                for n, where in people
            ],
        )
    upgrade(empty_database, "head")
    homes = sa.select(Member.id, Member.organisation_id).order_by(Member.id)
    with empty_database.begin() as tx, clock.frozen(THEN):
        assert [tuple(row) for row in tx.execute(homes)] == people
        node, into = tx.get_one(Organisation, 2), tx.get_one(Organisation, 3)
        mergers.merge_organisation(tx, SYSTEM, node, into)
        assert {row.organisation_id for row in tx.execute(homes)} == {3}
        mergers.undo_merger(tx, SYSTEM, node)
        assert [tuple(row) for row in tx.execute(homes)] == people


WAITING = {
    # As it stood in rows before 0027: name, args, key, and what it is called now.
    "media.hear": ({"asset_id": 7}, "asset:7:hear", "media.transcribe", "asset:7:transcribe"),
    "media.words": ({"asset_id": 7}, "asset:7:words", "media.settle_transcript", "asset:7:settle"),
    "media.encode": ({"asset_id": 7, "generation": "g"}, "asset:7:g:encode", "media.encode", "asset:7:g:encode"),
    "notices.forget": ({}, "recurring:notices.forget", "notifications.forget", "recurring:notifications.forget"),
    "progress.repair": ({}, "recurring:progress.repair", "learning.repair", "recurring:learning.repair"),
    "progress.derive": ({}, None, "learning.derive", None),
    "progress.carry_over": ({"recut_id": 3}, "progress.carry_over:3", "learning.carry_over", "learning.carry_over:3"),
    "on.AssetFailed.media.jobs.tell_owner": (
        {"asset_id": 7}, None, "on.AssetFailed.media.notify_owner_of_failure", None,
    ),
    "on.AssetReady.media.speech.asking.hear_new": ({"asset_id": 7}, None, "on.AssetReady.media.transcribe_new", None),
    "on.AssetReady.search.jobs.index_ready": ({"asset_id": 7}, None, "on.AssetReady.search.index_ready", None),
    "on.CoursePublished.progress.jobs.derive_course": (
        {"course_id": 5}, None, "on.CoursePublished.learning.derive_course", None,
    ),
    "on.CoursePublished.search.jobs.index_published": (
        {"course_id": 5}, None, "on.CoursePublished.search.index_published", None,
    ),
    "on.CourseWithdrawn.search.jobs.drop_withdrawn": (
        {"course_id": 5}, None, "on.CourseWithdrawn.search.drop_withdrawn", None,
    ),
    "on.TermChanged.search.jobs.index_mentions": ({"text": "x"}, None, "on.TermChanged.search.index_mentions", None),
    "on.TranscriptChanged.search.jobs.index_transcript": (
        {"asset_id": 7}, None, "on.TranscriptChanged.search.index_transcript", None,
    ),
}  # fmt: skip


def test_nothing_that_waits_is_lost_by_the_new_names(empty_database: Database) -> None:
    """0027: every job that waits is claimed under its new name, stays single, and keeps its arguments; what recurs
    keeps its day; events of before become jobs."""
    upgrade(empty_database, "0026")
    with empty_database.engine.begin() as connection:
        jobs = [
            {"public_id": f"j{number}", "name": name, "args": args, "key": key, "state": "queued", "deaths": 0}
            for number, (name, (args, key, *_)) in enumerate(WAITING.items())
        ]
        failed = {"public_id": "f", "name": "media.hear", "args": {"asset_id": 8}, "key": "asset:8:hear"}
        insert(connection, "jobs", [{"id": n, **row} for n, row in enumerate([*jobs, failed | {"state": "failed"}], 1)])
        due = [{"name": name, "due_at": THEN} for name in ("notices.forget", "progress.repair", "roster.forget")]
        insert(connection, "recurrences", due)
        event = {"id": 1, "kind": "AssetReady", "payload": {"asset_id": 9}, "delivered_at": None}
        insert(connection, "outbox_facts", [event])
    upgrade(empty_database, "head")
    now = {new: (args, key) for args, _, new, key in WAITING.values()}
    with empty_database.begin() as tx:
        assert {job.name: (job.args, job.key) for job in queue.claim_next(tx, list(now), 99)} == now
        broken = tx.scalars(sa.select(Job).where(Job.state == JobState.FAILED)).one()
        assert (broken.name, broken.key) == ("media.transcribe", "asset:8:transcribe")
        queue.retry_job(tx, broken)
        assert {name for name in now if registry.spec(name) is None} == set()
        planned = dict(tx.execute(sa.select(Recurrence.name, Recurrence.due_at)).all())
        assert planned == dict.fromkeys(("notifications.forget", "learning.repair", "roster.forget"), THEN)
    assert empty_database.run_in_transaction(outbox._deliver) == 1
    with empty_database.read() as tx:
        born = tx.scalars(sa.select(Job.name).where(Job.args["asset_id"].as_integer() == 9)).all()
        assert sorted(born) == sorted(events.subscribers("AssetReady")) != []


def test_what_referred_to_nothing_refers_to_nothing_and_the_rest_is_kept(empty_database: Database) -> None:
    """0026: a reference to an account or a job that is not there is emptied; an unlisted sector gets its place."""
    upgrade(empty_database, "0025")
    sectors = [(1, "rural"), (2, "harbour"), (3, None)]
    with empty_database.engine.begin() as connection:
        listed = dict(connection.execute(sa.text("SELECT code, name FROM sectors")).all())
        sectors.append((4, listed["rural"]))  # by its name, as a file once had it
        for number, sector in sectors:
            node = {"id": number, "code": f"C{number}", "public_id": f"o{number}", "path": f"/{number}/"}
            insert(connection, "organisations", [node | {"sector": sector, "kind": "branch", "level": "branch"}])
        insert(connection, "accounts", [{"id": 1, "state": "active"}])
        insert(connection, "jobs", [{"id": 1, "state": "queued", "account_id": 1}])
        for number, there in ((1, 1), (2, 0)):
            roster = {"id": number, "public_id": f"r{number}", "organisation_id": 1, "account_id": there}
            insert(connection, "roster_imports", [roster | {"kind": "members", "state": "applied"}])
        for number, there in ((1, 1), (2, 99)):
            plan = {"id": number, "public_id": f"t{number}", "organisation_id": 1, "state": "draft"}
            insert(connection, "trainings", [plan | {"created_by": there, "opening_job_id": there}])
    upgrade(empty_database, "head")
    with empty_database.begin() as tx:
        assert dict(tx.execute(sa.select(Organisation.id, Organisation.sector)).all()) == {
            1: "rural",
            2: "harbour",
            3: None,
            4: "rural",
        }
        trainings = sa.select(Training.id, Training.created_by, Training.opening_job_id).order_by(Training.id)
        assert [tuple(row) for row in tx.execute(trainings)] == [(1, 1, 1), (2, None, None)]
        rosters = sa.select(RosterImport.account_id).order_by(RosterImport.id)
        assert list(tx.scalars(rosters)) == [1, None], "the operator's command is nobody's account"
        # A job that is forgotten takes nothing along.
        tx.execute(sa.delete(Job))
        assert [tuple(row) for row in tx.execute(trainings)] == [(1, 1, None), (2, None, None)]
    with pytest.raises(sa.exc.IntegrityError, match="ck_jobs_state"), empty_database.begin() as tx:
        tx.add(Job(name="x", args={}, state="asleep"))
    with pytest.raises(sa.exc.IntegrityError), empty_database.begin() as tx:
        tx.add(Job(name="x", args={}, account_id=99))


def test_the_first_categories_get_their_own_symbol_and_others_the_plain_one(empty_database: Database) -> None:
    upgrade(empty_database, "0027")
    with empty_database.engine.begin() as connection:
        for place, slug in enumerate(("village", "kx3f9a2b")):
            connection.execute(
                sa.text("INSERT INTO categories (slug, name, position) VALUES (:slug, :slug, :place)"),
                {"slug": slug, "place": place},
            )
    upgrade(empty_database, "head")
    with empty_database.read() as tx:
        assert dict(tx.execute(sa.text("SELECT slug, symbol FROM categories")).all()) == {  # type: ignore[arg-type]
            "village": "village",
            "kx3f9a2b": "plain",
        }


def test_progress_of_trainings_means_the_same_without_its_mask(empty_database: Database) -> None:
    """0031: what enrolments said in bits is what completions say; and the way back says it in bits again."""
    upgrade(empty_database, "0030")
    noon, later = THEN, THEN + dt.timedelta(days=2)
    with empty_database.engine.begin() as connection:
        insert(connection, "organisations", [{"id": 1, "path": "/1/"}])
        insert(connection, "members", [{"id": 1}, {"id": 2}])
        insert(connection, "accounts", [{"id": 1}])
        insert(connection, "categories", [{"id": 1, "slug": "x"}])
        insert(connection, "courses", [{"id": n, "public_id": f"c{n}", "version": 2} for n in (1, 2, 3)])
        plan = {"state": "open", "opens_on": THEN.date(), "closes_on": later.date(), "required_count": 2}
        insert(connection, "trainings", [{"id": 1, "audience": {}, **plan}])
        courses = [(1, 0, 1), (2, 1, 2), (3, 61, 1)]
        insert(
            connection,
            "training_courses",
            [{"training_id": 1, "course_id": c, "position": p, "version": v} for c, p, v in courses],
        )
        completed = [
            (1, 1, 1, noon),
            (1, 1, 2, later),  # again in a newer version: the first day counts
            (1, 2, 1, noon),  # an older version than the training asks for
            (1, 3, 1, later),
            (2, 2, 2, later + dt.timedelta(days=5)),  # after the window
        ]
        insert(
            connection,
            "completions",
            [{"member_id": m, "course_id": c, "course_version": v, "completed_at": at} for m, c, v, at in completed],
        )
        enrolled = {"training_id": 1, "organisation_id": 1, "standing": "due", "since": THEN.date()}
        days = {"started_on": THEN.date(), "last_on": later.date(), "completed_on": later.date()}
        mask = {1: 1 | 1 << 61, 2: 0}
        insert(
            connection,
            "enrolments",
            [
                enrolled | {"member_id": 1, "done": mask[1]} | days,
                enrolled | {"member_id": 2, "done": mask[2]} | dict.fromkeys(days),
            ],
        )
    upgrade(empty_database, "0031")
    with empty_database.read() as tx:
        rows = tx.execute(sa.text("SELECT member_id, started_on, completed_on FROM enrolments ORDER BY member_id"))
        assert [(m, str(a), str(b)) for m, a, b in rows] == [
            (1, str(THEN.date()), str(later.date())),
            (2, "None", "None"),
        ]
    with empty_database.engine.begin() as connection:
        insert(connection, "courses", [{"id": 4, "public_id": "c4"}])
        insert(connection, "training_courses", [{"training_id": 1, "course_id": 4, "position": 62}])
    back = alembic_config(empty_database.url.render_as_string(hide_password=False))
    with pytest.raises(RuntimeError, match="more than 62 courses"):
        command.downgrade(back, "0030")
    with empty_database.engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM training_courses WHERE course_id = 4"))
    command.downgrade(back, "0030")
    with empty_database.read() as tx:
        found = tx.execute(sa.text("SELECT member_id, done, last_on FROM enrolments ORDER BY member_id")).all()
    assert [(member, bits, str(day)) for member, bits, day in found] == [
        (1, mask[1], str(later.date())),
        (2, mask[2], "None"),
    ]


def _spans(*pairs: tuple[int, int]) -> bytes:
    return rules.pack_spans(pairs)


def test_pages_that_posed_as_milliseconds_are_pages(empty_database: Database) -> None:
    """0034: what was read stays read, what was skimmed is not read now, films stay as they were; and back again."""
    upgrade(empty_database, "0032")
    now = 1_770_000_000_000
    with empty_database.engine.begin() as connection:
        insert(connection, "organisations", [{"id": 1, "path": "/1/"}])
        insert(connection, "members", [{"id": 1}, {"id": 2}])
        insert(connection, "accounts", [{"id": 1}])
        insert(connection, "categories", [{"id": 1, "slug": "x"}])
        insert(connection, "courses", [{"id": 1}])
        files = {1: ("video", 60_000), 2: ("document", 50_000), 3: ("document", None)}
        insert(
            connection,
            "assets",
            [{"id": n, "public_id": f"a{n}", "kind": kind, "duration_ms": ms} for n, (kind, ms) in files.items()],
        )
        insert(
            connection,
            "course_items",
            [
                {"id": n, "public_id": f"i{n}", "course_id": 1, "kind": files[n][0], "asset_id": n, "position": n}
                for n in files
            ],
        )
        lease = {
            "course_id": 1,
            "item_version": 1,
            "threshold_permille": 950,
            "credited_until_ms": now,
            "ended_at": THEN,
        }
        insert(
            connection,
            "playback_leases",
            [
                lease | {"id": n, "public_id": f"l{n}", "member_id": 1, "item_id": n, "duration_ms": files[n][1]}
                for n in (1, 2)
            ],
        )
        row = {"item_version": 1, "updated_ms": now, "credited_until_ms": 0, "seq": 1, "completed_ms": None}
        held = [
            (1, 1, [(0, 25_000)], 25_000),
            # Two pages but for a gap that the ledger closes, a fourth of the third, and the whole of the fifth.
            (1, 2, [(0, 9_800), (10_100, 22_500), (40_000, 50_000)], 50_000),
            (2, 2, [(2_000, 7_000)], 7_000),
        ]
        insert(
            connection,
            "watch_ledgers",
            [
                row
                | {"member_id": m, "item_id": i, "spans": _spans(*spans), "position_ms": at}
                | {"covered_ms": sum(b - a for a, b in spans)}
                for m, i, spans, at in held
            ],
        )
        refused = {"member_id": 1, "reason": "too_fast", "first_at": THEN, "last_at": THEN, "times": 1}
        insert(
            connection,
            "refusals",
            [refused | {"lease_id": n, "item_id": n, "spans": _spans((22_500, 31_000))} for n in (1, 2)],
        )
    upgrade(empty_database, "0034")
    with empty_database.read() as tx:
        lengths = tx.execute(sa.text("SELECT duration_ms, pages FROM assets ORDER BY id")).all()
        assert [tuple(one) for one in lengths] == [(60_000, None), (None, 5), (None, None)]
        leases = tx.execute(sa.text("SELECT unit, extent FROM playback_leases ORDER BY id")).all()
        assert [tuple(one) for one in leases] == [("ms", 60_000), ("page", 5)]
        ledgers = tx.execute(
            sa.text("SELECT unit, spans, covered, position FROM watch_ledgers ORDER BY member_id, item_id")
        ).all()
        assert [(unit, rules.unpack_spans(bytes(spans)), *rest) for unit, spans, *rest in ledgers] == [
            ("ms", ((0, 25_000),), 25_000, 25_000),
            ("page", ((0, 2), (4, 5)), 3, 5),
            ("page", (), 0, 0),
        ]
        refusals = tx.execute(sa.text("SELECT spans FROM refusals ORDER BY lease_id")).all()
        assert [rules.unpack_spans(bytes(one[0])) for one in refusals] == [((22_500, 31_000),), ((2, 4),)]
    command.downgrade(alembic_config(empty_database.url.render_as_string(hide_password=False)), "0033")
    with empty_database.read() as tx:
        rows = tx.execute(
            sa.text("SELECT spans, covered_ms, position_ms FROM watch_ledgers ORDER BY member_id, item_id")
        ).all()
        assert [(rules.unpack_spans(bytes(spans)), *rest) for spans, *rest in rows][:2] == [
            (((0, 25_000),), 25_000, 25_000),
            (((0, 20_000), (40_000, 50_000)), 30_000, 50_000),
        ]
        assert [one[0] for one in tx.execute(sa.text("SELECT duration_ms FROM assets ORDER BY id"))] == [
            60_000,
            50_000,
            None,
        ]
