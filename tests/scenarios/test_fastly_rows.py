"""Every row of SparkPost's guide on Fastly and its TLS, read back from the API; one test a row.

docs: "Enabling HTTPS Engagement Tracking on SparkPost", section Fastly, and the article's newer text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from providers.fastly import TYPE
from tests.scenarios.fastly import CUSTOMER, VERSIONLESS, fastly_world, file_keys, read
from tests.scenarios.town import CLICK, Town, town

FORMS = ("versionless", "classic")
USUAL, OTHER = "usualconfiguration", "otherconfiguration"
CONFIGURATIONS = [
    {"id": USUAL, "default": True, "cname": "n.sni.global.fastly.net"},
    {"id": OTHER, "cname": "t.sni.global.fastly.net"},
]
UPLOADED = {"id": "uploadedwildcard", "name": "ours", "names": ["*.example.com"]}


@dataclass(frozen=True, slots=True)
class Made:
    """What stands once tdr is done, as the API tells it."""

    service: Mapping[str, Any]
    domains: tuple[Mapping[str, Any], ...]
    subscriptions: tuple[Mapping[str, Any], ...]
    challenges: tuple[Mapping[str, Any], ...]
    activations: tuple[Mapping[str, Any], ...]
    targets: Mapping[str, str]
    records: Mapping[tuple[str, str], Mapping[str, Any]]
    addresses: tuple[str, ...]

    @property
    def version(self) -> Mapping[str, Any]:
        """What is served."""
        found: Mapping[str, Any] = self.service["active_version"]
        return found

    @property
    def backend(self) -> Mapping[str, Any]:
        """The only backend."""
        (backend,) = self.version["backends"]
        found: Mapping[str, Any] = backend
        return found

    @property
    def subscription(self) -> Mapping[str, Any]:
        """The attributes of the only subscription."""
        (subscription,) = self.subscriptions
        found: Mapping[str, Any] = subscription["attributes"]
        return found

    def related(self, name: str) -> list[str]:
        """Give the ids of what the subscription names."""
        (subscription,) = self.subscriptions
        data = subscription["relationships"][name]["data"]
        return [one["id"] for one in (data if isinstance(data, list) else [data])]

    def record(self, name: str = CLICK) -> Mapping[str, Any]:
        """Give the CNAME at a name."""
        return self.records[name, "CNAME"]


@contextmanager
def standing(folder: Path, account: Mapping[str, Any], **options: Any) -> Iterator[Made]:
    """A live http host, made https with these options; the second plan has nothing to do."""
    open_ = {**fastly_world(configurations=CONFIGURATIONS, **account), "switches": VERSIONLESS}
    with town(open_, folder) as here:
        file = here.file({CLICK: {}}, **file_keys(**options))
        here.apply(file)
        here.settled(file)
        yield read_back(here)


@pytest.fixture(scope="module", params=FORMS)
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    """The guide's way, with a domain of either form; then only read."""
    folder = tmp_path_factory.mktemp(request.param)
    with standing(folder, {"versionless": request.param == "versionless"}) as found:
        yield found


OTHERWISE = {
    "customer": CUSTOMER,
    "domains": "classic",
    "authority": "globalsign",
    "tls_configuration": OTHER,
    "cache_ttl": 45,
    "writes_per_hour": 2000,
}


