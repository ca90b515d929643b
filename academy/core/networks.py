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
