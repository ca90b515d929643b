"""Which connections may be unencrypted: those that stay on this machine. Checked at start-up; there is no fallback.

Source of the rule: OWASP ASVS 5.0, 12.3.1 and 12.3.3.
"""

import ipaddress
from urllib.parse import parse_qs, unquote, urlsplit

from academy.core.networks import parse_networks

SECRET_LENGTH = len("whsec_") + 32
"""Characters of a webhook's secret: 24 bytes as base64."""


def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine's own loopback, or a folder of Unix sockets."""
    if host.startswith("/") or host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def is_protected_database(url: str) -> bool:
    """Whether the database connection is protected: SQLite, this machine, or TLS that verifies the server.

    `sslmode=require` is not enough: it encrypts without verifying the server.
    """
    parts = urlsplit(url)
    if not parts.scheme.startswith("postgresql"):
        return True
    asked = parse_qs(parts.query)
    hosts = [host for value in asked.get("host", []) for host in value.split(",")]
    if parts.netloc.rpartition("@")[2].strip(":"):
        hosts += [unquote(host) for host in (parts.hostname or "").split(",")]
    return all(is_loopback(host.partition(":")[0] or "localhost") for host in hosts) or (
        asked.get("sslmode", [""])[-1] == "verify-full"
    )


def is_protected_address(url: str) -> bool:
    """Whether what is sent to this address is encrypted (https, rediss) or does not leave the machine."""
    parts = urlsplit(url)
    return parts.scheme in {"https", "rediss", "unix"} or (bool(parts.hostname) and is_loopback(parts.hostname or ""))


def channel_problem(smtp: str, sender: str, address: str, webhook: str, secret: str, networks: str) -> str | None:
    """What a way out for notifications lacks, as a sentence for the operator; None when each set-up one is complete.

    Half a channel would fail at its first message, at night.
    """
    if smtp == "console":
        return "ACADEMY_SMTP=console would write mails into the log: demo only"
    if smtp and urlsplit(smtp).scheme not in {"smtp", "smtps"}:
        return "ACADEMY_SMTP must begin with smtp:// or smtps://"
    if smtp and not (sender and address):
        return "ACADEMY_SMTP needs ACADEMY_MAIL_FROM and ACADEMY_ADDRESS"
    if webhook and not (secret.startswith("whsec_") and len(secret) >= SECRET_LENGTH and address):
        return "ACADEMY_APP_WEBHOOK needs ACADEMY_APP_WEBHOOK_SECRET (whsec_…, 24 bytes as base64) and ACADEMY_ADDRESS"
    try:
        parse_networks(networks)
    except ValueError as error:
        return f"ACADEMY_WEBHOOK_NETWORKS={networks!r}: {error}"
    return None
