"""Comments of a review beside what they are about: where each lies in the file that is shown, and what a form does."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from flask_babel import gettext as _

from academy.core.database import Tx
from academy.http import actor
from academy.http.filters import timecode
from academy.http.forms import Form, Key, Text, Verb
from academy.learning import api as learning
from academy.learning.api import MovedPlace
from academy.library import api as library
from academy.library.api import CommentSummary, Course, CourseVersion, ItemKind, ItemVersion


@dataclass(frozen=True)
class PinnedComment:
    """A comment, the item that it is about (None where that was removed), and where it lies in the item's file now."""

    summary: CommentSummary
    item: ItemVersion | None
    is_paper: bool
    moved: MovedPlace

    @property
    def old_place(self) -> str:
        """The place as it was written down: a moment of a film, or a page."""
        return self._words(self.summary.comment.position)

    @property
    def place(self) -> int | None:
        """Milliseconds or page number in the present file; None where it is not there any more."""
        if self.item is None or self.moved.place is None:
            return None
        return self.moved.place + 1 if self.is_paper else self.moved.place

    @property
    def place_words(self) -> str:
        """The place in the present file, in words."""
        return self._words(self.place or 0)

    @property
    def link_arguments(self) -> dict[str, int]:
        """What a link adds to the item's address to lead there."""
        if self.place is None:
            return {}
        return {"page": self.place} if self.is_paper else {"t": self.place // 1000}

    def _words(self, place: int) -> str:
        return _("第 %(n)s 页", n=place) if self.is_paper else timecode(place)


@dataclass(frozen=True)
class CommentLists:
    """Comments on the version that is shown, those that older versions keep, and how many of the first are open."""

    current: Sequence[PinnedComment]
    older: Sequence[PinnedComment]
    still_open: int

    def of_item(self, item: ItemVersion | None) -> list[PinnedComment]:
        """The marks on the bar of a player: comments on this item that lie in its present file."""
        return [
            pin
            for pin in (*self.current, *self.older)
            if item is not None and pin.item is not None and pin.item.item_id == item.item_id and pin.place is not None
        ]


def pinned_comments(tx: Tx, course: Course, version: CourseVersion) -> CommentLists:
    """All comments on a course, placed in the files of one version of it."""
    summaries = library.comments_on(tx, course)
    items = {line.item_id: line for line in version.items}
    recuts = learning.DeclaredRecuts(tx, {one.comment.item_id for one in summaries})
    pins = [_pinned(one, items.get(one.comment.item_id), recuts) for one in summaries]
    order = {line.item_id: line.position for line in version.items}
    pins.sort(key=lambda pin: (order.get(pin.summary.comment.item_id, 1_000), pin.summary.comment.position))
    current = [pin for pin in pins if pin.summary.comment.course_version_id == version.id]
    older = [pin for pin in pins if pin.summary.comment.course_version_id != version.id]
    return CommentLists(current, older, sum(pin.summary.is_open for pin in current))


def _pinned(summary: CommentSummary, item: ItemVersion | None, recuts: learning.DeclaredRecuts) -> PinnedComment:
    comment = summary.comment
    is_paper = item is not None and item.kind == ItemKind.DOCUMENT
    from_zero = comment.position - 1 if is_paper else comment.position
    number = item.number if item is not None else comment.item_number
    return PinnedComment(
        summary, item, is_paper, recuts.follow(comment.item_id, comment.item_number, number, from_zero)
    )


class CommentForm(Form):
    """A comment to pin: to which item, where in it, what."""

    item = Key()
    place = Text()
    body = Text()


class CommentVerbForm(Form):
    """What is done with a comment."""

    verb = Verb("answer", "settle", "reopen", otherwise="answer")
    answer = Text()


def change_comment(tx: Tx, course: Course, comment_id: str, form: CommentVerbForm) -> str:
    """Answer a comment, mark it as dealt with or take that back; returns the sentence to show."""
    comment = library.access_comment(tx, course, comment_id)
    if form.verb.data == "answer":
        library.answer_comment(tx, actor(), course, comment, body=form.answer.data)
        return str(_("回复已发出。"))
    act: Callable[..., None] = library.settle_comment if form.verb.data == "settle" else library.reopen_comment
    act(tx, actor(), course, comment)
    return str(_("已标为处理好。") if form.verb.data == "settle" else _("已改回“还没处理”。"))
