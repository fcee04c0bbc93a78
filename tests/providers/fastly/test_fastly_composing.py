"""What a tracking host needs at Fastly, from what the account holds."""

from __future__ import annotations

from typing import Any

import pytest

from providers.fastly.names import ACTIVATION, DOMAIN, SERVICE, SUBSCRIPTION
from reconciler.dns import HostTarget, Record
from reconciler.model import Ref, ResourceId
from reconciler.provider import Issuance, Wanted
from tests.providers.fastly.fastly_values import (
    ALIAS,
    CNAME,
    CONFIGURATION,
    CUSTOMER,
    HOST,
    NAME,
    ORIGIN,
    OWNER,
    SERVICE_ID,
    activation,
    backend,
    classic,
    composed,
    config,
    configurations,
    differences,
    domain,
    errors,
    kinds,
    one,
    order,
    service,
    settings,
    settled,
    state,
    upload,
    wanted,
    warnings,
)

SUBSCRIPTION_ID = ResourceId(ALIAS, SUBSCRIPTION, HOST)
DOMAIN_ID = ResourceId(ALIAS, DOMAIN, HOST)
THE_SERVICE = ResourceId(ALIAS, SERVICE, ORIGIN)


# -- the guide's rows
def test_every_value_of_the_guides_service_row_comes_out() -> None:
    service_ = one(composed(), SERVICE)
    assert service_.attrs == {
        "name": "tdr-acme-mail-spgo.io",
        "comment": "tdr acme-mail spgo.io",
        # "activate the version"
        "active": True,
        # "host = endpoint; TLS to origin (443)"; SNI on; the certificate is checked
        "backends": ("sparkpost",),
        "address": "spgo.io",
        "port": 443,
        "use_ssl": True,
        "ssl_check_cert": True,
        "ssl_cert_hostname": "spgo.io",
        "ssl_sni_hostname": "spgo.io",
        "min_tls_version": "1.2",
        # "Override host off", in both places that Fastly has for it
        "override_host": None,
        "default_host": "",
        # no shielding
        "shield": None,
        # "Fallback TTL 10"
        "default_ttl": 10,
        "stale_if_error": False,
        "cache_settings": (),
        # http links are answered; User-Agent and the reader's address pass through
        "force_ssl": (),
        "hsts": (),
        "request_rewrites": (),
        "rewrites": (),
    }
    # The row: the domain is the tracking domain.
    host = one(composed(), DOMAIN)
    assert host.attrs == {
        "service": "spgo.io",
        "form": "versionless",
        "comment": "tdr acme-mail click.example.com",
    }
    assert host.after == {THE_SERVICE}


def test_every_value_of_the_guides_tls_row_comes_out() -> None:
    found = composed(authority="lets-encrypt")
    # "add tracking domain; Let's Encrypt"
    ordered = one(found, SUBSCRIPTION)
    assert ordered.attrs == {
        "domains": (HOST,),
        "common_name": HOST,
        "authority": "lets-encrypt",
        "configuration": CONFIGURATION,
        "failed": False,
    }
    assert ordered.after == {DOMAIN_ID}
    # "with a validation CNAME"
    name, value = f"_acme-challenge.{HOST}", Ref(SUBSCRIPTION_ID, "challenge_value")
    assert found.records == (Record(HOST, "validation", name, "CNAME", (value,), 3600),)
    # "wait for issue", which an authority must be allowed to do
    assert found.ready == frozenset()
    assert found.issuances == (Issuance(HOST, HOST, ("letsencrypt.org",)),)
    # "read the 'CNAME records' target; CNAME tracking -> target"
    assert found.targets == {HOST: HostTarget("CNAME", (CNAME,), before_dns=True)}
    assert found.accounts == {HOST: f"fastly.{CUSTOMER}"}


@pytest.mark.parametrize(
    ("authority", "caa"),
    [("certainly", "certainly.com"), ("lets-encrypt", "letsencrypt.org"), ("globalsign", "globalsign.com")],
)
def test_each_authority_is_asked_about_by_the_name_that_caa_records_use(authority: str, caa: str) -> None:
    assert composed(authority=authority).issuances == (Issuance(HOST, HOST, (caa,)),)


