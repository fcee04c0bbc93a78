"""What the cdn part writes, against AWS as the sandbox has it, through boto3."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from providers.aws.cdn_names import NAME_TAG, token
from providers.aws.certificates_apply import AT_ONCE
from providers.aws.iam import actions_of
from providers.aws.names import CERTIFICATE, DISTRIBUTION
from reconciler.errors import (
    Conflict,
    InvalidRequest,
    NotReady,
    ProviderError,
    Unavailable,
    UnexpectedResponse,
)
from reconciler.model import Action, ResourceId
from reconciler.provider import Done, Failed, Parts, Scope
from tests.architecture.source import ROOT
from tests.providers.aws.cdn_stand import HOST, ISSUED, OTHER, OWNER, account, stand

CERTIFICATE_ID = ResourceId("aws", CERTIFICATE, HOST)
DISTRIBUTION_ID = ResourceId("aws", DISTRIBUTION, HOST)
WAF = "arn:aws:wafv2:us-east-1:111122223333:global/webacl/mine/a1b2c3d4-5678-90ab-cdef-EXAMPLE11111"
SPARKPOST = {
    "Items": [
        {
            "Id": "sp",
            "DomainName": "spgo.io",
            "CustomOriginConfig": {"HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": "match-viewer"},
            "CustomHeaders": {"Items": [{"HeaderName": "X-Mine", "HeaderValue": "1"}]},
        }
    ]
}
ADOPTED = {
    "id": "E1",
    "aliases": [HOST],
    "config": {"Origins": SPARKPOST, "Comment": "mine", "WebACLId": WAF},
}


def error(outcome: Done | Failed) -> ProviderError:
    """What an outcome failed with."""
    assert isinstance(outcome, Failed), outcome
    return outcome.error


def of(changes: list[Any], id_: ResourceId) -> Any:
    """The change of one resource."""
    (found,) = [change for change in changes if change.id == id_]
    return found


# -- answers that cannot be read
@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ({"kind": "truncated"}, Unavailable),  # asked again
        ({"kind": "status", "status": 200, "body": ""}, UnexpectedResponse),
        ({"kind": "status", "status": 502, "body": "upstream"}, Unavailable),
    ],
)
@pytest.mark.parametrize("nth", [1, 2], ids=["certificates or marks", "the other"])
def test_an_answer_cut_short_is_no_list_of_nothing(
    fault: dict[str, Any], kind: type[ProviderError], nth: int
) -> None:
    """botocore would take it so: certificates would be requested anew, or be left behind."""
    with stand() as at:
        at.sandbox.control("POST", "/faults", {"vendor": "aws", "method": "POST", "nth": nth, **fault})
        with pytest.raises(kind) as caught:
            at.read()
    assert "\n" not in str(caught.value)


# -- the whole way
def test_a_host_is_made_and_a_second_plan_is_empty() -> None:
    with stand() as at:
        at.settle()
        assert at.plan() == []
        config = at.config()
        assert config["Comment"] == f"tdr {OWNER} {HOST}"
        assert config["ViewerCertificate"]["ACMCertificateArn"].endswith("/c1")
        assert set(at.policies()) == {f"tdr-{OWNER}-cache-1-10-10-0"}
        assert set(at.policies("request")) == {f"tdr-{OWNER}-request-ua-target-0"}
        assert at.compose().ready == {DISTRIBUTION_ID}


def test_all_of_it_goes_and_what_is_the_users_stays() -> None:
    with stand() as at:
        at.settle()
        outcomes = at.apply(at.plan(absent=True))
        assert all(outcome == Done(None) for outcome in outcomes.values()), outcomes
        assert (at.distributions(), at.policies(), at.policies("request")) == ([], {}, {})
        assert at.certificates() == {"c1": "ISSUED"}


def test_unchanged_hosts_cost_one_list_for_each_hundred_and_a_constant_few() -> None:
    def made(n: int) -> dict[str, Any]:
        return {
            "id": f"E{n:04}",
            "aliases": [f"h{n}.example.com"],
            "config": {"Origins": SPARKPOST},
            "tags": {"tdr:owner": OWNER, "tdr:host": f"h{n}.example.com"},
        }

    hosts = [f"h{n}.example.com" for n in range(150)]
    wild = {"id": "w1", "domain": "*.example.com", "status": "ISSUED"}
    with stand(account(certificates=[wild], distributions=[made(n) for n in range(150)])) as at:
        live, _ = at.read(*hosts)
        assert len(live) == 150
        lists = {"ListDistributions": 2, "ListCertificates": 1, "GetResources": 2}
        assert at.asked == {**lists, "ListCachePolicies": 1, "ListOriginRequestPolicies": 1}


def test_own_certificates_that_are_unchanged_are_not_described() -> None:
    tags = {"tdr:owner": OWNER, "tdr:host": HOST, "tdr:validation-name": "n", "tdr:validation-value": "v"}
    with stand(account(certificates=[{**ISSUED, "tags": tags}])) as at:
        (live,) = at.read()[0].values()
        assert at.asked["DescribeCertificate"] == 0
        assert (live.outputs["validation_name"], NAME_TAG in live.attrs["tags"]) == ("n", True)


def test_an_alias_that_serves_no_host_looks_only_whether_it_once_did() -> None:
    with stand() as at:
        nothing = Scope(Parts())
        assert at.cdn.read(nothing, "a")[0] == ()
        assert at.asked == {"GetResources": 1}
        at.settle()
        assert DISTRIBUTION_ID in {resource.id for resource in at.cdn.read(nothing, "a")[0]}


# -- certificates
def test_a_certificate_is_requested_once_and_its_record_is_told() -> None:
    with stand(account(certificates=[])) as at:
        change = of(at.plan(), CERTIFICATE_ID)
        assert isinstance(error(at.one(change)), NotReady)
        at.advance(15)
        outcome = at.one(change)
        assert isinstance(outcome, Done)
        assert outcome.resource is not None
        assert outcome.resource.attrs == change.after.attrs
        assert str(outcome.resource.outputs["validation_name"]).endswith(f".{HOST}")
        assert str(outcome.resource.outputs["validation_value"]).endswith(".acm-validations.aws")
        assert at.asked["RequestCertificate"] == 1
        status = at.cdn.ready([CERTIFICATE_ID])[CERTIFICATE_ID]
        assert (status.ready, status.text, status.hopeless) == (False, "PENDING_VALIDATION", False)
        assert [r.name.target for r in at.compose().records] == [CERTIFICATE_ID]
        assert not any(c.id == CERTIFICATE_ID for c in at.plan())


def test_a_request_that_a_run_did_not_live_to_tell_of_is_found_again() -> None:
    with stand(account(certificates=[])) as at:
        change = of(at.plan(), CERTIFICATE_ID)
        at.one(change)
        at.reopen()
        at.advance(7200)  # the idempotency token has ended
        assert isinstance(at.one(change), Done)
        assert at.asked["RequestCertificate"] == 1
        assert len(at.certificates()) == 1


def test_a_request_whose_tags_tell_no_record_gets_them() -> None:
    tags = {"tdr:owner": OWNER, "tdr:host": HOST}
    with stand(account(certificates=[{**ISSUED, "tags": tags}])) as at:
        change = of(at.plan(), CERTIFICATE_ID)
        assert [field.name for field in change.fields] == ["tags"]
        assert isinstance(at.one(change), Done)
        assert not any(c.id == CERTIFICATE_ID for c in at.plan())


def test_one_that_timed_out_is_hopeless_and_the_next_run_requests_another_and_drops_it_last() -> None:
    with stand(account(certificates=[])) as at:
        at.apply([of(at.plan(), CERTIFICATE_ID)])
        at.advance(73 * 3600)
        status = at.cdn.ready([CERTIFICATE_ID])[CERTIFICATE_ID]
        assert (status.hopeless, status.text) == (True, "VALIDATION_TIMED_OUT")
        changes = [c for c in at.plan() if c.id.kind == CERTIFICATE]
        assert [c.action for c in changes] == [Action.CREATE, Action.DELETE]
        outcomes = at.apply(changes)
        assert not any(isinstance(o, Failed) for o in outcomes.values()), outcomes
        assert list(at.certificates().values()) == ["PENDING_VALIDATION"]


def test_a_certificate_in_use_waits_and_one_list_tells_so_of_all() -> None:
    tags = {"tdr:owner": OWNER, "tdr:host": HOST}
    with stand(account(certificates=[{**ISSUED, "tags": tags}])) as at:
        at.settle()
        change = of(at.plan(absent=True), CERTIFICATE_ID)
        assert "in use" in str(error(at.one(change)))
        assert isinstance(error(at.one(change)), NotReady)
        assert at.asked["DeleteCertificate"] == 0


def test_many_certificates_are_requested_while_earlier_ones_are_tagged() -> None:
    """The first of them are done in the first batch; each is asked for once."""
    hosts = [f"t{number}.example.com" for number in range(2 * AT_ONCE + 1)]
    with stand(account(certificates=[])) as at:
        changes = [c for c in at.plan(*hosts) if c.id.kind == CERTIFICATE]
        made = at.cdn.apply(changes)
        refused = [o.error for o in made.values() if isinstance(o, Failed)]
        assert {str(e) for e in refused if not isinstance(e, NotReady)} == set()
        assert list(made) == [change.id for change in changes]
        assert at.asked["RequestCertificate"] == len(hosts)
        assert (at.asked["DescribeCertificate"], at.asked["ListCertificates"]) == (len(hosts), 2)


def test_a_certificate_that_is_gone_already_is_done() -> None:
    tags = {"tdr:owner": OWNER, "tdr:host": HOST}
    with stand(account(certificates=[{**ISSUED, "tags": tags}])) as at:
        change = of(at.plan(absent=True), CERTIFICATE_ID)
        assert at.one(change) == Done(None)
        assert at.one(change) == Done(None)


# -- adopting
def test_what_is_adopted_keeps_all_that_the_user_added() -> None:
    with stand(account(distributions=[ADOPTED])) as at:
        before = at.config()
        at.settle()
        after = at.config()
        assert at.plan() == []
        for member in ("Comment", "WebACLId", "Logging", "CallerReference", "Restrictions"):
            assert after[member] == before[member]
        headers = {
            h["HeaderName"]: h["HeaderValue"] for h in after["Origins"]["Items"][0]["CustomHeaders"]["Items"]
        }
        assert headers == {"X-Mine": "1", "X-Forwarded-Host": HOST}
        assert after["Origins"]["Items"][0]["Id"] == "sp"
        assert at.read()[0][DISTRIBUTION_ID].mark == OWNER


def test_adopting_asks_for_flat_rate_plans_and_an_own_one_does_not() -> None:
    with stand(account(distributions=[ADOPTED])) as at:
        at.read()
        assert at.asked["ListSubscriptions"] == 1
        at.settle()
        at.asked.clear()
        at.read()
        assert at.asked["ListSubscriptions"] == 0


def test_a_flat_rate_plan_without_custom_policies_is_an_error() -> None:
    with stand(account(distributions=[{**ADOPTED, "plan": {"family": "CLOUDFRONT", "tier": "FREE"}}])) as at:
        assert ["flat-rate plan FREE" in f.text for f in at.compose().findings] == [True]


def test_plans_that_may_not_be_asked_for_are_tolerated() -> None:
    policy = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": ["cloudfront:*", "acm:*", "tag:*"], "Resource": "*"}],
    }
    with stand(account(distributions=[ADOPTED], policy=policy)) as at:
        (finding,) = at.compose().findings
        assert "could not be asked" in finding.text
        assert "ListSubscriptions" in finding.text


# -- optimistic locking
def test_a_change_meanwhile_by_someone_else_to_what_is_tdrs_is_a_conflict() -> None:
    with stand(account(distributions=[ADOPTED])) as at:
        change = of(at.plan(), DISTRIBUTION_ID)
        at.edit(config={"PriceClass": "PriceClass_100"})
        assert isinstance(
            error(at.apply([*at.plan()[:2], change])[f"cloudfront_distribution {HOST}"]), Conflict
        )


def test_a_change_meanwhile_to_what_is_the_users_is_kept() -> None:
    with stand(account(distributions=[ADOPTED])) as at:
        changes = at.plan()
        at.edit(web_acl=f"{WAF}2")
        outcomes = at.apply(changes)
        assert not any(isinstance(o, Failed) for o in outcomes.values()), outcomes
        assert at.config()["WebACLId"] == f"{WAF}2"


def test_a_write_that_took_effect_is_done_when_it_is_repeated() -> None:
    with stand(account(distributions=[ADOPTED])) as at:
        changes = at.plan()
        at.apply(changes)
        at.asked.clear()
        again = at.apply(changes)
        assert not any(isinstance(o, Failed) for o in again.values()), again
        assert at.asked["UpdateDistribution"] == 0


def test_a_policy_that_was_edited_is_written_back() -> None:
    with stand() as at:
        at.settle()
        name = f"tdr-{OWNER}-cache-1-10-10-0"
        at.patch(cloudfront={"cache_policies": {name: {"MaxTTL": 86400}}})
        (change,) = at.plan()
        assert [(f.name, f.before, f.after) for f in change.fields] == [("max_ttl", 86400, 10)]
        assert isinstance(at.one(change), Done)
        assert at.policies()[name]["MaxTTL"] == 10


# -- creating
def test_a_created_one_that_a_run_did_not_live_to_tell_of_is_found_again() -> None:
    with stand() as at:
        changes = at.plan()
        at.apply(changes)
        at.reopen()
        again = at.apply(changes)
        assert not any(isinstance(o, Failed) for o in again.values()), again
        assert len(at.distributions()) == 1
        assert at.asked["CreateDistributionWithTags"] == 1
        assert at.asked["CreateCachePolicy"] == 1


def test_an_alias_of_another_account_is_a_conflict_with_the_way_out() -> None:
    theirs = account(OTHER, distributions=[{"id": "E9", "aliases": [HOST], "config": {"Origins": SPARKPOST}}])
    with stand(account(), theirs) as at:
        told = error(at.apply(at.plan())[f"cloudfront_distribution {HOST}"])
        assert isinstance(told, Conflict)
        assert "AssociateAlias" in str(told)
        assert f"_{HOST}" in str(told)


def test_an_alias_that_came_up_meanwhile_is_a_conflict() -> None:
    with stand() as at:
        changes = at.plan()
        at.patch(cloudfront={"add": {"distributions": [{"id": "E9", "aliases": [HOST]}]}})
        told = error(at.apply(changes)[f"cloudfront_distribution {HOST}"])
        assert isinstance(told, Conflict)
        assert "plan again" in str(told)


@pytest.mark.parametrize("setting", ["free", "taken"])
def test_a_host_comes_back_whether_or_not_its_caller_reference_is_used_up(setting: str) -> None:
    with stand() as at:
        at.switch("cloudfront-freed-reference", setting)
        for _ in range(3):
            at.settle()
            outcomes = at.apply(at.plan(absent=True))
            assert all(outcome == Done(None) for outcome in outcomes.values()), outcomes


def test_tokens_are_32_word_characters_that_tell_their_parts_apart() -> None:
    assert len(token("a", "b")) == 32
    assert token("a", "b") == token("a", "b") != token("ab")


# -- waiting
def test_deployed_is_one_list_for_all() -> None:
    wild = {"id": "w1", "domain": "*.example.com", "status": "ISSUED"}
    hosts = [f"h{n}.example.com" for n in range(3)]
    ids = [ResourceId("aws", DISTRIBUTION, host) for host in hosts]
    with stand(account(certificates=[wild])) as at:
        at.apply(at.plan(*hosts))
        at.asked.clear()
        assert [(s.ready, s.text) for s in at.cdn.ready(ids).values()] == [(False, "InProgress")] * 3
        assert at.asked == {"ListDistributions": 1}
        at.advance(600)
        assert all(status.ready for status in at.cdn.ready(ids).values())


@pytest.mark.parametrize("answer_is_lost", [False, True])
def test_a_list_that_lags_makes_nothing_ready(answer_is_lost: bool) -> None:
    with stand(account(distributions=[ADOPTED])) as at:
        at.settle()
        at.switch("cloudfront-list-lag", "five-seconds")
        at.edit(config={"IsIPV6Enabled": False})
        at.advance(600)
        (change,) = at.plan()
        if answer_is_lost:
            at.fault(method="PUT", path="/2020-05-31/distribution", kind="reset", after=True)
            assert isinstance(at.one(change), Failed)
        assert isinstance(at.one(change), Done)
        assert at.cdn.ready([DISTRIBUTION_ID])[DISTRIBUTION_ID].text == "CloudFront does not list the change"
        at.advance(600)
        assert at.cdn.ready([DISTRIBUTION_ID])[DISTRIBUTION_ID].ready


# -- deleting
def test_deleting_disables_waits_and_deletes() -> None:
    with stand() as at:
        at.settle()
        change = of(at.plan(absent=True), DISTRIBUTION_ID)
        assert "is being disabled" in str(error(at.one(change)))
        assert at.config()["Enabled"] is False
        assert "not deployed yet" in str(error(at.one(change)))
        at.advance(600)
        assert at.one(change) == Done(None)
        assert at.one(change) == Done(None)


def test_one_that_came_to_serve_others_is_not_deleted() -> None:
    wild = {"id": "w1", "domain": "*.example.com", "status": "ISSUED"}
    with stand(account(certificates=[wild])) as at:
        at.settle()
        change = of(at.plan(absent=True), DISTRIBUTION_ID)
        at.edit(aliases=[HOST, "www.example.com"])
        assert isinstance(error(at.one(change)), Conflict)
        at.reopen()
        change = of(at.plan(absent=True), DISTRIBUTION_ID)
        assert "serves www.example.com too" in str(error(at.one(change)))
        assert at.config()["Enabled"] is True


def test_a_policy_in_use_waits() -> None:
    with stand() as at:
        at.settle()
        (change, *_) = [c for c in at.plan(absent=True) if "policy" in c.id.kind]
        assert isinstance(error(at.one(change)), NotReady)
        assert "still used by" in str(error(at.one(change)))


def test_a_subscribed_one_says_that_its_plan_holds_it() -> None:
    with stand() as at:
        at.settle()
        change = of(at.plan(absent=True), DISTRIBUTION_ID)
        at.one(change)
        at.advance(600)
        at.edit(plan={"tier": "PREMIUM"})
        told = error(at.one(change))
        assert isinstance(told, (Conflict, InvalidRequest))
        assert "plan" in str(told)


# -- one of several
def test_what_is_refused_is_the_outcome_of_its_own_change() -> None:
    wild = {"id": "w1", "domain": "*.example.com", "status": "ISSUED"}
    hosts = [f"h{n}.example.com" for n in range(3)]
    theirs = account(
        OTHER, certificates=[{**wild, "id": "w2"}], distributions=[{"id": "E9", "aliases": [hosts[1]]}]
    )
    with stand(account(certificates=[wild]), theirs) as at:
        plan = at.plan(*hosts)
        at.apply([c for c in plan if "policy" in c.id.kind])
        at.asked.clear()
        outcomes = at.cdn.apply([c for c in at.plan(*hosts) if c.id.kind == DISTRIBUTION])
        assert [type(outcomes[ResourceId("aws", DISTRIBUTION, host)]) for host in hosts] == [
            Done,
            Failed,
            Done,
        ]


def test_a_lost_answer_is_an_outcome_and_the_repeat_finds_what_was_made() -> None:
    with stand() as at:
        changes = at.plan()
        at.apply([c for c in changes if "policy" in c.id.kind])
        (change,) = [c for c in at.plan() if c.id == DISTRIBUTION_ID]
        at.fault(method="POST", path="/2020-05-31/distribution", kind="reset", after=True)
        assert isinstance(error(at.one(change)), Unavailable)
        assert isinstance(at.one(change), Done)
        assert len(at.distributions()) == 1


# -- rights
def documented() -> dict[str, Any]:
    """The policy that the docs show, what is for CloudFront and ACM."""
    fences = re.findall(r"```json\n(.*?)```", (ROOT / "docs/aws.md").read_text(), re.DOTALL)
    (found,) = [json.loads(fence) for fence in fences]
    return {"Statement": [each for each in found["Statement"] if each["Sid"].startswith("Cdn")]}


def test_the_rights_in_the_docs_are_those_of_the_calls_that_are_made() -> None:
    calls = set(re.findall(r'"([A-Z][A-Za-z]+)"', (ROOT / "providers/aws/cdn_api.py").read_text()))
    for member in ("CachePolicy", "OriginRequestPolicy"):
        plural = member.replace("Policy", "Policies")
        calls |= {f"{verb}{member}" for verb in ("Get", "Create", "Update", "Delete")}
        calls |= {f"ListDistributionsBy{member}Id", f"List{plural}"}
    needed = {action for call in calls for action in actions_of(call)}
    assert sorted(a for each in documented()["Statement"] for a in each["Action"]) == sorted(needed)


def test_the_rights_in_the_docs_suffice_for_all_that_is_done() -> None:
    policy = {**documented(), "Version": "2012-10-17"}
    with stand(account(certificates=[ISSUED], distributions=[ADOPTED], policy=policy)) as at:
        at.settle()
        name = f"tdr-{OWNER}-cache-1-10-10-0"
        at.patch(cloudfront={"cache_policies": {name: {"MaxTTL": 60}}})
        at.settle()
        outcomes = at.apply(at.plan(absent=True))
        assert all(outcome == Done(None) for outcome in outcomes.values()), outcomes
        change = of(at.plan("go.example.com"), ResourceId("aws", CERTIFICATE, "go.example.com"))
        at.apply([change])
        at.reopen()
        outcomes = at.apply(at.plan("go.example.com", absent=True))
        assert all(outcome == Done(None) for outcome in outcomes.values()), outcomes
