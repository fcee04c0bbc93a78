"""Classic managed certificates: active only where the host leads to the load balancer that holds them."""

from __future__ import annotations

from typing import Any

import pytest

from providers.sandbox.contract import ControlError
from providers.sandbox.fetch import FetchError
from providers.sandbox.google import classic
from providers.sandbox.google.call import Refusal
from tests.sandbox.google.certmanager_bench import HOST
from tests.sandbox.google.edge_bench import ADDRESS, EdgeBench, balancer, edge, link
from tests.sandbox.google.test_certmanager import pem

PROXY = {"sslCertificates": [link("sslCertificates", "one")]}
DAY_S = 86_400


def shown(bench: EdgeBench) -> dict[str, Any]:
    """The certificate as the API shows it."""
    kernel = bench.sandbox.kernel

    def show() -> dict[str, Any]:
        running: Any = kernel.vendors["google"]
        google = running._google
        (project,) = google
        kept = project.compute.body("sslCertificates", "one", kernel.now())
        return classic.shown(kernel, google, project, kept, kernel.now())

    return bench.sandbox.do(show)


def states(bench: EdgeBench) -> tuple[str, str]:
    """Status of the certificate, and of its one domain."""
    managed = shown(bench)["managed"]
    return managed["status"], managed["domainStatus"][HOST]


def test_it_waits_for_dns_and_is_served_some_minutes_after_it_is_active() -> None:
    with edge(balancer(proxy=PROXY)) as bench:
        bench.classic("one", HOST)
        bench.write("A", HOST, "192.0.2.9")
        assert states(bench) == ("PROVISIONING", "PROVISIONING")
        bench.advance(120)
        assert states(bench) == ("PROVISIONING", "FAILED_NOT_VISIBLE")
        bench.write("A", HOST, ADDRESS)
        bench.advance(120)
        assert states(bench) == ("PROVISIONING", "PROVISIONING")
        bench.advance(660)
        assert states(bench) == ("ACTIVE", "ACTIVE")
        told = shown(bench)
        assert told["subjectAlternativeNames"] == [HOST]
        assert told["certificate"].startswith("-----BEGIN")
        assert not any(name.startswith("_") for name in told)
        with pytest.raises(FetchError):
            bench.visit(f"https://{HOST}/f/")
        bench.advance(300)
        assert bench.visit(f"https://{HOST}/f/").status == 302


def test_a_proxy_that_does_not_hold_it_does_not_help() -> None:
    with edge() as bench:
        bench.classic("one", HOST)
        bench.advance(120)
        assert states(bench) == ("PROVISIONING", "FAILED_NOT_VISIBLE")


def test_caa_is_told_and_after_days_google_gives_up_for_good() -> None:
    with edge(balancer(proxy=PROXY)) as bench:
        bench.classic("one", HOST)
        bench.write("CAA", "example.com", '0 issue "example.net"')
        bench.advance(120)
        assert states(bench) == ("PROVISIONING", "FAILED_CAA_FORBIDDEN")
        bench.advance(3 * DAY_S)
        assert states(bench)[0] == "PROVISIONING_FAILED_PERMANENTLY"
        bench.write("CAA", "example.com", '0 issue "pki.goog"')
        bench.advance(DAY_S)
        assert states(bench)[0] == "PROVISIONING_FAILED_PERMANENTLY"


def test_an_authoritys_rate_limit_is_told_and_a_name_that_is_not_there_refused() -> None:
    with edge(balancer(proxy=PROXY)) as bench:
        bench.classic("one", HOST)
        bench.control(classic_certificates={"one": {"rate_limited": True}})
        bench.advance(120)
        assert states(bench) == ("PROVISIONING", "FAILED_RATE_LIMITED")
        with pytest.raises(ControlError, match="no such managed certificate"):
            bench.control(classic_certificates={"two": {"failed": True}})


def test_what_is_uploaded_is_read_and_held_against_its_key() -> None:
    certificate, key = pem(HOST)
    taken = classic.accepted({"name": "mine", "certificate": certificate, "privateKey": key}, 0.0)
    assert (taken["type"], taken["selfManaged"]) == ("SELF_MANAGED", {"certificate": certificate})
    assert key not in str(taken)
    for wrong in (
        {"certificate": "x", "privateKey": key},
        {"certificate": certificate, "privateKey": pem(HOST)[1]},
    ):
        with pytest.raises(Refusal):
            classic.accepted({"name": "mine", **wrong}, 0.0)


@pytest.mark.parametrize(
    "managed",
    [{}, {"domains": []}, {"domains": ["*.example.com"]}, {"domains": [f"{'a' * 60}.example.com"]}],
)
def test_a_managed_one_needs_domains_without_wildcards_the_first_not_too_long(managed: Any) -> None:
    with pytest.raises(Refusal) as refused:
        classic.accepted({"name": "one", "type": "MANAGED", "managed": managed}, 0.0)
    assert refused.value.status == 400
