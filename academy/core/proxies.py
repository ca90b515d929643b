"""Trusted proxies: whose ``X-Forwarded-*`` headers are used, and the client's real address.

A client can put anything into these headers. They are therefore read from the right, where the nearest proxy appended,
and only while the proxy that appended a value is trusted itself; everything further left is ignored.
"""

import dataclasses
import ipaddress
import logging
from collections.abc import Callable, Iterable
from typing import Any

log = logging.getLogger(__name__)

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

FORWARDED = (
    *("HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO", "HTTP_X_FORWARDED_HOST", "HTTP_X_FORWARDED_PORT"),
    *("HTTP_X_FORWARDED_PREFIX", "HTTP_X_FORWARDED_SSL", "HTTP_X_REAL_IP", "HTTP_FORWARDED"),
)
"""Headers about earlier hops; removed by the middleware, so that no code behind it reads them."""
MOST_HOPS = 10


@dataclasses.dataclass(frozen=True)
class TrustedProxies:
    """Either a number of proxies, on loopback or private addresses, or the networks that proxies are in."""

    hops: int = 0
    networks: tuple[Network, ...] = ()

    @classmethod
    def parse(cls, text: str) -> "TrustedProxies":
        """Read the setting: ``0``, a number up to ten, or addresses and networks by comma.

        Raises:
            ValueError: neither of these, or a network that contains every address.
        """
        text = text.strip()
        if text.isdecimal() and text.isascii():
            if int(text) > MOST_HOPS:
                raise ValueError(text)
            return cls(hops=int(text))
        networks = tuple(ipaddress.ip_network(part.strip()) for part in text.split(",") if part.strip())
        if any(network.prefixlen == 0 for network in networks):
            raise ValueError(text)  # trusting every address would let each client choose its own
        return cls(networks=networks)

    @property
    def are_any(self) -> bool:
        """Whether any proxy is trusted at all."""
        return bool(self.hops or self.networks)

    def trusts(self, address: Address | None, hop: int = 0) -> bool:
        """Whether this is a proxy of ours, so many hops away from the process (0: the peer itself)."""
        if address is None:
            return False
        if self.networks:
            return any(address in network for network in self.networks)
        return hop < self.hops and (hop > 0 or not address.is_global)

    def client_of(self, peer: Address, forwarded_for: str) -> Address:
        """The client behind a trusted peer; the proxy itself where the header names no further address.

        A number counts hops: a header with fewer values did not pass the outer proxies, and only the peer is certain.
        """
        last = peer
        for hop, forwarded in enumerate(reversed(forwarded_for.split(",")), start=1):
            found = read_address(forwarded)
            if found is None:
                break  # not an address: everything left of it was written by an untrusted party
            if not self.trusts(found, hop):
                return found
            last = found
        return last if self.networks else peer


def read_address(text: str) -> Address | None:
    """Parse an address as headers write it: with a port, in brackets, or an IPv4 address written as IPv6."""
    text = text.strip()[:64].strip('"')
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        found = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return found.ipv4_mapped or found if isinstance(found, ipaddress.IPv6Address) else found


class ForwardedHeaders:
    """WSGI middleware: sets the client's address, the scheme and the host that trusted proxies report.

    Headers from any other peer are removed unread.
    """

    def __init__(self, app: Callable[..., Iterable[bytes]], proxies: TrustedProxies) -> None:
        self.app = app
        self.proxies = proxies
        self._has_warned = False

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer a request."""
        forwarded = {name: environ.pop(name) for name in FORWARDED if name in environ}
        if not forwarded:
            return self.app(environ, start_response)
        peer = read_address(environ.get("REMOTE_ADDR", ""))
        if peer is not None and self.proxies.trusts(peer):
            environ["REMOTE_ADDR"] = str(self.proxies.client_of(peer, forwarded.get("HTTP_X_FORWARDED_FOR", "")))
            scheme = _nearest(forwarded.get("HTTP_X_FORWARDED_PROTO", "")).lower()
            if scheme in {"http", "https"}:
                environ["wsgi.url_scheme"] = scheme
            if host := _nearest(forwarded.get("HTTP_X_FORWARDED_HOST", "")):
                environ["HTTP_HOST"] = host
        elif not self._has_warned:
            # Either an attempt at spoofing, or a proxy missing in the setting, so that the whole city counts as one
            # network.
            self._has_warned = True
            log.warning("proxy.untrusted")
        return self.app(environ, start_response)


def _nearest(header: str) -> str:
    """The value appended by the nearest proxy: the last one."""
    return header.rpartition(",")[2].strip()
