"""Cloud DNS in memory behind HTTP's requests: zones, exact changes, refusals in Google's words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from providers._records import plain
from providers.google.cloud_dns import CloudDns, Found
from reconciler.dns import CLAIM, HOST, Record, claim_name
from reconciler.errors import ProviderError
from reconciler.model import Action, Change, Finding, Resource, Severity
from reconciler.provider import Composition, Outcomes, Parts, Scope, Setting, Wanted, one_by_one

T = TypeVar("T")
Native = Mapping[str, Any]
Key = tuple[str, str]
NAME, ZONE, MANAGED = "click.example.com", "example.com", "example-com"
PROJECT = "acme-mail"
LISTS = {"managedZones": "dns#managedZonesListResponse", "rrsets": "dns#resourceRecordSetsListResponse"}


def native(name: str, kind: str, *values: str, ttl: int = 300, **more: Any) -> Native:
    """A record set as Cloud DNS lists it."""
    row = {"kind": "dns#resourceRecordSet", "name": f"{name}.", "type": kind, "ttl": ttl}
    return {**row, "rrdatas": [*values], "signatureRrdatas": [], **more}


def routed(name: str, kind: str, **policy: Any) -> Native:
    """A record set with a routing policy: it has no values of its own."""
    return {"name": f"{name}.", "type": kind, "ttl": 300, "routingPolicy": policy}


class Refused(Exception):
    """What Google answers with instead of doing it."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        """Tell status, reason and text."""
        super().__init__(message)
        self.status = status
        rows = [{"domain": "global", "reason": reason, "message": message}]
        self.body = {"error": {"code": status, "message": message, "errors": rows}}


class Answer:
    """An answer as `requests` gives it."""

    def __init__(self, status: int, value: Native) -> None:
        """Hold status and JSON."""
        self.status_code, self._value = status, value
        self.content, self.headers = b"{", {"Content-Type": "application/json"}

    def json(self) -> Native:
        """The JSON value."""
        return self._value


def _key(row: Native) -> Key:
    return plain(row["name"]), row["type"]


class MemoryCloudDns:
    """One project: what its requests answer."""

    def __init__(self, *rows: Native) -> None:
        self.listed: list[Native] = []
        self.sets: dict[str, dict[Key, Native]] = {}
        self.changes: list[Native] = []
        self.statuses: dict[str, str] = {}
        self.quota: dict[str, int] | None = {}
        self.page = 1000
        self.queries: list[Native] = []
        self.zone(ZONE, MANAGED, *rows)

    def zone(self, name: str, managed: str, *rows: Native, **more: Any) -> None:
        """Add a managed zone."""
        servers = ["ns-cloud-a2.googledomains.com.", "ns-cloud-a1.googledomains.com."]
        self.sets[managed] = {_key(row): row for row in (native(name, "NS", *servers, ttl=21600), *rows)}
        told = {"kind": "dns#managedZone", "name": managed, "dnsName": f"{name}.", "id": str(len(self.sets))}
        self.listed.append({**told, "nameServers": servers, "visibility": "public", **more})

    def put(self, *rows: Native, managed: str = MANAGED) -> None:
        """Set records as a person does at the console."""
        self.sets[managed].update({_key(row): row for row in rows})

    def remove(self, name: str, kind: str, managed: str = MANAGED) -> None:
        """Delete a record as a person does."""
        del self.sets[managed][name, kind]

    def request(
        self, method: str, url: str, *, json: Any, params: Mapping[str, str] | None, **_how: object
    ) -> Answer:
        """Answer a request."""
        path = url.removeprefix(f"https://dns.googleapis.com/dns/v1/projects/{PROJECT}")
        asked = dict(params or {})
        self.queries.append({"method": method, "path": path, **asked})
        try:
            return Answer(200, self._answer(method, path, asked, json))
        except Refused as error:
            return Answer(error.status, error.body)

    def _answer(self, method: str, path: str, query: Mapping[str, str], body: Any) -> Native:
        match [method, *path.strip("/").split("/")]:
            case ["GET", ""]:
                if self.quota is None:
                    raise Refused(403, "forbidden", "Forbidden")
                return {"kind": "dns#project", "id": PROJECT, "quota": self.quota}
            case ["GET", "managedZones"]:
                return self._page("managedZones", self.listed, query)
            case ["GET", "managedZones", managed, "rrsets"]:
                return self._rrsets(managed, query)
            case ["POST", "managedZones", managed, "changes"]:
                return self.change(managed, body)
            case ["GET", "managedZones", _, "changes", id_] if id_ not in self.statuses:
                text = f"The 'parameters.changeId' resource named '{id_}' does not exist."
                raise Refused(404, "notFound", text)
            case ["GET", "managedZones", _, "changes", id_]:
                return {"kind": "dns#change", "id": id_, "status": self.statuses[id_]}
        raise AssertionError(f"{method} {path}")

    def _rrsets(self, managed: str, query: Native) -> Native:
        name = plain(query.get("name", ""))
        rows = [row for key, row in sorted(self.sets[managed].items()) if not name or key[0] == name]
        return self._page("rrsets", rows, query)

    def _page(self, member: str, rows: Sequence[Native], query: Native) -> Native:
        at = int(query.get("pageToken", 0))
        end = at + min(int(query.get("maxResults", 100)), self.page)
        told = {"kind": LISTS[member], member: rows[at:end]}
        return {**told, **({"nextPageToken": str(end)} if end < len(rows) else {})}

    def change(self, managed: str, body: Native) -> Native:
        """Make a change, or refuse it whole."""
        after = dict(self.sets[managed])
        for n, row in enumerate(body["deletions"]):
            _delete(after, row, f"entity.change.deletions[{n}]")
        for n, row in enumerate(body["additions"]):
            _add(after, row, f"entity.change.additions[{n}]")
        self.sets[managed] = after
        self.changes.append(body)
        id_ = str(len(self.changes))
        self.statuses[id_] = "pending"
        return {"kind": "dns#change", "id": id_, "status": "pending", **body}


def _delete(after: dict[Key, Native], row: Native, place: str) -> None:
    stands = after.get(_key(row))
    if stands is None:
        text = f"The '{place}' resource named '{row['name']} ({row['type']})' does not exist."
        raise Refused(404, "notFound", text)
    if any(stands.get(member) != row.get(member) for member in ("name", "type", "ttl", "rrdatas")):
        raise Refused(412, "conditionNotMet", f"Precondition not met for '{place}'")
    del after[_key(row)]


def _add(after: dict[Key, Native], row: Native, place: str) -> None:
    name, kind = _key(row)
    if (name, kind) in after:
        text = f"The resource '{place}' named '{row['name']} ({kind})' already exists"
        raise Refused(409, "alreadyExists", text)
    beside = next((other for at, other in after if at == name and "CNAME" in (kind, other)), "")
    if beside:
        text = (
            f"The resource record set 'entity.change.additions[{row['name']}][{kind}]' is invalid because "
            f"the DNS name '{row['name']}' has a resource record set of the type '{beside}'. A DNS name may "
            "have either one CNAME resource record set or resource record sets of other types, but not both."
        )
        raise Refused(400, "cnameResourceRecordSetConflict", text)
    after[name, kind] = native(name, kind, *row["rrdatas"], ttl=row["ttl"])


class Session:
    """The signed session of an alias, as far as requests ask for it."""

    def __init__(self, memory: MemoryCloudDns) -> None:
        """Send all requests to the project in memory."""
        self.http, self.project = memory, PROJECT

    def base(self, service: str) -> str:
        """Where a service is."""
        return f"https://{service}"


class Bench:
    """The dns part of one alias on Cloud DNS in memory, the calls that it made, and hands to use it."""

    def __init__(self, memory: MemoryCloudDns, **options: Any) -> None:
        """Open the alias."""
        self.asked = Counter[str]()
        self.before: dict[str, Callable[[], object]] = {}
        self.lost: set[str] = set()
        self.memory = memory
        setting = Setting("gcp", {"project": PROJECT, **options}, {}, {}, "acme", self.call, one_by_one)
        self.dns = CloudDns(setting, Session(memory))  # type: ignore[arg-type]

    def call(
        self, unit: str, operation: str, fn: Callable[[], T], *, repeatable: bool, resource: str = ""
    ) -> T:
        """Call and count; with a lost answer call again, as the engine does what is repeatable."""
        self.asked[operation] += 1
        self.before.pop(operation, lambda: None)()
        answer = fn()
        if operation not in self.lost:
            return answer
        assert repeatable
        self.lost.remove(operation)
        return self.call(unit, operation, fn, repeatable=repeatable, resource=resource)

    def read(self, *hosts: str, everything: bool = False) -> Found:
        """Read what concerns some hosts."""
        wanted = tuple(Wanted(host, "spgo.io", 300) for host in hosts or (NAME,))
        return self.dns.read(Scope(Parts(dns=wanted), everything), "google.acme-mail")

    def spell(self, *records: Record) -> Composition:
        """Spell records by what is live."""
        return self.dns.spell(records, self.read(*(record.host for record in records)).state)

    def one(self, record: Record) -> Resource:
        """Spell one record that nothing forbids."""
        composed = self.spell(record)
        assert composed.findings == ()
        return composed.resources[0]

    def applied(self, *changes: Change) -> Outcomes:
        """Make changes."""
        return self.dns.apply(changes)

    def create(self, *records: Record) -> Outcomes:
        """Make records where none are."""
        composed = self.spell(*records)
        assert composed.findings == ()
        return self.applied(*(Change(one.id, Action.CREATE, None, one) for one in composed.resources))

    def update(self, before: Record, after: Record) -> Outcomes:
        """Turn one record into another."""
        was, becomes = self.one(before), self.one(after)
        return self.applied(Change(was.id, Action.UPDATE, was, becomes))

    def delete(self, before: Record) -> Outcomes:
        """Remove a record."""
        was = self.one(before)
        return self.applied(Change(was.id, Action.DELETE, was, None))


def host_record(*values: str, host: str = NAME, kind: str = "A", ttl: int = 300) -> Record:
    """A host record."""
    return Record(host, HOST, host, kind, values or ("203.0.113.99",), ttl)


def claim_record(*texts: str, host: str = NAME) -> Record:
    """A claim."""
    return Record(host, CLAIM, claim_name(host), "TXT", texts or ("v=tdr1 o=acme",), 300)


def errors_of(findings: Sequence[Finding]) -> list[str]:
    """The texts of what forbids."""
    return [finding.text for finding in findings if finding.severity is Severity.ERROR]


def failures(outcomes: Outcomes) -> list[ProviderError]:
    """The errors of what did not take effect."""
    return [error for o in outcomes.values() if (error := getattr(o, "error", None)) is not None]
