"""Worlds made larger, not ready, or edited by others: what some tests do to a candidate's world."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

World = dict[str, Any]

ZONES = 51  # docs: List zones, at most 50 on a page
RECORDS = 5001  # docs: List DNS records; tdr asks for 5,000 on a page
ACME = "111122223333"
CUSTOMER = "4bNcKkz5jR0nXyv2sandbox"
FASTLY_ROWS = 101  # docs: of every list of Fastly's, 100 on a page
HOSTNAMES = 51  # docs: List Custom Hostnames, at most 50 on a page
PROJECT = "acme-links"
POLICIES, CERTIFICATES = 501, 1001  # docs: Compute Engine and Certificate Manager, the most on a page
MANAGED_ZONES, GOOGLE_SETS = 101, 1001  # of Cloud DNS: of zones the server decides; tdr asks for 1,000 sets
# Of how many hosts others have the rows beside a few of tdr's, which so need a further page.
AWS_CROWD, FASTLY_CROWD, SAAS_CROWD = 50, 90, 40
HOST_RECORDS = 3  # at Route 53: a host, its claim, its validation
HOSTED_ZONES, RECORD_SETS, DISTRIBUTIONS = 101, 301, 101  # docs: Route 53 and CloudFront, the most on a page


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


def more_hostnames(world: World) -> World:
    """More custom hostnames than a page holds, in the first Cloudflare zone, before those of the job."""
    zone = world["cloudflare"][0]["zones"][0]
    zone["custom_hostnames"].extend(_hostname(f"more{n}", zone["name"]) for n in range(HOSTNAMES))
    return world


def pending_zones(world: World) -> World:
    """Cloudflare zones whose name servers are not Cloudflare's yet."""
    for zone in world["cloudflare"][0]["zones"]:
        zone |= {"status": "pending", "delegated": False}
    return world


def roomy_zones(world: World, names: Sequence[str]) -> World:
    """These Cloudflare zones, alike, on a plan with room for hundreds of records and short cache times."""
    account = world["cloudflare"][0]
    account["zones"] = [{"name": name, "plan": "business"} for name in names]
    return world


def roomy_saas_zone(world: World, names: Sequence[str]) -> World:
    """These zones, alike, at PowerDNS, and one at Cloudflare with room for what serves their hosts."""
    account = world["cloudflare"][0]
    account["zones"] = [{"name": zone["name"], "plan": "business"} for zone in account["zones"]]
    return roomy_powerdns_zones(world, names)


def secondary_zones(world: World) -> World:
    """PowerDNS zones that are fetched from another server."""
    for zone in world["powerdns"][0]["zones"]:
        zone |= {"kind": "Slave", "masters": ["192.0.2.9"]}
    return world


def roomy_powerdns_zones(world: World, names: Sequence[str]) -> World:
    """These PowerDNS zones, alike."""
    world["powerdns"][0]["zones"] = [{"name": name} for name in names]
    return world


def unserved_zones(world: World) -> World:
    """A name server that has none of the zones."""
    world["rfc2136"][0]["zones"] = []
    return world


def primary_zones(world: World, names: Sequence[str]) -> World:
    """These zones, alike, on a name server."""
    world["rfc2136"][0]["zones"] = [{"name": name} for name in names]
    return world


def more_hosted_zones(world: World) -> World:
    """More zones at Route 53 than a page holds, before those of the job."""
    world["aws"][0]["zones"][:0] = [{"name": f"aforeign{n}.example"} for n in range(HOSTED_ZONES)]
    return world


def more_record_sets(world: World) -> World:
    """More record sets in the first zone at Route 53 than a page holds."""
    zone = world["aws"][0]["zones"][0]
    zone.setdefault("records", []).extend(_sets(RECORD_SETS, zone["name"]))
    return world


def more_distributions(world: World) -> World:
    """More distributions than a page holds."""
    world["aws"][0]["distributions"].extend(_distributions(DISTRIBUTIONS))
    return world


