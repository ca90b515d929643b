"""Forms of pages: typed fields on WTForms, and the one place that reads `request.form` for a view.

    class SectorForm(Form):
        verb = Verb("rename", "up", "down", "retire", "add") name = Text()

    @bp.post("/sectors") @page(office(*KEEPERS), form=SectorForm) def change() -> Any:
        form = SectorForm.read()

A field declares the type of its value: an unknown button, an invalid day and an entry that is not offered
are refused (422) with a message for the field, before a service is called. Services check what a value means.
Pages show what was typed (`typed`, in templates `request.form`), so that it survives every error.
"""

import datetime as dt
from collections.abc import Callable, Collection
from typing import Any, Self

import wtforms
from flask import request
from werkzeug.datastructures import CombinedMultiDict, FileStorage, ImmutableMultiDict

from academy.core import clock
from academy.core.errors import AcademyError, Invalid
from academy.core.i18n import Message, msg
from academy.http.local_paths import local_path

Options = Collection[str] | Callable[[], Collection[str]]

UNKNOWN_VERB = msg("没有这个操作，请刷新页面再试。")
NOT_OFFERED = msg("请从列表里选择。")
NO_DAY = msg("请填写日期。")
NO_MINUTE = msg("请填写时间，例如 18:00。")
NO_NUMBER = msg("请填写整数。")
NO_FIGURE = msg("请填写数字。")
NO_FILE = msg("请选择文件。")


class UnknownVerb(AcademyError):
    """The form names a button that its page does not have."""

    status = 422
    code = "unknown-verb"

    def __init__(self) -> None:
        super().__init__(UNKNOWN_VERB)


class Form(wtforms.Form):  # type: ignore[misc]
    """The fields of one form. Declared by the route (`form=`); read with `read`."""

    class Meta:
        """Without WTForms' own translations: every sentence here is the academy's."""

        locales = False

    @classmethod
    def read(cls) -> Self:
        """This request's form.

        Raises:
            UnknownVerb: a button that the page does not have. Not caught by views: no browser sends it.
            Invalid: with a message for each field whose value has the wrong type.
        """
        form = cls(CombinedMultiDict([request.files, request.form]))
        wrong = {name: field.process_errors[0] for name, field in form._fields.items() if field.process_errors}
        if any(isinstance(form[name], Verb) for name in wrong):
            raise UnknownVerb
        if wrong:
            raise Invalid(fields=wrong)
        return form

    def sent(self, *names: str) -> dict[str, str]:
        """Values of the fields that were sent at all, for a service that changes only those."""
        return {name: self[name].raw_data[0] for name in names if self[name].raw_data}


def typed() -> ImmutableMultiDict[str, str]:
    """The typed values, for the page that shows the form again with its errors."""
    return request.form


class Field(wtforms.Field):  # type: ignore[misc]
    """A field with one value. Each subclass parses the submitted text."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Parse the value; blank where nothing was sent."""
        try:
            self.data = self.read(valuelist[0] if valuelist else "")
        except ValueError as error:
            self.data = self.read_blank()
            self.process_errors.append(error.args[0])

    def read(self, text: str) -> Any:
        """The value of the text.

        Raises:
            ValueError: it cannot be parsed; its argument is the sentence to show.
        """
        return text

    def read_blank(self) -> Any:
        """The value of a field that was left blank."""
        return None


class Text(Field):
    """A text as typed; "" where nothing was."""

    data: str

    def read_blank(self) -> str:
        """No text."""
        return ""


class Key(Text):
    """An identifier: the entry of a list or a hidden field, not typed by hand. Whether it exists, and whether the actor
    may use it, `access_*` and services check."""


class Secret(Text):
    """A password or a code: never shown again."""


