"""Cloud DNS's managed zones and what was changed in them, as functions of time.

A record set is kept in the form of the API: name, type, ttl, and rrdatas or routingPolicy.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from providers.sandbox.zone import NameServer

from .clouddns_names import reversed_labels

Set = dict[str, Any]
Key = tuple[str, str]  # name with the final dot, type

#: From a change's start until it is told as done. docs: troubleshooting says "within seconds".
DONE_S = 5.0
#: docs: "done … the servers might not be updated yet"; how long is not said.
LATER_S = 30.0
SOA_TTL_S = NS_TTL_S = 21_600  # seen in recordings of real zones, as is the SOA's text
SOA = "{} cloud-dns-hostmaster.google.com. 1 21600 3600 259200 300"
NEGATIVE_TTL_S = 300
PRIVATE_SERVER = "ns-gcp-private.googledomains.com."
_KEPT_CHANGES = 1_000
_LETTERS = "abcde"


def _server_set(number: int, letter: str) -> tuple[NameServer, ...]:
    return tuple(
        NameServer(f"ns-cloud-{letter}{n + 1}.googledomains.com", f"192.0.2.{120 + 4 * number + n}")
        for n in range(4)
    )


#: Four servers for each zone. Zones of one name have different ones.
SERVER_SETS = tuple(_server_set(number, letter) for number, letter in enumerate(_LETTERS))


def key_of(record_set: Mapping[str, Any]) -> Key:
    """Give what identifies a record set."""
    return record_set["name"], record_set["type"]


def sort_key(key: Key) -> tuple[str, str]:
    """Give what record sets are listed by."""
    return reversed_labels(key[0]), key[1]


def instant(when: float) -> str:
    """Spell a time as Cloud DNS does: RFC 3339 in milliseconds."""
    text = datetime.fromtimestamp(when, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


@dataclass(frozen=True, slots=True)
class Change:
    """One change that was taken; `done` is when the API says so."""

    id: str
    started: float
    done: float
    additions: list[Set]
    deletions: list[Set]

    def as_api(self, now: float) -> dict[str, Any]:
        """Give it as the API does: what is empty is left out."""
        sides = {"additions": self.additions, "deletions": self.deletions}
        return {
            "kind": "dns#change",
            **{name: sets for name, sets in sides.items() if sets},
            "startTime": instant(self.started),
            "id": self.id,
            "status": "done" if now >= self.done else "pending",
        }

    def as_data(self) -> dict[str, Any]:
        """Give it as JSON values."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(slots=True)
class Version:
    """What a zone holds from a moment on, as its servers answer."""

    since: float
    sets: dict[Key, Set]


@dataclass(eq=False)
class Zone:
    """A managed zone. `sets` is what the API shows; its servers answer by `served`."""

    name: str
    dns_name: str  # with the final dot
    id: str
    created: float
    description: str = ""
    private: bool = False
    delegated: bool = True
    servers: int = 0  # index into SERVER_SETS
    #: What the client wrote beside: labels, dnssecConfig, forwardingConfig, peeringConfig and so on.
    beside: dict[str, Any] = field(default_factory=dict)
    sets: dict[Key, Set] = field(default_factory=dict)
    changes: dict[str, Change] = field(default_factory=dict)
    next_change: int = 0
    revision: int = 0
    _versions: list[Version] = field(default_factory=list, repr=False)

    @property
    def holds_records(self) -> bool:
        """Say whether it has records at all: a zone that forwards or peers has none."""
        return not {"forwardingConfig", "peeringConfig"} & self.beside.keys()

    @property
    def name_servers(self) -> tuple[NameServer, ...]:
        """The servers of a public zone."""
        return SERVER_SETS[self.servers]

    @property
    def server_names(self) -> list[str]:
        """The name servers as the API lists them."""
        return [PRIVATE_SERVER] if self.private else [f"{server.host}." for server in self.name_servers]

    def begin(self) -> None:
        """Write the records that every zone begins with: its change 0."""
        if not self.holds_records:
            return
        hosts = self.server_names
        first = [
            record_set(self.dns_name, "NS", NS_TTL_S, hosts),
            record_set(self.dns_name, "SOA", SOA_TTL_S, [SOA.format(hosts[0])]),
        ]
        self.sets = {key_of(own): own for own in first}
        self.keep(self.created, self.created, first, [])

    def keep(self, started: float, done: float, additions: list[Set], deletions: list[Set]) -> Change:
        """Remember a change under the next number; the oldest are forgotten."""
        change = Change(str(self.next_change), started, done, additions, deletions)
        self.next_change += 1
        self.changes[change.id] = change
        while len(self.changes) > _KEPT_CHANGES:
            del self.changes[next(iter(self.changes))]
        return change

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
        new = {key: one for key, one in sets.items() if self.sets.get(key) != one}
        for version in self._versions:
            kept = {key: one for key, one in version.sets.items() if key not in gone}
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
        """Give it as the API does."""
        return {
            "kind": "dns#managedZone",
            "name": self.name,
            "dnsName": self.dns_name,
            "description": self.description,
            "id": self.id,
            "nameServers": self.server_names,
            "creationTime": instant(self.created),
            "visibility": "private" if self.private else "public",
            **self.beside,
        }

    def as_data(self) -> dict[str, Any]:
        """Give the state as JSON values; the servers have all of it when it is taken up again."""
        kept = (
            "name",
            "dns_name",
            "id",
            "created",
            "description",
            "private",
            "delegated",
            "servers",
            "beside",
        )
        changes = [change.as_data() for change in self.changes.values()]
        told = {key: getattr(self, key) for key in (*kept, "next_change")}
        return {**told, "sets": list(self.sets.values()), "changes": changes}

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Zone:
        """Take what `as_data` gave."""
        zone = cls(**{key: value for key, value in data.items() if key not in ("sets", "changes")})
        zone.sets = {key_of(one): one for one in data["sets"]}
        zone.changes = {change["id"]: Change(**change) for change in data["changes"]}
        return zone


def record_set(name: str, kind: str, ttl: int, rrdatas: list[str]) -> Set:
    """Give a plain record set in the form of the API."""
    return {"kind": "dns#resourceRecordSet", "name": name, "type": kind, "ttl": ttl, "rrdatas": rrdatas}