def private_zones(world: World) -> World:
    """Zones at Route 53 that only a private network sees."""
    for zone in world["aws"][0]["zones"]:
        zone |= {"private": True, "delegated": False}
    return world


def hosted_zones(world: World, names: Sequence[str]) -> World:
    """These zones, alike, at Route 53."""
    world["aws"][0]["zones"] = [{"name": name} for name in names]
    return world


def more_services(world: World) -> World:
    """More services than a page holds, before those of the job."""
    world["fastly"][0]["services"][:0] = [{"name": f"a foreign site {n}"} for n in range(FASTLY_ROWS)]
    return world


def more_versionless_domains(world: World) -> World:
    """More versionless domains than a page holds, before those of the job."""
    world["fastly"][0]["domains"][:0] = [{"fqdn": f"aforeign{n}.example.org"} for n in range(FASTLY_ROWS)]
    return world


def more_subscriptions(world: World) -> World:
    """More TLS subscriptions, and so activations, than a page holds, before those of the job."""
    customer = world["fastly"][0]
    customer["subscriptions"][:0] = [{"domains": [f"aforeign{n}.example.org"]} for n in range(FASTLY_ROWS)]
    customer["limits"] = {"managed_certificates": 2 * FASTLY_ROWS}
    return world


def more_activations(world: World) -> World:
    """More activations of an uploaded certificate than a page holds."""
    names = [f"aforeign{n}.example.org" for n in range(FASTLY_ROWS)]
    world["fastly"][0]["certificates"].append({"names": names, "active": names})
    return world


def roomy_fastly(world: World, names: Sequence[str]) -> World:
    """These Cloudflare zones, alike, and a Fastly account with nothing in it and room for hundreds."""
    customer = {key: world["fastly"][0][key] for key in ("customer", "token")}
    limits = {"writes_per_hour": 10_000, "domains": 1000, "managed_certificates": 1000}
    world["fastly"] = [{**customer, "limits": limits}]
    return roomy_zones(world, names)


def more_managed_zones(world: World) -> World:
    """More managed zones than a page holds, before those of the job."""
    more = [
        {"name": f"aforeign{n}-example", "dnsName": f"aforeign{n}.example."} for n in range(MANAGED_ZONES)
    ]
    world["google"][0]["zones"][:0] = more
    return world


def more_google_sets(world: World) -> World:
    """More record sets in the first managed zone than a page holds."""
    zone = world["google"][0]["zones"][0]
    zone["records"].extend(
        {"name": f"foreign{n}.{zone['dnsName']}", "type": "A", "ttl": 300, "rrdatas": ["203.0.113.99"]}
        for n in range(GOOGLE_SETS)
    )
    return world


def more_policies(world: World) -> World:
    """More of a kind than a page of Compute Engine holds."""
    more = [{"name": f"aforeign{n}"} for n in range(POLICIES)]
    world["google"][0]["compute"]["sslPolicies"].extend(more)
    return world


def more_managed_certificates(world: World) -> World:
    """More certificates than a page of Certificate Manager holds."""
    more = [{"name": f"aforeign{n}", "domains": [f"foreign{n}.example.org"]} for n in range(CERTIFICATES)]
    world["google"][0]["certificate_manager"]["certificates"].extend(more)
    return world


def private_managed_zones(world: World) -> World:
    """Managed zones that only a network of the project sees."""
    for zone in world["google"][0]["zones"]:
        zone |= {"visibility": "private", "delegated": False}
    return world


def managed_zones(world: World, names: Sequence[str]) -> World:
    """These managed zones, alike, in a project with nothing else in it."""
    project = {key: world["google"][0][key] for key in ("project", "number")}
    zones = [{"name": name.replace(".", "-"), "dnsName": f"{name}."} for name in names]
    world["google"] = [{**project, "zones": zones}]
    return world


def edited_project(nth: int) -> World:
    """A record, a certificate policy and an address that somebody else adds to a project."""
    record = {"name": f"foreign{nth}.example.com.", "type": "TXT", "ttl": 300, "rrdatas": [f"foreign {nth}"]}
    compute = {"sslPolicies": [{"name": f"foreign{nth}", "description": "foreign"}]}
    made = {"zones": {"example-com": {"add_records": [record]}}, "compute": compute}
    return {"projects": {PROJECT: made}}