class Texts(wtforms.Field):  # type: ignore[misc]
    """Several texts under one name."""

    data: list[str]

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read all values."""
        self.data = list(valuelist)


class Answers(wtforms.Field):  # type: ignore[misc]
    """Everything that was sent besides the token and files: for questions that are data. Name → text."""

    MOST = 60

    def process(self, formdata: Any, data: Any = None, extra_filters: Any = None) -> None:
        """Read all values; of several of one name the first."""
        del data, extra_filters
        self.process_errors: list[Message] = []
        self.raw_data: list[str] = []
        sent = formdata or {}
        names = [name for name in sent if name != "csrf_token" and isinstance(sent[name], str)][: self.MOST]
        self.data = {name: sent[name] for name in names}


class Choice(Text):
    """One of the offered entries; `blank` is the value where none was chosen."""

    def __init__(self, options: Options, *, blank: str = "", **more: Any) -> None:
        self.options, self.blank = options, blank
        super().__init__(**more)

    def read(self, text: str) -> str:
        """The chosen entry."""
        offered = self.options() if callable(self.options) else self.options
        if text and text not in offered:
            raise ValueError(self.refusal())
        return text or self.blank

    def refusal(self) -> Message:
        """The error for any other value."""
        return NOT_OFFERED

    def read_blank(self) -> str:
        """Nothing chosen."""
        return self.blank


class Verb(Choice):
    """The button that was pressed, one of the page's; `otherwise` where none was, else that is refused too."""

    def __init__(self, *verbs: str, otherwise: str = "", **more: Any) -> None:
        super().__init__(verbs, blank=otherwise, **more)

    def read(self, text: str) -> str:
        """The pressed button."""
        if not (text or self.blank):
            raise ValueError(UNKNOWN_VERB)
        return super().read(text)

    def refusal(self) -> Message:
        """The error for an unknown button."""
        return UNKNOWN_VERB


class Choices(Texts):
    """Several of the offered entries."""

    def __init__(self, options: Options, **more: Any) -> None:
        self.options = options
        super().__init__(**more)

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read all values, when all are offered."""
        offered = self.options() if callable(self.options) else self.options
        self.data = [text for text in valuelist if text in offered]
        if any(text and text not in offered for text in valuelist):
            self.process_errors.append(NOT_OFFERED)


class Flag(Field):
    """A check box."""

    data: bool

    def read(self, text: str) -> bool:
        """Whether it is ticked."""
        if text not in {"", "0", "1"}:
            raise ValueError(NOT_OFFERED)
        return text == "1"

    def read_blank(self) -> bool:
        """Not ticked."""
        return False


class Day(Field):
    """A date; None where nothing was typed."""

    data: dt.date | None

    def __init__(self, *, refusal: Message = NO_DAY, **more: Any) -> None:
        self.refusal = refusal
        super().__init__(**more)

    def read(self, text: str) -> dt.date | None:
        """The day."""
        try:
            return clock.read_day(text.strip()) if text.strip() else None
        except ValueError:
            raise ValueError(self.refusal) from None


class Minute(Field):
    """A time of day as browsers send it, ``18:00``, in minutes after midnight; None where nothing was typed."""

    data: int | None

    def read(self, text: str) -> int | None:
        """The minutes."""
        try:
            at = dt.time.fromisoformat(text.strip()) if text.strip() else None
        except ValueError:
            raise ValueError(NO_MINUTE) from None
        return at.hour * 60 + at.minute if at is not None else None


class Number(Field):
    """An integer of at most `digits` digits, not negative; None where nothing was typed."""

    data: int | None

    def __init__(self, digits: int = 9, *, refusal: Message = NO_NUMBER, **more: Any) -> None:
        self.digits, self.refusal = digits, refusal
        super().__init__(**more)

    def read(self, text: str) -> int | None:
        """The number."""
        text = text.strip()
        if text and not (text.isascii() and text.isdigit() and len(text) <= self.digits):
            raise ValueError(self.refusal)
        return int(text) if text else None


class Figure(Field):
    """A decimal number below a billion; None where nothing was typed."""

    data: float | None

    def read(self, text: str) -> float | None:
        """The number."""
        try:
            found = float(text) if text.strip() else None
        except ValueError:
            raise ValueError(NO_FIGURE) from None
        if found is not None and not -1e9 < found < 1e9:
            raise ValueError(NO_FIGURE)
        return found


class Onward(Text):
    """The address to continue at: a path of this site; "" where the form has none."""

    def read(self, text: str) -> str:
        """The path; the home page instead of another site's address."""
        return local_path(text.rstrip("?")) if text else ""


class OnwardForm(Form):
    """A button that only names the address to continue at."""

    next = Onward()


class File(Field):
    """An uploaded file; None where none was chosen and none is required."""

    data: FileStorage | None

    def __init__(self, *, required: bool = True, **more: Any) -> None:
        self.required = required
        super().__init__(**more)

    def read(self, text: Any) -> FileStorage | None:
        """The file."""
        if isinstance(text, FileStorage) and text.filename:
            return text
        if self.required:
            raise ValueError(NO_FILE)
        return None
