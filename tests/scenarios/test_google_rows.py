"""Every row of SparkPost's guide on Google Cloud, read back from the APIs; one test a row.

docs: "Enabling HTTPS Engagement Tracking on SparkPost", "Step by Step Guide with Google Cloud Platform", and
its sections on the TTL, on DNS and on live domains.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from providers.google import TYPE
from tests.scenarios.google import EDGES, KEY, PROJECT, ZONE, Console, file_keys, google_world, link
from tests.scenarios.town import CLICK, Town, town

UPLOADED = {"name": "ours", "domains": ["*.example.com"], "uploaded": True}
DEPLOYER = f"deploy@{PROJECT}.iam.gserviceaccount.com"
Body = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Made:
    """What stands once tdr is done, as the APIs tell it: one load balancer."""

    group: Body
    endpoints: tuple[Body, ...]
    backend: Body
    url_map: Body
    policy: Body
    https: Body
    http: Body
    address: Body
    rules: Mapping[str, Body]
    classic: tuple[Body, ...]
    certificates: tuple[Body, ...]
    authorizations: tuple[Body, ...]
    maps: tuple[Body, ...]
    entries: tuple[Body, ...]
    records: Mapping[tuple[str, str], Body]
    addresses: tuple[str, ...]
    status: int

    @property
    def name(self) -> str:
        """The name of the shared things."""
        return str(self.url_map["name"])


@contextmanager
def standing(folder: Path, account: Body | None = None, **options: Any) -> Iterator[Made]:
    """A live http host, made https with these options; the second plan has nothing to do."""
    switches = {"sparkpost.verify-accepts": "reached"}  # without its host SparkPost may never verify
    with town(google_world(switches=switches, **(account or {})), folder) as here:
        file = here.file({CLICK: {}}, **file_keys(**options))
        here.apply("-timeout", "4h", file)
        here.settled(file)
        yield read_back(here)


def read_back(here: Town) -> Made:
    """Read all that was made."""
    console = Console(here)
    group = console.only("networkEndpointGroups")
    maps = console.certificates("certificateMaps", "certificateMaps")
    entries = [
        entry
        for one in maps
        for entry in console.certificates(
            f"certificateMaps/{one['name'].rpartition('/')[2]}/certificateMapEntries", "certificateMapEntries"
        )
    ]
    return Made(
        group=group,
        endpoints=tuple(console.endpoints(group["name"])),
        backend=console.only("backendServices"),
        url_map=console.only("urlMaps"),
        policy=console.only("sslPolicies"),
        https=console.only("targetHttpsProxies"),
        http=console.only("targetHttpProxies"),
        address=console.only("addresses"),
        rules={one["portRange"]: one for one in console.all("forwardingRules")},
        classic=tuple(console.all("sslCertificates")),
        certificates=tuple(console.certificates("certificates", "certificates")),
        authorizations=tuple(console.certificates("dnsAuthorizations", "dnsAuthorizations")),
        maps=tuple(maps),
        entries=tuple(entries),
        records=console.records(),
        addresses=here.dns(CLICK, "A"),
        status=here.visit(f"https://{CLICK}/f/a/b/c/d").status,
    )


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    """The usual way; then only read."""
    with standing(tmp_path_factory.mktemp("google")) as found:
        yield found


OTHERWISE = {
    "project": PROJECT,
    "impersonate": DEPLOYER,
    "scheme": "EXTERNAL",
    "cache_ttl": 10,
    "host_header": "origin",
    "zones": {"example.com": ZONE},
    "validation_record": "per-project",
}


@pytest.fixture(scope="module")
def otherwise(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    """The same host with every option written, none as if omitted."""
    account = {"impersonated": [{"account": DEPLOYER}]}
    with standing(tmp_path_factory.mktemp("otherwise"), account, **OTHERWISE) as found:
        yield found


@pytest.fixture(scope="module")
def listed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    """The guide's own way to a certificate."""
    with standing(tmp_path_factory.mktemp("listed"), certificates="load-balancer") as found:
        yield found


@pytest.fixture(scope="module")
def uploaded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    """The same host with a certificate of the user's own."""
    manager = {"certificate_manager": {"certificates": [UPLOADED]}}
    with standing(tmp_path_factory.mktemp("uploaded"), manager, uploaded=[UPLOADED["name"]]) as found:
        yield found


