"""Custom hostnames: list, create, get, edit, delete, as the API answers them.

docs: API reference "Custom Hostnames", "Status codes - Custom hostnames", "Troubleshooting" (15 certificates
a minute, then none for 30 seconds), "Quotas and billing".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from . import access, saas_bodies
from .answers import Answer, Refusal, found, page
from .calls import Call
from .certificates import ISSUERS
from .saas_settling import World, check_now, delegation, settle, settle_all
from .saas_state import Hostname, derived_uuid, token
from .state import Zone, stamp

BURST, BURST_S, BLOCKED_S = 15, 60.0, 30.0
REDEPLOYING_S = 10.0
UNSETTLED = frozenset({"pending_validation", "initializing", "validation_timed_out", "expired"})


def world(call: Call) -> World:
    """Give what settling needs to see."""
    return World(call.state, call.now, call.look, call.switch)


def view(call: Call, zone: Zone, hostname: Hostname) -> dict[str, Any]:
    """Give a custom hostname as the API answers it."""
    status = _status(call, hostname)
    out: dict[str, Any] = {
        "id": hostname.id,
        "hostname": hostname.hostname,
        "status": status,
        "created_at": stamp(hostname.created),
        "ssl": _ssl(call, zone, hostname),
    }
    named = {
        "custom_origin_server": hostname.origin,
        "custom_origin_sni": hostname.sni,
        "custom_metadata": hostname.metadata,
        "verification_errors": None if hostname.serves else hostname.errors,
    }
    out |= {name: value for name, value in named.items() if value}
    if not hostname.serves or call.switch("cloudflare.ownership-when-active") == "listed":
        name, value = hostname.ownership
        url = f"http://{hostname.hostname}/.well-known/cf-custom-hostname-challenge/{hostname.id}"
        out["ownership_verification"] = {"type": "txt", "name": name, "value": value}
        out["ownership_verification_http"] = {"http_url": url, "http_body": value}
    return out


def _status(call: Call, hostname: Hostname) -> str:
    """Give the status that answers show: an active one that was edited may be deployed anew."""
    shown = hostname.status_at()
    lately = call.now < hostname.edited + REDEPLOYING_S
    anew = lately and call.switch("cloudflare.edit-redeploys") == "for-ten-seconds"
    return "active_redeploying" if shown == "active" and anew else shown


def _ssl(call: Call, zone: Zone, hostname: Hostname) -> dict[str, Any] | None:
    status = hostname.ssl_status_at(call.now)
    if status is None or hostname.order is None:
        return None
    authority = hostname.issued.authority if hostname.issued else hostname.order.authority
    out: dict[str, Any] = {
        "id": derived_uuid("ssl", hostname.id, hostname.order.number),
        "type": hostname.type,
        "method": hostname.method,
        "status": status,
        "bundle_method": hostname.bundle_method,
        "wildcard": hostname.wildcard,
        "certificate_authority": authority,
        "settings": dict(hostname.settings),
    }
    if hostname.issued is not None:
        out |= {
            "hosts": list(hostname.issued.hosts),
            "issuer": ISSUERS.get(authority, authority).replace(" ", ""),
            "serial_number": str(int(token("serial", hostname.id, hostname.issued.number)[:30], 16)),
            "signature": "ECDSAWithSHA256",
            "uploaded_on": stamp(hostname.issued.since),
            "expires_on": stamp(hostname.issued.expires),
        }
    return out | _validation(call, zone, hostname, status)


def _validation(call: Call, zone: Zone, hostname: Hostname, status: str) -> dict[str, Any]:
    """Give what is to be done for the certificate, and what was wrong."""
    out: dict[str, Any] = {}
    order = hostname.order
    if order is None:
        return out
    open_ = status in UNSETTLED or order.validated is None
    early = status == "initializing" and call.switch("cloudflare.validation-records") == "later"
    if open_ and not early:
        out["validation_records"] = list(_records(hostname))
    delegated = call.switch("cloudflare.dcv-delegation-records")
    if (
        hostname.method == "txt"
        and not early
        and (delegated == "listed" or (delegated == "pending" and open_))
    ):
        target = delegation(zone, hostname.hostname)
        out["dcv_delegation_records"] = [{"cname": hostname.challenge, "cname_target": target}]
    late = ["validation timed out"] if status == "validation_timed_out" else []
    if errors := [*order.errors, *late]:
        out["validation_errors"] = [{"message": message} for message in errors]
    return out


def _records(hostname: Hostname) -> Iterator[dict[str, Any]]:
    for value in hostname.tokens():
        if hostname.method == "txt":
            yield {"status": "pending", "txt_name": hostname.challenge, "txt_value": value}
        elif hostname.method == "http":
            url = f"http://{hostname.hostname}/.well-known/acme-challenge/{value}"
            yield {"status": "pending", "http_url": url, "http_body": f"{value}.{token('key')[:43]}"}
        else:
            domain = hostname.hostname.partition(".")[2]
            yield {"status": "pending", "emails": [f"administrator@{domain}", f"webmaster@{domain}"]}


def list_hostnames(call: Call) -> Answer:
    """GET /zones/{zone_id}/custom_hostnames."""
    zone = call.zone()
    number, size = call.paging(20, 50, 5)
    if "id" in call.query and set(call.query) - {"id", "page", "per_page", "order", "direction", "ssl"}:
        raise saas_bodies.bad(
            1438, "Cannot specify other filter parameters in addition to `id`. Only one must be specified."
        )
    settle_all(world(call), zone)
    chosen = [h for h in zone.saas.hostnames.values() if _asked_for(call, h)]
    if call.query.get("order") in ("ssl", "ssl_status"):
        chosen.sort(key=lambda h: (h.ssl_status_at(call.now) or "", h.created))
    if call.query.get("direction") == "desc":
        chosen.reverse()
    return page([view(call, zone, h) for h in chosen], number, size)


def _asked_for(call: Call, hostname: Hostname) -> bool:
    query, host = call.query, hostname.hostname
    order = hostname.order
    checks = {
        "id": hostname.id == query.get("id"),
        "hostname": query.get("hostname", "").lower() in host,
        "hostname.exact": host == query.get("hostname.exact", "").lower(),
        "hostname.contain": query.get("hostname.contain", "").lower() in host,
        "hostname.startsWith": host.startswith(query.get("hostname.startsWith", "").lower()),
        "hostname_status": _status(call, hostname) == query.get("hostname_status"),
        "ssl_status": hostname.ssl_status_at(call.now) == query.get("ssl_status"),
        "ssl": (order is not None) == (query.get("ssl") == "1"),
        "certificate_authority": order is not None and order.authority == query.get("certificate_authority"),
        "custom_origin_server": hostname.origin == query.get("custom_origin_server"),
        "wildcard": hostname.wildcard == (query.get("wildcard") == "true"),
    }
    return all(holds for name, holds in checks.items() if name in query)


def create_hostname(call: Call) -> Answer:
    """POST /zones/{zone_id}/custom_hostnames."""
    zone, body = call.zone(), call.json()
    saas_bodies.members(body, creating=True)
    name = saas_bodies.host(body.get("hostname"))
    _room(call, zone, certificate="ssl" in body)
    if any(h.hostname == name for h in zone.saas.hostnames.values()):
        raise Refusal(409, 1406, "Duplicate custom hostname found.")
    if name == zone.name and call.switch("cloudflare.hostname-is-zone") == "refused":
        raise Refusal(403, 1407, "The custom hostname must not be the name of the zone itself.")
    hostname = add(call, zone, body, name)
    if "ssl" in body:
        zone.saas.asked.append(call.now)
    zone.changes += 1
    beyond = len(zone.saas.hostnames) > zone.saas.allocated
    notice = {"code": 1405, "message": "Custom hostnames beyond the included quota are billed."}
    answer = found(view(call, zone, hostname), [notice] if beyond else [])
    return _coded(call, answer, 201)


def add(call: Call, zone: Zone, body: dict[str, Any], name: str) -> Hostname:
    """Add a custom hostname whose name is in order. Raises Refusal."""
    asked = saas_bodies.ssl(zone, body["ssl"], call.switch) if body.get("ssl") is not None else None
    hostname = Hostname(derived_uuid("host", call.state.new_id()), name, call.now, checking=call.now)
    hostname.origin = saas_bodies.origin(zone, body.get("custom_origin_server"), call.switch)
    hostname.sni = saas_bodies.sni(zone, body.get("custom_origin_sni"))
    hostname.metadata = saas_bodies.metadata(zone, body.get("custom_metadata"))
    if asked is not None:
        hostname.method, hostname.type = asked.method, asked.type
        hostname.wildcard = bool(asked.wildcard)
        hostname.bundle_method = asked.bundle_method or "ubiquitous"
        hostname.authority = asked.authority or None
        hostname.settings = dict(asked.settings or {})
        saas_bodies.common_name(hostname.hosts, branding=asked.branding)
        hostname.ask(call.now)
    zone.saas.hostnames[hostname.id] = hostname
    return hostname


def _room(call: Call, zone: Zone, *, certificate: bool) -> None:
    """Refuse what is over the quota, and more than 15 certificates in a minute."""
    saas = zone.saas
    if saas.hard_cap <= 0:
        raise Refusal(403, 1404, "No quota has been allocated for this zone.")
    if zone.plan_id != "enterprise" and len(saas.hostnames) >= saas.hard_cap:
        raise Refusal(403, 1405, "Quota exceeded.")
    if not certificate:
        return
    if call.now >= saas.blocked_until:
        saas.asked = [at for at in saas.asked if at > call.now - BURST_S]
        if len(saas.asked) < BURST:
            return
        saas.blocked_until, saas.asked = call.now + BLOCKED_S, []
    refusal = access.too_many(saas.blocked_until - call.now)
    if call.switch("cloudflare.certificate-limit") == "bare":
        refusal.headers = ()
    raise refusal


def _coded(call: Call, answer: Answer, documented: int) -> Answer:
    """Give the status code that the documents name, where the switch says so."""
    by_documents = call.switch("cloudflare.custom-hostname-codes") == "201-202"
    return Answer(documented, answer.body, answer.headers) if by_documents else answer


def get_hostname(call: Call) -> Answer:
    """GET /zones/{zone_id}/custom_hostnames/{custom_hostname_id}."""
    zone = call.zone()
    return found(view(call, zone, _chosen(call, zone)))


def _chosen(call: Call, zone: Zone) -> Hostname:
    hostname = zone.saas.hostnames.get(call.params["hostname_id"])
    if hostname is not None:
        settle(world(call), zone, hostname)
    if hostname is None or hostname.id not in zone.saas.hostnames:
        raise Refusal(404, 1436, "The custom hostname was not found.")
    return hostname


def edit_hostname(call: Call) -> Answer:
    """PATCH …/{custom_hostname_id}: with the same method and type it is a wish to be looked at again, now."""
    zone, body = call.zone(), call.json()
    hostname = _chosen(call, zone)
    saas_bodies.members(body, creating=False)
    asked = saas_bodies.ssl(zone, body["ssl"], call.switch) if body.get("ssl") is not None else None
    if "custom_origin_server" in body:
        hostname.origin = saas_bodies.origin(zone, body["custom_origin_server"], call.switch)
    if "custom_origin_sni" in body:
        hostname.sni = saas_bodies.sni(zone, body["custom_origin_sni"])
    if "custom_metadata" in body:
        hostname.metadata = saas_bodies.metadata(zone, body["custom_metadata"])
    if asked is not None:
        _again(call, zone, hostname, asked)
    zone.changes += 1
    hostname.edited = call.now
    return _coded(call, found(view(call, zone, hostname)), 202)


def _again(call: Call, zone: Zone, hostname: Hostname, asked: saas_bodies.Wanted) -> None:
    wildcard = hostname.wildcard if asked.wildcard is None else asked.wildcard
    authority = hostname.authority if asked.authority is None else asked.authority or None
    other = (hostname.method, hostname.wildcard, hostname.authority) != (asked.method, wildcard, authority)
    failed = hostname.ssl_status_at(call.now) not in {"initializing", "pending_validation", "active"}
    busy = hostname.order is not None and hostname.order.validated is not None and not other
    issuing = busy and hostname.ssl_status_at(call.now) in {"pending_issuance", "pending_deployment"}
    hostname.method, hostname.type, hostname.wildcard, hostname.authority = (
        asked.method,
        asked.type,
        wildcard,
        authority,
    )
    hostname.bundle_method = asked.bundle_method or hostname.bundle_method
    if asked.settings is not None:
        hostname.settings = dict(asked.settings)
    elif call.switch("cloudflare.ssl-settings-patch") == "reset":
        hostname.settings = {}
    hostname.status = hostname.ssl_status = hostname.moved = None
    hostname.held = False
    if other or (failed and not issuing):
        hostname.ask(call.now)
    check_now(world(call), zone, hostname)


def delete_hostname(call: Call) -> Answer:
    """DELETE …/{custom_hostname_id}: its certificates go with it."""
    zone = call.zone()
    hostname = _chosen(call, zone)
    del zone.saas.hostnames[hostname.id]
    zone.changes += 1
    if call.switch("cloudflare.custom-hostname-delete") == "envelope":
        return found({"id": hostname.id})
    return Answer(200, {"id": hostname.id})
