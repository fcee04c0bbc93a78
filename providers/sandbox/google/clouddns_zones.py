"""The methods of Cloud DNS that are about managed zones.

docs: Cloud DNS API reference, ManagedZones; "Error messages": errors relating to managed zones.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from providers.sandbox.contract import NotEmulated

from .call import DNS, Answer, Call, Route
from .clouddns_calls import Refused, answered, page, quotas_of, zone_of
from .clouddns_change import exists, over
from .clouddns_names import is_name
from .clouddns_values import Problem, invalid
from .clouddns_world import BESIDE, zone_id
from .clouddns_zone import SERVER_SETS, Zone

_NAME = re.compile(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?")
_KNOWN = ("kind", "name", "dnsName", "description", "visibility", *BESIDE)
_REQUIRED = ("name", "dnsName", "description")
#: Names that are nobody's to host. docs: "reserved, for example, dot, .com, or .co.uk".
_RESERVED = (".", "com.", "net.", "org.", "co.uk.", "google.com.")


def _list(call: Call) -> Answer:
    name = call.query.get("dnsName")
    if name is not None and not name.endswith("."):
        raise Refused([invalid("parameters.dnsName", name)])
    zones = sorted(call.project.zones.by_name.values(), key=lambda zone: zone.name)
    rows = [zone.as_api() for zone in zones if name in (None, zone.dns_name)]
    return page(call, "dns#managedZonesListResponse", "managedZones", rows, ("dnsName",))


def _get(call: Call) -> Answer:
    return answered(call, zone_of(call).as_api())


def _create(call: Call) -> Answer:
    given: Mapping[str, Any] = call.json if isinstance(call.json, Mapping) else {}
    if unknown := [name for name in given if name not in _KNOWN]:
        raise NotEmulated(f"a zone with {unknown[0]}")
    if missing := [name for name in _REQUIRED if given.get(name) is None]:
        message = "The 'entity.managedZone.{}' parameter is required but was missing."
        raise Refused([Problem(400, "required", message.format(name)) for name in missing])
    _check_name(call, given)
    name, dns_name = given["name"], given["dnsName"].lower()
    taken = [zone for project in call.google for zone in project.zones.by_name.values()]
    private = given.get("visibility") == "private"
    used = {zone.servers for zone in taken if zone.dns_name == dns_name and not zone.private}
    free = [number for number in range(len(SERVER_SETS)) if number not in used]
    if not private and (dns_name in _RESERVED or not free):
        raise Refused([_not_available(dns_name)])
    zone = Zone(
        name,
        dns_name,
        zone_id(call.project.id, name, str(call.now)),
        call.now,
        given["description"],
        private=private,
        delegated=False,  # nobody has told the registrar
        servers=free[0] if free else 0,
        beside={key: given[key] for key in BESIDE if key in given},
    )
    zone.begin()
    call.project.zones.by_name[name] = zone
    return answered(call, zone.as_api())


def _check_name(call: Call, given: Mapping[str, Any]) -> None:
    name, dns_name = given["name"], given["dnsName"]
    wrong = []
    if not _NAME.fullmatch(name):
        wrong.append(invalid("entity.managedZone.name", name))
    if not is_name(dns_name) and dns_name != ".":
        wrong.append(invalid("entity.managedZone.dnsName", dns_name))
    if given.get("visibility", "public") not in ("public", "private"):
        wrong.append(invalid("entity.managedZone.visibility", given["visibility"]))
    if wrong:
        raise Refused(wrong)
    if name in call.project.zones.by_name:
        raise Refused([exists("entity.managedZone", name)])
    if len(call.project.zones.by_name) >= quotas_of(call)["managedZones"]:
        raise Refused([over("managed zones")])


def _not_available(dns_name: str) -> Problem:
    return Problem(
        400,
        "managedZoneDnsNameNotAvailable",
        f"The domain '{dns_name}' (or its child domains) may be reserved or registered already, prohibited "
        "by policy, or there may be no DNS name server shards remaining for the name.",
    )


def _delete(call: Call) -> Answer:
    zone = zone_of(call)
    if any(key not in ((zone.dns_name, "NS"), (zone.dns_name, "SOA")) for key in zone.sets):
        message = (
            f"The resource named '{zone.name}' cannot be deleted because it contains one or more "
            "'resource records'."
        )
        raise Refused([Problem(400, "containerNotEmpty", message)])
    del call.project.zones.by_name[zone.name]
    return Answer(None, 204)


_ZONES = "/dns/v1/projects/{project}/managedZones"
ROUTES = (
    Route(DNS, "GET", _ZONES, _list, ("dns.managedZones.list",), read=True),
    Route(DNS, "POST", _ZONES, _create, ("dns.managedZones.create",)),
    Route(DNS, "GET", f"{_ZONES}/{{managedZone}}", _get, ("dns.managedZones.get",), read=True),
    Route(DNS, "DELETE", f"{_ZONES}/{{managedZone}}", _delete, ("dns.managedZones.delete",)),
)
