"""The operations of Route 53.

docs: Route 53 API Reference.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dns.rcode
import dns.rdatatype

from providers.sandbox.contract import Switch
from providers.sandbox.lookup import look_up
from providers.sandbox.zone import to_name

from . import route53_batch as batch
from .call import Answer, Call, Handler, Refusal
from .route53_dns import cloudfront_names, named_zone
from .route53_names import plain, reversed_labels, spelt
from .route53_state import INSYNC_S, Change, State, Zone, key_of, sort_key

ZONES_PAGE, SETS_PAGE = 100, 300
BUSY_S = 1.0
PROPAGATION = Switch(
    "aws.route53-propagation",
    ("when-insync", "at-once"),
    "when-insync",
    "docs: GetChange says PENDING until all servers have a change; when the first of them has it is not said",
    "Do the name servers answer a change only when it is INSYNC, or at once?",
)
BUSY = Switch(
    "aws.route53-busy",
    ("never", "for-a-second"),
    "never",
    "docs: PriorRequestNotComplete comes while a prior request for the zone is processed: no time is said",
    "Is a batch refused when the zone had another one within the last second?",
)


def state_of(call: Call) -> State:
    """Give the account's state."""
    return call.account.route53.state


def _zone(call: Call, member: str = "Id") -> Zone:
    zone_id = str(call.params[member]).rpartition("/")[2]
    zone = state_of(call).zones.get(zone_id)
    if zone is None:
        raise Refusal(404, "NoSuchHostedZone", f"No hosted zone found with ID: {zone_id}")
    return zone


def _most(call: Call, page: int) -> int:
    """Give how many a page may hold: what is asked for above the service's own is cut down."""
    text = call.params.get("MaxItems", str(page))
    if not text.isdigit() or int(text) < 1:
        raise Refusal(400, "InvalidInput", f"Invalid MaxItems: {text}")
    return min(int(text), page)


def _list_zones(call: Call) -> Answer:
    most, marker = _most(call, ZONES_PAGE), call.params.get("Marker", "")
    zones = list(state_of(call).zones.values())
    if call.params.get("HostedZoneType") == "PrivateHostedZone":
        zones = [zone for zone in zones if zone.private]
    start = next((n for n, zone in enumerate(zones) if zone.id == marker), None) if marker else 0
    if start is None:
        raise Refusal(400, "InvalidInput", f"The marker {marker} is not the ID of a hosted zone")
    page, rest = zones[start : start + most], zones[start + most :]
    out = {"HostedZones": [zone.as_api() for zone in page], "Marker": marker, "MaxItems": str(most)}
    more = {"NextMarker": rest[0].id} if rest else {}
    return Answer({**out, **more, "IsTruncated": bool(rest)})


def _list_zones_by_name(call: Call) -> Answer:
    most = _most(call, ZONES_PAGE)
    name, zone_id = call.params.get("DNSName"), call.params.get("HostedZoneId", "").rpartition("/")[2]
    if zone_id and not name:
        raise Refusal(400, "InvalidInput", "The request specifies HostedZoneId without DNSName")
    zones = sorted(state_of(call).zones.values(), key=_by_name)
    if name:
        start = (reversed_labels(spelt(name)), zone_id)
        zones = [zone for zone in zones if _by_name(zone) >= start]
    rest = zones[most:]
    more = {"NextDNSName": rest[0].name, "NextHostedZoneId": rest[0].id} if rest else {}
    asked = {key: call.params[key] for key in ("DNSName", "HostedZoneId") if key in call.params}
    page = {"HostedZones": [zone.as_api() for zone in zones[:most]], "MaxItems": str(most)}
    return Answer({**asked, **page, **more, "IsTruncated": bool(rest)})


def _by_name(zone: Zone) -> tuple[str, str]:
    return reversed_labels(zone.name), zone.id


def _get_zone(call: Call) -> Answer:
    zone = _zone(call)
    if zone.private:
        vpc = {"VPCRegion": "us-east-1", "VPCId": "vpc-0a1b2c3d4e5f60718"}
        return Answer({"HostedZone": zone.as_api(), "VPCs": [vpc]})
    servers = [server.host for server in zone.name_servers]
    return Answer({"HostedZone": zone.as_api(), "DelegationSet": {"NameServers": servers}})


