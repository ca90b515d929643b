"""Every unique key of the schema has somebody who sees to it when two insert it in the same second."""

from pathlib import Path

from sqlalchemy import UniqueConstraint

from academy import components
from academy.core.database import Base
from academy.core.runtime import Runtime
from tests.conftest import make_settings
from tests.support.same_second import World, acts

RANDOM = ("public_id", "digest", "code")
"""Drawn at random, so two never meet. (An organisation's code is typed: it is among the acts.)"""

GUARDED = {
    "activation_codes(digest)": "random",
    "audit_entries(seq)": "given by the chain, under the chain's lock",
    "asset_parts(asset_id, generation, number)": "written by one attempt of a job, under the asset's row lock",
    "asset_steps(asset_id, step)": "written with the asset itself",
    "categories(slug)": "random",
    "completions(member_id, course_id, course_version)": "ON CONFLICT DO NOTHING",
    "content_proposals(asset_id, kind)": "under the asset's row lock (library.proposals)",
    "course_versions(course_id)": "one in work, one published: under the course's row lock (library.transitions)",
    "courses(published_version_id)": "under the course's row lock (library.transitions)",
    "course_starts(member_id, course_id)": "ON CONFLICT DO NOTHING",
    "clips(item_id, made_version, made_start, made_end)": "get_or_create",
    "availability_windows(lecturer_id, weekday, from_minute)": "under the membership's row lock",
    "class_applications(class_id, member_id)": "under the class's row lock",
    "class_members(class_id, member_id)": "under the class's row lock",
    "discussion_groups(class_id, name)": "under the class's row lock",
    "group_places(class_member_id)": "under the class's row lock",
    "group_places(group_id)": "under the class's row lock",
    "contests(term_id)": "under the term's row lock",
    "evaluation_forms(kind)": "under the form's row lock, the first ones when the schema is made",
    "evaluation_invitations(round_id, member_id)": "written with the round itself",
    "evaluation_rounds(lecture_id, kind)": "under the lecture's row lock",
    "lecture_attendances(lecture_id, member_id)": "under the lecture's row lock",
    "nominations(contest_id, lecture_id)": "under the contest's row lock",
    "panel_scores(nomination_id, seat_id)": "under the seat's row lock",
    "panel_seats(contest_id, member_id)": "under the contest's row lock",
    "personnel_notes(nomination_id, lecturer_id)": "under the nomination's row lock",
    "personnel_notes(number)": "random",
    "signing_keys(key_id)": "get_or_create",
    "signing_keys(public_key)": "as its id, which is its digest",
    "favourites(account_id, course_id)": "get_or_create",
    "lecture_teachers(lecture_id, lecturer_id)": "under the lecture's row lock",
    "lecturer_subjects(lecturer_id, category_id)": "under the membership's row lock",
    "pool_spells(membership_id)": "under the membership's row lock",
    "programme_lectures(classroom_id, day, minute)": "a savepoint and a sentence",
    "notes(account_id, key)": "get_or_create, then the text is merged",
    "questions(account_id, key)": "under the account's row lock",
    "lecture_recordings(course_id)": "under the course's row lock",
    "lecture_recordings(lecture_id)": "under the lecture's row lock",
    "lecture_materials(lecture_id, kind)": "under the lecture's row lock",
    "material_rules(valid_from)": "a savepoint and a sentence",
    "material_versions(material_id)": "one in work: under the lecture's row lock",
    "material_versions(material_id, number)": "under the lecture's row lock",
    "assignments(plan_id, request_id)": "under the plan's row lock",
    "assignments(plan_id, day)": "a savepoint and a sentence with the evenings that are free",
    "plan_rulings(answer_id)": "under the plan's row lock",
    "plan_omissions(plan_id, request_id)": "under the plan's row lock",
    "term_plans(term_id)": "get_or_create",
    "topic_requests(proposed_by, key)": "under the account's row lock",
    "topic_voices(request_id, account_id)": "get_or_create",
    "coverage_cells(training_id, organisation_id, course_id, day)": "ON CONFLICT DO UPDATE",
    "coverage_totals(training_id, organisation_id, course_id)": "ON CONFLICT DO UPDATE",
    "credit_hours(member_id, rule, source)": "ON CONFLICT DO NOTHING; by hand under the correction's row lock",
    "cues(transcript_id, seq)": "under the asset's row lock (replace_cues)",
    "data_requests(member_id, kind)": "a savepoint and a sentence (own_data)",
    "document_pages(asset_id, number)": "written by one attempt of a job, under the asset's row lock",
    "enrolments(training_id, member_id)": "under the advisory lock of changes, or the opening's exclusive one",
    "external_identities(issuer, subject)": "get_or_create",
    "item_versions(course_version_id, item_id)": "under the course's row lock (library.transitions)",
    "item_versions(course_version_id, position)": "under the course's row lock (library.transitions)",
    "item_completions(member_id, item_id, item_version)": "ON CONFLICT DO NOTHING",
    "deliveries(account_id, channel, pace, due_at)": "get_or_create",
    "delivery_items(notification_id, channel)": "under the notification's row lock (notifications.planning)",
    "member_terms(member_id, what)": "under the roster's lock",
    "memberships(member_id)": "under the roster's lock",
    "notification_choices(account_id, topic)": "get_or_create",
    "notification_settings(account_id)": "get_or_create",
    "organisation_spells(organisation_id)": "under the roster's lock",
    "offline_playbacks(lease_id)": "written with the lease itself",
    "playback_leases(member_id)": "a savepoint, then the other's lease is ended (learning.service)",
    "published_figures(training_id, organisation_id, source, day, cell)": "under the training's row lock",
    "recurrences(name)": "a savepoint; another worker planned it",
    "refusals(lease_id, reason)": "written by the one committer of heartbeats",
    "reminder_recipients(reminder_id, member_id)": "rows of a reminder that this transaction made",
    "renditions(asset_id, name)": "under the asset's row lock",
    "restrictions(member_id)": "get_or_create",
    "role_grants(account_id, role, organisation_id)": "under the account's row lock",
    "search_queries(day, text)": "ON CONFLICT DO UPDATE",
    "sectors(code)": "made from a name that is unique itself, in one savepoint",
    "throttles(key)": "a savepoint, then the other's row is taken",
    "training_courses(training_id, course_id)": "under the training's row lock",
    "transcript_versions(transcript_id, number)": "under the asset's row lock (editing.save_captions)",
    "transcriptions(asset_id)": "get_or_create",
    "watch_ledgers(member_id, item_id, item_version)": "written by the one committer of heartbeats",
}


def unique_keys() -> set[str]:
    """Every key of the schema but plain row ids and random ones."""
    components.import_all()
    found = set()
    for table in Base.metadata.sorted_tables:
        keys = {tuple(c.name for c in one.columns) for one in table.constraints if isinstance(one, UniqueConstraint)}
        keys |= {tuple(c.name for c in one.columns) for one in table.indexes if one.unique}
        keys |= {tuple(c.name for c in table.primary_key)} - {("id",)}
        for key in keys:
            if (key[0] in RANDOM and table.name not in ("organisations", "sectors")) or key == ("public_id",):
                continue
            found.add(f"{table.name}({', '.join(key)})")
    return found


def test_every_unique_key_is_guarded_or_tried_by_two(tmp_path: Path) -> None:
    runtime = Runtime.build(make_settings(tmp_path))
    tried = set(acts(World(runtime, *[None] * 8)))  # type: ignore[arg-type]
    known = {key for key in GUARDED if key.partition("(")[2].rstrip(")") not in RANDOM} | {"sectors(code)"}
    assert tried & known == set(), "tried is better than described"
    assert unique_keys() - tried - known == set(), "add it to tests/support/same_second.py, or say who guards it"
    assert (tried | known) - unique_keys() == set(), "no such key any more"
