"""What a project has of Certificate Manager."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass
class Certificates:
    """Nothing yet."""

    def as_data(self) -> dict[str, Any]:
        """Give the state in JSON values."""
        return {}

    @classmethod
    def from_data(cls, _data: Any) -> Certificates:
        """Take what `as_data` gave."""
        return cls()
