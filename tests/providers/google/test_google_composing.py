"""What a tracking host needs at Google, from what the project holds."""

from __future__ import annotations

from typing import Any

import pytest

from providers.google.names import (
    CERTIFICATE,
    HTTPS_PROXY,
    MAP_ENTRY,
    PROXY_CERTIFICATE,
    RULE,
    SSL_CERTIFICATE,
    name_of,
)
from providers.google.natives import short
from reconciler.assemble import Assembly
from reconciler.diff import diff
from reconciler.dns import Record
from reconciler.model import Ref, ResourceId
from reconciler.order import order
from reconciler.plan import Step
from reconciler.provider import Issuance
from tests.providers.google.google_values import (
    ALIAS,
    HOST,
    IP,
    NAME,
    NUMBER,
    ORIGIN,
    OWNER,
    PROJECT,
    PROOF,
    address,
    authorization,
    backend,
    balancer,
    certificate,
    classic,
    composed,
    differences,
    endpoint,
    entry,
    errors,
    group,
    https_proxy,
    link,
    listed,
    live,
    manager,
    map_,
    one,
    rule,
    settled,
    spare,
    state,
    uploaded,
    uploaded_classic,
    wanted,
    warnings,
)

EU = "eu.spgo.io"


# -- nothing to do
def test_what_stands_as_tdr_made_it_needs_nothing() -> None:
    found = settled()
    assert differences(found, composed(found)) == {}
    assert spare(found, composed(found)) == []


def test_what_stands_with_the_load_balancers_certificates_needs_nothing() -> None:
    found = listed()
    there = composed(found, certificates="load-balancer")
    assert differences(found, there) == {}
    assert spare(found, there) == []
    assert there.targets[HOST].move_class == "A"


def test_a_reference_is_the_same_with_any_host_and_with_the_projects_number() -> None:
    names = (link("urlMaps", "x"), "global/urlMaps/x", f"projects/{NUMBER}/global/urlMaps/x")
    assert {short(name, PROJECT, NUMBER) for name in names} == {"x"}
    assert short(f"//certificatemanager.googleapis.com/{manager('certificateMaps', 'x')}", PROJECT) == "x"


def test_what_is_anothers_is_told_as_the_path_that_it_is() -> None:
    assert short("https://compute.googleapis.com/compute/v1/projects/other/global/urlMaps/x", PROJECT) == (
        "projects/other/global/urlMaps/x"
    )
    zonal = f"projects/{PROJECT}/zones/europe-west1-b/networkEndpointGroups/x"
    assert short(f"https://compute.googleapis.com/compute/v1/{zonal}", PROJECT) == zonal


# -- a new host
def test_a_new_host_is_proven_by_a_record_before_dns_moves() -> None:
    found = composed()
    proof = ResourceId(ALIAS, "google_dns_authorization", HOST)
    value = Ref(proof, "record_value")
    assert found.records == (Record(HOST, "validation", f"_acme-challenge.{HOST}", "CNAME", (value,), 3600),)
    assert found.issuances == (Issuance(HOST, HOST, ("pki.goog", "letsencrypt.org")),)
    assert found.targets[HOST].move_class == "A"
    assert one(found, CERTIFICATE).after == {proof}
    assert ResourceId(ALIAS, CERTIFICATE, HOST) in one(found, MAP_ENTRY).after
    assert ResourceId(ALIAS, RULE, "spgo.io/443") in one(found, MAP_ENTRY).after


def test_where_the_record_of_a_project_of_its_own_stands_only_google_tells() -> None:
    found = composed(validation_record="per-project")
    assert found.records[0].name == Ref(ResourceId(ALIAS, "google_dns_authorization", HOST), "record_name")


