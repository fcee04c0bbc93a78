"""Worlds made larger, or not ready: what a candidate's world is changed into for some tests."""

from __future__ import annotations

from typing import Any

World = dict[str, Any]

ZONES = 51  # docs: List zones, at most 50 on a page
RECORDS = 5001  # docs: List DNS records; tdr asks for 5,000 on a page


def more_zones(world: World) -> World:
    """More Cloudflare zones than a page holds, before those of the job."""
    world["cloudflare"][0]["zones"][:0] = [{"name": f"aforeign{n}.example"} for n in range(ZONES)]
    return world


def more_records(world: World) -> World:
    """More records in the first Cloudflare zone than a page holds."""
    zone = world["cloudflare"][0]["zones"][0]
    zone.setdefault("records", []).extend(
        {"type": "A", "name": f"foreign{n}.{zone['name']}", "content": "203.0.113.99", "ttl": 300}
        for n in range(RECORDS)
    )
    return world


def pending_zones(world: World) -> World:
    """Cloudflare zones whose name servers are not Cloudflare's yet."""
    for zone in world["cloudflare"][0]["zones"]:
        zone |= {"status": "pending", "delegated": False}
    return world
