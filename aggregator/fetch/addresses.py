"""Where we go and where we do not: URLs, ports and IP addresses are judged here.

A name is judged by every address it resolves to, at the moment of connecting and at each redirect: judging the text of
a URL, or only its first hop, or an address looked up earlier than the one connected to, are the three classic holes.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

import httpx

from aggregator.errors import Refused

MAX_URL = 2_000
_HOST = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?|[0-9a-f:.]*:[0-9a-f:.]*")  # a name in ASCII, or an IPv6 address
_DEFAULT_PORTS = {"http": 80, "https": 443}

# IANA special-purpose registries (RFC 6890 and successors). Our own table: `ipaddress.is_global` changes between
# Python versions and says yes to multicast and to NAT64.
_IPV4 = [
    (int(network.network_address), int(network.broadcast_address), kind)
    for network, kind in (
        (ip_network("0.0.0.0/8"), "an unspecified address"),
        (ip_network("10.0.0.0/8"), "a private address"),
        (ip_network("100.64.0.0/10"), "a carrier-grade NAT address"),
        (ip_network("127.0.0.0/8"), "a loopback address"),
        (ip_network("169.254.0.0/16"), "a link-local address"),
        (ip_network("172.16.0.0/12"), "a private address"),
        (ip_network("192.0.0.0/24"), "a reserved address"),
        (ip_network("192.0.2.0/24"), "a reserved address"),
        (ip_network("192.88.99.0/24"), "a reserved address"),
        (ip_network("192.168.0.0/16"), "a private address"),
        (ip_network("198.18.0.0/15"), "a reserved address"),
        (ip_network("198.51.100.0/24"), "a reserved address"),
        (ip_network("203.0.113.0/24"), "a reserved address"),
        (ip_network("224.0.0.0/4"), "a multicast address"),
        (ip_network("240.0.0.0/4"), "a reserved address"),
    )
]
_IPV6_NAMED = (
    (IPv6Network("::/128"), "an unspecified address"),
    (IPv6Network("::1/128"), "a loopback address"),
    (IPv6Network("::ffff:0:0/96"), "an IPv4-mapped address"),
    (IPv6Network("64:ff9b::/96"), "a NAT64 address"),
    (IPv6Network("64:ff9b:1::/48"), "a NAT64 address"),
    (IPv6Network("fc00::/7"), "a private address"),
    (IPv6Network("fe80::/10"), "a link-local address"),
    (IPv6Network("ff00::/8"), "a multicast address"),
    (IPv6Network("2001:db8::/32"), "a reserved address"),
    (IPv6Network("3fff::/20"), "a reserved address"),
)
_GLOBAL_UNICAST = IPv6Network("2000::/3")  # all that IANA has given out; the rest is reserved
_PROTOCOLS = IPv6Network("2001::/23")  # IETF protocol assignments: Teredo, ORCHID, benchmarking


def why_refused(address: str) -> str | None:
    """Say in words why an IP address is not visited ("a private address"); None: it may be.

    `address`: as `getaddrinfo` gives it, a zone ("%eth0") allowed.
    """
    ip = ip_address(address)
    return _why_refused_ipv4(ip) if isinstance(ip, IPv4Address) else _why_refused_ipv6(ip)


def _why_refused_ipv4(ip: IPv4Address) -> str | None:
    number = int(ip)
    return next((kind for first, last, kind in _IPV4 if first <= number <= last), None)


def _why_refused_ipv6(ip: IPv6Address) -> str | None:
    for network, kind in _IPV6_NAMED:
        if ip in network:
            return kind
    inside = [ip.sixtofour] if ip.sixtofour else list(ip.teredo or ())
    for embedded in inside:
        if kind_inside := _why_refused_ipv4(embedded):
            return f"{kind_inside} inside an IPv6 tunnel"
    if ip not in _GLOBAL_UNICAST or (ip in _PROTOCOLS and not inside):
        return "a reserved address"
    return None


def parse_url(text: str, *, allow_private: bool) -> httpx.URL:
    """Give the URL to ask for, without fragment, its host in ASCII.

    Raises:
        Refused: not http(s), no host, credentials, an unusual port (80, 443 and 8000-9999 are usual; any port when
            `allow_private`), over 2,000 characters, or no URL at all.
    """
    if len(text) > MAX_URL:
        raise Refused(text[:MAX_URL], f"{shown(text)}: an address of {len(text)} characters, over {MAX_URL}")
    try:
        url = httpx.URL(text)
        host, port = url.raw_host.decode("ascii"), url.port
        if url.fragment:
            url = url.copy_with(fragment=None)
    except (httpx.InvalidURL, UnicodeError, ValueError) as error:
        raise Refused(text, f"{shown(text)}: not an address that can be visited, correct it") from error
    if url.userinfo:
        bare = str(url.copy_with(username=None, password=None))
        raise Refused(bare, f"{shown(bare)}: an address with a user name or password in it is not visited")
    if url.scheme not in _DEFAULT_PORTS:
        raise Refused(text, f"{shown(text)}: only http and https are visited")
    if not _HOST.fullmatch(host):
        raise Refused(text, f"{shown(text)}: an address without the name of a host, correct it")
    usual = port is None or port in (80, 443) or 8000 <= port <= 9999
    if not usual and not (allow_private and port is not None and 0 < port < 65_536):
        raise Refused(text, f"{shown(text)}: port {port} is not visited (80, 443 and 8000-9999 are)")
    return url


def authority(url: httpx.URL) -> str:
    """Name the host as it is remembered: "www.ville.fr", with ":port" when the port is not the scheme's own.

    http and https of one name share it: they are one machine to be polite to.
    """
    host = url.raw_host.decode("ascii").rstrip(".")
    return host if url.port in (None, _DEFAULT_PORTS[url.scheme]) else f"{host}:{url.port}"


def port_of(url: httpx.URL) -> int:
    """Give the TCP port to connect to."""
    return url.port or _DEFAULT_PORTS[url.scheme]


def shown(url: httpx.URL | str) -> str:
    """Write an address for an operator's eyes: no scheme, no credentials, no control characters, 200 characters."""
    text = str(url)
    bare = text.split("://", 1)[-1]
    head, slash, tail = bare.partition("/")
    bare = head.rpartition("@")[2] + slash + tail
    return "".join(c if c.isprintable() else "?" for c in bare[:200]) or "(nothing)"