def test_the_alternatives_of_the_guide_are_an_option_each() -> None:
    assert one(composed(authority="globalsign"), SUBSCRIPTION).attrs["authority"] == "globalsign"
    found = composed(state(certificates=(upload(),), named=("u1",)), certificates=["u1"])
    assert one(found, ACTIVATION).attrs == {"certificate": "u1", "configuration": CONFIGURATION}
    assert (found.records, found.issuances) == ((), ())


# -- nothing to do, and drift
def test_what_tdr_made_needs_nothing() -> None:
    for version in (None, config(domains=[classic()])):
        live = settled(version)
        found = composed(live)
        assert differences(live, found) == {}
        assert found.findings == ()
        assert found.ready == {SUBSCRIPTION_ID}
        assert found.issuances == ()


@pytest.mark.parametrize(
    ("version", "name", "is_", "should"),
    [
        (config(backends=[backend(port=80)]), "port", 80, 443),
        (config(backends=[backend(use_ssl=False)]), "use_ssl", False, True),
        (config(backends=[backend(ssl_check_cert="0")]), "ssl_check_cert", False, True),
        (config(backends=[backend(ssl_sni_hostname=None)]), "ssl_sni_hostname", None, ORIGIN),
        (config(backends=[backend(ssl_cert_hostname="")]), "ssl_cert_hostname", None, ORIGIN),
        (config(backends=[backend(override_host="spgo.io")]), "override_host", "spgo.io", None),
        (config(backends=[backend(min_tls_version="1.0")]), "min_tls_version", "1.0", "1.2"),
        (config(backends=[backend(shield="iad-va-us")]), "shield", "iad-va-us", None),
        (
            config(backends=[backend(), backend(name="more")]),
            "backends",
            ("more", "sparkpost"),
            ("sparkpost",),
        ),
        (config(settings=settings(**{"general.default_ttl": 3600})), "default_ttl", 3600, 10),
        (config(settings=settings(**{"general.default_host": "spgo.io"})), "default_host", "spgo.io", ""),
        (config(settings=settings(**{"general.stale_if_error": True})), "stale_if_error", True, False),
        (config(request_settings=[{"name": "tls", "force_ssl": "1"}]), "force_ssl", ("tls",), ()),
        (config(request_settings=[{"name": "h", "default_host": "x.io"}]), "request_rewrites", ("h",), ()),
        (config(request_settings=[{"name": "x", "xff": "clear"}]), "request_rewrites", ("x",), ()),
        (
            config(headers=[{"name": "ua", "type": "request", "dst": "http.User-Agent", "action": "delete"}]),
            "rewrites",
            ("ua",),
            (),
        ),
        (
            config(
                headers=[
                    {
                        "name": "hsts",
                        "type": "response",
                        "dst": "http.Strict-Transport-Security",
                        "action": "set",
                    }
                ]
            ),
            "hsts",
            ("hsts",),
            (),
        ),
        (
            config(cache_settings=[{"name": "long", "ttl": "3600", "action": "cache"}]),
            "cache_settings",
            ("long",),
            (),
        ),
    ],
)
def test_what_differs_from_the_guide_is_put_right(
    version: dict[str, Any], name: str, is_: object, should: object
) -> None:
    live = settled(version)
    assert differences(live, composed(live)) == {SERVICE: {name: (is_, should)}}


def test_what_does_no_harm_stays() -> None:
    version = config(
        backends=[
            backend(min_tls_version="1.3", healthcheck="h"),
            backend(name="files", request_condition="f"),
        ],
        cache_settings=[{"name": "exact", "ttl": "10", "action": "deliver"}, {"name": "p", "action": "pass"}],
        headers=[{"name": "x", "type": "response", "dst": "http.X-Served", "action": "set"}],
        request_settings=[{"name": "tls", "force_ssl": "1", "request_condition": "only /.well-known"}],
        snippets=[{"name": "mine"}],
    )
    live = settled(version)
    found = composed(live)
    assert differences(live, found) == {}
    [told] = warnings(found)
    assert told.host is None
    for kept in ("snippet mine", "conditional backend files", "conditional request setting tls"):
        assert kept in told.text


