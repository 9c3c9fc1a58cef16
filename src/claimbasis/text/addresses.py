"""Which network addresses may be read from: public ones, so that a link cannot reach into one's own network."""

from __future__ import annotations

import socket
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

# All that is public in IPv6 lies here; the two networks within it carry IPv4 addresses, which could be anyone's own.
_PUBLIC_IPV6 = IPv6Network("2000::/3")
_TUNNELS = (IPv6Network("2001::/32"), IPv6Network("2002::/16"))


def resolve(host: str, port: int) -> list[str]:
    """The addresses of a host, in the order in which the system would try them.

    Raises:
        OSError: The host is unknown.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def is_public(address: str) -> bool:
    """Whether an address belongs to the public network: none's own, this machine's, a group's or reserved.

    Args:
        address: IPv4 or IPv6, also IPv4 written as IPv6; anything else is not public.
    """
    try:
        ip = ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, IPv6Address) and ip.ipv4_mapped:
        ip = ip.ipv4_mapped
    if isinstance(ip, IPv4Address):
        return ip.is_global and not (ip.is_multicast or ip.is_reserved)
    in_tunnel = any(ip in network for network in _TUNNELS)
    return ip.is_global and ip in _PUBLIC_IPV6 and not in_tunnel and not (ip.is_multicast or ip.is_reserved)
