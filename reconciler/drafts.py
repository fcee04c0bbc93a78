"""From what is written to `Desired`: each domain with its defaults filled in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.desired import DEFAULT_TTL_S, Account, Desired, Domain, Mark, Policy, frozen, read_only
from reconciler.hostname import normalise
from reconciler.union import Place, United

PART_KEYS = ("sparkpost", "cdn", "dns")
DEFAULT_KEYS = (*PART_KEYS, "origin", "subaccount", "ttl", "allow_gap")
_UNITS_S = {"s": 1, "m": 60, "h": 3600}


@dataclass(frozen=True, slots=True)
class Given:
    """An option as written: in the domain itself (`own`) or in `defaults`."""

    value: Any
    mark: Mark
    own: bool


@dataclass(frozen=True, slots=True)
class Draft:
    """A domain before it is known to be right: what is written of it, defaults included."""

    host: str
    place: Place
    given: Mapping[str, Given]

    @property
    def present(self) -> bool:
        """Whether the domain is to work."""
        state = self.given.get("state")
        return state is None or state.value != "absent"

    def text(self, key: str) -> str | None:
        """Return an option that is a text, None where it is not given or something else."""
        given = self.given.get(key)
        return given.value if given is not None and isinstance(given.value, str) else None

    def mark(self, key: str) -> Mark:
        """Return where an option is given, else where the domain is."""
        given = self.given.get(key)
        return self.place.key_mark() if given is None else given.mark


def drafts(united: United) -> tuple[Draft, ...]:
    """Return a draft of every domain, sorted by host."""
    defaults = _defaults(united)
    return tuple(_draft(host, united.domains[host], defaults) for host in sorted(united.domains))


def _defaults(united: United) -> dict[str, Given]:
    values = united.section("defaults")
    place = united.single.get("defaults")
    if place is None:
        return {}
    return {key: Given(values[key], place.mark(key), own=False) for key in DEFAULT_KEYS if key in values}


def _draft(host: str, place: Place, defaults: Mapping[str, Given]) -> Draft:
    own = place.value if isinstance(place.value, dict) else {}
    written = {key: Given(value, place.mark(key), own=True) for key, value in own.items()}
    return Draft(host, place, {**defaults, **written})


def duration_s(text: str) -> int:
    """Return the seconds of a duration such as `90s`, `5m`, `2h`."""
    return int(text[:-1]) * _UNITS_S[text[-1]]


def desired_of(united: United, all_drafts: tuple[Draft, ...]) -> Desired:
    """Return the desired state of files that are free of problems."""
    return Desired(
        owner=united.single["owner"].value,
        accounts=read_only({alias: _account(alias, place) for alias, place in united.accounts.items()}),
        policy=_policy(united),
        domains=read_only({draft.host: _domain(draft) for draft in all_drafts}),
    )


def _account(alias: str, place: Place) -> Account:
    options: Any = frozen({key: value for key, value in place.value.items() if key != "type"})
    marks = read_only({key: place.mark(key) for key in place.value})
    return Account(alias, place.value["type"], options, place.key_mark(), marks)


def _policy(united: United) -> Policy:
    values = united.section("policy")
    place = united.single.get("policy")
    mark = Mark(united.documents[0].file, 0, 0) if place is None else place.key_mark()
    protected = frozenset(normalise(host) for host in values.get("protected", ()))
    return Policy(values.get("max_deletes", 0), protected, mark)


def _domain(draft: Draft) -> Domain:
    value = {key: given.value for key, given in draft.given.items()}
    present = draft.present
    sending = value.get("sending_domains") if present else None
    gap = value.get("allow_gap") if present else None
    sparkpost = None if value["sparkpost"] == "none" else value["sparkpost"]
    return Domain(
        host=draft.host,
        state="present" if present else "absent",
        sparkpost=sparkpost,
        cdn=value["cdn"],
        dns=value["dns"],
        default=value.get("default") if present else None,
        sending_domains=None if sending is None else tuple(sorted({normalise(name) for name in sending})),
        # 0 is SparkPost's name of the primary account, as is no subaccount at all.
        subaccount=(value.get("subaccount") or None) if sparkpost else None,
        origin=normalise(value["origin"]) if present and "origin" in value else None,
        ttl=value.get("ttl", DEFAULT_TTL_S) if present else DEFAULT_TTL_S,
        allow_gap_s=None if gap is None else duration_s(gap),
        mark=draft.place.key_mark(),
        marks=read_only({key: given.mark for key, given in draft.given.items()}),
    )