def test_an_authorization_that_is_there_keeps_its_kind_and_is_taken() -> None:
    native = {**authorization(owner=None), "type": "PER_PROJECT_RECORD"}
    found = state(authorizations=[native])
    assert live(found)[f"google_dns_authorization/{HOST}"].mark is None
    assert differences(found, composed(found))[f"google_dns_authorization/{HOST}"] == {"owner": (None, OWNER)}


def test_a_name_that_something_else_has_is_not_taken() -> None:
    there = composed(state(backends=[backend(description="tdr other spgo.io")]))
    assert one(there, "google_backend_service").attrs["name"] == name_of(OWNER, ORIGIN, "1")


# -- drift
@pytest.mark.parametrize(
    ("given", "off"),
    [
        ({"customRequestHeaders": ["Host: spgo.io"]}, {"request_headers": (("Host: spgo.io",), ())}),
        ({"protocol": "HTTP"}, {"protocol": ("HTTP", "HTTPS")}),
        ({"timeoutSec": 5}, {"timeout_s": (5, 30)}),
        (
            {"enableCDN": True, "cdnPolicy": {"cacheMode": "CACHE_ALL_STATIC", "defaultTtl": 3600}},
            {
                "cdn": (True, False),
                "cache_mode": ("CACHE_ALL_STATIC", None),
                "default_ttl": (3600, None),
            },
        ),
        ({"description": ""}, {"description": ("", f"tdr {OWNER} spgo.io")}),
    ],
)
def test_a_backend_service_changed_by_hand_is_put_right(given: Any, off: Any) -> None:
    found = settled(backends=[{**backend(), **given}])
    assert differences(found, composed(found)) == {f"google_backend_service/{ORIGIN}": off}


def test_a_redirect_in_the_url_map_is_taken_out() -> None:
    redirect = {"httpsRedirect": True}
    url_map = {"name": NAME, "description": f"tdr {OWNER} spgo.io", "defaultUrlRedirect": redirect}
    off = differences(found := settled(url_maps=[url_map]), composed(found))
    assert off == {
        f"google_url_map/{ORIGIN}": {
            "default_service": ("", NAME),
            "beside": (("defaultUrlRedirect",), ()),
        }
    }


def test_port_80_that_somebody_removed_comes_back() -> None:
    found = settled(rules=[rule("443")])
    assert differences(found, composed(found)) == {"google_forwarding_rule/spgo.io/80": {}}


def test_a_rule_that_leads_elsewhere_is_led_back() -> None:
    found = settled(rules=[rule("443"), rule("80", target=link("targetHttpProxies", "other"))])
    assert differences(found, composed(found)) == {
        "google_forwarding_rule/spgo.io/80": {"target": ("other", NAME)}
    }


def test_a_rule_with_another_address_gives_way_to_a_new_one() -> None:
    found = settled(rules=[rule("443"), rule("80", ip="198.51.100.99")])
    there = composed(found)
    fresh = name_of(OWNER, "spgo.io/80", "1")
    assert one(there, RULE, "spgo.io/80").attrs["name"] == fresh
    assert spare(found, there) == [f"google_forwarding_rule/spgo.io/80/{name_of(OWNER, 'spgo.io/80')}"]


def test_a_group_with_another_endpoint_gives_way_to_a_new_one() -> None:
    found = settled(endpoints={NAME: [endpoint("eu.spgo.io")]})
    there = composed(found)
    fresh = name_of(OWNER, ORIGIN, "1")
    assert differences(found, there) == {
        f"google_network_endpoint_group/{ORIGIN}": {},
        f"google_backend_service/{ORIGIN}": {"groups": ((NAME,), (fresh,))},
    }
    assert spare(found, there) == [f"google_network_endpoint_group/{ORIGIN}/{NAME}"]


def test_a_group_that_is_yet_to_be_given_its_endpoint_is_finished() -> None:
    found = settled(groups=[group(size=0)], endpoints={NAME: []})
    assert differences(found, composed(found)) == {
        f"google_network_endpoint_group/{ORIGIN}": {"endpoints": ((), ("spgo.io:443",))}
    }


