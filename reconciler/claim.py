"""The claim: what tdr remembers of a host between runs, as one TXT text at `_tdr.<host>`. Pure.

`v=tdr1 o=OWNER w=DIGEST8 sp=eu.HASH8 cdn=cloudflare.HASH8 was=CNAME:spgo.io@3600 at=20260105T090000Z`

A host that moves again while resolvers may still hold what was answered before `was` has `until=` beside, the
time when the last of them lets go; one whose work is not proven yet has `ph=unproven`, or
`ph=unproven-https` where mail carries https links. One whose `dns:` changed has `old=TYPE.HASH8`, the account
of the zone that it leaves, and once the parent names the new servers `keep=`, the time until which resolvers
may still be sent to the old ones. Fields that this version does not know are kept as they stand.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

VERSION = "tdr1"
MAX_BYTES = 1000
AT_FORMAT = "%Y%m%dT%H%M%SZ"
NOW = "*"
"""Stands for the time of writing in the text of a planned claim, `*7200` for so many seconds after it: plans
show no dates."""
PHASE, UNPROVEN, UNPROVEN_HTTPS, UNDONE = "ph", "unproven", "unproven-https", "undone"
"""What stands in a claim from the first write of a host's work until its last gate held; the latter where
mail carries https links already: should links turn to http meanwhile, live state no longer tells. The last
one says that DNS was put back: the cause is to be mended before it moves again."""
TTL = re.compile("[0-9]{1,10}")
MAX_TTL_S = 2**31 - 1
"""The longest TTL that DNS knows (RFC 2181)."""


def hash8(text: str) -> str:
    """Return eight hex digits that stand for text, so that no account id is in public DNS."""
    return hashlib.sha256(text.encode()).hexdigest()[:8]


@dataclass(frozen=True, slots=True)
class Was:
    """The host record before tdr: the way back."""

    type: str
    values: tuple[str, ...]
    ttl: int

    def __str__(self) -> str:
        return f"{self.type}:{','.join(self.values)}@{self.ttl}"


def parse_was(text: str) -> Was | None:
    """Return the record that text spells, or None where it spells none."""
    type_, _, rest = text.partition(":")
    values, _, ttl = rest.rpartition("@")
    if not type_ or not values or not TTL.fullmatch(ttl):
        return None
    return Was(type_, tuple(values.split(",")), min(int(ttl), MAX_TTL_S))


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim's fields in the order in which they stand."""

    fields: tuple[tuple[str, str], ...]

    def get(self, key: str) -> str | None:
        return dict(self.fields).get(key)

    @property
    def owner(self) -> str:
        return self.get("o") or ""

    @property
    def digest(self) -> str:
        return self.get("w") or ""

    @property
    def was(self) -> Was | None:
        return parse_was(self.get("was") or "")

    @property
    def unproven(self) -> bool:
        """Whether a run began on the host and none has yet proven what it made."""
        return self.get(PHASE) is not None

    @property
    def undone(self) -> bool:
        """Whether the last run put DNS back, because what it moved to did not serve the host."""
        return self.get(PHASE) == UNDONE

    @property
    def kept_https(self) -> bool:
        """Whether mail carried https links when the work began that no run has proven yet."""
        return self.get(PHASE) == UNPROVEN_HTTPS

    @property
    def at_s(self) -> float | None:
        """Since when the record of `was` is no longer handed out, in unix seconds; None where unknown."""
        return _time(self.get("at"))

    @property
    def until_s(self) -> float | None:
        """Until when an answer older than `was` may be held, in unix seconds; None where there is none."""
        return _time(self.get("until"))

    @property
    def old(self) -> tuple[str, ...]:
        """The accounts of the zones that the host leaves, as claims call accounts."""
        return tuple(word for word in (self.get("old") or "").split(",") if word)

    @property
    def keep_s(self) -> float | None:
        """Until when resolvers may be sent to a zone that the host leaves, in unix seconds; None where that
        has no end yet."""
        return _time(self.get("keep"))

    @property
    def held_until_s(self) -> float | None:
        """Until when `was`, or an answer older than it, may be held; None where that is unknown."""
        was, at_s = self.was, self.at_s
        ends = [self.until_s, None if was is None or at_s is None else at_s + was.ttl]
        return max((end for end in ends if end is not None), default=None)

    def updated(self, changed: Mapping[str, str | None]) -> Claim:
        """Return the claim with fields set, or dropped where None; the others stay, in order."""
        kept = [(k, changed.get(k, v)) for k, v in self.fields]
        added = [(k, v) for k, v in changed.items() if k not in dict(self.fields)]
        return Claim(tuple((k, v) for k, v in [*kept, *added] if v is not None))

    def text(self) -> str:
        """Return the TXT text."""
        return " ".join(f"{key}={value}" if value else key for key, value in self.fields)

    @property
    def size(self) -> int:
        """How many bytes the text has once it is stamped; over MAX_BYTES it is not sure to be carried."""
        return len(stamp(self.text(), 0.0).encode())


EMPTY_CLAIM = Claim((("v", VERSION),))


def is_claim(text: str) -> bool:
    """Tell whether a TXT text is a claim of any owner."""
    return text == f"v={VERSION}" or text.startswith(f"v={VERSION} ")


def parse_claim(text: str) -> Claim:
    """Return the claim that text spells; words with nothing behind a `=` are kept as they stand."""
    pairs = ((word, *word.partition("=")) for word in text.split())
    return Claim(tuple((key, value) if value else (word, "") for word, key, _, value in pairs))


def claims_in(values: Iterable[str]) -> tuple[Claim, ...]:
    """Return the claims among the texts of one TXT set."""
    return tuple(parse_claim(text) for text in values if is_claim(text))


def stamp(text: str, now_s: float) -> str:
    """Return a planned claim text with the time of writing put in, rounded up: a wait must not end early.

    An `until` that has passed by then is dropped.
    """
    claim = parse_claim(text)
    changed: dict[str, str | None] = {}
    for key in ("until", "keep"):
        held_s = (claim.get(key) or "").removeprefix(NOW)
        if claim.get(key) == f"{NOW}{held_s}" and TTL.fullmatch(held_s):
            changed[key] = spelt_time(now_s + int(held_s))
    if claim.get("at") == NOW:
        changed["at"] = spelt_time(now_s)
        if claim.until_s is not None and claim.until_s <= now_s:
            changed["until"] = None
    return claim.updated(changed).text() if changed and is_claim(text) else text


def spelt_time(when_s: float) -> str:
    """Return a time as claims write it, rounded up to seconds."""
    return datetime.fromtimestamp(math.ceil(when_s), UTC).strftime(AT_FORMAT)


def _time(text: str | None) -> float | None:
    try:
        return datetime.strptime(text or "", AT_FORMAT).replace(tzinfo=UTC).timestamp()
    except ValueError:
        return None
