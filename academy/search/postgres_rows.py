"""Writing rows of the PostgreSQL index, inside the caller's transaction."""

from sqlalchemy import text

from academy.core.db import Tx
from academy.search.lectures import Lecture
from academy.search.names import suggestions
from academy.search.postgres_tables import NAME, rows
from academy.search.sounds import sound
from academy.search.text import Segmenter

_INSERT = text(
    "INSERT INTO search_windows (lecture_id, item_id, first_seq, last_seq, digest, words, pairs) VALUES "
    "(:lecture_id, :item_id, :first_seq, :last_seq, :digest, :words, :pairs)"
)


def script(tx: Tx, script: str) -> None:
    for statement in script.split(";"):
        if statement.strip():
            tx.execute(text(statement))


def drop(tx: Tx, lecture_ids: list[int]) -> None:
    for lecture_id in lecture_ids:
        recount(tx, lecture_id, -1)
        tx.execute(text("DELETE FROM search_windows WHERE lecture_id = :id"), {"id": lecture_id})
        tx.execute(text("DELETE FROM search_names WHERE lecture_id = :id"), {"id": lecture_id})


def put(tx: Tx, lectures: list[Lecture], segmenter: Segmenter, suffix: str = "") -> None:
    into = {"search_windows": f"search_windows{suffix}", "search_names": f"search_names{suffix}"}
    insert = text(_INSERT.text.replace("search_windows", into["search_windows"]))
    tx.execute(insert, [row for lecture in lectures for row in rows(lecture, segmenter)])
    names = [
        {"lecture_id": lecture.lecture_id, "key": key, "shown": shown}
        for lecture in lectures
        for key, shown in suggestions(lecture, segmenter)
    ]
    if names:
        tx.execute(
            text(f"INSERT INTO {into['search_names']} (lecture_id, key, shown) VALUES (:lecture_id, :key, :shown)"),
            names,
        )


def recount(tx: Tx, lecture_id: int, sign: int) -> None:
    """Count a lecture's windows into, or out of, the documents of its words."""
    tx.execute(
        text(
            "INSERT INTO search_words SELECT word, '', :sign * ndoc FROM ts_stat(:query) WHERE word !~ '#[24]$' "
            "ON CONFLICT (word) DO UPDATE SET documents = search_words.documents + excluded.documents"
        ),
        {"sign": sign, "query": f"SELECT words FROM search_windows WHERE lecture_id = {int(lecture_id)}"},
    )
    sounds(tx)


def sounds(tx: Tx, suffix: str = "") -> None:
    fresh = tx.scalars(text(f"SELECT word FROM search_words{suffix} WHERE sound = ''")).all()
    heard = [{"word": word, "sound": sound(word.removeprefix(NAME)) or "-"} for word in fresh]
    for start in range(0, len(heard), 5000):
        part = heard[start : start + 5000]
        tx.execute(
            text(
                f"UPDATE search_words{suffix} s SET sound = h.sound FROM unnest(CAST(:words AS text[]), "
                "CAST(:sounds AS text[])) h(word, sound) WHERE s.word = h.word"
            ),
            {"words": [row["word"] for row in part], "sounds": [row["sound"] for row in part]},
        )
