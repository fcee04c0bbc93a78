"""The screenful: load → open → read → plan → approve → apply. Effects at the edge, values in between."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from reconciler.assemble import Assembly, names_told
from reconciler.calls import Stop, VendorCalls
from reconciler.clock import Clock, Mailbox
from reconciler.collector import collector_off
from reconciler.desired import Desired, Domain
from reconciler.dns import DNS_RECORD, Zone, zone_for
from reconciler.errors import ConfigError, ProviderError, TdrError
from reconciler.former import unread
from reconciler.model import Finding
from reconciler.parts import parts_of, wanted_of
from reconciler.plan import Plan
from reconciler.planner import Choice, Inputs, make_plan
from reconciler.pool import Job, Pool, Together
from reconciler.problem import Problem
from reconciler.provider import (
    Closer,
    DnsProvider,
    Kind,
    Live,
    Parts,
    Provider,
    ProviderType,
    ReadsByName,
    Scope,
    Setting,
)
from reconciler.secrets import Redactor, redactor, secrets

Reading = Callable[[], Live]
READ_THREADS = 16
SIDE_THREADS = 8
"""Enough for every published rate at usual latencies (rate x latency)."""


class ReadFailed(TdrError):
    """Live state could not be read; carries each account's error."""

    def __init__(self, errors: Mapping[str, ProviderError]) -> None:
        super().__init__("\n".join(str(error) for _, error in sorted(errors.items())))
        self.errors = dict(errors)


@dataclass(frozen=True, slots=True)
class Session:
    """Every alias of the file, opened, for one run."""

    desired: Desired
    types: Mapping[str, ProviderType]
    parts: Mapping[str, Parts]
    providers: Mapping[str, Provider]
    calls: Mapping[str, VendorCalls]
    clock: Clock
    stop: Stop
    redact: Redactor
    sides: Mapping[str, Together] = field(default_factory=dict)

    def close(self) -> None:
        """Let every thread and connection end."""
        for side in self.sides.values():
            side.close()
        for provider in self.providers.values():
            if isinstance(provider, Closer):
                provider.close()

    @property
    def kinds(self) -> dict[str, Kind]:
        """Every kind by name, `dns_record` included."""
        used = {account.type for account in self.desired.accounts.values()}
        found = {kind.name: kind for name in used for kind in self.types[name].kinds}
        return {**found, DNS_RECORD: Kind(DNS_RECORD)}

    @property
    def gathers(self) -> frozenset[str]:
        """The kinds whose batches are held for more."""
        return frozenset(name for name, kind in self.kinds.items() if kind.gathers)


def open_session(
    desired: Desired,
    types: Mapping[str, ProviderType],
    environ: Mapping[str, str],
    clock: Clock,
    stop: Stop,
) -> Session:
    """Open every account. Raises ConfigError with all secrets that are missing."""
    redact = redactor(desired.accounts, types, environ)
    found: dict[str, Mapping[str, str]] = {}
    problems: list[Problem] = []
    for alias, account in desired.accounts.items():
        try:
            found[alias] = secrets(account, types[account.type], environ)
        except ConfigError as error:
            problems += error.problems
    if problems:
        raise ConfigError(problems)
    calls = {
        alias: VendorCalls(
            alias, types[account.type], clock, redact=redact, stop=stop, options=account.options
        )
        for alias, account in desired.accounts.items()
    }
    sides = {alias: Together(clock, SIDE_THREADS, f"{alias}-side") for alias in desired.accounts}
    providers = {
        alias: types[account.type].open(
            Setting(alias, account.options, found[alias], environ, desired.owner, calls[alias], sides[alias])
        )
        for alias, account in desired.accounts.items()
    }
    return Session(desired, types, parts_of(desired, types), providers, calls, clock, stop, redact, sides)