def test_a_service_that_never_was_activated_is_to_be() -> None:
    live = settled(config(active=False))
    assert differences(live, composed(live)) == {SERVICE: {"active": (False, True)}}


def test_a_service_whose_comment_somebody_changed_is_known_by_its_name() -> None:
    live = settled(services=(service(comment="please keep"),))
    assert differences(live, composed(live)) == {
        SERVICE: {"comment": ("please keep", f"tdr {OWNER} {ORIGIN}")}
    }
    assert [r.mark for r in live.resources() if r.id == THE_SERVICE] == [None]


def test_a_copied_comment_makes_no_service_ours_while_the_named_one_is_there() -> None:
    live = settled(services=(service(), service(id="other0000000000000000", name="copy")))
    assert differences(live, composed(live)) == {}


def test_three_hundred_hosts_share_a_service() -> None:
    hosts = [wanted(f"c{n}.example.com") for n in range(300)]
    found = composed(state(hosts), hosts)
    assert [r.id for r in found.resources if r.id.kind == SERVICE] == [THE_SERVICE]
    assert len(found.resources) == 601


def test_each_origin_has_a_service_of_its_own() -> None:
    hosts = [wanted(), wanted("eu.example.com", "eu.spgo.io")]
    found = composed(state(hosts), hosts)
    assert sorted(r.id.key for r in found.resources if r.id.kind == SERVICE) == ["eu.spgo.io", "spgo.io"]


def test_an_absent_host_needs_nothing() -> None:
    gone = [wanted(absent=True)]
    found = composed(state(gone), gone)
    assert (found.resources, found.records, found.targets) == ((), (), {})


@pytest.mark.parametrize("origin", [ORIGIN, ""], ids=["in the file", "in no file"])
@pytest.mark.parametrize("form", [{}, {"domains": [classic()]}], ids=["versionless", "classic"])
def test_a_host_that_leaves_names_its_record_and_needs_nothing(origin: str, form: dict[str, Any]) -> None:
    leaving = [Wanted(HOST, origin, 0, leaving=True)]
    for live in (settled(config(**form)), settled(config(**form), subscriptions=(), activations=())):
        found = composed(live, leaving)
        assert [(r.name, r.type) for r in found.records] == [(f"_acme-challenge.{HOST}", "CNAME")]
        assert (found.resources, found.targets, found.findings) == ((), {}, ())


def test_the_record_of_a_certificate_of_the_users_stays_when_the_host_leaves() -> None:
    leaving = [Wanted(HOST, ORIGIN, 0, leaving=True)]
    theirs = activation("*.example.com", "u9")
    assert composed(settled(subscriptions=(), activations=(theirs,)), leaving).records == ()
    together = order(HOST, "www.example.com", state="pending", certificates=())
    assert composed(settled(subscriptions=(together,), activations=()), leaving).records == ()


# -- the domain's form
@pytest.mark.parametrize(
    ("domains", "asked", "form", "container"),
    [
        ((), "auto", "versionless", "domains"),
        (None, "auto", "classic", "service/spgo.io"),
        ((), "classic", "classic", "service/spgo.io"),
        ((), "versionless", "versionless", "domains"),
    ],
)
def test_a_new_host_is_attached_as_the_alias_says(
    domains: Any, asked: str, form: str, container: str
) -> None:
    found = one(composed(state(domains=domains), domains=asked), DOMAIN)
    assert (found.attrs["form"], found.container) == (form, container)


@pytest.mark.parametrize("asked", ["auto", "versionless", "classic"])
def test_a_host_that_is_attached_stays_in_its_form(asked: str) -> None:
    live = settled(config(domains=[classic()]))
    assert one(composed(live, domains=asked), DOMAIN).container == "service/spgo.io"
    assert one(composed(settled(), domains=asked), DOMAIN).container == "domains"


def test_versionless_domains_that_the_account_has_not_are_refused_with_the_way_out() -> None:
    [found] = errors(composed(state(domains=None, unread="not enabled"), domains="versionless"))
    assert "not enabled" in found.text
    assert "domains: classic" in found.lift


