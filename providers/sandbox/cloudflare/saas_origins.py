"""The fallback origin of a zone, its quota of custom hostnames, and where it delegates validation.

docs: API reference "Fallback Origin", "Custom Hostname Quota", "DCV Delegation"; "Quotas and billing".
"""

from __future__ import annotations

from typing import Any

from .answers import Answer, Refusal, found
from .calls import Call
from .saas_bodies import bad, has_record
from .saas_hostnames import world
from .saas_settling import delegation_id, settle_all
from .saas_state import Fallback
from .state import stamp


def view(call: Call, fallback: Fallback) -> dict[str, Any]:
    """Give a fallback origin as the API answers it."""
    return {
        "origin": fallback.origin,
        "status": fallback.status_at(call.now),
        "errors": [],
        "created_at": stamp(fallback.created),
        "updated_at": stamp(fallback.updated),
    }


def get_fallback(call: Call) -> Answer:
    """GET /zones/{zone_id}/custom_hostnames/fallback_origin."""
    fallback = call.zone().saas.fallback_at(call.now)
    if fallback is not None:
        return found(view(call, fallback))
    if call.switch("cloudflare.no-fallback-origin") == "null":
        return found(None)
    raise Refusal(404, 1551, "Resource not found.")


def put_fallback(call: Call) -> Answer:
    """PUT …/fallback_origin: a proxied record of the zone, which takes a moment to be active."""
    zone, body = call.zone(), call.json()
    given = body.get("origin")
    if set(body) != {"origin"} or not isinstance(given, str):
        raise bad(1400, "Unable to decode the JSON request body.")
    name = given.strip().lower().rstrip(".")
    if not has_record(zone, name):
        raise bad(
            1421,
            "The fallback origin you specified does not exist on Cloudflare as a proxied DNS record (A, AAAA "
            f"or CNAME) in your zone:{zone.id}.",
        )
    before = zone.saas.fallback_at(call.now)
    if before is None or before.origin != name or before.status_at(call.now) != "active":
        zone.saas.fallback = Fallback(name, before.created if before else call.now, call.now)
    zone.changes += 1
    return found(view(call, zone.saas.fallback or Fallback(name, call.now, call.now)))


def delete_fallback(call: Call) -> Answer:
    """DELETE …/fallback_origin."""
    zone = call.zone()
    fallback = zone.saas.fallback_at(call.now)
    if fallback is None:
        raise Refusal(404, 1551, "Resource not found.")
    fallback.ended = call.now if fallback.ended is None else fallback.ended
    zone.changes += 1
    return found(view(call, fallback))


def quota(call: Call) -> Answer:
    """GET …/quota: pending ones count too."""
    zone = call.zone()
    settle_all(world(call), zone)
    used, saas = len(zone.saas.hostnames), zone.saas
    exceeded = used >= saas.allocated
    return found({"allocated": saas.allocated, "used": used, "exceeded": exceeded, "hard_cap": saas.hard_cap})


def delegation(call: Call) -> Answer:
    """GET /zones/{zone_id}/dcv_delegation/uuid."""
    return found({"uuid": delegation_id(call.zone())})
