"""What SparkPost should hold, and what a person is told before: tables of files against live accounts."""

from typing import Any

import pytest

from reconciler.dns import HostTarget
from reconciler.model import Finding, Resource, ResourceId, Severity
from reconciler.provider import Composition, Parts, Scope, Wanted
from tests.providers.sparkpost.desk import Desk, provider

HOST = "click.example.com"
OTHER = "go.example.net"
MAIL = "mail.example.com"


def wanted(host: str = HOST, **more: Any) -> Wanted:
    return Wanted(host, "spgo.io", 3600, **more)


def composed(desk: Desk, *all_wanted: Wanted, **options: Any) -> Composition:
    parts = Parts(sparkpost=all_wanted, cdn=tuple(w for w in all_wanted if w.managed))
    sp = provider(desk, **options)
    return sp.compose(parts, sp.read(Scope(parts)))


def by_key(composition: Composition) -> dict[tuple[str, str], Resource]:
    found = {(r.id.kind.removeprefix("tracking_domain_"), r.id.key): r for r in composition.resources}
    assert len(found) == len(composition.resources)
    return found


def shown(composition: Composition) -> dict[tuple[str, str], dict[str, Any]]:
    return {key: dict(resource.attrs) for key, resource in by_key(composition).items()}


DOMAIN = {("tracking_domain", HOST): {"domain": HOST, "subaccount": None, "verified": True}}
SECURE = {("secure", HOST): {"secure": True}}
DEFAULT = {("default", HOST): {"default": True}}
LINK = {("link", MAIL): {"tracking_domain": HOST, "subaccount": None}}


def test_a_plain_domain_is_itself_and_secure() -> None:
    assert shown(composed(Desk(), wanted())) == DOMAIN | SECURE


def test_what_the_file_manages_is_composed() -> None:
    found = composed(Desk().send(MAIL), wanted(default=True, sending_domains=(MAIL,)))
    assert shown(found) == DOMAIN | SECURE | DEFAULT | LINK
    assert found.findings == ()
    assert found.accounts == {HOST: "sparkpost/us/sp"}
    assert {r.host for r in found.resources} == {HOST}


def test_default_false_is_a_wish_of_its_own() -> None:
    found = composed(Desk().track(HOST, default=True), wanted(default=False))
    assert shown(found) == DOMAIN | SECURE | {("default", HOST): {"default": False}}


def test_an_absent_domain_is_not_composed() -> None:
    found = composed(Desk().track(HOST, default=True), wanted(absent=True))
    assert (found.resources, dict(found.targets), dict(found.accounts), found.findings) == ((), {}, {}, ())


def test_what_the_file_leaves_alone_stays_as_it_is() -> None:
    """A live resource of a file's host that is not composed would be deleted."""
    desk = (
        Desk()
        .track(HOST, default=True)
        .track(OTHER)
        .send(MAIL, tracking_domain=HOST)
        .send("news.example.com")
    )
    found = composed(desk, wanted(), wanted(OTHER, sending_domains=("news.example.com",)))
    assert shown(found).items() >= (DEFAULT | LINK).items()


def test_a_link_that_the_file_no_longer_lists_is_not_composed() -> None:
    desk = Desk().track(HOST).send(MAIL, tracking_domain=HOST)
    assert ("link", MAIL) not in by_key(composed(desk, wanted(sending_domains=())))


def test_a_link_moves_by_one_change_even_from_a_host_that_does_not_manage_its_links() -> None:
    desk = Desk().track(HOST).track(OTHER).send(MAIL, tracking_domain=OTHER)
    found = composed(desk, wanted(sending_domains=(MAIL,)), wanted(OTHER))
    assert shown(found)["link", MAIL] == {"tracking_domain": HOST, "subaccount": None}


def test_live_and_desired_are_spelt_alike() -> None:
    desk = Desk().track(HOST, secure=True, default=True, subaccount_id=7, status={"verified": True})
    desk.send(MAIL, tracking_domain=HOST, subaccount_id=7)
    asked = wanted(default=True, sending_domains=(MAIL,), subaccount=7)
    parts = Parts(sparkpost=(asked,))
    sp = provider(desk)
    live = sp.read(Scope(parts))
    assert {r.id: (r.attrs, r.host, r.after) for r in live.resources} == {
        r.id: (r.attrs, r.host, r.after) for r in sp.compose(parts, live).resources
    }


def test_the_order_of_work() -> None:
    found = by_key(composed(Desk().send(MAIL), wanted(default=True, sending_domains=(MAIL,))))
    domain, secure = found["tracking_domain", HOST].id, found["secure", HOST].id
    assert found["tracking_domain", HOST].after == frozenset()
    assert found["secure", HOST].after == {domain}
    assert found["default", HOST].after == {domain, secure}
    assert found["link", MAIL].after == {domain, secure}


