"""What Fastly knows: customers, their services with versions, and their versionless domains.

Values as the API answers them, times as unix seconds; everything becomes JSON values for the disk.
"""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

from .tls_state import TlsState

Object = dict[str, Any]  # one object of a version: a backend, a header; as the API answers it

#: docs: Working with service settings; as recorded for a new service.
SETTINGS: Mapping[str, Any] = {
    "general.default_ttl": 3600,
    "general.stale_if_error_ttl": 43200,
    "general.stale_if_error": False,
    "general.default_pci": 0,
    "general.default_host": "",
}


@dataclass
class Version:
    """A version of a service: a draft until it is locked, which activation does too.

    `objects` by kind as paths name it (`backend`, `domain`, `request_settings`), then by name.
    """

    number: int
    created: float
    updated: float
    comment: str = ""
    active: bool = False
    locked: bool = False
    settings: Object = field(default_factory=lambda: dict(SETTINGS))
    objects: dict[str, dict[str, Object]] = field(default_factory=dict)

    def of(self, kind: str) -> dict[str, Object]:
        """Give the objects of a kind by name, to read and to change."""
        return self.objects.setdefault(kind, {})

    def all(self, kind: str) -> tuple[Object, ...]:
        """Give the objects of a kind, to read."""
        return tuple(self.objects.get(kind, {}).values())

    def clone(self, number: int, now: float) -> Version:
        """Give a draft with the same content."""
        settings, objects = copy.deepcopy(self.settings), copy.deepcopy(self.objects)
        return Version(number, now, now, comment=self.comment, settings=settings, objects=objects)


@dataclass
class Service:
    """A service; deleted ones are kept, as their ids are still known."""

    id: str
    name: str
    created: float
    updated: float
    comment: str = ""
    type: str = "vcl"
    deleted: float | None = None
    versions: list[Version] = field(default_factory=list)

    @property
    def active(self) -> Version | None:
        """The version that the edge serves."""
        return next((version for version in self.versions if version.active), None)


@dataclass
class Domain:
    """A versionless domain (domain management); linked to a service or to none."""

    id: str
    fqdn: str
    created: float
    updated: float
    service: str | None = None
    description: str = ""
    verified: bool = False


@dataclass(frozen=True, slots=True)
class Limits:
    """What an account may have."""

    writes_per_hour: int = 1000
    domains: int = 500
    managed_certificates: int = 50


@dataclass
class Token:
    """An API token, known by its digest."""

    digest: str
    scope: str = "global"  # several, with spaces between


@dataclass
class Customer:
    """One account: services and versionless domains by id, and everything of TLS."""

    id: str
    tokens: list[Token] = field(default_factory=list)
    versionless: bool = True
    limits: Limits = Limits()
    services: dict[str, Service] = field(default_factory=dict)
    domains: dict[str, Domain] = field(default_factory=dict)
    tls: TlsState = field(default_factory=TlsState)
    made: int = 0

    def new_id(self) -> str:
        """Make an id: the same ones in the same order for the same customer."""
        self.made += 1
        return derived_id(self.id, str(self.made))

    @property
    def live_services(self) -> tuple[Service, ...]:
        """The services that are not deleted."""
        return tuple(service for service in self.services.values() if service.deleted is None)

    def as_data(self) -> dict[str, Any]:
        """Give the state in JSON values."""
        plain = {name: value for name, value in vars(self).items() if name not in ("services", "domains")}
        return {
            **plain,
            "tokens": [asdict(token) for token in self.tokens],
            "limits": asdict(self.limits),
            "services": [asdict(service) for service in self.services.values()],
            "domains": [asdict(domain) for domain in self.domains.values()],
            "tls": self.tls.as_data(),
        }

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Customer:
        """Take what `as_data` gave."""
        services = [
            Service(**{**given, "versions": [Version(**version) for version in given["versions"]]})
            for given in data["services"]
        ]
        read = {
            "tokens": [Token(**token) for token in data["tokens"]],
            "limits": Limits(**data["limits"]),
            "services": {service.id: service for service in services},
            "domains": {given["id"]: Domain(**given) for given in data["domains"]},
            "tls": TlsState.from_data(data["tls"]),
        }
        return cls(**{**data, **read})


@dataclass
class Fastly:
    """All customers by id; the world's, and no others."""

    customers: dict[str, Customer] = field(default_factory=dict)

    def __iter__(self) -> Iterator[Customer]:
        """Give the customers."""
        return iter(self.customers.values())

    def with_token(self, secret: str) -> tuple[Customer, Token] | None:
        """Give the customer and the token that a request came with."""
        known = digest(secret)
        found = ((customer, token) for customer in self for token in customer.tokens)
        return next((pair for pair in found if pair[1].digest == known), None)

    def as_data(self) -> list[dict[str, Any]]:
        """Give the state in JSON values."""
        return [customer.as_data() for customer in self]

    @classmethod
    def from_data(cls, data: Any) -> Fastly:
        """Take what `as_data` gave."""
        read = [Customer.from_data(given) for given in data]
        return cls({customer.id: customer for customer in read})


def digest(secret: str) -> str:
    """Give what a token is known by."""
    return hashlib.sha256(secret.encode()).hexdigest()


ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def derived_id(*parts: str) -> str:
    """Give an id of Fastly's form, 22 letters and digits, that follows from these parts."""
    number, letters = int.from_bytes(hashlib.sha256("\0".join(parts).encode()).digest()), ""
    for _ in range(22):
        number, place = divmod(number, len(ALPHABET))
        letters += ALPHABET[place]
    return letters


def stamp(at: float | None) -> str | None:
    """Spell a time as the service API does; the domain API and TLS add milliseconds: `stamp_ms`."""
    return None if at is None else f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%SZ}"


def stamp_ms(at: float | None) -> str | None:
    """Spell a time as the domain API and the TLS API do."""
    return None if at is None else f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%S}.000Z"
