"""Everything of TLS that an account has; its place in the account's state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass
class TlsState:
    """Hosts with a certificate, and since when."""

    certified: dict[str, float] = field(default_factory=dict)

    def as_data(self) -> dict[str, Any]:
        """Give the state in JSON values."""
        return asdict(self)

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> TlsState:
        """Take what `as_data` gave."""
        return cls(**data)

    def activated(self, host: str, now: float) -> bool:
        """Say whether a certificate is active for a host."""
        return self.certified.get(host, now + 1) <= now