def read_world(session: Session, *, everything: bool = False) -> dict[str, Live]:
    """Read every account at once, and once more those that a host may have left when its `dns:` changed.

    Names that only a vendor tells are then asked for in the zones that cannot be listed. Raises ReadFailed
    naming each account that could not be read.
    """
    scopes = {alias: Scope(parts, everything) for alias, parts in session.parts.items()}
    world = _read(session, scopes)
    left = {} if everything else unread(session.desired, world, lambda alias: _holds_zones(session, alias))
    wider = {
        alias: Scope(_with_dns(session, alias, domains), known=world[alias])
        for alias, domains in left.items()
    }
    world = {**world, **_read(session, wider)}
    return {**world, **_gathered(session, _further(session, world))}


def _holds_zones(session: Session, alias: str) -> bool:
    return isinstance(session.providers[alias], DnsProvider)


def _with_dns(session: Session, alias: str, domains: Iterable[Domain]) -> Parts:
    more = (wanted_of(domain, session.desired, session.types) for domain in domains)
    parts = session.parts[alias]
    return replace(parts, dns=(*parts.dns, *more))


def _further(session: Session, world: Mapping[str, Live]) -> dict[str, Reading]:
    """Return how to read what only a vendor's live state names and no account has read yet."""
    asking = {alias: p for alias, p in session.providers.items() if isinstance(p, ReadsByName)}
    if not any(zone.asked is not None for alias in asking for zone in world[alias].zones):
        return {}
    told = names_told(session.desired, session.parts, world, session.providers)
    more = {alias: sorted(_unasked(told, world[alias].zones)) for alias in asking}
    return {
        alias: partial(provider.read_names, more[alias], world[alias])
        for alias, provider in asking.items()
        if more[alias]
    }


def _unasked(names: Iterable[str], zones: Sequence[Zone]) -> Iterator[str]:
    for name in names:
        zone = zone_for(name, zones)
        if zone is not None and zone.asked is not None and name not in zone.asked:
            yield name


def _read(session: Session, scopes: Mapping[str, Scope]) -> dict[str, Live]:
    return _gathered(
        session, {alias: partial(session.providers[alias].read, scope) for alias, scope in scopes.items()}
    )


def _gathered(session: Session, readings: Mapping[str, Reading]) -> dict[str, Live]:
    """Return what every account gives, all asked at once."""
    if not readings:
        return {}
    mailbox = session.clock.mailbox()
    pool = Pool(session.clock, READ_THREADS, "read")
    for alias, reading in readings.items():
        pool.submit(_reader(alias, reading, mailbox))
    answers = dict(_answer(mailbox) for _ in readings)
    pool.close()
    bugs = [a for a in answers.values() if isinstance(a, BaseException) and not isinstance(a, ProviderError)]
    if bugs:
        raise bugs[0]
    errors = {alias: a for alias, a in answers.items() if isinstance(a, ProviderError)}
    if errors:
        raise ReadFailed(errors)
    return {alias: live for alias, live in sorted(answers.items()) if isinstance(live, Live)}


Answer = tuple[str, Live | BaseException]


def _reader(alias: str, reading: Reading, mailbox: Mailbox[Answer]) -> Job:
    def read() -> None:
        try:
            live: Live | BaseException = reading()
        except BaseException as error:  # noqa: BLE001  handed to the scheduler, which raises it
            live = error
        mailbox.put((alias, live))

    return read


def _answer(mailbox: Mailbox[Answer]) -> Answer:
    answer = mailbox.get(None)
    if answer is None:
        raise AssertionError("unreachable: a wait without a deadline ends with an item")
    return answer


def plan_from(
    session: Session, world: Mapping[str, Live], choice: Choice, seen: tuple[Finding, ...] = ()
) -> tuple[Plan, Assembly]:
    """Return the plan for what was read, and what it was made from; `seen` is what was found outside."""
    with collector_off():
        return make_plan(
            Inputs(
                session.desired,
                session.parts,
                world,
                session.providers,
                session.kinds,
                choice,
                seen,
                session.clock.now(),
            )
        )