@pytest.fixture(scope="module")
def otherwise(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    """The same host in an account that has all that there is; every option written, none as if omitted."""
    with standing(tmp_path_factory.mktemp("otherwise"), {}, **OTHERWISE) as found:
        yield found


@pytest.fixture(scope="module")
def uploaded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    """The same host with a certificate of the user's own."""
    options = {"certificates": [UPLOADED["id"]]}
    with standing(tmp_path_factory.mktemp("uploaded"), {"certificates": [UPLOADED]}, **options) as found:
        yield found


def read_back(here: Town) -> Made:
    """Read all that was made."""
    (service,) = read(here, "/service")
    domains = read(here, "/domain-management/v1/domains")["data"] if has_versionless(here) else ()
    ordered = read(here, "/tls/subscriptions", include="tls_authorizations")
    told = read(here, "/tls/configurations", include="dns_records")
    names = {
        one["id"]: one["attributes"] for one in told["included"] if one["attributes"]["region"] == "global"
    }
    targets = {
        each["id"]: link["id"]
        for each in told["data"]
        for link in each["relationships"]["dns_records"]["data"]
        if names.get(link["id"], {}).get("record_type") == "CNAME"
    }
    return Made(
        service=read(here, f"/service/{service['id']}/details"),
        domains=tuple(domains),
        subscriptions=tuple(ordered["data"]),
        challenges=tuple(
            challenge
            for one in ordered.get("included", ())
            for challenge in one["attributes"]["challenges"]
            if challenge["type"] == "managed-dns"
        ),
        activations=tuple(read(here, "/tls/activations", include="tls_certificate")["data"]),
        targets=targets,
        records={(one["name"], one["type"]): one for one in here.records()},
        addresses=here.dns(CLICK, "A"),
    )


def has_versionless(here: Town) -> bool:
    """Tell whether the account has versionless domains."""
    (customer,) = here.control("GET", "/vendors/fastly")
    return bool(customer["versionless"])


# -- the service
def test_a_vcl_service_is_created_and_named(made: Made) -> None:
    assert (made.service["name"], made.service["type"]) == ("tdr-acme-mail-spgo.io", "vcl")
    assert made.service["comment"] == "tdr acme-mail spgo.io"


def test_the_tracking_host_is_its_only_domain(made: Made) -> None:
    classic = [(one["name"], one["comment"]) for one in made.version["domains"]]
    linked = [(one["fqdn"], one["description"], one["service_id"]) for one in made.domains]
    mark = f"tdr acme-mail {CLICK}"
    found = (classic, linked)
    assert found in (([(CLICK, mark)], []), ([], [(CLICK, mark, made.service["id"])]))


def test_the_origin_is_sparkposts_tracking_host(made: Made) -> None:
    assert (made.backend["address"], made.backend["hostname"]) == ("spgo.io", "spgo.io")
    assert not made.backend["request_condition"]


def test_the_origin_is_asked_over_tls_1_2_at_least_on_443(made: Made) -> None:
    assert (made.backend["use_ssl"], made.backend["port"]) == (True, 443)
    assert made.backend["min_tls_version"] == "1.2"


def test_the_origins_certificate_is_checked_by_its_own_name(made: Made) -> None:
    assert (made.backend["ssl_check_cert"], made.backend["ssl_cert_hostname"]) == (True, "spgo.io")


def test_the_origin_is_told_its_own_name_in_the_handshake(made: Made) -> None:
    assert made.backend["ssl_sni_hostname"] == "spgo.io"


def test_the_origins_entry_has_a_meaningful_name(made: Made) -> None:
    assert made.backend["name"] == "sparkpost"


def test_the_host_is_not_overridden(made: Made) -> None:
    assert made.backend["override_host"] is None
    assert made.version["settings"]["general.default_host"] == ""


def test_nothing_touches_the_user_agent_or_the_clients_address(made: Made) -> None:
    for what in ("headers", "request_settings", "conditions", "vcls", "snippets", "response_objects"):
        assert made.version[what] == [], what


def test_the_fallback_ttl_is_ten_seconds_and_nothing_is_served_stale(made: Made) -> None:
    assert made.version["settings"]["general.default_ttl"] == 10
    assert made.version["settings"]["general.stale_if_error"] is False
    assert made.version["cache_settings"] == []


def test_there_is_no_shielding_and_no_health_check(made: Made) -> None:
    assert (made.backend["shield"], made.backend["healthcheck"]) == (None, None)
    assert made.version["healthchecks"] == []


def test_the_version_is_active_and_says_what_it_is(made: Made) -> None:
    assert (made.version["active"], made.version["locked"]) == (True, True)
    assert made.version["comment"].startswith("tdr: ")


# -- its certificate
def test_a_certificate_is_ordered_for_the_tracking_host_alone(made: Made) -> None:
    assert made.related("tls_domains") == [CLICK]
    assert made.related("common_name") == [CLICK]


def test_the_authority_is_fastlys_own(made: Made) -> None:
    assert made.subscription["certificate_authority"] == "certainly"


def test_the_validation_record_stands_for_renewal(made: Made) -> None:
    (challenge,) = made.challenges
    assert (challenge["record_type"], challenge["record_name"]) == ("CNAME", f"_acme-challenge.{CLICK}")
    assert [made.record(challenge["record_name"])["content"]] == challenge["values"]


def test_the_certificate_is_issued_and_active(made: Made) -> None:
    assert made.subscription["state"] == "issued"
    (activation,) = made.activations
    assert activation["relationships"]["tls_domain"]["data"]["id"] == CLICK


def test_the_host_is_a_cname_of_the_name_that_the_configuration_tells_for_an_hour(made: Made) -> None:
    assert made.related("tls_configuration") == [USUAL]
    record = made.record()
    assert (record["content"], record["ttl"], record["proxied"]) == (made.targets[USUAL], 3600, False)
    assert made.targets[USUAL] == "n.sni.global.fastly.net"


def test_a_ping_of_the_host_reaches_fastly(made: Made) -> None:
    assert made.addresses
    assert all(address.startswith("198.51.100.5") for address in made.addresses)


# -- the options
def test_domains_classic_puts_the_host_into_the_version(otherwise: Made) -> None:
    assert [one["name"] for one in otherwise.version["domains"]] == [CLICK]


def test_authority_gives_another(otherwise: Made) -> None:
    assert otherwise.subscription["certificate_authority"] == "globalsign"
    assert otherwise.subscription["state"] == "issued"


def test_tls_configuration_gives_another_and_its_name(otherwise: Made) -> None:
    assert otherwise.related("tls_configuration") == [OTHER]
    assert otherwise.record()["content"] == otherwise.targets[OTHER] == "t.sni.global.fastly.net"


def test_cache_ttl_gives_another_fallback(otherwise: Made) -> None:
    assert otherwise.version["settings"]["general.default_ttl"] == 45


def test_certificates_are_activated_and_none_is_ordered(uploaded: Made) -> None:
    assert uploaded.subscriptions == ()
    (activation,) = uploaded.activations
    names = activation["relationships"]
    assert names["tls_certificate"]["data"]["id"] == UPLOADED["id"]
    assert names["tls_domain"]["data"]["id"] == CLICK
    assert uploaded.record()["content"] == uploaded.targets[USUAL]
    assert (f"_acme-challenge.{CLICK}", "CNAME") not in uploaded.records


def test_lets_encrypt_is_the_guides_way_of_2021(tmp_path: Path) -> None:
    with standing(tmp_path, {}, authority="lets-encrypt") as found:
        assert found.subscription["certificate_authority"] == "lets-encrypt"
        assert found.subscription["state"] == "issued"


def test_every_option_has_such_a_test() -> None:
    """`writes_per_hour` and `customer` let be what stands: their tests are in test_links_on_fastly.py."""
    assert set(TYPE.options["properties"]) == {*OTHERWISE, "certificates"}
    page = (Path(__file__).parents[2] / "docs/fastly.md").read_text(encoding="utf-8")
    table = page[page.index("## tdr and the guide of 2021") :]
    ways = [row.split("|")[4] for row in table.splitlines() if row.startswith("| ")]
    named = {name for way in ways for name in re.findall(r"`(\w+)", way)}
    assert named <= {*OTHERWISE, "certificates", "sparkpost"}