def test_a_default_that_is_handed_over_is_given_up_last() -> None:
    """In between, mail would go out with SparkPost's own host."""
    desk = Desk().track(HOST, default=True).track(OTHER)
    found = composed(desk, wanted(default=False), wanted(OTHER, default=True))
    successor = ResourceId("sp", "tracking_domain_default", OTHER)
    assert successor in by_key(found)["default", HOST].after
    assert found.findings == ()
    apart = composed(desk, wanted(default=False), wanted(OTHER, default=True, subaccount=7))
    assert successor not in by_key(apart)["default", HOST].after


# -- managed HTTPS
@pytest.mark.parametrize(("region", "endpoint"), [("us", "v2.spgo.io"), ("eu", "eu.v2.spgo.io")])
def test_a_managed_host_points_to_the_v2_endpoint_of_its_region(region: str, endpoint: str) -> None:
    found = composed(Desk(), wanted(managed=True), wanted(OTHER), region=region)
    assert dict(found.targets) == {HOST: HostTarget("CNAME", (endpoint,), after_dns=True)}
    assert found.targets[HOST].move_class == "C"
    resources = by_key(found)
    assert dict(resources["managed_certificate", HOST].attrs) == {"domain": HOST, "enabled": True}
    assert ("managed_certificate", OTHER) not in resources
    assert resources["managed_certificate", HOST].after == {resources["tracking_domain", HOST].id}
    assert resources["managed_certificate", HOST].id in resources["secure", HOST].after


def test_a_lost_certificate_is_to_be_ordered_again() -> None:
    desk = Desk().track(
        HOST,
        secure=True,
        uses_managed_certificate=True,
        tls_certificate={"expires_at": "2026-01-01T00:00:00.000Z", "error_code": "acme:unauthorized"},
        status={"tls_status": "expired", "verified": True},
    )
    parts = Parts(sparkpost=(wanted(managed=True),), cdn=(wanted(managed=True),))
    sp = provider(desk)
    live = sp.read(Scope(parts))
    [certificate] = [r for r in live.resources if r.id.kind == "managed_certificate"]
    assert certificate.attrs["enabled"] is False
    found = sp.compose(parts, live)
    assert [f.severity for f in found.findings] == [Severity.WARNING]
    assert "port 80" in found.findings[0].text


# -- findings
ERROR, WARNING = Severity.ERROR, Severity.WARNING
MANAGED_LIVE = {"uses_managed_certificate": True, "secure": True}


def only(composition: Composition) -> Finding:
    [finding] = composition.findings
    return finding


@pytest.mark.parametrize(
    ("status", "severity", "said"),
    [
        ("valid", None, ""),
        ("", None, ""),
        ("pending", WARNING, "reviews"),
        ("blocked", ERROR, "abused in the past"),
        ("odd", WARNING, "odd"),
    ],
)
def test_compliance_is_told_in_words(status: str, severity: Severity | None, said: str) -> None:
    found = composed(Desk().track(HOST, status={"compliance_status": status}), wanted(default=True)).findings
    assert [f.severity for f in found] == ([] if severity is None else [severity])
    assert all(said in f.text and f.host == HOST for f in found)


def test_a_domain_is_not_moved_between_subaccounts() -> None:
    finding = only(composed(Desk().track(HOST, subaccount_id=7), wanted()))
    assert (finding.severity, finding.host, finding.key) == (ERROR, HOST, "subaccount")
    assert "subaccount 7" in finding.text
    assert "subaccount: 7" in finding.lift
    back = only(composed(Desk().track(HOST), wanted(subaccount=7)))
    assert "no `subaccount`" in back.lift
    assert composed(Desk().track(HOST), wanted(subaccount=0)).findings == ()


def test_an_unknown_sending_domain_is_refused_with_the_nearest() -> None:
    desk = Desk().send("mail.example.com").send("other.test")
    finding = only(composed(desk, wanted(sending_domains=("mial.example.com",))))
    assert (finding.severity, finding.key) == (ERROR, "sending_domains")
    assert finding.lift == "did you mean mail.example.com?"
    assert "verify it" in only(composed(Desk(), wanted(sending_domains=(MAIL,)))).lift


def test_a_link_stays_within_one_subaccount() -> None:
    desk = Desk().send(MAIL, subaccount_id=7)
    finding = only(composed(desk, wanted(sending_domains=(MAIL,))))
    assert (finding.severity, finding.key) == (ERROR, "sending_domains")
    assert "subaccount 7" in finding.text
    assert composed(desk, wanted(sending_domains=(MAIL,), subaccount=7)).findings == ()


def test_a_sending_domain_has_one_tracking_domain() -> None:
    found = composed(
        Desk().send(MAIL), wanted(sending_domains=(MAIL,)), wanted(OTHER, sending_domains=(MAIL,))
    )
    assert [(f.severity, f.host) for f in found.findings] == [(ERROR, HOST), (ERROR, OTHER)]