# -- certificates that fail
def test_a_certificate_that_google_gave_up_on_gives_way_to_another() -> None:
    found = settled(certificates=[certificate(state="FAILED")])
    there = composed(found)
    fresh = name_of(OWNER, HOST, "1")
    assert differences(found, there) == {
        f"google_certificate/{HOST}": {},
        f"google_certificate_map_entry/{HOST}": {"certificates": ((PROOF,), (fresh,))},
    }
    assert spare(found, there) == [f"google_certificate/{HOST}/{PROOF}"]
    used = live(found)[f"google_certificate_map_entry/{HOST}"].after
    assert ResourceId(ALIAS, CERTIFICATE, f"{HOST}/{PROOF}") in used
    assert "gave up" in warnings(there)[0].text


def test_what_is_active_today_is_said_to_be() -> None:
    found = settled()
    assert {id_.kind for id_ in composed(found).ready} == {CERTIFICATE, MAP_ENTRY}
    found = settled(
        certificates=[certificate(state="PROVISIONING")], entries={NAME: [entry(state="PENDING")]}
    )
    assert composed(found).ready == frozenset()


# -- uploaded ones
def test_the_first_uploaded_certificate_that_covers_the_host_is_used_and_none_ordered() -> None:
    found = state(
        certificates=[uploaded("other", "a.example.net"), uploaded("wild", "*.example.com")],
        named=("other", "wild"),
    )
    there = composed(found, uploaded=["other", "wild"])
    assert one(there, MAP_ENTRY).attrs["certificates"] == ("wild",)
    assert not [r for r in there.resources if r.id.kind == CERTIFICATE]
    assert (there.records, there.issuances) == ((), ())


def test_an_uploaded_certificate_of_the_load_balancer_is_proven_before_dns_moves() -> None:
    found = state(classic=[uploaded_classic("wild", "*.example.com")], named=("wild",), to_map=False)
    there = composed(found, uploaded=["wild"], certificates="load-balancer")
    assert one(there, PROXY_CERTIFICATE).attrs == {"certificate": "wild"}
    assert one(there, HTTPS_PROXY).attrs["first_certificate"] == ("wild",)
    assert there.targets[HOST].move_class == "A"


def test_a_host_that_no_uploaded_certificate_covers_is_refused_with_the_reasons() -> None:
    found = state(
        certificates=[uploaded("other", "a.example.net")],
        classic=[uploaded_classic("classic", HOST)],
        named=("other", "classic", "none"),
    )
    [finding] = errors(composed(found, uploaded=["other", "classic", "none"]))
    assert "other is for a.example.net" in finding.text
    assert "there is one for `certificates: load-balancer`" in finding.text
    assert "none is not in Certificate Manager" in finding.text


# -- where Certificate Manager cannot be read
OFF = {"unread": "the API certificatemanager.googleapis.com is off", "to_map": False}
CLASSIC = {"certificates": "load-balancer"}


def test_with_certificates_of_the_load_balancer_certificate_manager_is_not_missed() -> None:
    there = composed(listed(unread=OFF["unread"]), **CLASSIC)
    assert there.findings == ()


@pytest.mark.parametrize("host", [wanted(absent=True), wanted(origin=EU)])
def test_nothing_is_done_while_the_map_of_a_load_balancer_cannot_be_read(host: Any) -> None:
    """Nothing would tell that hosts rest on it: it would go before their DNS has moved."""
    there = composed(state([host], **balancer(), **OFF), [host], **CLASSIC)
    [finding] = errors(there)
    assert (finding.host, "is off" in finding.text) == (None, True)


def test_that_other_load_balancers_cannot_be_told_from_is_said_where_there_are_any() -> None:
    theirs = {**https_proxy(), "name": "shop", "description": ""}
    there = composed(state(https_proxies=[theirs], **OFF), **CLASSIC)
    assert ["not known" in finding.text for finding in warnings(there)] == [True]
    assert errors(there) == []


