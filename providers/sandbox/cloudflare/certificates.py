"""Universal TLS, certificate packs and their verification.

docs: "Universal SSL" (full zones: apex and one label), "Certificate statuses", API reference
"Certificate Packs".
"""

from __future__ import annotations

from typing import Any

from .answers import Answer, Refusal, found, page
from .calls import Call
from .state import Pack, Zone, stamp
from .zones import touch, universal_pack

ISSUERS = {"google": "Google Trust Services", "lets_encrypt": "Let's Encrypt", "ssl_com": "SSL Corporation"}
PACK_STATUSES = frozenset(
    {
        "initializing",
        "pending_validation",
        "deleted",
        "pending_issuance",
        "pending_deployment",
        "pending_deletion",
    }
    | {"pending_expiration", "expired", "active", "initializing_timed_out", "validation_timed_out"}
    | {"issuance_timed_out", "deployment_timed_out", "deletion_timed_out", "inactive", "backup_issued"}
    | {"holding_deployment", "deactivating", "pending_cleanup", "staging_deployment", "staging_active"}
)
PACK_TYPES = frozenset(
    {"universal", "advanced", "total_tls", "sni_custom", "legacy_custom", "managed_hostname"}
)
VALIDITY_S = 90 * 86400
VERIFICATIONS = {
    "active": "active",
    "expired": "expired",
    "pending_deployment": "pending_deployment",
    "pending_validation": "authorizing",
    "pending_issuance": "issuing",
    "initializing": "initializing",
}


def view(zone: Zone, pack: Pack, now: float) -> dict[str, Any]:
    """Give a pack as the API answers it."""
    status = pack.status_at(now)
    issued = status in {"active", "expired"}
    certificate = f"{pack.id[:24]}00000001"
    return {
        "id": pack.id,
        "type": pack.type,
        "hosts": list(pack.hosts),
        "status": status,
        "certificate_authority": pack.authority,
        "validation_method": "txt",
        "validity_days": 90,
        "primary_certificate": certificate if issued else None,
        "certificates": [_certificate(zone, pack, certificate, status)] if issued else [],
        "validation_records": _validation(pack, status),
        "validation_errors": [{"message": "validation timed out"}] if status.endswith("timed_out") else [],
    }


def _certificate(zone: Zone, pack: Pack, certificate: str, status: str) -> dict[str, Any]:
    issued = pack.active_from if pack.active_from is not None else pack.ordered
    expires = pack.expires if pack.expires is not None else issued + VALIDITY_S
    return {
        "id": certificate,
        "hosts": list(pack.hosts),
        "issuer": ISSUERS[pack.authority].replace(" ", ""),
        "signature": "ECDSAWithSHA256",
        "status": status,
        "bundle_method": "ubiquitous",
        "zone_id": zone.id,
        "uploaded_on": stamp(issued),
        "modified_on": stamp(issued),
        "expires_on": stamp(expires),
        "priority": 1,
    }


def _validation(pack: Pack, status: str) -> list[dict[str, Any]]:
    if status not in {"pending_validation", "validation_timed_out"}:
        return []
    names = sorted({host.removeprefix("*.") for host in pack.hosts})
    return [
        {"status": "pending", "txt_name": f"_acme-challenge.{name}", "txt_value": f"ca3-{pack.id[:20]}"}
        for name in names
    ]


def list_packs(call: Call) -> Answer:
    """GET /zones/{zone_id}/ssl/certificate_packs; only active ones unless status=all."""
    zone = call.zone()
    number, size = call.paging(20, 50)
    everything = call.query.get("status") == "all"
    packs = [p for p in zone.packs if everything or p.status_at(call.now) == "active"]
    return page([view(zone, pack, call.now) for pack in packs], number, size)


def get_pack(call: Call) -> Answer:
    """GET /zones/{zone_id}/ssl/certificate_packs/{certificate_pack_id}."""
    zone = call.zone()
    pack = next((p for p in zone.packs if p.id == call.params["pack_id"]), None)
    if pack is None:
        raise Refusal(404, 1402, "The certificate pack was not found")
    return found(view(zone, pack, call.now))


def get_universal(call: Call) -> Answer:
    """GET /zones/{zone_id}/ssl/universal/settings."""
    return found({"enabled": call.zone().universal})


def edit_universal(call: Call) -> Answer:
    """PATCH /zones/{zone_id}/ssl/universal/settings."""
    zone, enabled = call.zone(), call.json().get("enabled")
    if not isinstance(enabled, bool):
        raise Refusal(400, 1007, "enabled must be a boolean")
    if enabled != zone.universal:
        zone.packs = [p for p in zone.packs if p.type != "universal"]
        zone.universal = enabled
        if enabled:
            zone.packs.append(universal_pack(call.state, zone, call.now, issued=False))
        touch(zone, call.now)
    return found({"enabled": zone.universal})


def verification(call: Call) -> Answer:
    """GET /zones/{zone_id}/ssl/verification."""
    rows = [
        {
            "certificate_status": VERIFICATIONS.get(pack.status_at(call.now), "timing_out"),
            "cert_pack_uuid": pack.id,
            "brand_check": False,
            "signature": "ECDSAWithSHA256",
            "validation_method": "txt",
            "verification_status": pack.status_at(call.now) == "active",
        }
        for pack in call.zone().packs
    ]
    return found(rows)


def pack_for(zone: Zone, host: str, now: float) -> Pack | None:
    """Give the pack that serves a host: issued, and the most particular that covers it.

    An expired pack goes on being served, as a visitor of a site with an expired certificate sees.
    """
    ready = [p for p in zone.packs if p.status_at(now) in {"active", "expired"} and p.covers(host)]
    return min(
        ready,
        key=lambda p: (host not in p.hosts, p.type == "universal", p.status_at(now) != "active"),
        default=None,
    )
