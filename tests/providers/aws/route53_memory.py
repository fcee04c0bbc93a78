"""Route 53 in memory behind boto3's own methods: zones, exact changes, refusals in AWS's words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from botocore.exceptions import ClientError

from providers._records import plain
from providers.aws import TYPE
from providers.aws.route53 import Found, Route53
from providers.aws.session import Identity
from reconciler.dns import CLAIM, HOST, Record, claim_name
from reconciler.errors import ProviderError
from reconciler.model import Action, Change, Finding, Resource, Severity
from reconciler.provider import Composition, Outcomes, Parts, Scope, Setting, Wanted, one_by_one

T = TypeVar("T")
Native = Mapping[str, Any]
NAME, ZONE, ZONE_ID = "click.example.com", "example.com", "Z0EXAMPLE"
EDGE = "d111111abcdef8.cloudfront.net"


def native(name: str, kind: str, *values: str, ttl: int = 300, **more: Any) -> Native:
    """A record set as Route 53 has it."""
    records = [{"Value": value} for value in values]
    return {"Name": f"{name}.", "Type": kind, "TTL": ttl, "ResourceRecords": records, **more}


def alias(name: str, kind: str, target: str = EDGE, zone: str = "Z2FDTNDATAQYW2", **more: Any) -> Native:
    """An alias as Route 53 has it."""
    told = {"HostedZoneId": zone, "DNSName": f"{target}.", "EvaluateTargetHealth": False}
    return {"Name": f"{name}.", "Type": kind, "AliasTarget": {**told, **more}}


def refusal(
    code: str, message: str, status: int = 400, operation: str = "ChangeResourceRecordSets"
) -> ClientError:
    """What boto3 raises for a refusal."""
    told = {"Code": code, "Message": message}
    return ClientError(
        {"Error": told, "ResponseMetadata": {"RequestId": "r-1", "HTTPStatusCode": status}},  # type: ignore[typeddict-item]
        operation,
    )


def _key(row: Native) -> tuple[str, str, str]:
    return plain(row["Name"]), row["Type"], row.get("SetIdentifier", "")


def _order(row: Native) -> tuple[Any, ...]:
    name, kind, identifier = _key(row)
    return (name.split(".")[::-1], kind, identifier)


class MemoryRoute53:
    """The few methods of boto3's client that are called, on zones in memory."""

    def __init__(self, *rows: Native) -> None:
        self.listed: list[dict[str, Any]] = []
        self.sets: dict[str, dict[tuple[str, str, str], Native]] = {}
        self.batches: list[Mapping[str, Any]] = []
        self.statuses: dict[str, str] = {}
        self.zone(ZONE, ZONE_ID, *rows)

    def zone(self, name: str, id_: str, *rows: Native, private: bool = False, **more: Any) -> None:
        """Add a hosted zone."""
        servers = native(name, "NS", "ns-1.awsdns-01.org.", "ns-2.awsdns-02.com.", ttl=172800)
        self.sets[id_] = {_key(row): row for row in (servers, *rows)}
        told = {"Id": f"/hostedzone/{id_}", "Name": f"{name}.", "Config": {"PrivateZone": private}, **more}
        self.listed.append(told)

    def put(self, *rows: Native, zone: str = ZONE_ID) -> None:
        """Set records as a person does at the console."""
        self.sets[zone].update({_key(row): row for row in rows})

    def remove(self, name: str, kind: str, zone: str = ZONE_ID) -> None:
        """Delete a record as a person does."""
        del self.sets[zone][name, kind, ""]

    def list_hosted_zones(self, MaxItems: str, Marker: str = "") -> Native:  # noqa: N803 - boto3's names
        at = int(Marker or 0)
        end = at + int(MaxItems)
        rows = [
            {**row, "ResourceRecordSetCount": len(self.sets[row["Id"].rpartition("/")[2]])}
            for row in self.listed[at:end]
        ]
        more = end < len(self.listed)
        return {"HostedZones": rows, "IsTruncated": more, **({"NextMarker": str(end)} if more else {})}

    def list_resource_record_sets(self, **asked: str) -> Native:
        rows = sorted(self.sets[asked["HostedZoneId"]].values(), key=_order)
        start = plain(asked.get("StartRecordName", "")).split(".")[::-1] if "StartRecordName" in asked else []
        first = (start, asked.get("StartRecordType", ""), asked.get("StartRecordIdentifier", ""))
        left = [row for row in rows if _order(row) >= first]
        page, rest = left[: int(asked["MaxItems"])], left[int(asked["MaxItems"]) :]
        told: dict[str, Any] = {"ResourceRecordSets": page, "IsTruncated": bool(rest)}
        if rest:
            told |= {"NextRecordName": rest[0]["Name"], "NextRecordType": rest[0]["Type"]}
            if "SetIdentifier" in rest[0]:
                told["NextRecordIdentifier"] = rest[0]["SetIdentifier"]
        return told

    def change_resource_record_sets(self, HostedZoneId: str, ChangeBatch: Mapping[str, Any]) -> Native:  # noqa: N803
        after = dict(self.sets[HostedZoneId])
        wrong = [text for change in ChangeBatch["Changes"] if (text := _changed(after, change))]
        wrong += _beside(after)
        if wrong:
            raise refusal("InvalidChangeBatch", f"[{', '.join(wrong)}]")
        self.sets[HostedZoneId] = after
        self.batches.append(ChangeBatch)
        id_ = f"C{len(self.batches)}"
        self.statuses[id_] = "PENDING"
        return {"ChangeInfo": {"Id": f"/change/{id_}", "Status": "PENDING"}}

    def get_change(self, Id: str) -> Native:  # noqa: N803
        return {"ChangeInfo": {"Id": f"/change/{Id}", "Status": self.statuses[Id]}}


