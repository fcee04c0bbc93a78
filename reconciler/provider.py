"""The contract with a vendor. One screen of methods; all in bulk; thread-safe.

A provider

- may import from `reconciler` this module, `model`, `errors` and `dns`; nothing else of ours but
  `net_settings`, where it connects itself and not through an SDK: then `NetSettings.route` has the last word;
- makes every vendor call through `Calls`, which paces, retries, translates and counts; the SDK's own
  retry, polling and waiting are off;
- must not write in `read`, `compose`, `ready`; must not sleep anywhere;
- must spell composed resources just as `read` reports them, every managed attribute present, so that
  the engine can compare them dumbly.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Protocol, TypeVar, cast, runtime_checkable

from reconciler.dns import HostTarget, Record, RRset, Zone
from reconciler.errors import ProviderError
from reconciler.kinds import Kind as Kind  # noqa: PLC0414  part of the contract: given out from here
from reconciler.limits import Limit as Limit  # noqa: PLC0414  part of the contract: given out from here
from reconciler.limits import no_limits
from reconciler.model import Change, Finding, Resource, ResourceId

T = TypeVar("T")
A = TypeVar("A")
B = TypeVar("B")
NOTHING: Mapping[str, Any] = MappingProxyType({})


# -- what a provider is given
class Calls(Protocol):
    """The engine's one way to a vendor: a token, the call, a retry where it is safe, a count."""

    def __call__(
        self, unit: str, operation: str, fn: Callable[[], T], *, repeatable: bool, resource: str = ""
    ) -> T:
        """Return what fn returns.

        unit        the vendor's accounting unit (one of `ProviderType.limits`)
        operation   the vendor's name for the call, for errors and reports
        repeatable  whether doing it twice is the same as once; only then is a lost answer repeated
        Raises ProviderError, with alias, operation and resource filled in.
        """


class Side(Protocol):
    """The engine's threads for one account."""

    def __call__(self, calls: Sequence[Callable[[], T]]) -> list[T]:
        """Run calls side by side and return their results in order; raises the first one's error."""


def both(together: Side, first: Callable[[], A], second: Callable[[], B]) -> tuple[A, B]:
    """Run two calls of different results side by side; raises the first one's error."""
    calls: Sequence[Callable[[], object]] = (first, second)
    one, other = together(calls)
    return cast("A", one), cast("B", other)


def one_by_one(calls: Sequence[Callable[[], T]]) -> list[T]:
    """Run calls one after the other: for tests, and where nothing is gained otherwise."""
    return [call() for call in calls]


@dataclass(frozen=True, slots=True)
class Setting:
    """One alias of the file, opened: options, secrets by suffix, environment, the way to call.

    `together` runs calls side by side on threads that the engine counts; a provider starts none itself.
    """

    alias: str
    options: Mapping[str, Any]
    secrets: Mapping[str, str]
    environ: Mapping[str, str]
    owner: str
    calls: Calls
    together: Side = one_by_one


@dataclass(frozen=True, slots=True)
class Wanted:
    """One tracking domain as a provider sees it. Hosts are normalised.

    `origin` is SparkPost's tracking host that the edge forwards to. `default`, `sending_domains` None: not
    managed. `managed`: SparkPost terminates TLS itself. `leaving`: this alias serves it no longer, and is
    asked for the names and types of its records alone. `options` are the domain's remaining keys.
    """

    host: str
    origin: str
    ttl: int
    absent: bool = False
    default: bool | None = None
    sending_domains: tuple[str, ...] | None = None
    subaccount: int | None = None
    managed: bool = False
    leaving: bool = False
    options: Mapping[str, Any] = field(default_factory=lambda: NOTHING)


@dataclass(frozen=True, slots=True)
class Parts:
    """All that one alias plays in this run, by part; absent domains are in it too."""

    cdn: tuple[Wanted, ...] = ()
    sparkpost: tuple[Wanted, ...] = ()
    dns: tuple[Wanted, ...] = ()

    @property
    def hosts(self) -> frozenset[str]:
        return frozenset(w.host for part in (self.cdn, self.sparkpost, self.dns) for w in part)


@dataclass(frozen=True, slots=True)
class Scope:
    """What to read: what concerns these parts, or with `everything` all that the owner may have made.

    known   what this run has read of the alias already, where more hosts of the dns part are all that is new:
            the rest may be taken from it
    """

    parts: Parts
    everything: bool = False
    known: Live | None = None


