"""What people hang on a place of a lecture: private notes, questions to the lecturer, clips; and favourite courses.

Places are spans in the unit of the item (milliseconds, or pages) with the words that were there; they follow edits of
captions and replaced files (`anchors`).
"""

from academy.talk.access import MODERATORS, access_clip, access_note, access_question, find_note, may_answer
from academy.talk.clips import ListedClip, clips_of_ids, lines_of_clip, make_clip
from academy.talk.copies import copy_talk, count_own_talk
from academy.talk.favourites import favourite_cards, is_favourite, mark_favourite, unmark_favourite
from academy.talk.kinds import REFUSALS, SEEN, QuestionState
from academy.talk.models import Clip, Note
from academy.talk.notes import add_note, edit_note, notes_of_item, own_notes, remove_note
from academy.talk.places import Spot, script_of, unit_of
from academy.talk.questions import (
    answer_question,
    ask_question,
    count_shown,
    count_waiting_questions,
    item_of_question,
    own_questions,
    questions_to_moderate,
    refuse_question,
    show_question,
    shown_questions,
)
from academy.talk.rules import KEY_LENGTH, NOTE_LENGTH, QUESTION_LENGTH, Saved

__all__ = [
    "KEY_LENGTH",
    "MODERATORS",
    "NOTE_LENGTH",
    "QUESTION_LENGTH",
    "REFUSALS",
    "SEEN",
    "Clip",
    "ListedClip",
    "Note",
    "QuestionState",
    "Saved",
    "Spot",
    "access_clip",
    "access_note",
    "access_question",
    "add_note",
    "answer_question",
    "ask_question",
    "clips_of_ids",
    "copy_talk",
    "count_own_talk",
    "count_shown",
    "count_waiting_questions",
    "edit_note",
    "favourite_cards",
    "find_note",
    "is_favourite",
    "item_of_question",
    "lines_of_clip",
    "make_clip",
    "mark_favourite",
    "may_answer",
    "notes_of_item",
    "own_notes",
    "own_questions",
    "questions_to_moderate",
    "refuse_question",
    "remove_note",
    "script_of",
    "show_question",
    "shown_questions",
    "unit_of",
    "unmark_favourite",
]
