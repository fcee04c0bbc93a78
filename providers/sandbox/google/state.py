"""What Google knows: projects, and what each has of Compute Engine, Certificate Manager and Cloud DNS.

Where the parts hang in. Each of the three has a state class (`as_data`, `from_data`), here as
`Project.compute`, `Project.certificates` and `Project.zones`, and a module (`compute`, `certmanager`,
`clouddns`) that gives

- ``SWITCHES`` and ``ROUTES`` (see `call.Route`): registered and served by `Running` and `api.Api`;
- ``WORLD_KEYS`` and ``read(google, project, given, at, now)``: what the world may say of a project; all
  projects are there before any is read;
- ``CONTROL_KEYS`` and ``change(google, project, given, at, now)``: what ``PATCH /vendors/google`` may say of
  a project; `WorldError` names what is wrong.

`clouddns.Served` serves the zones, `edge.Edge` the addresses of `addresses.EDGE_ADDRESSES`; `classic` settles
classic certificates; `serving.serving` says what an address and a port lead to.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from .certmanager_state import Certificates
from .clouddns_state import Zones
from .compute_state import Compute


@dataclass
class Project:
    """One project.

    `grants` are the accounts that may do something here, by e-mail: permissions as patterns (``compute.*``),
    None for all. `impersonated` are those among them that `account` may act as. `rates` are requests a minute
    that are not the API's own, by ``compute.reads``.
    """

    id: str
    number: str
    account: str
    grants: dict[str, list[str] | None] = field(default_factory=dict)
    impersonated: list[str] = field(default_factory=list)
    services: list[str] = field(default_factory=list)
    quotas: dict[str, int] = field(default_factory=dict)
    rates: dict[str, int] = field(default_factory=dict)
    compute: Compute = field(default_factory=Compute)
    certificates: Certificates = field(default_factory=Certificates)
    zones: Zones = field(default_factory=Zones)

    def allows(self, caller: str, permission: str) -> bool:
        """Whether an account has a permission here."""
        granted = self.grants.get(caller, [])
        return granted is None or any(fnmatchcase(permission, pattern) for pattern in granted)

    def as_data(self) -> dict[str, Any]:
        """Give the state in JSON values."""
        parts = {name: getattr(self, name).as_data() for name in ("compute", "certificates", "zones")}
        return {**vars(self), **parts}

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Project:
        """Take what `as_data` gave."""
        parts = {
            "compute": Compute.from_data(data["compute"]),
            "certificates": Certificates.from_data(data["certificates"]),
            "zones": Zones.from_data(data["zones"]),
        }
        return cls(**{**data, **parts})


@dataclass
class Google:
    """All projects by id; the world's, and no others."""

    projects: dict[str, Project] = field(default_factory=dict)

    def __iter__(self) -> Iterator[Project]:
        """Give the projects."""
        return iter(self.projects.values())

    def find(self, name: str) -> Project | None:
        """Give a project by its id or its number, as paths may name it."""
        return self.projects.get(name) or next((each for each in self if each.number == name), None)

    def as_data(self) -> list[dict[str, Any]]:
        """Give the state in JSON values."""
        return [project.as_data() for project in self]

    @classmethod
    def from_data(cls, data: Any) -> Google:
        """Take what `as_data` gave."""
        read = [Project.from_data(given) for given in data]
        return cls({project.id: project for project in read})