# -- what a provider gives
@dataclass(frozen=True, slots=True)
class Live:
    """What one alias's vendor account holds, read in bulk.

    resources  what exists of the provider's kinds, dns_record excepted, with `host` set where it serves one,
               and `after` naming what it uses: that decides in which order things are deleted
    zones      the zones of the account that concern the scope (dns part)
    rrsets     their record sets (dns part)
    accounts   who the reachable vendor accounts are: identities, hashed into claims
    facts      the provider's own, opaque to the engine, for `compose`
    """

    resources: tuple[Resource, ...] = ()
    zones: tuple[Zone, ...] = ()
    rrsets: tuple[RRset, ...] = ()
    accounts: frozenset[str] = frozenset()
    facts: object = None


@dataclass(frozen=True, slots=True)
class Issuance:
    """A certificate that a vendor will order for a host.

    name         what it is issued for: the host, or the name that a wildcard stands below
    authorities  who may be asked, as CAA records name them: one of them must be allowed
    wildcard     whether it is issued for `*.name`
    """

    host: str
    name: str
    authorities: tuple[str, ...]
    wildcard: bool = False


@dataclass(frozen=True, slots=True)
class EdgeNames:
    """The names under which a vendor's edges answer, and which of them are this account's own.

    One edge alone of such a vendor can serve a host: as long as its record points at one of another account,
    ours cannot take it over.

    suffix   what all these names end in, such as `cloudfront.net`
    own      the account's own: for every edge that exists
    text     what to say of a host that points at another; `{host}` and `{name}` are filled in
    lift     the way out, likewise
    serving  the hosts that one of the account's own edges serves
    strange  text and lift for a host that none of them serves, and that points at one; None where the vendor
             lets another edge have it all the same
    """

    suffix: str
    own: frozenset[str]
    text: str
    lift: str = ""
    serving: frozenset[str] = frozenset()
    strange: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Composition:
    """What should be, for the parts of one alias.

    resources  desired resources, spelt as `read` reports them
    records    DNS records that the domain's dns alias shall hold (validation), whoever that is
    targets    for each host of the cdn part, where its host record shall point
    accounts   for each host, the identity of the vendor account that serves it; none where nothing is kept
    findings   what a person must know: errors forbid the host's changes
    ready      what is ready today already: its gate is asked all the same, and is expected to hold at once
    issuances  the certificates that are still to be issued, for the look at CAA records
    edges      how to tell that another account of the vendor serves a host, where that forbids to serve it
               from this one
    versions   by container that the vendor keeps in versions, what a write of it means for them
    """

    resources: tuple[Resource, ...] = ()
    records: tuple[Record, ...] = ()
    targets: Mapping[str, HostTarget] = field(default_factory=lambda: NOTHING)
    accounts: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    findings: tuple[Finding, ...] = ()
    ready: frozenset[ResourceId] = frozenset()
    issuances: tuple[Issuance, ...] = ()
    edges: EdgeNames | None = None
    versions: Mapping[str, str] = field(default_factory=lambda: NOTHING)


@dataclass(frozen=True, slots=True)
class Done:
    """A change that took effect, re-read: the resource as it now is, None after a deletion."""

    resource: Resource | None


@dataclass(frozen=True, slots=True)
class Failed:
    """A change that did not take effect."""

    error: ProviderError


Outcomes = Mapping[ResourceId, Done | Failed]


@dataclass(frozen=True, slots=True)
class Status:
    """Whether a resource is ready. `text` is the vendor's word; `hopeless`: waiting longer cannot help."""

    ready: bool
    text: str
    hopeless: bool = False


class Provider(Protocol):
    """Everything tdr asks of a vendor."""

    def read(self, scope: Scope) -> Live:
        """Return what exists: lists, never a GET for each resource. Never writes."""

    def compose(self, parts: Parts, live: Live) -> Composition:
        """Return what should exist. Pure. A host stays in the container where live shows it."""

    def apply(self, batch: Sequence[Change]) -> Outcomes:
        """Make the changes of one container; re-read after; safe to repeat.

        Looks before it creates, so that a repeat finds what an earlier attempt made. Checks that what the
        changes rest on (`before`) still holds and raises Conflict where it does not. A write that the
        vendor refuses whole may be raised: the engine then bisects.
        """

    def ready(self, ids: Collection[ResourceId]) -> Mapping[ResourceId, Status]:
        """Return for each id whether it is issued, deployed, active: one list call for all. Never writes.

        Of zones that say so (`Zone.tells_sync`) records are asked for, too: whether all name servers have it.
        """


