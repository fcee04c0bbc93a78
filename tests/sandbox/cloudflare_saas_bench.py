"""A SaaS zone beside a customer's zone elsewhere, and the calls that tests of custom hostnames make."""

from __future__ import annotations

from typing import Any

from tests.sandbox.cloudflare_bench import Bench, record, world

ZONE = "brand-links.net"
HOST = "click.customer.com"
HOSTNAMES = "/zones/{zone}/custom_hostnames"
FALLBACK = f"{HOSTNAMES}/fallback_origin"
SSL = {"method": "txt", "type": "dv", "settings": {"min_tls_version": "1.2"}}
HOUR_S, DAY_S = 3600.0, 86400.0


def saas(*records: dict[str, Any], **zone: Any) -> dict[str, Any]:
    """A SaaS zone with its fallback origin, and a customer's zone on name servers of its own."""
    origins = [record(f"{name}.{ZONE}", proxied=True) for name in ("origin", "two")]
    ours = {"name": ZONE, "records": origins, "fallback_origin": f"origin.{ZONE}", **zone}
    theirs = {"zone": "customer.com", "delegated": True, "records": list(records)}
    return world(ours, dns=[theirs])


def create(cf: Bench, host: str = HOST, **more: Any) -> dict[str, Any]:
    made: dict[str, Any] = cf.ok("POST", HOSTNAMES, {"hostname": host, "ssl": SSL, **more})
    return made


def get(cf: Bench, made: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = cf.ok("GET", f"{HOSTNAMES}/{made['id']}")
    return found


def statuses(found: dict[str, Any]) -> tuple[str, str]:
    return found["status"], found["ssl"]["status"]


def publish(cf: Bench, *rows: tuple[str, str, str]) -> None:
    """What the customer's person writes into the customer's DNS."""
    records = [{"name": name, "type": kind, "content": content, "ttl": 60} for name, kind, content in rows]
    cf.sandbox.control("PATCH", "/dns/zones/customer.com", {"add_records": records})


def delegated(cf: Bench, made: dict[str, Any]) -> None:
    """Publish what lets a hostname be active and certified before it is cut over."""
    cf.advance(6)
    found = get(cf, made)
    (row,) = found["ssl"]["dcv_delegation_records"]
    owner = found["ownership_verification"]
    publish(cf, (row["cname"], "CNAME", row["cname_target"]), (owner["name"], "TXT", owner["value"]))
