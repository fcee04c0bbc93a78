"""Custom hostnames and the fallback origin of a zone, as the world and the control API write them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from providers.sandbox.contract import WorldError
from providers.sandbox.world_form import entries, known, one_of, text

from . import saas_bodies
from .certificates import ISSUERS, PACK_STATUSES
from .saas_state import HOST_STATUSES, VALIDITY_S, Fallback, Hostname, derived_uuid
from .state import State, Zone

FALLBACK_STATUSES = (
    "initializing",
    "pending_deployment",
    "pending_deletion",
    "active",
    "deployment_timed_out",
    "deletion_timed_out",
)
KEYS = (
    "hostname",
    "custom_origin_server",
    "custom_origin_sni",
    "method",
    "wildcard",
    "certificate_authority",
    "settings",
    "status",
    "ssl_status",
    "expires_in_s",
)


def fill(state: State, zone: Zone, given: Mapping[str, Any], at: str, now: float) -> None:
    """Read `custom_hostnames`, `fallback_origin`, `custom_hostname_quota` and `hold` of a zone."""
    zone.hold = bool(given.get("hold", False))
    quota = known(
        given.get("custom_hostname_quota") or {}, ("allocated", "hard_cap"), f"{at}.custom_hostname_quota"
    )
    zone.saas.allocated = int(quota.get("allocated", zone.saas.allocated))
    zone.saas.hard_cap = int(quota.get("hard_cap", zone.saas.hard_cap))
    if given.get("fallback_origin") is not None:
        zone.saas.fallback = fallback(zone, given["fallback_origin"], f"{at}.fallback_origin")
    for place, entry in entries(given.get("custom_hostnames"), f"{at}.custom_hostnames"):
        add(state, zone, entry, place, now)


def fallback(zone: Zone, given: Any, at: str) -> Fallback:
    """Give a fallback origin: its name (active), or a mapping with a status that stays."""
    entry = known({"origin": given} if isinstance(given, str) else given, ("origin", "status"), at)
    name = text(entry.get("origin"), f"{at}.origin", f"origin.{zone.name}").lower().rstrip(".")
    if not saas_bodies.has_record(zone, name):
        raise WorldError(f"{at}.origin", f"write the name of a proxied record of {zone.name}")
    status = one_of(entry.get("status", "active"), FALLBACK_STATUSES, f"{at}.status")
    return Fallback(name, zone.created, zone.created, None, status if status != "active" else None)


def add(state: State, zone: Zone, given: Any, at: str, now: float) -> Hostname:
    """Add a custom hostname.

    It and its certificate are active unless told. `pending` and `pending_validation` are asked for now and
    take their course; any other status stays until somebody edits the hostname.
    """
    entry = known(given, KEYS, at)
    name = text(entry.get("hostname"), f"{at}.hostname", "click.example.net").lower().rstrip(".")
    if any(h.hostname == name for h in zone.saas.hostnames.values()):
        raise WorldError(f"{at}.hostname", f"{name} is there already")
    status = one_of(entry.get("status", "active"), HOST_STATUSES, f"{at}.status")
    made = now if status == "pending" else zone.created
    hostname = Hostname(derived_uuid("host", state.new_id()), name, made, checking=made)
    hostname.proven = made if status == "active" else None
    hostname.status = None if status in ("active", "pending") else status
    hostname.looked = made
    hostname.origin, hostname.sni = entry.get("custom_origin_server"), entry.get("custom_origin_sni")
    hostname.method = one_of(entry.get("method", "txt"), ("txt", "http", "email"), f"{at}.method")
    hostname.wildcard = bool(entry.get("wildcard", False))
    if "certificate_authority" in entry:
        hostname.authority = one_of(
            entry["certificate_authority"], sorted(ISSUERS), f"{at}.certificate_authority"
        )
    hostname.settings = saas_bodies.settings(entry.get("settings") or {})
    zone.saas.hostnames[hostname.id] = hostname
    _certify(hostname, entry, at, now)
    return hostname


def _certify(hostname: Hostname, entry: Mapping[str, Any], at: str, now: float) -> None:
    """Give it its certificate; one that is active runs its 90 days from now unless `expires_in_s` is told."""
    normal = "active" if hostname.serves else "pending_validation"
    status = one_of(entry.get("ssl_status", normal), sorted(PACK_STATUSES), f"{at}.ssl_status")
    hostname.ask(now)
    if status in ("active", "expired") and hostname.order is not None:
        left = float(entry.get("expires_in_s", VALIDITY_S if status == "active" else -60.0))
        hostname.order.made = hostname.order.validated = now + left - VALIDITY_S
        hostname.issue(now + left - VALIDITY_S)
    hostname.ssl_status = None if status in ("active", "pending_validation") else status


def change(hostname: Hostname, given: Any, at: str, now: float) -> None:
    """Change a custom hostname; a `status` or `ssl_status` of null is what is true by itself."""
    entry = known(given, ("status", "ssl_status", "expires_in_s", "custom_origin_server"), at)
    hostname.origin = entry.get("custom_origin_server", hostname.origin)
    if entry.get("status") is not None:
        one_of(entry["status"], HOST_STATUSES, f"{at}.status")
    if entry.get("ssl_status") is not None:
        one_of(entry["ssl_status"], sorted(PACK_STATUSES), f"{at}.ssl_status")
    hostname.status = entry.get("status", hostname.status)
    hostname.ssl_status = entry.get("ssl_status", hostname.ssl_status)
    if "expires_in_s" in entry and hostname.issued is not None:
        hostname.issued.expires = now + float(entry["expires_in_s"])
