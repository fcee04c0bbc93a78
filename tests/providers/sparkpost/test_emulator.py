"""The provider against the sandbox's SparkPost, under every setting of what nobody has verified."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from providers.sandbox.sparkpost.switches import SWITCHES
from providers.sparkpost import TYPE
from providers.sparkpost.provider import SparkPost
from reconciler.errors import AuthError, InvalidRequest
from reconciler.model import Action, Change, ResourceId, Severity
from reconciler.provider import Done, Failed, Live, Outcomes, Parts, Scope, Setting, Wanted
from tests.contract.judge import judge
from tests.providers.sparkpost.desk import Noted
from tests.sandbox.sparkpost_bench import KEY, Bench, bench

HOST, NEW, MAIL = "click.example.net", "go.example.net", "mail.example.net"
DEFAULTS = (SWITCHES[0].name, SWITCHES[0].default)
SETTINGS = [DEFAULTS, *((switch.name, other) for switch in SWITCHES for other in switch.settings[1:])]
EDGE = {"hosts": [HOST, NEW]}
AT_THE_CDN = {HOST: "@cdn", NEW: "@cdn"}


def account(**more: Any) -> dict[str, Any]:
    live = {"domain": HOST, "verified": True}
    return {
        "region": "us",
        "key": KEY,
        "tracking_domains": [live],
        "sending_domains": [{"domain": MAIL}],
        **more,
    }


@contextmanager
def opened(b: Bench, key: str = KEY, **options: Any) -> Iterator[SparkPost]:
    made = TYPE.open(Setting("sp", options, {"API_KEY": key}, b.sandbox.env, "acme", Noted()))
    assert isinstance(made, SparkPost)
    try:
        yield made
    finally:
        made.close()
        # What was sent, and what the sandbox answered, is what SparkPost's description says.
        assert judge(b.sandbox.kernel.calls) == []


def parts_of(*all_wanted: Wanted) -> Parts:
    return Parts(sparkpost=all_wanted, cdn=tuple(w for w in all_wanted if w.managed))


def wanted(host: str = HOST, **more: Any) -> Wanted:
    return Wanted(host, "spgo.io", 3600, **more)


def differing(sp: SparkPost, parts: Parts) -> tuple[Live, list[Change]]:
    live = sp.read(Scope(parts))
    before = {r.id: r for r in live.resources}
    present = Parts(
        sparkpost=tuple(w for w in parts.sparkpost if not w.absent),
        cdn=tuple(w for w in parts.cdn if not w.absent),
    )
    after = {r.id: r for r in sp.compose(present, live).resources}
    return live, [
        Change(id_, _action(id_, before, after), before.get(id_), after.get(id_))
        for id_ in sorted({*before, *after})
        if _differ(before.get(id_), after.get(id_), parts)
    ]


def _differ(before: Any, after: Any, parts: Parts) -> bool:
    if after is None:
        return before.host in parts.hosts
    return before is None or before.attrs != after.attrs


def _action(id_: ResourceId, before: Any, after: Any) -> Action:
    if id_ not in after:
        return Action.DELETE
    return Action.UPDATE if id_ in before else Action.CREATE


def done(outcomes: Outcomes) -> None:
    assert [o.error for o in outcomes.values() if isinstance(o, Failed)] == []


def carried_out(b: Bench, sp: SparkPost, parts: Parts) -> None:
    """What the engine does, in its order: domain, verify, certificate, secure, verify, default and links."""
    _, changes = differing(sp, parts)
    by_kind: dict[str, list[Change]] = {}
    for change in changes:
        by_kind.setdefault(change.id.kind.removeprefix("tracking_domain_"), []).append(change)
    deleted = [c for c in changes if c.action is Action.DELETE]
    for kind in ("link", "default", "secure", "managed_certificate", "tracking_domain"):
        done(sp.apply([c for c in deleted if c.id.kind.endswith(kind)]))
    made = {kind: [c for c in cs if c.action is not Action.DELETE] for kind, cs in by_kind.items()}
    hosts = [w.host for w in parts.sparkpost if not w.absent]
    done(sp.apply(made.get("tracking_domain", [])))
    verified(sp, hosts)
    done(sp.apply(made.get("managed_certificate", [])))
    if made.get("managed_certificate"):
        b.advance(301)
        waited = sp.ready([c.id for c in made["managed_certificate"]])
        assert all(status.ready for status in waited.values()), waited
    done(sp.apply(made.get("secure", [])))
    verified(sp, hosts)
    done(sp.apply([*made.get("default", []), *made.get("link", [])]))


def verified(sp: SparkPost, hosts: list[str]) -> None:
    for host in hosts:
        status = sp.verify(ResourceId("sp", "tracking_domain", host))
        assert status.ready, status


@pytest.mark.parametrize(("switch", "setting"), SETTINGS)
def test_the_main_job_and_its_end_under_every_unknown(switch: str, setting: str) -> None:
    """A live http domain and a new one behind a CDN, then the takedown of both."""
    with bench(account(), dns=AT_THE_CDN, cdn=EDGE, switches={switch: setting}) as b, opened(b) as sp:
        parts = parts_of(wanted(default=True, sending_domains=(MAIL,)), wanted(NEW))
        carried_out(b, sp, parts)
        assert differing(sp, parts)[1] == []
        state = b.client().domain(HOST)
        assert (state["secure"], state["port"], state["default"]) == (True, 443, True)
        assert b.client().get(f"/sending-domains/{MAIL}").json()["results"]["tracking_domain"] == HOST
        b.advance(3600)
        gone = parts_of(wanted(absent=True), wanted(NEW, absent=True))
        carried_out(b, sp, gone)
        assert differing(sp, gone)[1] == []
        assert b.client().get("/tracking-domains").json() == {"results": []}
        assert "tracking_domain" not in b.client().get(f"/sending-domains/{MAIL}").json()["results"]


@pytest.mark.parametrize(("switch", "setting"), SETTINGS)
def test_managed_https_under_every_unknown(switch: str, setting: str) -> None:
    dns = {HOST: "v2.spgo.io", NEW: "v2.spgo.io"}
    with bench(account(), dns=dns, switches={switch: setting}) as b, opened(b) as sp:
        parts = parts_of(
            wanted(managed=True, default=True, sending_domains=(MAIL,)), wanted(NEW, managed=True)
        )
        carried_out(b, sp, parts)
        live, changes = differing(sp, parts)
        assert changes == []
        assert [f for f in sp.compose(parts, live).findings if f.severity is Severity.ERROR] == []
        assert b.client().domain(HOST)["uses_managed_certificate"] is True


def test_subaccounts_keep_to_themselves() -> None:
    sending = [{"domain": MAIL, "subaccount_id": 7}, {"domain": "other.example.net"}]
    entry = account(subaccounts=[7], sending_domains=sending)
    with bench(entry, dns=AT_THE_CDN, cdn=EDGE) as b, opened(b) as sp:
        parts = parts_of(
            wanted(default=True, sending_domains=("other.example.net",)),
            wanted(NEW, default=True, subaccount=7, sending_domains=(MAIL,)),
        )
        carried_out(b, sp, parts)
        assert differing(sp, parts)[1] == []
        assert b.client().domain(NEW)["subaccount_id"] == 7
        assert b.client().domain(HOST)["default"] is b.client().domain(NEW)["default"] is True
        carried_out(b, sp, parts_of(wanted(NEW, absent=True)))
        assert b.client().get(f"/tracking-domains/{NEW}").status_code == 404


def test_a_key_of_a_subaccount_sees_and_writes_its_own() -> None:
    entry = account(subaccounts=[7], keys=[{"key": "key-of-7", "subaccount_id": 7}])
    with bench(entry, dns=AT_THE_CDN, cdn=EDGE) as b, opened(b, key="key-of-7") as sp:
        parts = parts_of(wanted(NEW, subaccount=7, default=True))
        carried_out(b, sp, parts)
        assert differing(sp, parts)[1] == []
        assert b.client().domain(NEW)["subaccount_id"] == 7


def test_both_regions_hold_the_same_host_and_nothing_else_in_common() -> None:
    eu = {"region": "eu", "key": "key-eu"}
    with bench(account(), eu, dns=AT_THE_CDN, cdn=EDGE) as b:
        with opened(b, key="key-eu", region="eu") as sp:
            done(sp.apply(differing(sp, parts_of(wanted()))[1][:1]))
            assert sp.read(Scope(Parts())).accounts == {"sparkpost/eu/sp"}
        assert b.client("key-eu", "eu").domain(HOST)["secure"] is False
        with opened(b, key="key-eu") as sp, pytest.raises(AuthError, match="none of region us"):
            sp.read(Scope(Parts()))


def test_secure_before_the_edge_serves_is_not_verified() -> None:
    dead = {"hosts": [], "forwards": "dead"}
    with bench(account(), dns=AT_THE_CDN, cdn=dead) as b, opened(b) as sp:
        [change] = differing(sp, parts_of(wanted()))[1]
        done(sp.apply([change]))
        status = sp.verify(ResourceId("sp", "tracking_domain", HOST))
        assert not status.ready
        assert f"https://{HOST}:443" in status.text


def test_the_handover_of_the_default() -> None:
    entry = account(tracking_domains=[{"domain": HOST, "verified": True, "default": True}])
    with bench(entry, dns=AT_THE_CDN, cdn=EDGE) as b, opened(b) as sp:
        parts = parts_of(wanted(default=False), wanted(NEW, default=True))
        carried_out(b, sp, parts)
        assert differing(sp, parts)[1] == []
        assert (b.client().domain(HOST)["default"], b.client().domain(NEW)["default"]) == (False, True)


@pytest.mark.parametrize("setting", ["forbidden-403", "invalid-400"])
def test_a_full_plan_is_no_missing_right(setting: str) -> None:
    entry = account(quota=1)
    with bench(entry, switches={"sparkpost.over-quota": setting}) as b, opened(b) as sp:
        [*_, change] = [c for c in differing(sp, parts_of(wanted(NEW)))[1] if c.id.kind == "tracking_domain"]
        [outcome] = sp.apply([change]).values()
        assert isinstance(outcome, Failed)
        assert type(outcome.error) is InvalidRequest
        assert "limit reached" in str(outcome.error)


def test_a_key_that_may_only_look_plans_and_is_told_what_it_lacks() -> None:
    grants = ["tracking_domains/view", "sending_domains/view"]
    with bench(account(grants=grants), dns=AT_THE_CDN, cdn=EDGE) as b, opened(b) as sp:
        parts = parts_of(wanted(default=True, sending_domains=(MAIL,), managed=True))
        live, changes = differing(sp, parts)
        findings = sp.compose(parts, live).findings
        assert [f.severity for f in findings] == [Severity.WARNING]
        assert "grant tracking_domains/manage" in findings[0].text
        by_kind = {c.id.kind: c for c in changes}
        for kind, grant in (("tracking_domain_default", "tracking"), ("tracking_domain_link", "sending")):
            [outcome] = sp.apply([by_kind[kind]]).values()
            assert isinstance(outcome, Failed)
            assert type(outcome.error) is AuthError
            assert f"grant {grant}_domains/manage" in str(outcome.error)


@pytest.mark.parametrize(
    ("rule", "severity"),
    [
        ("unavailable", Severity.ERROR),
        ("check_fails", Severity.WARNING),
        ("check_times_out", Severity.WARNING),
    ],
)
def test_eligibility_is_known_before_anything_is_written(rule: str, severity: Severity) -> None:
    with bench(account(managed={rule: [HOST]})) as b, opened(b) as sp:
        parts = parts_of(wanted(managed=True))
        findings = sp.compose(parts, sp.read(Scope(parts))).findings
        assert [f.severity for f in findings] == [severity]


def test_a_certificate_that_is_refused_at_issue_is_hopeless() -> None:
    with bench(account(managed={"rejected": [HOST]}), dns={HOST: "v2.spgo.io"}) as b, opened(b) as sp:
        _, changes = differing(sp, parts_of(wanted(managed=True)))
        [order] = [c for c in changes if c.id.kind == "managed_certificate"]
        done(sp.apply([order]))
        [waiting] = sp.ready([order.id]).values()
        b.advance(301)
        [refused] = sp.ready([order.id]).values()
        assert (waiting.ready, waiting.hopeless, refused.ready, refused.hopeless) == (
            False,
            False,
            False,
            True,
        )
        assert "refuses this name" in refused.text


def test_an_expired_certificate_is_ordered_again() -> None:
    live = {"domain": HOST, "verified": True, "managed_certificate": "expired"}
    with bench(account(tracking_domains=[live]), dns={HOST: "v2.spgo.io"}) as b, opened(b) as sp:
        parts = parts_of(wanted(managed=True))
        found, [change] = differing(sp, parts)
        assert (change.id.kind, change.action) == ("managed_certificate", Action.UPDATE)
        assert "expired" in sp.compose(parts, found).findings[0].text
        [outcome] = sp.apply([change]).values()
        assert isinstance(outcome, Done)
        b.advance(301)
        assert sp.ready([change.id])[change.id].ready


def test_the_calls_of_a_hundred_unchanged_domains_are_two() -> None:
    domains = [{"domain": f"c{n}.example.net", "verified": True, "secure": True} for n in range(100)]
    with bench(account(tracking_domains=domains)) as b, opened(b) as sp:
        parts = parts_of(*(wanted(f"c{n}.example.net", sending_domains=()) for n in range(100)))
        assert differing(sp, parts)[1] == []
        assert len(b.sandbox.kernel.calls) == 2