def test_a_versionless_host_of_the_users_service_is_adopted_and_moves_at_once() -> None:
    theirs = service(id="theirs", name="website", comment="")
    live = state(services=(theirs,), domains=(domain(service_id="theirs", comment=""),))
    found = composed(live)
    changed = differences(live, found)[DOMAIN]
    assert changed["service"] == ("website", ORIGIN)
    [told] = warnings(found)
    assert "website" in told.text
    assert [r.mark for r in live.resources() if r.id == DOMAIN_ID] == [None]


def test_a_classic_host_of_the_users_service_is_refused_with_the_way_out() -> None:
    theirs = service(config(domains=[classic(comment="")]), id="theirs", name="website", comment="")
    found = composed(state(services=(theirs,), domains=(domain(service_id="theirs", comment=""),)))
    [told] = errors(found)
    assert "website" in told.text
    assert "versionless" in told.lift
    assert found.resources == ()


def test_a_classic_host_does_not_change_its_origin_without_being_told_of_the_gap() -> None:
    hosts = [wanted(origin="v2.spgo.io")]
    [told] = errors(composed(settled(config(domains=[classic()]), origins={HOST: "v2.spgo.io"}), hosts))
    assert "in between nobody would serve it" in told.text


def test_a_versionless_host_changes_its_origin_in_one_step() -> None:
    hosts = [wanted(origin="v2.spgo.io")]
    live = settled(origins={HOST: "v2.spgo.io"})
    found = composed(live, hosts)
    assert differences(live, found)[DOMAIN] == {"service": (ORIGIN, "v2.spgo.io")}
    assert errors(found) == []


def test_a_host_whose_mark_is_anothers_is_shown_so() -> None:
    live = settled(domains=(domain(comment=f"tdr other {HOST}"),))
    assert {r.mark for r in live.resources() if r.host == HOST} == {"other"}


# -- certificates
def test_a_live_authority_stays_unless_the_file_says_otherwise() -> None:
    live = settled(subscriptions=(order(certificate_authority="lets-encrypt"),))
    assert differences(live, composed(live)) == {}
    found = composed(live, authority="certainly")
    assert differences(live, found) == {SUBSCRIPTION: {"authority": ("lets-encrypt", "certainly")}}
    assert found.issuances == (Issuance(HOST, HOST, ("certainly.com",)),)
    assert found.ready == frozenset()


def test_a_certificate_that_renews_is_as_good_as_issued() -> None:
    found = composed(settled(subscriptions=(order(state="renewing"),)))
    assert (found.ready, found.issuances) == ({SUBSCRIPTION_ID}, ())


def test_a_pending_certificate_is_still_to_be_issued_and_its_warnings_are_told() -> None:
    caa = [{"type": "caa", "instructions": "add a CAA record"}]
    found = composed(
        settled(subscriptions=(order(state="pending", warnings=caa, certificates=()),), activations=())
    )
    assert found.issuances == (Issuance(HOST, HOST, ("certainly.com",)),)
    assert "caa: add a CAA record" in warnings(found)[0].text


def test_a_failed_certificate_is_ordered_anew() -> None:
    live = settled(subscriptions=(order(state="failed", certificates=()),), activations=())
    found = composed(live)
    assert differences(live, found) == {SUBSCRIPTION: {"failed": (True, False)}}
    assert "orders another" in warnings(found)[0].text
    outputs = next(r for r in live.resources() if r.id == SUBSCRIPTION_ID).outputs
    assert outputs["challenge_name"] == f"_acme-challenge.{HOST}"
    assert "challenge_value" not in outputs, "the record waits for what the new order tells"


@pytest.mark.parametrize("served", [activation("*.example.com", "u9"), activation(HOST, "u9")])
def test_a_certificate_that_serves_the_host_already_is_kept(served: Any) -> None:
    live = state(activations=(served,))
    found = composed(live)
    assert kinds(found) == [DOMAIN, SERVICE]
    assert (found.records, found.issuances) == ((), ())
    assert found.targets[HOST].values == (CNAME,)
    assert not [r for r in live.resources() if r.id.kind == ACTIVATION]


