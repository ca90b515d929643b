"""Voices for topics guide planning and nothing else: neither they nor their number reach a contest, an evaluation, a
personnel note or a report (a notice of 2026 forbids votes as a basis of appraisal)."""

import re

from tests.contracts.source import CODE

READERS = {
    "cli/sample/lives.py": "gives the topic of one lecture its voices",
    "cli/sample/plans.py": "gives planned topics of the sample city their voices",
    "cli/sample/topics.py": "gives the sample city its voices",
    "faculty/copies.py": "copies a person's own for that person",
    "faculty/edit_effects.py": "says how many are notified of a new time",
    "faculty/handlers.py": "deletes those of a person whose data are erased",
    "faculty/jobs.py": "notifies those who asked",
    "faculty/models.py": "names the tables",
    "faculty/plan_problem.py": "guides planning",
    "faculty/plan_queries.py": "says in an invitation how many asked",
    "faculty/request_decisions.py": "shows what a merger makes of them",
    "faculty/request_models.py": "is the table",
    "faculty/request_queries.py": "counts them, and tells readers of their own",
    "faculty/requests.py": "gives and withdraws them",
}
"""Modules that know the table of voices or count it → what for."""


def test_voices_are_read_for_planning_alone() -> None:
    named = re.compile(r"\bTopicVoice\b|\btopic_voices\b|\bcount_voices\b")
    found = {str(path.relative_to(CODE)) for path in CODE.rglob("*.py") if named.search(path.read_text("utf-8"))}
    assert found == set(READERS)


def test_what_appraises_people_knows_no_topic_request() -> None:
    appraising = [path for path in CODE.rglob("*.py") if re.search(r"contest|evaluation|note", path.name)]
    assert appraising
    named = re.compile(r"faculty\.(request|plan)|TopicRequest|\.voices\b")
    assert [path.name for path in appraising if named.search(path.read_text("utf-8"))] == []
