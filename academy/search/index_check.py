"""Compares the index with the tables, and repairs differences."""

from dataclasses import dataclass, field

from academy.core.runtime import Runtime
from academy.search import queries
from academy.search.backends.interface import Health
from academy.search.backends.selection import search_backend
from academy.search.indexing import rebuild_all, refresh


@dataclass(frozen=True)
class IndexReport:
    """Differences found, by course."""

    health: Health
    missing: list[int] = field(default_factory=list)
    stale: list[int] = field(default_factory=list)
    surplus: list[int] = field(default_factory=list)

    @property
    def healthy(self) -> bool:
        return self.health.ok and not (self.missing or self.stale or self.surplus)

    def describe(self) -> str:
        if not self.health.ok:
            return f"unreadable: {self.health.problem}"
        h = self.health
        return (
            f"{h.lectures} courses, {h.documents} documents, {h.segments} segments, {h.size / 1e6:.1f} MB; "
            f"missing {len(self.missing)}, stale {len(self.stale)}, surplus {len(self.surplus)}"
        )


def check_index(runtime: Runtime, *, mend: bool = False) -> IndexReport:
    """Read the complete index and compare it with every published course."""
    index = search_backend(runtime)
    health = index.health(thorough=True)
    if not health.ok:
        if mend:
            rebuild_all(runtime)
        return IndexReport(health)
    held = index.inventory()
    missing, stale, seen = [], [], set()
    for lecture in queries.stream_lectures(runtime.db):
        seen.add(lecture.lecture_id)
        if lecture.lecture_id not in held:
            missing.append(lecture.lecture_id)
        elif held[lecture.lecture_id] != lecture.digest():
            stale.append(lecture.lecture_id)
    report = IndexReport(health, missing, stale, sorted(held.keys() - seen))
    if mend:
        for course_id in (*report.missing, *report.stale, *report.surplus):
            refresh(runtime, course_id)
    return report
