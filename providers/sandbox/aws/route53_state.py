"""Hosted zones and what was changed in them, as functions of time.

A record set is kept in the form of the API: Name, Type, TTL, ResourceRecords or AliasTarget, and the members
of a routing policy.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from providers.sandbox.zone import NameServer

from .route53_names import reversed_labels

Set = dict[str, Any]
Key = tuple[str, str, str]  # name, type, set identifier

INSYNC_S = 30.0  # docs: "generally within 60 seconds"
CLOUDFRONT_ZONE = "Z2FDTNDATAQYW2"
ALIAS_TTL_S = 60  # docs: the TTL of the target; of a distribution 60 seconds
SOA_TTL_S, NS_TTL_S = 900, 172_800
_KEPT_CHANGES = 1_000
_ENDS = ("com", "net", "org", "co.uk")


def _delegation_set(number: int) -> tuple[NameServer, ...]:
    return tuple(
        NameServer(
            f"ns-{512 * n + 64 * number + 1}.awsdns-{8 * n + number:02d}.{end}",
            f"192.0.2.{80 + 4 * number + n}",
        )
        for n, end in enumerate(_ENDS)
    )


#: Four servers for each zone. Zones of one name have different ones.
DELEGATION_SETS = tuple(_delegation_set(number) for number in range(4))


def key_of(record_set: Mapping[str, Any]) -> Key:
    """Give what identifies a record set."""
    return record_set["Name"], record_set["Type"], record_set.get("SetIdentifier", "")


def sort_key(key: Key) -> tuple[str, str, str]:
    """Give what record sets are listed by."""
    return reversed_labels(key[0]), key[1], key[2]


def values_of(record_set: Mapping[str, Any]) -> list[str]:
    """Give a set's values; an alias has none."""
    return [record["Value"] for record in record_set.get("ResourceRecords", ())]


@dataclass(frozen=True, slots=True)
class Change:
    """One batch that was taken; `insync` is when every server has it."""

    id: str
    zone: str
    submitted: float
    insync: float
    comment: str = ""

    def as_api(self, now: float) -> dict[str, Any]:
        """Give it as the API does."""
        status = "INSYNC" if now >= self.insync else "PENDING"
        info = {"Id": f"/change/{self.id}", "Status": status, "SubmittedAt": self.submitted}
        return {**info, "Comment": self.comment} if self.comment else info


@dataclass(slots=True)
class Version:
    """What a zone holds from a moment on, as its servers answer."""

    since: float
    sets: dict[Key, Set]


@dataclass(eq=False)
class Zone:
    """A hosted zone. `sets` is what the API shows; its servers answer by `served`."""

    id: str
    name: str  # with the final dot
    private: bool = False
    delegated: bool = True
    comment: str = ""
    servers: int = 0  # index into DELEGATION_SETS
    tags: dict[str, str] = field(default_factory=dict)
    protected: dict[str, str] = field(default_factory=dict)  # comment by "NAME TYPE"
    sets: dict[Key, Set] = field(default_factory=dict)
    revision: int = 0
    changed: float = float("-inf")  # the last batch
    _versions: list[Version] = field(default_factory=list, repr=False)

    @property
    def name_servers(self) -> tuple[NameServer, ...]:
        """Its four servers."""
        return DELEGATION_SETS[self.servers]

    def begin(self) -> None:
        """Write the records that every zone begins with."""
        first = self.name_servers[0].host
        soa = f"{first}. awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400"
        hosts = [f"{server.host}." for server in self.name_servers]
        self._own("NS", NS_TTL_S, hosts)
        self._own("SOA", SOA_TTL_S, [soa])

    def _own(self, kind: str, ttl: int, values: Iterable[str]) -> None:
        records = [{"Value": value} for value in values]
        self.sets[self.name, kind, ""] = {
            "Name": self.name,
            "Type": kind,
            "TTL": ttl,
            "ResourceRecords": records,
        }

    def replace(self, sets: Mapping[Key, Set], served_from: float) -> None:
        """Hold other records, which the servers answer from a moment on."""
        if not self._versions:
            self._versions.append(Version(float("-inf"), self.sets))
        self.sets = dict(sorted(sets.items(), key=lambda item: sort_key(item[0])))
        self._versions.append(Version(served_from, self.sets))
        self.revision += 1

    def edit(self, sets: Mapping[Key, Set]) -> None:
        """Hold other records, where what differs is answered at once and what is pending stays pending."""
        gone = self.sets.keys() - sets.keys()
        new = {key: record_set for key, record_set in sets.items() if self.sets.get(key) != record_set}
        for version in self._versions:
            kept = {key: record_set for key, record_set in version.sets.items() if key not in gone}
            version.sets = {**kept, **new}
        self.sets = dict(sorted(sets.items(), key=lambda item: sort_key(item[0])))
        self.revision += 1

    def served(self, now: float) -> tuple[object, Mapping[Key, Set]]:
        """Give what the servers answer now, and what changes whenever it does."""
        due = [n for n, version in enumerate(self._versions) if version.since <= now]
        if due:
            del self._versions[: due[-1]]
        if not self._versions:
            return (self.revision, 0.0), self.sets
        return (self.revision, self._versions[0].since), self._versions[0].sets

    def as_api(self) -> dict[str, Any]:
        """Give it as lists of zones do."""
        config: dict[str, Any] = {"PrivateZone": self.private}
        return {
            "Id": f"/hostedzone/{self.id}",
            "Name": self.name,
            "CallerReference": f"sandbox-{self.id}",
            "Config": {"Comment": self.comment, **config} if self.comment else config,
            "ResourceRecordSetCount": len(self.sets),
        }

    def as_data(self) -> dict[str, Any]:
        """Give the state as JSON values; the servers have all of it when it is taken up again."""
        kept = ("id", "name", "private", "delegated", "comment", "servers", "tags", "protected")
        return {**{key: getattr(self, key) for key in kept}, "sets": list(self.sets.values())}

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Zone:
        """Take what `as_data` gave."""
        zone = cls(**{key: value for key, value in data.items() if key != "sets"})
        zone.sets = {key_of(record_set): record_set for record_set in data["sets"]}
        return zone


@dataclass(eq=False)
class State:
    """The zones of one account by id, and its changes by id."""

    zones: dict[str, Zone] = field(default_factory=dict)
    changes: dict[str, Change] = field(default_factory=dict)

    def keep(self, change: Change) -> None:
        """Remember a change; the oldest are forgotten."""
        self.changes[change.id] = change
        while len(self.changes) > _KEPT_CHANGES:
            del self.changes[next(iter(self.changes))]

    def as_data(self) -> dict[str, Any]:
        """Give the state as JSON values."""
        zones = [zone.as_data() for zone in self.zones.values()]
        return {"zones": zones, "changes": [asdict(change) for change in self.changes.values()]}

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> State:
        """Take what `as_data` gave."""
        zones = [Zone.from_data(zone) for zone in data["zones"]]
        changes = [Change(**change) for change in data["changes"]]
        return cls({zone.id: zone for zone in zones}, {change.id: change for change in changes})