# -- from one kind of certificate to the other
def test_the_map_goes_on_a_live_proxy_only_when_all_its_hosts_are_in_it() -> None:
    hosts = [wanted(), wanted("go.example.net")]
    found = listed(hosts, to_map=True)
    there = composed(found, hosts)
    entries = {ResourceId(ALIAS, MAP_ENTRY, w.host) for w in hosts}
    assert entries <= one(there, HTTPS_PROXY).after
    assert not any(id_.kind == RULE for id_ in one(there, MAP_ENTRY, HOST).after)
    assert differences(found, there)[f"google_https_proxy/{ORIGIN}"] == {"certificate_map": (None, NAME)}


def test_the_load_balancers_certificates_go_after_the_map_is_on() -> None:
    found = listed(to_map=True)
    there = composed(found)
    member, its = f"{PROXY_CERTIFICATE}/{HOST}", f"{SSL_CERTIFICATE}/{HOST}"
    assert spare(found, there) == [member, its]
    assert ResourceId(ALIAS, PROXY_CERTIFICATE, HOST) in live(found)[f"google_https_proxy/{ORIGIN}"].after
    assert ResourceId(ALIAS, SSL_CERTIFICATE, HOST) in live(found)[member].after


def test_a_map_is_refused_while_the_proxy_serves_hosts_that_are_not_in_the_file() -> None:
    on = [link("sslCertificates", name) for name in (PROOF, "foreign")]
    found = listed(
        https_proxies=[https_proxy(certificateMap=None, sslCertificates=on)],
        classic=[classic(), uploaded_classic("foreign", "shop.example.org")],
        to_map=True,
    )
    [finding] = errors(composed(found))
    assert "shop.example.org" in finding.text
    assert composed(found).resources == ()


def test_a_map_is_refused_while_the_proxy_serves_a_host_that_is_refused_itself() -> None:
    hosts = [wanted(), wanted("go.example.net")]
    found = listed(hosts, to_map=True, certificates=[uploaded("mine", HOST)], named=("mine",))
    there = composed(found, hosts, uploaded=["mine"])
    assert {f.host for f in errors(there)} == {HOST, "go.example.net"}
    assert there.resources == ()


# -- what is to stand until DNS has moved
RULES = {ResourceId(ALIAS, RULE, f"{ORIGIN}/{port}") for port in ("443", "80")}
ON_X = [https_proxy(certificateMap=None, sslCertificates=[link("sslCertificates", "x")])]
X = {"https_proxies": ON_X, "classic": [uploaded_classic("x", "*.example.com")], "maps": []}


@pytest.mark.parametrize(
    "found",
    [
        settled(),
        settled([wanted(origin=EU)]),
        settled([wanted(absent=True)]),
        settled(certificates=[uploaded("mine", HOST)], authorizations=[], named=("mine",)),
        listed(),
        listed(to_map=True),
        listed([wanted(origin=EU)]),
        listed([wanted(origin=EU)], to_map=True),
        listed([wanted(absent=True)], to_map=True),
        *(
            listed([one], **X, named=named, to_map=to_map)
            for one in (wanted(), wanted(origin=EU), wanted(absent=True))
            for named, to_map in ((("x",), False), (("x",), True), ((), True))
        ),
    ],
)
def test_as_long_as_a_host_has_anything_what_visitors_come_in_by_is_not_to_go(found: Any) -> None:
    """The engine lets a host's own go after DNS has moved, and what that names in `after` later still."""
    own = [r for r in live(found).values() if r.host == HOST and RULES <= r.after]
    assert [r.id.key for r in own] == [HOST if found.origins[HOST] == ORIGIN else f"{HOST}/{ORIGIN}"]