def _changed(after: dict[tuple[str, str, str], Native], change: Mapping[str, Any]) -> str:
    """Make one change; returns why it cannot be made."""
    row = change["ResourceRecordSet"]
    name, kind, _ = key = _key(row)
    place = f"resource record set [name='{name}.', type='{kind}']"
    stands = after.get(key)
    if change["Action"] == "CREATE":
        after.setdefault(key, row)
        return f"Tried to create {place} but it already exists" if stands else ""
    if stands is None:
        return f"Tried to delete {place} but it was not found"
    if stands != row:
        return f"Tried to delete {place} but the values provided do not match the current values"
    del after[key]
    return ""


def _beside(after: Mapping[tuple[str, str, str], Native]) -> list[str]:
    types: dict[str, set[str]] = {}
    for name, kind, _ in after:
        types.setdefault(name, set()).add(kind)
    return [
        f"RRSet of type CNAME with DNS name {name}. is not permitted as it conflicts with other records "
        f"with the same DNS name in zone {ZONE}."
        for name, kinds in types.items()
        if "CNAME" in kinds and len(kinds) > 1
    ]


class Clients:
    """The clients of an alias, as far as the dns part asks for them."""

    def __init__(self, route53: MemoryRoute53) -> None:
        self.route53 = route53
        self.closed = False

    def identity(self) -> Identity:
        """Whose credentials these are."""
        return Identity("111122223333", "arn:aws:iam::111122223333:user/mail")

    def close(self) -> None:
        """Hang up."""
        self.closed = True


class Hands:
    """What tests do with records, by what an alias spells and applies."""

    def spell(self, *records: Record) -> Composition:
        """Spell records by what is live."""
        raise NotImplementedError

    def applied(self, *changes: Change) -> Outcomes:
        """Make changes."""
        raise NotImplementedError

    def one(self, record: Record) -> Resource:
        """Spell one record that nothing forbids."""
        composed = self.spell(record)
        assert composed.findings == ()
        return composed.resources[0]

    def create(self, *records: Record) -> Outcomes:
        """Make records where none are."""
        made = [self.one(record) for record in records]
        return self.applied(*(Change(one.id, Action.CREATE, None, one) for one in made))

    def update(self, before: Record, after: Record) -> Outcomes:
        """Turn one record into another."""
        was, becomes = self.one(before), self.one(after)
        return self.applied(Change(was.id, Action.UPDATE, was, becomes))

    def delete(self, before: Record) -> Outcomes:
        """Remove a record."""
        was = self.one(before)
        return self.applied(Change(was.id, Action.DELETE, was, None))


class Bench(Hands):
    """The dns part of one alias on Route 53 in memory, and the calls that it made."""

    def __init__(self, memory: MemoryRoute53, **options: Any) -> None:
        """Open the alias."""
        self.asked = Counter[str]()
        self.before: dict[str, Callable[[], object]] = {}
        self.lost: set[str] = set()
        self.memory = memory
        setting = Setting("aws", options, {}, {}, "acme", self.call, one_by_one)
        self.dns = Route53(setting, Clients(memory))  # type: ignore[arg-type]

    def call(
        self, unit: str, operation: str, fn: Callable[[], T], *, repeatable: bool, resource: str = ""
    ) -> T:
        """Call, count, translate; with a lost answer call again, as the engine does what is repeatable."""
        self.asked[operation] += 1
        self.before.pop(operation, lambda: None)()
        try:
            answer = fn()
        except ClientError as error:
            meaning = TYPE.translate(error)
            assert meaning is not None
            raise meaning from error
        if operation not in self.lost:
            return answer
        assert repeatable
        self.lost.remove(operation)
        return self.call(unit, operation, fn, repeatable=repeatable, resource=resource)

    def read(self, *hosts: str, everything: bool = False) -> Found:
        """Read what concerns some hosts."""
        wanted = tuple(Wanted(host, "spgo.io", 300) for host in hosts or (NAME,))
        return self.dns.read(Scope(Parts(dns=wanted), everything), "aws.111122223333")

    def spell(self, *records: Record) -> Composition:
        """Spell records by what is live."""
        return self.dns.spell(records, self.read(*(record.host for record in records)).state)

    def applied(self, *changes: Change) -> Outcomes:
        """Make changes."""
        return self.dns.apply(changes)


def host_record(*values: str, host: str = NAME, kind: str = "CNAME", ttl: int = 300) -> Record:
    """A host record."""
    return Record(host, HOST, host, kind, values or ("spgo.io",), ttl)


def claim_record(*texts: str, host: str = NAME) -> Record:
    """A claim."""
    return Record(host, CLAIM, claim_name(host), "TXT", texts or ("v=tdr1 o=acme",), 300)


def errors_of(findings: Sequence[Finding]) -> list[str]:
    """The texts of what forbids."""
    return [finding.text for finding in findings if finding.severity is Severity.ERROR]


def failures(outcomes: Outcomes) -> list[ProviderError]:
    """The errors of what did not take effect."""
    return [error for o in outcomes.values() if (error := getattr(o, "error", None)) is not None]
