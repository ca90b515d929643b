"""Mail by SMTP: one connection for a batch, encrypted unless it stays on this machine."""

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from urllib.parse import unquote, urlsplit

from academy.core.settings import Settings
from academy.core.transport import is_loopback
from academy.notifications.channels.refusals import ChannelRefused, ChannelUnavailable

TIMEOUT_S = 15
PERMANENT = 500
"""From this reply code on, a repetition gets the same answer (RFC 5321, 4.2.1)."""


@contextmanager
def mail_server(settings: Settings) -> Iterator[smtplib.SMTP]:
    """A connection to the operator's server, signed in.

    Raises:
        ChannelUnavailable: it cannot be reached, or offers no encryption with a certificate that this machine trusts.
    """
    parts = urlsplit(settings.smtp)
    host = parts.hostname or ""
    try:
        if parts.scheme == "smtps":
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                host, parts.port or 465, timeout=TIMEOUT_S, context=ssl.create_default_context()
            )
        else:
            server = smtplib.SMTP(host, parts.port or 587, timeout=TIMEOUT_S)
    except (OSError, smtplib.SMTPException) as error:
        raise ChannelUnavailable(type(error).__name__) from error
    try:
        try:
            if parts.scheme == "smtp" and not is_loopback(host):
                server.starttls(context=ssl.create_default_context())
            if parts.username:
                server.login(unquote(parts.username), settings.smtp_password)
        except (OSError, smtplib.SMTPException) as error:
            raise ChannelUnavailable(type(error).__name__) from error
        yield server
    finally:
        server.close()


def send_mail(server: smtplib.SMTP, mail: EmailMessage) -> None:
    """Hand one mail over.

    Raises:
        ChannelRefused: the server will not take it for this recipient.
        ChannelUnavailable: it is busy, or the line broke.
    """
    try:
        server.send_message(mail)
    except smtplib.SMTPRecipientsRefused as error:
        code = max((reply[0] for reply in error.recipients.values()), default=0)
        raise (ChannelRefused if code >= PERMANENT else ChannelUnavailable)(f"SMTP {code}") from error
    except smtplib.SMTPResponseException as error:
        code = error.smtp_code
        raise (ChannelRefused if code >= PERMANENT else ChannelUnavailable)(f"SMTP {code}") from error
    except (OSError, smtplib.SMTPException, UnicodeEncodeError) as error:
        raise ChannelUnavailable(type(error).__name__) from error
