"""An rfc2136 provider on a real server, with a plain way to call, and hands to plan and write."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from providers.rfc2136 import TYPE
from reconciler.dns import HOST, Record, claim_name
from reconciler.model import Action, Change, Resource
from reconciler.provider import Done, Failed, Live, Parts, Scope, Setting, Wanted
from reconciler.records import ADDRESS_TYPES, Views, live_record, zone_views
from tests.servers.bind import bind
from tests.servers.knot import knot
from tests.servers.zones import KEY_NAME, SECRET, RealServer

T = TypeVar("T")
ZONE = "example.test"
HOST_NAME = "click.example.test"
OWNER = "acme-mail"
SERVERS = {"bind": bind, "knot": knot}


def host_record(host: str = HOST_NAME, *values: str, kind: str = "CNAME", ttl: int = 300) -> Record:
    """Where a host is to point."""
    return Record(host, HOST, host, kind, values or ("spgo.io",), ttl)


def claim_record(host: str = HOST_NAME, *texts: str, ttl: int = 300) -> Record:
    """A claim, and other texts beside it."""
    return Record(host, "claim", claim_name(host), "TXT", texts or ("v=tdr1 o=acme-mail",), ttl)


def parts(*hosts: str) -> Parts:
    """Hosts whose zones the alias holds."""
    return Parts(dns=tuple(Wanted(host, "spgo.io", 3600) for host in hosts))


class Stand:
    """One provider on one server. `between` is done right before an operation is called."""

    def __init__(self, running: RealServer, **options: Any) -> None:
        """Open the alias."""
        self.server = running
        self.asked: Counter[str] = Counter()
        self.repeatable: dict[str, bool] = {}
        self.between: dict[str, Callable[[], object]] = {}
        self.after: dict[str, Callable[[], object]] = {}
        secret = options.pop("secret", SECRET)
        environ = options.pop("environ", {})
        chosen = {"server": f"127.0.0.1:{running.port}", "zones": [ZONE], "key_name": KEY_NAME, **options}
        setting = Setting("ns", chosen, {"TSIG_SECRET": secret}, environ, OWNER, self.call)
        self.provider: Any = TYPE.open(setting)

    def call(
        self, unit: str, operation: str, fn: Callable[[], T], *, repeatable: bool, resource: str = ""
    ) -> T:
        """Call at once, count, never repeat."""
        self.asked[operation] += 1
        self.repeatable[operation] = repeatable
        self.between.pop(operation, lambda: None)()
        found = fn()
        self.after.pop(operation, lambda: None)()
        return found

    def read(self, *hosts: str, everything: bool = False) -> Live:
        live: Live = self.provider.read(Scope(parts(*(hosts or (HOST_NAME,))), everything))
        return live

    def plan(self, *records: Record) -> list[Change]:
        """What turns live into these records, matched as the engine matches."""
        live = self.read(*{record.host for record in records})
        spelled = self.provider.spell(records, live)
        assert not spelled.findings, spelled.findings
        views = zone_views(live.zones, live.rrsets)
        changes = (change(self.found(views, resource), resource) for resource in spelled.resources)
        return [each for each in changes if each is not None]

    def removal(self, *records: Record) -> list[Change]:
        """What takes away what stands for these records."""
        live = self.read(*{record.host for record in records})
        views = zone_views(live.zones, live.rrsets)
        found = [self.found(views, resource) for resource in self.provider.spell(records, live).resources]
        return [Change(each.id, Action.DELETE, each, None) for each in found if each is not None]

    def found(self, views: Views, wanted: Resource) -> Resource | None:
        """The live record sets that a desired record takes the place of."""
        name, kind = str(wanted.attrs["name"]), str(wanted.attrs["type"])
        view = next(v for v in views.values() if v.zone.container == wanted.container)
        kinds = ADDRESS_TYPES if set(kind.split("+")) <= set(ADDRESS_TYPES) else (kind,)
        host, _, role = wanted.id.key.partition("/")
        return live_record("ns", host, role, view.zone, view.sets(name, *kinds))

    def apply(self, changes: Sequence[Change]) -> dict[str, Any]:
        """Make changes; outcomes by key."""
        return {id_.key: outcome for id_, outcome in self.provider.apply(changes).items()}

    def done(self, changes: Sequence[Change]) -> None:
        """Make changes, and see that all of them were."""
        for key, outcome in self.apply(changes).items():
            assert isinstance(outcome, Done), (key, outcome)

    def errors(self, changes: Sequence[Change]) -> dict[str, Exception]:
        """Make changes; the error of each that could not be."""
        return {key: o.error for key, o in self.apply(changes).items() if isinstance(o, Failed)}


def change(before: Resource | None, after: Resource) -> Change | None:
    """What turns one into the other; None where they agree."""
    if before is None:
        return Change(after.id, Action.CREATE, None, after)
    if before.attrs == after.attrs:
        return None
    return Change(after.id, Action.UPDATE, before, after)


@contextmanager
def stand(
    kind: str,
    lines: str = "",
    *,
    transfers: bool = True,
    zones: Mapping[str, str] | None = None,
    **options: Any,
) -> Iterator[Stand]:
    """Run a server with the zone example.test, in which these lines stand, and open an alias on it."""
    served = {ZONE: lines, **(zones or {})}
    with SERVERS[kind](served, transfers=transfers) as server:
        yield Stand(server, **{"zones": list(served), **options})
