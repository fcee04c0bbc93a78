"""The target: a name or addresses, and what can be wrong with it before anything is asked. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any, Final

from reconciler.dns import HostTarget

SPARKPOST_NAMES: Final = ("spgo.io", "sparkpostmail.com", "sparkpost.com")

_LABEL: Final = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_HOST: Final = re.compile(rf"({_LABEL}\.)+[a-z]([a-z0-9-]{{0,61}}[a-z0-9])?")
_HOST_CHARS: Final = 253
# Documentation addresses are no mistake here: the sandbox lives on them.
_UNREACHABLE: Final = tuple(
    ip_network(net)
    for net in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16"),
        *("172.16.0.0/12", "192.168.0.0/16", "224.0.0.0/3"),
        *("::/127", "::ffff:0:0/96", "fc00::/7", "fe80::/10", "ff00::/8"),
    )
)

Address = IPv4Address | IPv6Address
Wrong = tuple[str, str, str]


def host_target(options: Mapping[str, Any]) -> HostTarget:
    """Return where host records shall point; the edge is there already, so it is proven before DNS moves."""
    given = options["target"]
    if isinstance(given, str):
        return HostTarget("CNAME", (plain(given),), before_dns=True)
    addresses = sorted((ip_address(one) for one in given), key=lambda a: (a.version, int(a)))
    type_ = "+".join(sorted({"A" if a.version == 4 else "AAAA" for a in addresses}))
    return HostTarget(type_, tuple(str(a) for a in addresses), before_dns=True)


def plain(name: str) -> str:
    """Return a name in lower case without a final dot."""
    return name.lower().rstrip(".")


def check(options: Mapping[str, Any]) -> Iterator[Wrong]:
    """Yield (key, what is wrong, what to write instead)."""
    given = options.get("target")
    if isinstance(given, str):
        yield from _wrong_name(given)
    elif isinstance(given, list | tuple):
        yield from _wrong_addresses([str(one) for one in given])
    yield from _wrong_resolvers(options.get("resolvers") or ())


def _wrong_name(given: str) -> Iterator[Wrong]:
    name = plain(given)
    if _address(name) is not None:
        yield "target", f"{given} is an address, and a CNAME points to a name", f"write target: [{given}]"
    elif len(name) > _HOST_CHARS or not _HOST.fullmatch(name):
        yield (
            "target",
            f"{given} is no host name with two labels or more",
            "write the name that the CDN has, such as edge.example.net",
        )
    elif any(name == own or name.endswith(f".{own}") for own in SPARKPOST_NAMES):
        yield (
            "target",
            f"{name} is SparkPost's own: it has no certificate for a tracking host of yours",
            "write a CDN's or proxy's name; for managed HTTPS it is `cdn:` that names the sparkpost alias",
        )


def _wrong_addresses(given: Sequence[str]) -> Iterator[Wrong]:
    seen: set[Address] = set()
    for text in given:
        found = _address(text)
        if found is None:
            instead = (
                f"write target: {text} without a list, for a CNAME" if _HOST.fullmatch(plain(text)) else ""
            )
            yield "target", f"{text} is no IP address", instead or "write addresses such as 198.51.100.7"
        elif found in seen:
            yield "target", f"{found} stands twice", "write each address once"
        elif any(found in net for net in _UNREACHABLE if net.version == found.version):
            yield (
                "target",
                f"{found} cannot be reached from the internet",
                "write the proxy's public addresses",
            )
        else:
            seen.add(found)


def _wrong_resolvers(given: Sequence[Any]) -> Iterator[Wrong]:
    for text in given:
        if _address(str(text)) is None:
            yield "resolvers", f"{text} is no IP address", "write addresses such as 127.0.0.53"


def _address(text: str) -> Address | None:
    try:
        return ip_address(text)
    except ValueError:
        return None
