"""The words that several modules of this folder share."""

from __future__ import annotations

from typing import Final

UNIT: Final = "server"
DNS_PORT: Final = 53

TRANSFER: Final = "AXFR"
QUERY: Final = "QUERY"
UPDATE: Final = "UPDATE"


def zone_container(zone: str) -> str:
    """Name the container of a zone's records."""
    return f"zone/{zone}"


def zone_of(container: str) -> str:
    """Give the zone that a container is."""
    return container.partition("/")[2]
