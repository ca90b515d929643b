"""Which network an address belongs to, for counting what comes from it. Pure."""

import ipaddress

PREFIX = 64
"""Bits of an IPv6 address that name a subscriber's network; the other half one device may choose anew each time."""


def network_of(address: str) -> str:
    """The network to count by: an IPv4 address itself, of an IPv6 address its /64.

    An IPv4 address written as IPv6 (``::ffff:192.0.2.1``) is the IPv4 address. What is no address is itself.
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
