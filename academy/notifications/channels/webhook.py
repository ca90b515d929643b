"""The webhook to the city's app, signed as Standard Webhooks says (standardwebhooks.com, version 1).

Its address is the operator's, but its name is resolved anew each time: an answer that leads into a private network is
not followed unless the operator listed that network, and the connection goes to the very address that was checked.
"""

import base64
import binascii
import hmac
import http.client
import ipaddress
import socket
import ssl
from urllib.parse import urlsplit

from academy.core.networks import is_public_address
from academy.core.settings import Settings
from academy.notifications.channels.refusals import ChannelRefused, ChannelUnavailable

TIMEOUT_S = 10
BUSY = frozenset({408, 409, 425, 429})
"""Answers below 500 after which another attempt may succeed."""


def sign_webhook(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """The value of ``webhook-signature``: HMAC-SHA256 over id, timestamp and body.

    `secret` is ``whsec_`` and base64, as Standard Webhooks writes it.

    Raises:
        ValueError: the secret is not base64.
    """
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except binascii.Error as error:
        raise ValueError("a webhook's secret is whsec_ and base64") from error
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, signed, "sha256")).decode()


def send_webhook(settings: Settings, message_id: str, timestamp: int, body: bytes) -> None:
    """POST one message. Redirections are not followed.

    Raises:
        ChannelRefused: the app refuses it, or its address leads where nothing may be sent.
        ChannelUnavailable: it cannot be reached, or is busy.
    """
    headers = {
        "Content-Type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": sign_webhook(settings.app_webhook_secret, message_id, timestamp, body),
    }
    parts = urlsplit(settings.app_webhook)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    line = _connection(settings, parts.scheme, parts.hostname or "", parts.port)
    try:
        line.request("POST", path, body=body, headers=headers)
        status = line.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        raise ChannelUnavailable(type(error).__name__) from error
    finally:
        line.close()
    if status >= 500 or status in BUSY:
        raise ChannelUnavailable(f"HTTP {status}")
    if not 200 <= status < 300:
        raise ChannelRefused(f"HTTP {status}")


def _connection(settings: Settings, scheme: str, host: str, port: int | None) -> http.client.HTTPConnection:
    is_tls = scheme == "https"
    port = port or (443 if is_tls else 80)
    address = _checked_address(settings, host, port)
    context = ssl.create_default_context()
    line = (
        http.client.HTTPSConnection(host, port, timeout=TIMEOUT_S, context=context)
        if is_tls
        else http.client.HTTPConnection(host, port, timeout=TIMEOUT_S)
    )
    try:
        raw = socket.create_connection((address, port), timeout=TIMEOUT_S)
        try:
            line.sock = context.wrap_socket(raw, server_hostname=host) if is_tls else raw
        except BaseException:
            raw.close()
            raise
    except OSError as error:
        raise ChannelUnavailable(type(error).__name__) from error
    return line


def _checked_address(settings: Settings, host: str, port: int) -> str:
    """The first address of the name, if all may be sent to.

    Raises:
        ChannelRefused: one is neither public nor in a listed network.
        ChannelUnavailable: the name has none.
    """
    try:
        found = [str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    except OSError as error:
        raise ChannelUnavailable("no such name") from error
    listed = settings.webhook_networks_listed
    for address in found:
        ip = ipaddress.ip_address(address.partition("%")[0])
        if not is_public_address(ip) and not any(ip in network for network in listed):
            raise ChannelRefused("private address")
    return found[0]
