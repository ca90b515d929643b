"""Checks the TLS certificate that browsers are shown, in the way a browser does."""

import socket
import ssl
import time

TIMEOUT_S = 10.0
DAYS_LEFT = 14
"""A certificate that ends sooner should have been renewed: ACME clients renew a month before."""


def problem_of(host: str, port: int = 443) -> str | None:
    """What is wrong with the certificate at this address, as a sentence for the operator; None when it is valid.

    Trusted is what this machine's list of public authorities trusts, for this name, today and for `DAYS_LEFT` days.
    """
    context = ssl.create_default_context()
    try:
        with (
            socket.create_connection((host, port), timeout=TIMEOUT_S) as raw,
            context.wrap_socket(raw, server_hostname=host) as line,
        ):
            shown = line.getpeercert() or {}
    except ssl.SSLCertVerificationError as error:
        return f"not trusted: {error.verify_message}"
    except OSError as error:
        return f"cannot be asked: {error}"
    left = (ssl.cert_time_to_seconds(str(shown["notAfter"])) - time.time()) / 86_400
    return f"ends in {left:.0f} days" if left < DAYS_LEFT else None
