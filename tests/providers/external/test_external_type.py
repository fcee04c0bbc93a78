"""The type: where hosts point, what is refused, and that nothing else is asked or kept."""

from __future__ import annotations

from typing import Any

import pytest

from providers.external import TYPE
from providers.external.provider import External
from providers.external.targets import host_target
from reconciler.dns import HostTarget
from reconciler.model import Severity
from reconciler.provider import Live, Parts, Scope, Wanted

CLICK, GO = "click.example.com", "go.example.com"


def wanted(host: str = CLICK, **more: Any) -> Wanted:
    return Wanted(host, more.pop("origin", "spgo.io"), 3600, **more)


def composed(target: Any, *hosts: Wanted) -> Any:
    return External({"target": target}).compose(Parts(cdn=hosts or (wanted(),)), Live())


@pytest.mark.parametrize(
    ("given", "target"),
    [
        ("Edge.Example.NET.", HostTarget("CNAME", ("edge.example.net",), before_dns=True)),
        (("198.51.100.7",), HostTarget("A", ("198.51.100.7",), before_dns=True)),
        (("2001:DB8:0::7",), HostTarget("AAAA", ("2001:db8::7",), before_dns=True)),
        (
            ("2001:db8::7", "198.51.100.9", "198.51.100.10"),
            HostTarget("A+AAAA", ("198.51.100.9", "198.51.100.10", "2001:db8::7"), before_dns=True),
        ),
    ],
)
def test_hosts_point_to_the_target_which_is_proven_before_dns_moves(given: Any, target: HostTarget) -> None:
    assert host_target({"target": given}) == target
    assert target.move_class == "A"


def test_present_hosts_get_the_target_and_nothing_else_is_wanted() -> None:
    found = composed("edge.example.net", wanted(), wanted(GO, absent=True))
    assert list(found.targets) == [CLICK]
    assert (found.resources, found.records, found.findings, dict(found.accounts)) == ((), (), (), {})


def test_nothing_is_read_and_no_secret_is_needed() -> None:
    assert External({"target": "edge.example.net"}).read(Scope(Parts())) == Live()
    assert (TYPE.secrets, TYPE.kinds, TYPE.limits, TYPE.parts) == ((), (), (), frozenset({"cdn"}))


@pytest.mark.parametrize(
    ("target", "hosts", "said"),
    [
        (CLICK, (wanted(),), "the tracking host itself"),
        (GO, (wanted(), wanted(GO)), f"the target {GO} is a tracking host of this file"),
        (
            "links.example.net",
            (wanted(origin="links.example.net"),),
            "the tracking host that an edge forwards",
        ),
    ],
)
def test_a_target_that_leads_nowhere_is_an_error_for_each_host(
    target: str, hosts: tuple[Wanted, ...], said: str
) -> None:
    findings = composed(target, *hosts).findings
    assert {f.host for f in findings} == {w.host for w in hosts}
    assert {(f.severity, f.key) for f in findings} == {(Severity.ERROR, "cdn")}
    assert said in " ".join(f.text for f in findings)


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("198.51.100.7", "write target: [198.51.100.7]"),
        ("2001:db8::7", "a CNAME points to a name"),
        ("spgo.io", "is SparkPost's own"),
        ("eu.v2.spgo.io.", "is SparkPost's own"),
        ("Tenant.et.e.SparkPost.com", "is SparkPost's own"),
        ("edge", "no host name with two labels"),
        ("https://edge.example.net/", "no host name"),
        (f"{'a' * 64}.example.net", "no host name"),
        (".".join(["a" * 60] * 5), "no host name"),
        (["edge.example.net"], "without a list, for a CNAME"),
        (["198.51.100.256"], "is no IP address"),
        (["10.1.2.3"], "cannot be reached from the internet"),
        (["::1"], "cannot be reached from the internet"),
        (["::ffff:198.51.100.7"], "cannot be reached from the internet"),
        (["2001:db8::7", "2001:DB8:0::7"], "2001:db8::7 stands twice"),
    ],
)
def test_what_cannot_be_a_target_is_said_offline(target: Any, said: str) -> None:
    problems = list(TYPE.check({"target": target}))
    assert [key for key, _, _ in problems] == ["target"]
    assert said in ", ".join(problems[0])


def test_a_resolver_is_an_address() -> None:
    options = {"target": "edge.example.net", "resolvers": ["127.0.0.53", "localhost"]}
    assert [(key, what) for key, what, _ in TYPE.check(options)] == [
        ("resolvers", "localhost is no IP address")
    ]


@pytest.mark.parametrize("target", ["edge.example.net", ["198.51.100.7", "2001:db8::7"]])
def test_what_is_right_is_not_complained_about(target: Any) -> None:
    assert list(TYPE.check({"target": target, "resolvers": ["2001:db8::53"]})) == []
