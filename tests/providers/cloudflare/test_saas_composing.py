"""What hosts need through Cloudflare for SaaS, values in, values out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from providers.cloudflare.composing import Wishes, compose_edges
from providers.cloudflare.names import CUSTOM_HOSTNAME, FALLBACK_ORIGIN, SAAS_ORIGIN, SAAS_SSL_HOST
from providers.cloudflare.saas_composing import compose_saas
from providers.cloudflare.saas_state import state_of
from providers.cloudflare.zones import CloudflareState, ZoneState
from reconciler.dns import RRset
from reconciler.model import Ref, Resource, ResourceId, Severity, attrs
from reconciler.provider import Composition, Wanted
from tests.providers.cloudflare.saas_desk import ORIGIN, OWNER, ZONE, hostname, zone

HOST, GO = "click.example.com", "go.example.org"
WISHES = Wishes("brand", OWNER, "full", 10, ZONE)
ACTIVE = {"status": "active", "ssl": {"status": "active"}}


def wanted(host: str = HOST, origin: str = "spgo.io", **more: Any) -> Wanted:
    return Wanted(host, origin, 3600, **more)


def record(name: str = ORIGIN, target: str = "spgo.io", comment: str = "") -> RRset:
    text = comment or f"tdr:v1 {OWNER} origin {target}"
    return RRset(ZONE, name, "CNAME", 1, (target,), attrs(proxied=True), attrs(comments=(text,)))


def state(
    *natives: dict[str, Any],
    fallback: str | None = None,
    records: Sequence[RRset] = (),
    delegation: str = "",
    owners: Sequence[str] = (),
    others: Sequence[ZoneState] = (),
    own: ZoneState | None = None,
) -> CloudflareState:
    home = own or zone()
    native = {"origin": fallback, "status": "active"} if fallback else None
    saas = state_of(ZONE, natives, native, delegation, records, dict.fromkeys(owners, OWNER))
    usable = {one.name: one for one in (home, *others)}
    return CloudflareState({ZONE: home}, {}, usable, saas)


def compose(live: CloudflareState, *hosts: Wanted) -> Composition:
    return compose_saas(hosts or (wanted(),), live, WISHES)


def one(composition: Composition, kind: str, key: str) -> Resource:
    return next(r for r in composition.resources if r.id == ResourceId("brand", kind, key))


def texts(composition: Composition, severity: Severity = Severity.WARNING) -> list[str]:
    return [f.text for f in composition.findings if f.severity is severity]


def standing() -> CloudflareState:
    return state(hostname(HOST, **ACTIVE), fallback=ORIGIN, records=[record()], owners=[HOST])


def test_a_new_host_needs_an_origin_a_hostname_rules_and_two_records() -> None:
    composed = compose(state())
    assert [r.id.kind for r in composed.resources if r.host is None] == [SAAS_ORIGIN, FALLBACK_ORIGIN]
    assert one(composed, FALLBACK_ORIGIN, ZONE).attrs["origin"] == ORIGIN
    made = one(composed, CUSTOM_HOSTNAME, HOST)
    assert dict(made.attrs) == {
        "hostname": HOST,
        "custom_origin_server": "",
        "ssl_method": "txt",
        "ssl_type": "dv",
        "min_tls_version": "1.2",
        "certificate": "current",
    }
    assert {id_.kind for id_ in made.after} == {SAAS_SSL_HOST, SAAS_ORIGIN, FALLBACK_ORIGIN}
    assert [(r.role, r.type, r.name, r.values) for r in composed.records] == [
        ("validation", "CNAME", f"_acme-challenge.{HOST}", (Ref(made.id, "dcv_target"),)),
        ("ownership", "TXT", f"_cf-custom-hostname.{HOST}", (Ref(made.id, "ownership_value"),)),
    ]
    target = composed.targets[HOST]
    assert (target.type, target.values, target.move_class) == ("CNAME", (ORIGIN,), "A")
    assert [i.authorities for i in composed.issuances] == [("pki.goog", "letsencrypt.org", "ssl.com")]
    assert texts(composed, Severity.ERROR) == []


def test_what_stands_is_composed_as_it_is_read() -> None:
    live = standing()
    composed = compose(live)
    assert live.saas is not None
    read = {r.id: r for r in live.saas.resources("brand", OWNER)}
    for id_, resource in read.items():
        wanted_now = next(r for r in composed.resources if r.id == id_)
        assert (dict(wanted_now.attrs), wanted_now.container, wanted_now.mark) == (
            dict(resource.attrs),
            resource.container,
            resource.mark,
        )
    assert {id_.kind for id_ in read} == {SAAS_ORIGIN, FALLBACK_ORIGIN, CUSTOM_HOSTNAME}
    assert composed.ready == {ResourceId("brand", CUSTOM_HOSTNAME, HOST)}
    assert composed.issuances == ()


def test_the_endpoint_of_most_hosts_is_the_fallback_and_the_others_name_their_origin() -> None:
    hosts = (wanted(), wanted("a.example.net"), wanted(GO, "eu.spgo.io"))
    composed = compose(state(), *hosts)
    eu = f"tdr-{OWNER}-eu-spgo-io.{ZONE}"
    assert one(composed, FALLBACK_ORIGIN, ZONE).attrs["origin"] == ORIGIN
    made = one(composed, CUSTOM_HOSTNAME, GO)
    assert made.attrs["custom_origin_server"] == eu
    # Without a fallback origin none is taken in, whatever origin it names.
    assert ResourceId("brand", FALLBACK_ORIGIN, ZONE) in made.after
    native = hostname(GO, custom_origin_server=eu, **ACTIVE)
    live = state(native, fallback=ORIGIN, records=[record(), record(eu, "eu.spgo.io")], owners=[GO])
    assert live.saas is not None
    assert {r.id: r.after for r in live.saas.resources("brand", OWNER)}[made.id] == made.after
    assert composed.targets[GO].values == (eu,)
    [told] = [text for text in texts(composed) if "eu.spgo.io" in text]
    assert "do not agree whether the Business plan" in told


def test_a_fallback_that_stands_stays_while_anything_goes_there() -> None:
    live = state(hostname("their.example", **ACTIVE), fallback=ORIGIN, records=[record()])
    composed = compose(live, wanted(GO, "eu.spgo.io"))
    assert one(composed, FALLBACK_ORIGIN, ZONE).attrs["origin"] == ORIGIN
    moved = compose(standing(), wanted(HOST, "eu.spgo.io"))  # what another part of tdr may refuse
    assert one(moved, FALLBACK_ORIGIN, ZONE).attrs["origin"] == ORIGIN
    alone = compose(state(fallback=ORIGIN, records=[record()]), wanted(GO, "eu.spgo.io"))
    assert one(alone, FALLBACK_ORIGIN, ZONE).attrs["origin"] == f"tdr-{OWNER}-eu-spgo-io.{ZONE}"


def test_a_fallback_of_the_users_is_left_alone_and_told() -> None:
    theirs = f"www.{ZONE}"
    live = state(fallback=theirs, records=[record(theirs, "app.example.net", "mine")])
    composed = compose(live)
    assert [r.id.kind for r in composed.resources if r.host is None] == [SAAS_ORIGIN]
    assert one(composed, CUSTOM_HOSTNAME, HOST).attrs["custom_origin_server"] == ORIGIN
    assert any(f"not tdr's, {theirs}" in text for text in texts(composed))
    same = compose(state(fallback=theirs, records=[record(theirs, "spgo.io", "mine")]))
    assert one(same, CUSTOM_HOSTNAME, HOST).attrs["custom_origin_server"] == ""


def test_a_record_that_is_not_tdrs_at_the_origins_name_is_refused() -> None:
    composed = compose(state(records=[record(comment="mine")]))
    [text] = texts(composed, Severity.ERROR)
    assert text.startswith(f"record {ORIGIN}")
    assert text.endswith("is not tdr's")


def test_an_address_at_the_origins_name_is_refused_before_anything_is_written() -> None:
    there = RRset(ZONE, ORIGIN, "A", 1, ("192.0.2.9",), attrs(proxied=True), attrs())
    [text] = texts(compose(state(records=[there], fallback=ORIGIN)), Severity.ERROR)
    assert text.endswith("is an A or AAAA record")


@pytest.mark.parametrize(
    "found",
    [
        [],
        [record()],
        [replace(record(), attrs=attrs(proxied=False))],
        [replace(record(), values=("eu.spgo.io",))],
    ],
)
def test_an_origin_record_that_somebody_took_away_or_edited_changes_no_hostname(found: list[RRset]) -> None:
    live = state(hostname(HOST, **ACTIVE), fallback=ORIGIN, records=found, owners=[HOST])
    composed = compose(live, wanted(), wanted(GO, "eu.spgo.io"))
    assert one(composed, FALLBACK_ORIGIN, ZONE).attrs["origin"] == ORIGIN
    assert one(composed, CUSTOM_HOSTNAME, HOST).attrs["custom_origin_server"] == ""
    assert live.saas is not None
    assert FALLBACK_ORIGIN in {r.id.kind for r in live.saas.resources("brand", OWNER)}
    assert not any("not tdr's" in text for text in texts(composed))


def test_what_does_not_serve_yet_is_told_in_plain_words() -> None:
    waiting = texts(compose(state(hostname(HOST))))
    assert any(
        "waits for the TXT record" in text and "certificate pending_validation" in text for text in waiting
    )
    [trial] = [f for f in compose(state(hostname(HOST, status="test_active"))).findings if "trial" in f.text]
    assert trial.lift == "end its trial in Cloudflare, or delete it there; then run tdr apply again"
    partial = compose(state(own=zone(type="partial")))
    assert [f.lift for f in partial.findings if f.severity is Severity.ERROR] == [
        "name as saas_zone a full zone of the account"
    ]
    assert not any("does not serve" in text for text in texts(compose(standing())))


def test_what_serves_keeps_its_method_and_a_stricter_tls() -> None:
    ssl = {"status": "active", "method": "http", "settings": {"min_tls_version": "1.3"}}
    native = hostname(HOST, status="active", ssl=ssl)
    composed = compose(state(native, fallback=ORIGIN, records=[record()]))
    made = one(composed, CUSTOM_HOSTNAME, HOST).attrs
    assert (made["ssl_method"], made["min_tls_version"]) == ("http", "1.3")
    assert [r.role for r in composed.records] == ["ownership"]


@pytest.mark.parametrize("lost", ["validation_timed_out", "expired"])
def test_a_certificate_that_never_comes_is_a_change(lost: str) -> None:
    live = state(hostname(HOST, ssl={"status": lost}), fallback=ORIGIN, records=[record()])
    assert live.saas is not None
    assert live.saas.hostnames[HOST].as_attrs()["certificate"] == lost
    composed = compose(live)
    assert one(composed, CUSTOM_HOSTNAME, HOST).attrs["certificate"] == "current"
    assert any("is asked for again" in text for text in texts(composed))


def test_without_delegation_the_certificate_is_proven_by_txt_and_the_zones_own_names_go_first() -> None:
    rows = [{"txt_name": f"_acme-challenge.{HOST}", "txt_value": "v"}]
    native = hostname(HOST, ssl={"dcv_delegation_records": None, "validation_records": rows})
    composed = compose(state(native))
    assert (composed.records[0].type, composed.records[0].values) == ("TXT", ("v",))
    live = state(native, delegation="abc")
    assert compose(live).records[0].type == "CNAME"
    assert live.saas is not None
    assert live.saas.hostnames[HOST].outputs()["dcv_target"] == f"{HOST}.abc.dcv.cloudflare.com"


def test_what_cloudflare_no_longer_tells_is_left_and_goes_with_the_host() -> None:
    native = hostname(HOST, **ACTIVE)
    del native["ownership_verification"]
    live = state(native, fallback=ORIGIN, records=[record()])
    assert [r.role for r in compose(live).records] == ["validation"]
    leaving = compose(live, wanted(leaving=True))
    assert [(r.role, r.type) for r in leaving.records] == [("validation", "CNAME"), ("ownership", "TXT")]
    assert leaving.resources == ()


def test_hosts_that_cannot_be_custom_hostnames_are_refused() -> None:
    inside = compose(state(), wanted(f"click.{ZONE}"))
    assert "lies in the saas zone" in texts(inside, Severity.ERROR)[0]
    held = compose(state(hostname(HOST, status="blocked")))
    assert "zone hold" in texts(held, Severity.ERROR)[0]
    pending = compose(state(own=zone(status="pending")))
    assert "not active" in texts(pending, Severity.ERROR)[0]
    gone = compose_saas([wanted()], CloudflareState(usable={"other.net": zone(name="other.net")}), WISHES)
    assert texts(gone, Severity.ERROR) == [f"saas_zone {ZONE} is not among the zones that the token reaches"]
    assert "other.net" in gone.findings[0].lift


def test_more_than_is_included_is_told_and_a_long_name_too() -> None:
    many = [hostname(f"h{number}.example.net", **ACTIVE) for number in range(100)]
    assert any("101 custom hostnames" in text for text in texts(compose(state(*many))))
    long = f"{'a' * 60}.example.com"
    assert any("sni.cloudflaressl.com" in text for text in texts(compose(state(), wanted(long))))


def test_mode_saas_says_where_the_hosts_own_zone_would_do() -> None:
    home = zone(id="1" * 32, name="example.com")
    assert any("`mode: zone` serves the host" in text for text in texts(compose(state(others=[home]))))
    partial = replace(home, type="partial")
    assert any("partial one" in text for text in texts(compose(state(others=[partial]))))


@pytest.mark.parametrize(
    "home", [None, zone(name="example.com", status="pending"), zone(name="example.com", type="partial")]
)
def test_mode_zone_says_which_zone_could_serve_the_host(home: ZoneState | None) -> None:
    zones = {} if home is None else {home.name: home}
    live = CloudflareState(zones, {}, {ZONE: zone(), **zones})
    composed = compose_edges([wanted()], live, replace(WISHES, saas_zone=None))
    lifts = [f.lift for f in composed.findings if f.severity is Severity.ERROR]
    assert lifts
    assert all(f"`mode: saas, saas_zone: {ZONE}`" in lift for lift in lifts)