def _count(call: Call) -> Answer:
    return Answer({"HostedZoneCount": len(state_of(call).zones)})


def _list_sets(call: Call) -> Answer:
    zone, most = _zone(call, "HostedZoneId"), _most(call, SETS_PAGE)
    name, kind = call.params.get("StartRecordName"), call.params.get("StartRecordType", "")
    identifier = call.params.get("StartRecordIdentifier", "")
    if (kind and not name) or (identifier and not kind):
        raise Refusal(
            400, "InvalidInput", "The request needs a record name to start with a type or identifier"
        )
    sets = sorted(zone.sets.values(), key=lambda record_set: sort_key(key_of(record_set)))
    if name:
        start = sort_key((spelt(name), kind, identifier))
        sets = [record_set for record_set in sets if sort_key(key_of(record_set)) >= start]
    page, rest = sets[:most], sets[most:]
    more: dict[str, Any] = {}
    if rest:
        keys = ("NextRecordName", "NextRecordType", "NextRecordIdentifier")
        more = {key: value for key, value in zip(keys, key_of(rest[0]), strict=True) if value}
    return Answer({"ResourceRecordSets": page, **more, "IsTruncated": bool(rest), "MaxItems": str(most)})


def _change(call: Call) -> Answer:
    zone = _zone(call, "HostedZoneId")
    if call.kernel.switch(BUSY.name) == "for-a-second" and call.now < zone.changed + BUSY_S:
        message = "The request was rejected because Route 53 was still processing a prior request."
        raise Refusal(400, "PriorRequestNotComplete", message)
    given = call.params["ChangeBatch"]
    there = {name for name, _ in cloudfront_names(call.account.accounts)}
    sets = batch.changed(zone, given["Changes"], lambda host: plain(host) in there)
    insync = call.now + INSYNC_S
    at_once = call.kernel.switch(PROPAGATION.name) == "at-once"
    zone.replace(sets, call.now if at_once else insync)
    zone.changed = call.now
    change_id = f"C{call.account.accounts.new_id(zone.id, length=20)}"
    change = Change(change_id, zone.id, call.now, insync, given.get("Comment", ""))
    state_of(call).keep(change)
    return Answer({"ChangeInfo": change.as_api(call.now)})


def _get_change(call: Call) -> Answer:
    change_id = str(call.params["Id"]).rpartition("/")[2]
    change = state_of(call).changes.get(change_id)
    if change is None:
        raise Refusal(404, "NoSuchChange", f"Could not find resource with ID: {change_id}")
    return Answer({"ChangeInfo": change.as_api(call.now)})


def _test_answer(call: Call) -> Answer:
    zone, kind = _zone(call, "HostedZoneId"), str(call.params["RecordType"])
    name = to_name(plain(str(call.params["RecordName"])))
    served = named_zone(call.account.accounts, lambda: zone)
    reply = look_up(served.current(call.now), served.apex, name, dns.rdatatype.from_text(kind))
    records = [rdata.to_text() for rrset in reply.answer for rdata in rrset.rdatas]
    return Answer(
        {
            "Nameserver": zone.name_servers[0].host,
            "RecordName": spelt(str(call.params["RecordName"])),
            "RecordType": kind,
            "RecordData": records,
            "ResponseCode": dns.rcode.to_text(reply.rcode),
            "Protocol": "UDP",
        }
    )


def _tags(call: Call) -> Answer:
    if call.params["ResourceType"] != "hostedzone":
        raise Refusal(404, "NoSuchHealthCheck", "No health check exists with the specified ID")
    zone = _zone(call, "ResourceId")
    tags = [{"Key": key, "Value": value} for key, value in zone.tags.items()]
    return Answer({"ResourceTagSet": {"ResourceType": "hostedzone", "ResourceId": zone.id, "Tags": tags}})


HANDLERS: Mapping[str, Handler] = {
    "ChangeResourceRecordSets": _change,
    "GetChange": _get_change,
    "GetHostedZone": _get_zone,
    "GetHostedZoneCount": _count,
    "ListHostedZones": _list_zones,
    "ListHostedZonesByName": _list_zones_by_name,
    "ListResourceRecordSets": _list_sets,
    "ListTagsForResource": _tags,
    "TestDNSAnswer": _test_answer,
}