@runtime_checkable
class DnsProvider(Protocol):
    """The further power of a vendor that holds zones."""

    def spell(self, records: Sequence[Record], live: Live) -> Composition:
        """Return `dns_record` resources for records as this vendor reports them, and findings.

        Pure. Gives each its container, native TTL and native attributes (`proxied`). Findings: zone not
        active, quota of the zone's plan, TTL out of range.
        """


@runtime_checkable
class ReadsByName(Protocol):
    """The further power of a DNS provider that may have to ask for names, because it cannot list a zone.

    A CDN's account alone tells some names (those of validation records), so they are known only when it was
    read. The zones that were not read whole say so (`Zone.asked`).
    """

    def read_names(self, names: Collection[str], live: Live) -> Live:
        """Return live with what stands at these names, too. Never writes."""


@runtime_checkable
class Verifier(Protocol):
    """The further power of the sparkpost part: a repeatable write that asks SparkPost to look."""

    def verify(self, id_: ResourceId) -> Status:
        """Ask for verification of a tracking domain; ready means verified."""


@runtime_checkable
class Closer(Protocol):
    """The further power of a provider that keeps connections."""

    def close(self) -> None:
        """End them; a second time does nothing."""


# -- what a vendor's folder exports
@dataclass(frozen=True, slots=True)
class Secret:
    """A credential: `TDR_<ALIAS>_<suffix>`, else the vendor's own variable."""

    suffix: str
    variable: str


def no_translation(_error: Exception) -> ProviderError | None:
    """Know no error but ProviderError."""
    return None


def no_check(_options: Mapping[str, Any]) -> Iterable[tuple[str, str, str]]:
    """Find nothing wrong."""
    return ()


class Configure(Protocol):
    """Text for software that the user runs himself."""

    def __call__(self, alias: str, options: Mapping[str, Any], wanted: Sequence[Wanted]) -> str:
        """Return the configuration for the hosts that an alias with these options serves. Pure.

        Raises TdrError, with what to write, where an option is missing.
        """


@dataclass(frozen=True, slots=True)
class ProviderType:
    """A vendor as tdr finds it by entry point (`tdr.providers`), importing no SDK.

    name      the `type:` of an alias
    parts     which of "cdn", "dns", "sparkpost" it can play
    kinds     its resource kinds, `dns_record` excepted
    options   JSON Schema of the alias's mapping, `type` excepted
    secrets   what it needs from the environment
    limits    the vendor's published rates
    limits_for
              what an alias with these options has in place of the limits of the same units
    check     (key, what is wrong, what to write instead) for options that contradict each other
    origin    for a sparkpost part: the tracking host of an alias with these options
    own_names host suffixes that can never be tracking domains
    extra     the pip extra that brings its SDK
    reference what precedes the name of an environment variable in an option's text that stands for its value,
              such as `env/`: what it names is a secret like any other; empty: no option does that
    translate what an exception of the SDK means, in our tree; None for a bug
    configurations
              by the software's name, what `tdr proxy-config` prints; the first unless the user names one
    open      makes the provider; may import the SDK
    """

    name: str
    parts: frozenset[str]
    open: Callable[[Setting], Provider]
    kinds: tuple[Kind, ...] = ()
    options: Mapping[str, Any] = field(default_factory=lambda: NOTHING)
    secrets: tuple[Secret, ...] = ()
    limits: tuple[Limit, ...] = ()
    limits_for: Callable[[Mapping[str, Any]], Iterable[Limit]] = no_limits
    check: Callable[[Mapping[str, Any]], Iterable[tuple[str, str, str]]] = no_check
    origin: Callable[[Mapping[str, Any]], str] | None = None
    own_names: tuple[str, ...] = ()
    extra: str | None = None
    reference: str = ""
    translate: Callable[[Exception], ProviderError | None] = no_translation
    configurations: Mapping[str, Configure] = field(default_factory=lambda: NOTHING)

    def limits_with(self, given: Mapping[str, Any]) -> tuple[Limit, ...]:
        """Return the limits of an alias with these options, one for each unit."""
        return tuple({limit.unit: limit for limit in (*self.limits, *self.limits_for(given))}.values())
