"""Error classes of the application. `web` turns them into one page, `rest` into one envelope (RFC 9457)."""

from collections.abc import Mapping

from academy.core.i18n import Message, msg


class AcademyError(Exception):
    """Base of every error a person may be shown. `status` is the HTTP status of the answer."""

    status = 500
    code = "error"

    def __init__(self, message: Message) -> None:
        super().__init__(str(message))
        self.message = message
        self.details: dict[str, int] = {}
        """Further members of the JSON envelope, for programs."""


class Invalid(AcademyError):
    """Input that cannot be accepted. `fields` maps a form field's name to its error message."""

    status = 422
    code = "invalid"

    def __init__(self, message: Message | None = None, fields: Mapping[str, Message] | None = None) -> None:
        self.fields: dict[str, Message] = dict(fields or {})
        first = next(iter(self.fields.values()), None)
        super().__init__(message or first or msg("填写的内容有误，请检查。"))


class NotFound(AcademyError):
    """Missing, or not visible to this reader: the two look the same, so that existence is not revealed."""

    status = 404
    code = "not-found"

    def __init__(self, message: Message | None = None) -> None:
        super().__init__(message or msg("没有找到这个页面。"))


class Forbidden(NotFound):
    """Exists but is outside the reader's scope. Shown as 404; `http` audits the attempt.

    `what` names the kind and public id of the thing for the audit row, e.g. ``organisation:ab3k…``.
    """

    def __init__(self, what: str) -> None:
        super().__init__()
        self.what = what


class SignInRequired(AcademyError):
    """Nobody is signed in, and this needs somebody."""

    status = 401
    code = "sign-in-required"

    def __init__(self, message: Message | None = None) -> None:
        super().__init__(message or msg("请先登录。"))


class SecondStepRequired(AcademyError):
    """Signed in by a password alone, and this office needs a second step."""

    status = 403
    code = "second-step-required"

    def __init__(self) -> None:
        super().__init__(msg("您的岗位需要先设置两步验证。"))


class ConsentRequired(AcademyError):
    """Signed in, but the current privacy text has not been accepted."""

    status = 403
    code = "consent-required"

    def __init__(self) -> None:
        super().__init__(msg("请先阅读并同意个人信息说明。"))


class Conflict(AcademyError):
    """The object has changed or is in a state that does not allow this operation."""

    status = 409
    code = "conflict"


class TooLarge(AcademyError):
    """More bytes, rows or spans than the limit that the message names."""

    status = 413
    code = "too-large"


class Busy(AcademyError):
    """Too many requests at once; `retry_after` is in seconds."""

    status = 503
    code = "busy"

    def __init__(self, message: Message | None = None, retry_after: int = 5) -> None:
        super().__init__(message or msg("现在使用的人很多，请稍候再试。"))
        self.retry_after = retry_after


class StorageFull(AcademyError):
    """The disk has no space; existing data is untouched."""

    status = 507
    code = "storage-full"

    def __init__(self) -> None:
        super().__init__(msg("存储空间已满，未保存任何改动。请联系系统管理员。"))