def crowded_aws(world: World) -> World:
    """Others' distributions and records, beside those of the first zone."""
    zone = world["aws"][0]["zones"][0]
    zone.setdefault("records", []).extend(_sets(AWS_CROWD * HOST_RECORDS, zone["name"]))
    world["aws"][0]["distributions"].extend(_distributions(AWS_CROWD))
    return world


def crowded_fastly(world: World) -> World:
    """Others' versionless domains, subscriptions, and so activations."""
    customer = world["fastly"][0]
    names = [f"aforeign{n}.example.org" for n in range(FASTLY_CROWD)]
    customer["domains"] = [{"fqdn": name} for name in names]
    customer["subscriptions"] = [{"domains": [name]} for name in names]
    return world


def crowded_saas(world: World) -> World:
    """Others' custom hostnames."""
    zone = world["cloudflare"][0]["zones"][0]
    zone["custom_hostnames"] = [_hostname(f"more{n}", zone["name"]) for n in range(SAAS_CROWD)]
    return world


def edited_customer(nth: int) -> World:
    """A service and a versionless domain of it that somebody else adds at Fastly."""
    made = {
        "services": [{"id": f"{nth:04}0FOREIGN0SERVICE00", "name": f"foreign{nth}.example.org"}],
        "domains": [{"fqdn": f"foreign{nth}.example.com", "service": f"{nth:04}0FOREIGN0SERVICE00"}],
    }
    return {"customers": {CUSTOMER: {"add": made}}}


def edited_primary(nth: int) -> World:
    """A record that somebody else adds on a name server."""
    return {"zones": {"example.com": {"add_records": [_record(nth)]}}}


def edited_zone(nth: int) -> World:
    """A record and a rule that somebody else adds to a Cloudflare zone."""
    rule = {
        "phase": "http_config_settings",
        "action": "set_config",
        "action_parameters": {"ssl": "strict"},
        "description": "foreign rule",
        "expression": f'(http.host eq "foreign{nth}.example.com")',
    }
    return {"zones": {"example.com": {"add_records": [_record(nth)], "add_rules": [rule]}}}


def edited_saas_zone(nth: int) -> World:
    """A record, a rule and a custom hostname that somebody else adds to a zone of Cloudflare for SaaS."""
    name = "acme-links.net"
    changes = edited_zone(nth)["zones"]["example.com"]
    changes["add_records"] = [{**_record(nth), "name": f"foreign{nth}.{name}"}]
    changes["add_custom_hostnames"] = [_hostname(nth, name)]
    return {"zones": {name: changes}}


def edited_hosted_zone(nth: int) -> World:
    """A record that somebody else adds at Route 53."""
    record = {"type": "TXT", "name": f"foreign{nth}.example.com", "ttl": 300, "values": [f'"foreign {nth}"']}
    return {"accounts": {ACME: {"route53": {"zones": {"example.com": {"add_records": [record]}}}}}}


def edited_records(nth: int) -> World:
    """A record that somebody else adds to a zone of Cloudflare or PowerDNS."""
    return {"zones": {"example.com": {"add_records": [_record(nth)]}}}


def _sets(count: int, zone: str) -> list[World]:
    names = (f"foreign{n}.{zone}" for n in range(count))
    return [{"type": "A", "name": name, "ttl": 300, "values": ["203.0.113.99"]} for name in names]


def _distributions(count: int) -> list[World]:
    return [{"id": f"EFOREIGNMORE{n}", "config": {"Comment": f"foreign {n}"}} for n in range(count)]


def _hostname(nth: int | str, zone: str) -> World:
    return {"hostname": f"foreign{nth}.example.net", "custom_origin_server": f"foreign.{zone}"}


def _record(nth: int) -> World:
    return {"type": "TXT", "name": f"foreign{nth}.example.com", "content": f"foreign {nth}", "ttl": 300}