def test_a_link_that_leaves_a_host_outside_the_file_is_told() -> None:
    desk = Desk().send(MAIL, tracking_domain="old.example.org")
    finding = only(composed(desk, wanted(sending_domains=(MAIL,))))
    assert (finding.severity, finding.host) == (WARNING, HOST)
    assert "old.example.org" in finding.text


def test_the_default_that_sparkpost_will_unset_is_named() -> None:
    desk = (
        Desk().track("old.example.org", default=True).track("sub.example.org", default=True, subaccount_id=7)
    )
    finding = only(composed(desk, wanted(default=True)))
    assert (finding.severity, finding.host, finding.key) == (WARNING, HOST, "default")
    assert "unsets old.example.org" in finding.text
    assert "unsets sub.example.org" in only(composed(desk, wanted(default=True, subaccount=7))).text
    assert composed(desk, wanted(default=True, subaccount=8)).findings == ()


def test_a_default_that_is_one_already_unsets_nothing() -> None:
    assert composed(Desk().track(HOST, default=True), wanted(default=True)).findings == ()


def test_enterprise_accounts_have_no_managed_https() -> None:
    options = {"region": "enterprise", "endpoint": "https://acme.api.example/api/v1", "origin": "et.example"}
    found = composed(Desk().track(HOST), wanted(managed=True), **options)
    assert (only(found).severity, only(found).key) == (ERROR, "cdn")
    assert dict(found.targets) == {}


@pytest.mark.parametrize("live", [MANAGED_LIVE, {"status": {"tls_status": "pending"}}])
def test_managed_https_is_not_given_up_for_a_cdn(live: dict[str, Any]) -> None:
    desk = Desk().track(HOST, **live)
    found = composed(desk, wanted())
    assert (only(found).severity, only(found).key) == (ERROR, "cdn")
    assert "`cdn: sp`" in only(found).lift
    # And it stays composed: what is live and not composed would be shown as a deletion.
    assert ("managed_certificate", HOST) in by_key(found)


@pytest.mark.parametrize(
    ("live", "severity", "said"),
    [
        ({"status": {"tls_status": "unavailable"}}, ERROR, "policy"),
        (
            {"status": {"tls_status": "failed"}, "tls_certificate": {"error_code": "acme:dns"}},
            WARNING,
            "could not resolve",
        ),
        (
            {
                **MANAGED_LIVE,
                "status": {"tls_status": "valid"},
                "tls_certificate": {"expires_at": "2026-02-01T00:00:00.000Z", "error_code": "acme:temporary"},
            },
            WARNING,
            "2026-02-01",
        ),
        ({**MANAGED_LIVE, "status": {"tls_status": "valid"}}, None, ""),
        ({"status": {"tls_status": "pending"}}, None, ""),
    ],
)
def test_trouble_with_a_certificate_is_explained(
    live: dict[str, Any], severity: Severity | None, said: str
) -> None:
    found = composed(Desk().track(HOST, **live), wanted(managed=True)).findings
    assert [(f.severity, f.host) for f in found] == ([] if severity is None else [(severity, HOST)])
    assert all(said in f.text for f in found)


def test_more_domains_than_any_published_plan_holds_are_told() -> None:
    desk = Desk()
    for number in range(25):
        desk.track(f"click{number}.example.com")
    assert composed(desk, wanted("click1.example.com")).findings == ()
    finding = only(composed(desk, wanted()))
    assert (finding.severity, finding.host) == (WARNING, None)
    assert "26 tracking domains" in finding.text


def test_every_error_says_what_lifts_it() -> None:
    desk = (
        Desk()
        .track(HOST, subaccount_id=7, status={"compliance_status": "blocked"})
        .send(MAIL, subaccount_id=9)
    )
    desk.track(OTHER, **MANAGED_LIVE)
    found = composed(desk, wanted(sending_domains=(MAIL, "gone.example.com")), wanted(OTHER)).findings
    errors = [f for f in found if f.severity is ERROR]
    assert len(errors) == 5
    assert all(f.lift and f.key for f in errors)


def test_input_order_changes_nothing() -> None:
    desk = Desk().track(HOST, default=True).send(MAIL)
    one, two = wanted(sending_domains=(MAIL,)), wanted(OTHER, default=True, sending_domains=(MAIL,))
    forth, back = composed(desk, one, two), composed(desk, two, one)
    assert forth.findings == back.findings
    assert {r.id for r in forth.resources} == {r.id for r in back.resources}


def test_composing_calls_nothing() -> None:
    desk = Desk().track(HOST)
    sp = provider(desk)
    parts = Parts(sparkpost=(wanted(managed=True),))
    live = sp.read(Scope(parts))
    before = len(desk.seen)
    assert sp.compose(parts, live) == sp.compose(parts, live)
    assert len(desk.seen) == before