def test_a_subscription_for_several_hosts_is_kept_where_it_serves_and_told_where_it_does_not() -> None:
    several = order(HOST, "www.example.com", id="many", certificates=("c7",))
    found = composed(state(subscriptions=(several,), activations=(activation(HOST, "c7"),)))
    assert kinds(found) == [DOMAIN, SERVICE]
    pending = order(HOST, "www.example.com", id="many", state="pending", certificates=())
    [told] = warnings(composed(state(subscriptions=(pending,))))
    assert "many" in told.text


def test_a_named_certificate_takes_the_place_of_a_subscription() -> None:
    live = settled(certificates=(upload(),), named=("u1",))
    found = composed(live, certificates=["u1"])
    assert kinds(found) == [DOMAIN, SERVICE, ACTIVATION]
    assert {r.id for r in live.resources()} - {r.id for r in found.resources} == {SUBSCRIPTION_ID}


def test_the_first_named_certificate_that_covers_the_host_is_taken() -> None:
    uploads = (upload("u1", "other.example.com"), upload("u2", "*.example.com"), upload("u3"))
    live = state(certificates=uploads, named=("u1", "u2", "u3"))
    found = composed(live, certificates=["u1", "u2", "u3"])
    assert one(found, ACTIVATION).attrs["certificate"] == "u2"


def test_named_certificates_of_which_none_covers_the_host_are_refused_each_with_its_reason() -> None:
    live = state(certificates=(upload("u1", "other.example.com"),), named=("u1", "gone"))
    [told] = errors(composed(live, certificates=["u1", "gone"]))
    assert "u1 is for other.example.com; gone is not in this account" in told.text


def test_the_cname_is_read_from_the_hosts_own_configuration() -> None:
    [default] = configurations()
    other = type(default)("other", "HTTP/3", cname="n.sni.global.fastly.net")
    live = settled(configurations=(default, other), subscriptions=(order(configuration="other"),))
    assert composed(live).targets[HOST].values == ("n.sni.global.fastly.net",)
    assert composed(live, tls_configuration=default.id).targets[HOST].values == (CNAME,)


@pytest.mark.parametrize(
    ("found", "options", "told"),
    [
        (configurations(cname=None), {}, "tells of no CNAME"),
        ((), {}, "no default TLS configuration"),
        (configurations(), {"tls_configuration": "unknown0000000000"}, "no TLS configuration unknown"),
    ],
)
def test_without_a_cname_nothing_is_made(found: Any, options: dict[str, Any], told: str) -> None:
    composition = composed(state(configurations=found), **options)
    assert told in errors(composition)[0].text
    assert (composition.resources, composition.targets) == ((), {})


def test_a_record_that_fastly_no_longer_tells_is_left_to_the_user() -> None:
    found = composed(settled(subscriptions=(order(challenges=False),)))
    assert found.records == ()
    assert "keep the CNAME at _acme-challenge." in warnings(found)[0].lift


def test_a_name_too_long_for_a_certificate_is_refused() -> None:
    hosts = [wanted(f"{'click' * 13}.example.com")]
    assert "common name holds 64" in errors(composed(state(hosts), hosts))[0].text


# -- the service's own obstacles
def test_a_compute_service_and_one_that_answers_itself_are_refused() -> None:
    assert "Compute" in errors(composed(settled(services=(service(type="wasm"),))))[0].text
    version = config(response_objects=[{"name": "maintenance", "request_condition": ""}])
    assert "maintenance" in errors(composed(settled(version)))[0].text


def test_a_name_that_bears_anothers_comment_is_refused() -> None:
    found = composed(state(services=(service(comment="tdr other spgo.io"),)))
    assert NAME in errors(found)[0].text


def test_live_resources_name_what_they_use_so_that_deletion_goes_in_fastlys_order() -> None:
    by_id = {r.id: r for r in settled().resources()}
    assert by_id[SUBSCRIPTION_ID].after == {DOMAIN_ID}
    assert by_id[DOMAIN_ID].after == {THE_SERVICE}
    assert by_id[DOMAIN_ID].outputs["service_id"] == SERVICE_ID
    assert {r.mark for r in by_id.values()} == {OWNER}