# -- the backend
def test_the_backend_is_an_internet_endpoint_group_by_name_and_port(made: Made) -> None:
    assert made.group["networkEndpointType"] == "INTERNET_FQDN_PORT"
    assert made.group["defaultPort"] == 443
    assert made.endpoints == ({"fqdn": KEY, "port": 443},)


def test_the_backend_service_leads_there_and_nowhere_else(made: Made) -> None:
    assert [one["group"] for one in made.backend["backends"]] == [made.group["selfLink"]]


def test_the_load_balancer_is_external_and_managed_in_every_part(made: Made) -> None:
    schemes = {one["loadBalancingScheme"] for one in (made.backend, *made.rules.values())}
    assert schemes == {"EXTERNAL_MANAGED"}


def test_the_origin_is_asked_over_https_with_the_consoles_port_name_and_timeout(made: Made) -> None:
    assert made.backend["protocol"] == "HTTPS"
    assert made.backend["timeoutSec"] == 30
    assert made.backend.get("portName") in (None, "http", "https")


def test_cloud_cdn_is_off(made: Made) -> None:
    assert made.backend["enableCDN"] is False
    assert "cdnPolicy" not in made.backend


def test_there_is_no_health_check(made: Made) -> None:
    assert made.backend.get("healthChecks", []) == []


def test_nothing_touches_host_user_agent_or_the_clients_address(made: Made) -> None:
    for what in ("customRequestHeaders", "customResponseHeaders", "securityPolicy", "iap"):
        assert not made.backend.get(what), what


def test_what_is_made_has_a_meaningful_name_and_says_whose_it_is(made: Made) -> None:
    shared = (made.group, made.backend, made.url_map, made.policy, made.https, made.http, made.address)
    assert {one["name"] for one in shared} == {made.name}
    assert re.fullmatch(r"tdr-acme-mail-spgo-io-[0-9a-f]{8}", made.name)
    assert {one["description"] for one in shared} == {f"tdr acme-mail {KEY}"}
    marks = {port: one["description"] for port, one in made.rules.items()}
    assert marks == {"443-443": f"tdr acme-mail {KEY}/443", "80-80": f"tdr acme-mail {KEY}/80"}


# -- host and path rules
def test_all_hosts_and_paths_lead_to_the_backend(made: Made) -> None:
    assert made.url_map["defaultService"] == link("backendServices", made.name)
    for what in ("hostRules", "pathMatchers", "defaultUrlRedirect", "defaultRouteAction", "headerAction"):
        assert not made.url_map.get(what), what


# -- the frontend
def test_https_is_answered_on_443_by_the_url_map_with_tls_1_2_at_least(made: Made) -> None:
    rule = made.rules["443-443"]
    assert (rule["IPProtocol"], rule["networkTier"]) == ("TCP", "PREMIUM")
    assert rule["target"] == made.https["selfLink"]
    assert made.https["urlMap"] == made.url_map["selfLink"]
    assert made.https["sslPolicy"] == made.policy["selfLink"]
    assert (made.policy["minTlsVersion"], made.policy["profile"]) == ("TLS_1_2", "MODERN")


def test_old_links_are_answered_on_80_by_the_same_url_map_without_a_redirect(made: Made) -> None:
    rule = made.rules["80-80"]
    assert rule["target"] == made.http["selfLink"]
    assert made.http["urlMap"] == made.url_map["selfLink"]


def test_both_ports_are_those_of_one_reserved_address(made: Made) -> None:
    assert {rule["IPAddress"] for rule in made.rules.values()} == {made.address["address"]}
    assert (made.address["addressType"], made.address["ipVersion"]) == ("EXTERNAL", "IPV4")
    assert made.address["status"] == "IN_USE"
    assert made.address["address"] in EDGES


# -- its certificate
def test_a_certificate_is_ordered_for_the_tracking_host_alone_and_is_active(made: Made) -> None:
    (certificate,) = made.certificates
    assert certificate["managed"]["domains"] == [CLICK]
    assert certificate["managed"]["state"] == "ACTIVE"
    assert certificate["labels"] == {"tdr": "acme-mail"}