def steps(found: Any, there: Any = None) -> list[str]:
    """The steps from what is there to what is composed, in order: `kind/key`."""
    before = {r.id: r for r in live(found).values()}
    after = {r.id: r for r in there.resources} if there is not None else {}
    changes = [c for id_ in {**before, **after} if (c := diff(before.get(id_), after.get(id_))) is not None]
    return [
        f"{step.change.id.kind}/{step.change.id.key}"
        for step in order(changes, Assembly(before, after, {}, ()), {})
        if isinstance(step, Step)
    ]


@pytest.mark.parametrize("found", [settled(), listed(), listed(to_map=True), listed(**X, to_map=True)])
def test_taken_down_a_load_balancer_goes_after_what_its_hosts_have(found: Any) -> None:
    """Also one that was to get a certificate map, and keeps its hosts' certificates until it has."""
    gone = steps(found)
    own = [gone.index(f"{r.id.kind}/{r.id.key}") for r in live(found).values() if RULES <= r.after]
    assert len(gone) == len(live(found))
    assert max(own) < min(gone.index(f"{RULE}/{id_.key}") for id_ in RULES)


@pytest.mark.parametrize("found", [listed(to_map=True), listed(**X, to_map=True)])
def test_certificates_leave_a_proxy_only_when_it_has_the_map(found: Any) -> None:
    made = steps(found, composed(found))
    switch, leaves = f"{HTTPS_PROXY}/{ORIGIN}", f"{PROXY_CERTIFICATE}/{HOST}"
    assert made.index(f"{MAP_ENTRY}/{HOST}") < made.index(switch) < made.index(leaves)


def test_an_uploaded_certificate_that_others_stay_with_is_not_a_leaving_hosts() -> None:
    hosts = [wanted(), wanted("go.example.com", EU), wanted("old.example.com", absent=True)]
    found = listed(hosts, **X, named=("x",))
    members = [key for key in live(found) if key.startswith(PROXY_CERTIFICATE)]
    assert members == [f"{PROXY_CERTIFICATE}/{HOST}"]


def test_the_way_back_from_a_map_is_refused() -> None:
    [finding] = errors(composed(settled(to_map=False), certificates="load-balancer"))
    assert "certificate map" in finding.text
    assert finding.lift == "write `certificates: dns-authorized`"


def test_the_sixteenth_host_is_refused_with_the_way_out() -> None:
    hosts = [wanted(f"h{n:02}.example.com") for n in range(16)]
    found = composed(state(hosts, to_map=False), hosts, certificates="load-balancer")
    [finding] = errors(found)
    assert finding.host == "h15.example.com"
    assert "dns-authorized" in finding.lift
    assert len(found.targets) == 15


def test_hosts_that_are_on_the_proxy_come_before_new_ones() -> None:
    standing = [wanted(f"h{n:02}.example.com") for n in range(15)]
    hosts = [*standing, wanted("a.example.com")]
    there = composed(listed(standing), hosts, certificates="load-balancer")
    assert [f.host for f in errors(there)] == ["a.example.com"]


def test_a_host_that_leaves_makes_room() -> None:
    standing = [wanted(f"h{n:02}.example.com", absent=n == 0) for n in range(15)]
    hosts = [*standing, wanted("a.example.com")]
    assert errors(composed(listed(standing), hosts, certificates="load-balancer")) == []


def test_a_certificate_that_failed_for_good_gives_way_to_another() -> None:
    found = listed(classic=[classic(status="PROVISIONING_FAILED_PERMANENTLY", told="FAILED_NOT_VISIBLE")])
    there = composed(found, certificates="load-balancer")
    fresh = name_of(OWNER, HOST, "1")
    assert one(there, SSL_CERTIFICATE).attrs["name"] == fresh
    assert differences(found, there)[f"google_proxy_certificate/{HOST}"] == {"certificate": (PROOF, fresh)}
    assert spare(found, there) == [f"google_ssl_certificate/{HOST}/{PROOF}"]


