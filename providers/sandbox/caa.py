"""Whether DNS lets an authority issue a certificate (RFC 8659): who issues in the sandbox asks here first."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from providers.sandbox.resolver import Look

_CRITICAL = 128
_UNDERSTOOD = frozenset({"issue", "issuewild", "issuemail", "iodef", "contactemail", "contactphone"})


@dataclass(frozen=True, slots=True)
class _Property:
    critical: bool
    tag: str
    issuer: str


def permits(look: Look, name: str, authority: str | Collection[str]) -> bool | None:
    """Say whether an authority (by any of its names) may issue for `name`; None: DNS does not say.

    The nearest record set from the name upwards decides, none allows all; a wildcard is `*.` and its base.
    """
    names = {authority} if isinstance(authority, str) else set(authority)
    labels = name.removeprefix("*.").split(".")
    for depth in range(len(labels)):
        found = look(".".join(labels[depth:]), "CAA")
        if found.rcode not in ("NOERROR", "NXDOMAIN"):
            return None
        if properties := [_property(value) for value in found.values("CAA")]:
            return _allow(properties, names, wildcard=name.startswith("*."))
    return True


def _property(value: str) -> _Property:
    flags, tag, text = value.split(maxsplit=2)
    issuer = text.strip('"').partition(";")[0].strip().lower()
    return _Property(bool(int(flags) & _CRITICAL), tag.lower(), issuer)


def _allow(properties: Iterable[_Property], authority: Collection[str], *, wildcard: bool) -> bool:
    by_tag: dict[str, set[str]] = {}
    for each in properties:
        if each.critical and each.tag not in _UNDERSTOOD:
            return False
        by_tag.setdefault(each.tag, set()).add(each.issuer)
    issuers = (by_tag.get("issuewild") if wildcard else None) or by_tag.get("issue")
    return issuers is None or not issuers.isdisjoint(authority)