def test_it_is_proven_by_a_record_that_stands_for_renewal(made: Made) -> None:
    (proof,) = made.authorizations
    assert (proof["domain"], proof["type"]) == (CLICK, "FIXED_RECORD")
    told = proof["dnsResourceRecord"]
    assert (told["name"], told["type"]) == (f"_acme-challenge.{CLICK}.", "CNAME")
    assert made.records[told["name"].rstrip("."), "CNAME"]["rrdatas"] == [told["data"]]


def test_the_proxy_serves_the_map_whose_active_entry_has_it(made: Made) -> None:
    (map_,), (entry,), (certificate,) = made.maps, made.entries, made.certificates
    assert made.https["certificateMap"] == f"//certificatemanager.googleapis.com/{map_['name']}"
    assert (entry["hostname"], entry["state"]) == (CLICK, "ACTIVE")
    named = [name.rpartition("/")[2] for name in entry["certificates"]]
    assert named == [certificate["name"].rpartition("/")[2]]
    assert made.https.get("sslCertificates", []) == []
    assert made.classic == ()


# -- DNS
def test_the_host_is_an_a_record_with_the_address_for_an_hour(made: Made) -> None:
    record = made.records[CLICK, "A"]
    assert (record["rrdatas"], record["ttl"]) == ([made.address["address"]], 3600)
    assert (CLICK, "CNAME") not in made.records
    assert made.addresses == (made.address["address"],)


# -- the options
def test_scheme_gives_the_classic_load_balancer_in_every_part(otherwise: Made) -> None:
    found = {one["loadBalancingScheme"] for one in (otherwise.backend, *otherwise.rules.values())}
    assert found == {"EXTERNAL"}
    assert otherwise.status == 302


def test_cache_ttl_gives_the_ten_seconds_of_the_guides_ttl_rule(otherwise: Made) -> None:
    assert otherwise.backend["enableCDN"] is True
    policy = otherwise.backend["cdnPolicy"]
    assert policy["cacheMode"] == "FORCE_CACHE_ALL"
    assert (policy["defaultTtl"], policy["clientTtl"]) == (10, 10)
    assert policy["negativeCaching"] is True
    assert policy["negativeCachingPolicy"] == [{"code": 302, "ttl": 10}]  # a click's answer


def test_host_header_gives_the_origins_own(otherwise: Made) -> None:
    assert otherwise.backend["customRequestHeaders"] == [f"Host: {KEY}"]


def test_dns_authorization_gives_a_record_of_the_projects_own(otherwise: Made) -> None:
    (proof,) = otherwise.authorizations
    assert proof["type"] == "PER_PROJECT_RECORD"
    name = proof["dnsResourceRecord"]["name"].rstrip(".")
    assert name != f"_acme-challenge.{CLICK}"
    assert otherwise.records[name, "CNAME"]["rrdatas"] == [proof["dnsResourceRecord"]["data"]]


def test_certificates_gives_the_guides_managed_certificate_on_the_proxy(listed: Made) -> None:
    (certificate,) = listed.classic
    assert certificate["type"] == "MANAGED"
    assert certificate["managed"]["domains"] == [CLICK]
    assert certificate["managed"]["status"] == "ACTIVE"
    assert certificate["description"] == f"tdr acme-mail {CLICK}"
    assert listed.https["sslCertificates"] == [certificate["selfLink"]]
    assert not listed.https.get("certificateMap")
    assert (listed.certificates, listed.maps, listed.authorizations) == ((), (), ())
    assert not [name for name, _ in listed.records if name.startswith("_acme-challenge")]
    assert listed.status == 302


def test_uploaded_puts_a_certificate_of_the_users_into_the_map_and_orders_none(uploaded: Made) -> None:
    (certificate,), (entry,) = uploaded.certificates, uploaded.entries
    assert "managed" not in certificate
    assert [name.rpartition("/")[2] for name in entry["certificates"]] == [UPLOADED["name"]]
    assert uploaded.authorizations == ()
    assert not [name for name, _ in uploaded.records if name.startswith("_acme-challenge")]
    assert uploaded.status == 302


def test_every_option_has_such_a_test() -> None:
    assert set(TYPE.options["properties"]) == {*OTHERWISE, "certificates", "uploaded"}
