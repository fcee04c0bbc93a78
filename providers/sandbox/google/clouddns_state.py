"""What a project has of Cloud DNS: its managed zones."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .clouddns_zone import Zone


@dataclass
class Zones:
    """The managed zones of one project by name."""

    by_name: dict[str, Zone] = field(default_factory=dict)

    def find(self, name: str) -> Zone | None:
        """Give a zone by its name or its id, as paths may name it."""
        return self.by_name.get(name) or next((z for z in self.by_name.values() if z.id == name), None)

    def as_data(self) -> list[dict[str, Any]]:
        """Give the state in JSON values."""
        return [zone.as_data() for zone in self.by_name.values()]

    @classmethod
    def from_data(cls, data: Any) -> Zones:
        """Take what `as_data` gave."""
        zones = [Zone.from_data(given) for given in data]
        return cls({zone.name: zone for zone in zones})
