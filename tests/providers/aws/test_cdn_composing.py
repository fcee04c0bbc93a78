"""What a tracking host needs at CloudFront and ACM, from what the account holds."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from providers.aws.cdn_names import MARKS
from providers.aws.cdn_options import wishes_from
from providers.aws.cdn_state import CdnState
from providers.aws.certificates import AUTHORITIES, certificate_from
from providers.aws.composing import compose_edges
from providers.aws.distributions import listed
from providers.aws.names import CACHE_POLICY, CERTIFICATE, DISTRIBUTION, REQUEST_POLICY
from reconciler.dns import HostTarget, Record
from reconciler.model import Ref, ResourceId
from reconciler.provider import Issuance, Wanted
from tests.providers.aws.cdn_values import (
    ACCOUNT,
    ALIAS,
    AT,
    HOST,
    OWNER,
    arn,
    certificate,
    composed,
    config,
    distribution,
    errors,
    kinds,
    one,
    ours,
    policy,
    state,
    wanted_settings,
    warnings,
    with_config,
)

CERTIFICATE_ID = ResourceId(ALIAS, CERTIFICATE, HOST)
DISTRIBUTION_ID = ResourceId(ALIAS, DISTRIBUTION, HOST)
POLICIES = (
    policy(CACHE_POLICY, "cache-1-10-10-0", "p-cache"),
    policy(REQUEST_POLICY, "request-ua-target-0", "p-request"),
)


def settled() -> CdnState:
    """An account in which everything is as tdr made it."""
    return state(
        distributions=(distribution(owner=OWNER),), certificates=(ours(in_use=True),), policies=POLICIES
    )


# -- the whole
def test_a_new_host_needs_all_four_and_a_record_that_proves_it() -> None:
    found = composed()
    assert kinds(found) == [
        "cloudfront_cache_policy",
        "cloudfront_origin_request_policy",
        "acm_certificate",
        "cloudfront_distribution",
    ]
    name, value = Ref(CERTIFICATE_ID, "validation_name"), Ref(CERTIFICATE_ID, "validation_value")
    assert found.records == (Record(HOST, "validation", name, "CNAME", (value,), 3600),)
    assert found.targets == {
        HOST: HostTarget("CNAME", (Ref(DISTRIBUTION_ID, "domain_name"),), before_dns=True)
    }
    assert found.issuances == (Issuance(HOST, HOST, AUTHORITIES),)
    assert found.accounts == {HOST: ACCOUNT}
    assert found.ready == frozenset()
    assert found.findings == ()


def test_the_distribution_refers_to_what_is_yet_to_be_made() -> None:
    settings = one(composed(), DISTRIBUTION).attrs
    assert settings["certificate"] == Ref(CERTIFICATE_ID, "arn")
    assert settings["cache_policy"] == Ref(ResourceId(ALIAS, CACHE_POLICY, "cache-1-10-10-0"), "id")
    assert settings["origin_request_policy"] == Ref(
        ResourceId(ALIAS, REQUEST_POLICY, "request-ua-target-0"), "id"
    )
    known = ("certificate", "cache_policy", "origin_request_policy")
    assert {k: v for k, v in settings.items() if k not in known} == {
        k: v for k, v in wanted_settings().items() if k not in known
    }


def test_what_is_as_it_should_be_differs_in_nothing() -> None:
    found = settled()
    live = {r.id: r for r in found.resources()}
    for wanted in composed(found).resources:
        now = live[wanted.id]
        for name, value in wanted.attrs.items():
            seen = live[value.target].outputs[value.output] if isinstance(value, Ref) else value
            assert now.attrs[name] == seen, (wanted.id, name)
    assert composed(found).ready == {CERTIFICATE_ID, DISTRIBUTION_ID}
    assert composed(found).issuances == ()


def test_a_distribution_names_what_it_uses_so_that_it_goes_first() -> None:
    (live,) = [r for r in settled().resources() if r.id.kind == DISTRIBUTION]
    assert live.after == {
        CERTIFICATE_ID,
        ResourceId(ALIAS, CACHE_POLICY, "cache-1-10-10-0"),
        ResourceId(ALIAS, REQUEST_POLICY, "request-ua-target-0"),
    }


def test_absent_hosts_need_nothing() -> None:
    gone = Wanted(HOST, "spgo.io", 3600, absent=True)
    assert compose_edges([gone], state(), wishes_from(ALIAS, OWNER, {})).resources == ()


def test_alias_records_where_the_option_says_so() -> None:
    assert composed(alias_records=True).targets[HOST].type == "ALIAS"


@pytest.mark.parametrize(
    ("options", "name", "value"),
    [
        ({"forwarded_host": False}, "forwarded_host", None),
        ({"price_class": "PriceClass_100"}, "price_class", "PriceClass_100"),
        ({"http_version": "http2and3"}, "http_version", "http2and3"),
        ({"ipv6": False}, "ipv6", False),
        ({"minimum_tls": "TLSv1.2_2019"}, "minimum_tls", "TLSv1.2_2019"),
    ],
)
def test_options_give_other_settings(options: dict[str, Any], name: str, value: object) -> None:
    assert one(composed(None, **options), DISTRIBUTION).attrs[name] == value


def test_a_price_class_that_the_user_chose_stays_unless_the_option_is_written() -> None:
    chosen = distribution(native=config(price_class="PriceClass_200"), owner=OWNER)
    found = replace(settled(), distributions=(chosen,))
    assert one(composed(found), DISTRIBUTION).attrs["price_class"] == "PriceClass_200"
    asked = composed(found, price_class="PriceClass_All")
    assert one(asked, DISTRIBUTION).attrs["price_class"] == "PriceClass_All"


# -- certificates
def chosen_certificate(found: CdnState, **options: Any) -> object:
    return one(composed(found, **options), DISTRIBUTION).attrs["certificate"]


def test_a_certificate_that_the_file_names_comes_first() -> None:
    found = replace(settled(), certificates=(ours(), certificate("named", "*.example.com")))
    assert chosen_certificate(found, certificates=[arn("gone"), arn("named")]) == arn("named")
    assert "acm_certificate" not in kinds(composed(found, certificates=[arn("named")]))


@pytest.mark.parametrize(
    ("named", "why"),
    [
        ((), "x is not in us-east-1 of this account"),
        ((certificate("x", "other.example.com"),), "x is for other.example.com"),
        ((certificate("x", status="EXPIRED"),), "x is EXPIRED"),
        ((certificate("x", key_algorithm="EC_secp384r1"),), "x has a EC_secp384r1 key"),
    ],
)
def test_named_certificates_of_which_none_serves_forbid(named: tuple[Any, ...], why: str) -> None:
    found = composed(state(certificates=named), certificates=[arn("x")])
    (finding,) = errors(found)
    assert why in finding.text
    assert finding.host == HOST
    assert found.resources == ()


def test_the_certificate_in_use_stays() -> None:
    live = distribution(native=config(certificate=arn("theirs")))
    found = state(distributions=(live,), certificates=(certificate("theirs", "*.example.com"), ours()))
    assert chosen_certificate(found) == arn("theirs")


def test_the_certificate_in_use_goes_where_reuse_is_excluded() -> None:
    live = distribution(native=config(certificate=arn("theirs")))
    found = state(distributions=(live,), certificates=(certificate("theirs"), ours()))
    assert chosen_certificate(found, reuse_certificates=False) == Ref(CERTIFICATE_ID, "arn")


def test_ours_comes_before_another_of_the_account() -> None:
    found = state(certificates=(certificate("theirs"), ours(status="PENDING_VALIDATION")))
    assert chosen_certificate(found) == Ref(CERTIFICATE_ID, "arn")


@pytest.mark.parametrize("names", [(HOST,), ("*.example.com",), ("www.example.org", HOST)])
def test_an_issued_certificate_that_covers_the_host_is_reused(names: tuple[str, ...]) -> None:
    found = composed(state(certificates=(certificate("theirs", *names),)))
    assert one(found, DISTRIBUTION).attrs["certificate"] == arn("theirs")
    assert "acm_certificate" not in kinds(found)
    assert (found.records, found.issuances) == ((), ())


def test_exact_names_are_reused_before_wildcards() -> None:
    found = state(certificates=(certificate("wild", "*.example.com"), certificate("exact")))
    assert chosen_certificate(found) == arn("exact")


@pytest.mark.parametrize(
    "unfit",
    [
        certificate("x", status="PENDING_VALIDATION"),
        certificate("x", "*.click.example.com"),
        certificate("x", "example.com"),
        certificate("x", "*.com"),
        certificate("x", key_algorithm="EC_secp521r1"),
        certificate("x", owner="someone-else", host=HOST),
    ],
)
def test_what_does_not_serve_the_host_is_not_reused(unfit: Any) -> None:
    assert chosen_certificate(state(certificates=(unfit,))) == Ref(CERTIFICATE_ID, "arn")


def test_of_ours_the_one_in_use_then_issued_then_newest() -> None:
    old, new = ours("old"), ours("new", requested=AT + timedelta(days=1))
    pending = ours("pending", status="PENDING_VALIDATION", requested=AT + timedelta(days=2))
    found = state(certificates=(pending, old, new))
    assert found.own_certificate(HOST) == new
    using = replace(found, distributions=(distribution(native=config(certificate=arn("old")), owner=OWNER),))
    assert using.own_certificate(HOST) == old


@pytest.mark.parametrize("status", ["FAILED", "VALIDATION_TIMED_OUT", "EXPIRED", "REVOKED"])
def test_one_of_ours_that_never_serves_again_gives_way_to_a_new_one(status: str) -> None:
    found = state(certificates=(ours("dead", status=status),))
    (live,) = [r for r in found.resources() if r.id.kind == CERTIFICATE]
    assert live.id.key == f"{HOST}/dead"
    assert live.mark == OWNER
    composition = composed(found)
    assert one(composition, CERTIFICATE).id == CERTIFICATE_ID
    (told,) = warnings(composition)
    assert f"dead is {status}" in told.text


def test_the_new_certificate_has_the_key_that_is_asked_for_and_one_that_stands_keeps_its_own() -> None:
    assert (
        one(composed(None, key_algorithm="EC_prime256v1"), CERTIFICATE).attrs["key_algorithm"]
        == "EC_prime256v1"
    )
    found = state(certificates=(ours(),))
    assert (
        one(composed(found, key_algorithm="EC_prime256v1"), CERTIFICATE).attrs["key_algorithm"] == "RSA_2048"
    )


def test_the_record_stays_composed_for_renewal() -> None:
    assert len(composed(settled()).records) == 1


def test_a_record_that_another_certificate_needs_is_left_to_it() -> None:
    found = replace(settled(), certificates=(ours(), certificate("theirs", "*.click.example.com")))
    assert composed(found).records == ()
    pending = replace(found, certificates=(ours(status="PENDING_VALIDATION"), *found.certificates[1:]))
    assert len(composed(pending).records) == 1


def test_a_summary_is_read_with_its_tags() -> None:
    native = {
        "CertificateArn": arn("c1"),
        "DomainName": "Click.Example.com",
        "SubjectAlternativeNameSummaries": [HOST],
        "Status": "ISSUED",
        "Type": "AMAZON_ISSUED",
        "KeyAlgorithm": "EC-prime256v1",
    }
    tags = {"tdr:owner": OWNER, "tdr:host": HOST, "tdr:validation-name": "n", "tdr:validation-value": "v"}
    found = certificate_from(native, tags)
    assert (found.names, found.key_algorithm, found.validation) == ({HOST}, "EC_prime256v1", ("n", "v"))
    assert not certificate_from(native, {}).remembered


# -- the distribution that is there
def test_an_unmarked_one_that_is_a_tracking_hosts_is_adopted() -> None:
    found = state(distributions=(distribution(native=config(origin="eu.spgo.io")),))
    (live,) = [r for r in found.resources() if r.id.kind == DISTRIBUTION]
    assert (live.id, live.mark, live.attrs["tags"]) == (DISTRIBUTION_ID, None, ())
    assert one(composed(found), DISTRIBUTION).attrs["tags"] == MARKS
    assert composed(found).findings == ()


def test_the_files_own_origin_makes_it_a_tracking_hosts() -> None:
    found = state(
        distributions=(distribution(native=config(origin="acme.et.example")),),
        origins={HOST: "acme.et.example"},
    )
    assert [r.id for r in found.resources()] == [DISTRIBUTION_ID]


def test_one_that_is_disabled_is_enabled() -> None:
    found = replace(settled(), distributions=(distribution(native=config(enabled=False), owner=OWNER),))
    assert one(composed(found), DISTRIBUTION).attrs["enabled"] is True
    assert DISTRIBUTION_ID not in composed(found).ready


def test_what_is_to_be_written_is_not_ready_yet() -> None:
    assert composed(settled(), ipv6=False).ready == {CERTIFICATE_ID}
    assert composed(settled(), cache_key="target").ready == {CERTIFICATE_ID}
    progress = replace(distribution(owner=OWNER), status="InProgress")
    assert composed(replace(settled(), distributions=(progress,))).ready == {CERTIFICATE_ID}


S3 = {"Id": "s3", "DomainName": "assets.s3.amazonaws.com", "S3OriginConfig": {"OriginAccessIdentity": ""}}


@pytest.mark.parametrize(
    ("members", "why"),
    [
        ({"Staging": True}, "staging distribution"),
        ({"ConnectionMode": "tenant-only"}, "serves tenants"),
        ({"CacheBehaviors": listed([{"PathPattern": "/x"}])}, "cache behaviors beside the default one"),
        ({"Origins": listed([S3, S3])}, "several origins"),
        ({"Origins": listed([S3])}, "which is not SparkPost's"),
        ({"Aliases": listed([HOST, "www.example.com"])}, "serves www.example.com too"),
    ],
)
def test_one_that_is_somebody_elses_forbids(members: dict[str, Any], why: str) -> None:
    found = state(distributions=(with_config(distribution(), **members),))
    composition = composed(found)
    (finding,) = errors(composition)
    assert why in finding.text
    assert "E1" in finding.text
    assert finding.lift
    assert composition.resources == ()
    assert found.resources() == ()  # nor is it tdr's to take down where the host is absent


def test_an_alias_added_to_one_of_ours_forbids() -> None:
    live = with_config(distribution(owner=OWNER), Aliases=listed([HOST, "www.example.com"]))
    (finding,) = errors(composed(replace(settled(), distributions=(live,))))
    assert "serves www.example.com too" in finding.text


def test_one_of_ours_that_lost_its_alias_is_found_by_its_mark() -> None:
    live = with_config(distribution(owner=OWNER), Aliases=listed([]))
    (found,) = [r for r in state(distributions=(live,)).resources() if r.id.kind == DISTRIBUTION]
    assert found.id == DISTRIBUTION_ID


def test_a_second_one_of_ours_is_told_apart_and_goes() -> None:
    spare = with_config(distribution("E2", owner=OWNER), Aliases=listed([]))
    ids = [r.id.key for r in state(distributions=(distribution(owner=OWNER), spare)).resources()]
    assert ids == [HOST, f"{HOST}/E2"]


def test_the_comment_marks_where_tags_are_not_told_yet() -> None:
    live = distribution(native={**config(), "Comment": f"tdr {OWNER} {HOST}"})
    assert (live.owner, live.host) == (OWNER, HOST)


def test_a_staging_copy_of_tdrs_distribution_is_the_users() -> None:
    marked = {**config(aliases=()), "Comment": f"tdr {OWNER} {HOST}", "Staging": True}
    found = state(distributions=(distribution(owner=OWNER), distribution("E2", marked)))
    assert [r.id.key for r in found.resources()] == [HOST]


def test_orphans_of_the_owner_are_told_and_others_marks_are_not() -> None:
    orphan = distribution("E2", config(aliases=("old.example.com",)), owner=OWNER, host="old.example.com")
    other = distribution("E3", config(aliases=("x.example.com",)), owner="someone", host="x.example.com")
    assert [r.host for r in state(distributions=(orphan, other)).resources()] == ["old.example.com"]


def test_edges_elsewhere_are_told_apart_from_the_accounts_own() -> None:
    edges = composed(settled()).edges
    assert edges is not None
    assert (edges.suffix, edges.own) == ("cloudfront.net", {"e1.cloudfront.net"})
    assert edges.serving == {HOST}


# -- flat-rate plans
THEIRS = distribution()


@pytest.mark.parametrize("tier", ["FREE", "PRO"])
def test_a_plan_that_allows_no_custom_policies_forbids(tier: str) -> None:
    (finding,) = errors(composed(state(distributions=(THEIRS,), plans={THEIRS.arn: tier})))
    assert f"flat-rate plan {tier}" in finding.text


@pytest.mark.parametrize("tier", ["BUSINESS", "PREMIUM"])
def test_a_plan_that_allows_them_is_fine(tier: str) -> None:
    assert composed(state(distributions=(THEIRS,), plans={THEIRS.arn: tier})).findings == ()


def test_plans_that_may_not_be_asked_for_are_warned_of() -> None:
    (finding,) = warnings(composed(state(distributions=(THEIRS,), unseen="you may not")))
    assert "you may not" in finding.text


# -- quotas
def test_distributions_beyond_the_quota_forbid_the_last_hosts() -> None:
    hosts = [f"h{n}.example.com" for n in range(4)]
    found = composed(settled(), *hosts, quotas={"distributions": 3})
    assert [f.host for f in errors(found)] == hosts[2:]
    assert "1 of 3 distributions, and 4 more are needed" in errors(found)[0].text
    assert "quotas: {distributions" in errors(found)[0].lift


def test_certificates_beyond_the_quotas_forbid() -> None:
    stand = tuple(certificate(f"c{n}", f"n{n}.example.org") for n in range(3))
    found = state(certificates=stand)
    assert "3 of 3 certificates, expired" in errors(composed(found, quotas={"certificates": 3}))[0].text
    yearly = errors(composed(found, quotas={"certificates_per_year": 3}))
    assert "3 of 3 certificate requests in 365 days" in yearly[0].text
    later = replace(found, at=AT + timedelta(days=366))
    assert errors(composed(later, quotas={"certificates_per_year": 3})) == []


@pytest.mark.parametrize("name", ["cache_policies", "origin_request_policies"])
def test_policies_beyond_the_quota_forbid(name: str) -> None:
    kind = CACHE_POLICY if name == "cache_policies" else REQUEST_POLICY
    theirs = replace(policy(kind, "cache-1-2-3-0", "p1"), name="theirs")
    (finding,) = errors(composed(state(policies=(theirs,)), quotas={name: 1}))
    assert "1 of 1 custom" in finding.text
    assert f"quotas: {{{name}" in finding.lift