def test_a_certificate_that_could_not_be_renewed_is_kept_and_told() -> None:
    found = listed(classic=[classic(status="RENEWAL_FAILED", told="FAILED_NOT_VISIBLE")])
    there = composed(found, certificates="load-balancer")
    assert differences(found, there) == {}
    assert "could not renew" in warnings(there)[0].text


# -- other load balancers
def test_a_host_that_another_load_balancer_serves_moves_and_that_one_stays() -> None:
    theirs = {
        "https_proxies": [{"name": "shop", "sslCertificates": [link("sslCertificates", "shop")]}],
        "rules": [{**rule("443", ip="198.51.100.77"), "name": "shop-https", "description": ""}],
        "classic": [{**classic(), "name": "shop", "description": ""}],
    }
    theirs["rules"][0]["target"] = link("targetHttpsProxies", "shop")
    there = composed(state(**theirs))
    [finding] = warnings(there)
    assert "198.51.100.77" in finding.text
    assert errors(there) == []


def test_a_host_that_goes_to_another_region_gets_a_load_balancer_of_its_own() -> None:
    hosts = [wanted(origin=EU)]
    found = settled(hosts)
    there = composed(found, hosts)
    assert ResourceId(ALIAS, "google_address", EU) in {r.id for r in there.resources}
    # its certificate is good for both, so the move is proven before DNS
    assert f"google_certificate/{HOST}" not in differences(found, there)
    assert f"{MAP_ENTRY}/{HOST}/{ORIGIN}" in spare(found, there)
    assert f"google_forwarding_rule/{ORIGIN}/443" in spare(found, there)


def test_both_load_balancers_can_stand() -> None:
    hosts = [wanted(), wanted("go.example.net", EU)]
    first, second = balancer(), balancer(EU, "198.51.100.41")
    both = {name: [*first[name], *second[name]] for name in first if name != "endpoints"}
    found = state(
        hosts,
        {NAME: [entry()], name_of(OWNER, EU): [entry("go.example.net", EU)]},
        **both,
        endpoints={**first["endpoints"], **second["endpoints"]},
        authorizations=[authorization(), authorization("go.example.net")],
        certificates=[certificate(), certificate("go.example.net")],
    )
    assert differences(found, composed(found, hosts)) == {}
    assert spare(found, composed(found, hosts)) == []


# -- the scheme
def test_a_classic_load_balancer_keeps_its_scheme() -> None:
    old = {"loadBalancingScheme": "EXTERNAL"}
    found = settled(backends=[backend(**old)], rules=[rule("443", **old), rule("80", **old)])
    assert differences(found, composed(found)) == {}


def test_another_scheme_is_refused_with_googles_way() -> None:
    [finding] = errors(composed(settled(), scheme="EXTERNAL"))
    assert "EXTERNAL_MANAGED" in finding.text
    assert "TEST_ALL_TRAFFIC" in finding.lift


def test_a_host_too_long_for_a_certificate_is_refused() -> None:
    host = f"{'a' * 60}.example.com"
    assert "64 at most" in errors(composed(hosts=[wanted(host)]))[0].text


def test_the_address_in_use_counts_where_there_are_two() -> None:
    other = {**address(ip="198.51.100.99"), "name": "aaa"}
    found = settled(addresses=[other, address()])
    assert found.balancer(ORIGIN).address is not None
    assert found.balancer(ORIGIN).rules.keys() == {"443", "80"}
    assert spare(found, composed(found)) == [f"google_address/{ORIGIN}/aaa"]
    assert IP in {r.attrs["address"] for r in live(found).values() if r.id.kind == RULE}


def test_a_map_that_somebody_unset_by_hand_comes_back() -> None:
    found = settled(https_proxies=[https_proxy(certificateMap=None)], maps=[map_()])
    assert differences(found, composed(found)) == {
        f"google_https_proxy/{ORIGIN}": {"certificate_map": (None, NAME)}
    }
