"""Which network an address belongs to, for counting requests. Pure."""

import ipaddress

PREFIX = 64
"""Prefix length of a subscriber's IPv6 network; a device may choose the other half anew each time."""


def network_of(address: str) -> str:
    """The network to count by: an IPv4 address itself, of an IPv6 address its /64.

    An IPv4 address written as IPv6 (``::ffff:192.0.2.1``) is the IPv4 address. A text that is no address is returned as
    it is.
    """
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((int(found), PREFIX), strict=False))


_NAT64 = ipaddress.ip_network("64:ff9b::/96")


def is_public_address(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Whether an address is of the public network, and so is the IPv4 address that an IPv6 address may stand for."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is None and address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public_address(inner)
        if address.teredo is not None:
            return False
    return address.is_global and not address.is_multicast


def parse_networks(text: str) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    """Networks or addresses, comma-separated.

    Raises:
        ValueError: one is neither.
    """
    return [ipaddress.ip_network(part.strip()) for part in text.split(",") if part.strip()]
