"""The IAM policy of docs/aws.md allows what tdr does, and nothing else."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from providers.aws.cdn_api import CdnApi
from providers.aws.certificates import certificate_attrs
from providers.aws.certificates_apply import Certificates
from providers.aws.errors import translate
from providers.aws.iam import ACTIONS
from providers.aws.names import CERTIFICATE
from reconciler import app
from reconciler.calls import Stop
from reconciler.clock import from_environment
from reconciler.errors import AuthError
from reconciler.load import load
from reconciler.model import Action, Change, Resource, ResourceId
from reconciler.provider import one_by_one
from reconciler.registry import provider_types
from tests.contract.aws_calls import operation
from tests.scenarios.town import CLICK, Town, live_click, town, world, zone

DOCS = Path(__file__).parents[2] / "docs/aws.md"
NUMBER, ZONE_ID = "111122223333", "Z0123456789ABCDEFGHIJ"  # as the docs have them
BY_HAND, ARN = "open.example.com", f"arn:aws:acm:us-east-1:{NUMBER}:certificate/by-hand"
PROVIDERS = {
    "sp": {"type": "sparkpost", "region": "us"},
    "aws": {"type": "aws"},
    "web": {"type": "cloudflare"},
}
#: What an alias plays, as the `defaults` of a file, and the beginnings of the statements that it needs.
PLAYED: Mapping[str, tuple[Mapping[str, str], tuple[str, ...]]] = {
    "both": ({"sparkpost": "sp", "cdn": "aws", "dns": "aws"}, ("Cdn", "Dns")),
    "cdn": ({"sparkpost": "sp", "cdn": "aws", "dns": "web"}, ("Cdn",)),
    "dns": ({"sparkpost": "sp", "cdn": "sp", "dns": "aws"}, ("Dns",)),
}
#: docs: Service Authorization Reference; where a right is not called as the operation, or one asks for two.
RIGHTS = {
    "cloudfront:CreateDistributionWithTags": {"cloudfront:CreateDistribution", "cloudfront:TagResource"},
    "acm:RequestCertificate": {"acm:RequestCertificate", "acm:AddTagsToCertificate"},
    "sts:GetCallerIdentity": set(),
}
LACKS = re.compile(r"(arn:aws:iam::\d+:user/\w+) may not ([a-z0-9]+:\w+)")


# -- the document
@cache
def document() -> Mapping[str, Any]:
    """The policy as the page has it: the first document with statements that bear names."""
    blocks = re.findall(r"^```json\n(.*?)^```$", DOCS.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    found: Mapping[str, Any] = next(json.loads(block) for block in blocks if '"Sid"' in block)
    return found


def policy(played: str, without: str = "") -> dict[str, Any]:
    """What the page tells an alias of these parts to take, without one action."""
    statements = [
        {**statement, "Action": [action for action in statement["Action"] if action != without]}
        for statement in document()["Statement"]
        if statement["Sid"].startswith(PLAYED[played][1])
    ]
    return {**document(), "Statement": statements}


def allowed(played: str) -> set[str]:
    """The actions of a policy."""
    return {action for statement in policy(played)["Statement"] for action in statement["Action"]}


# -- what is done under it
def account(rights: Mapping[str, Any]) -> dict[str, Any]:
    """An account whose key has these rights, and in which somebody put a host before CloudFront by hand."""
    certificate = {"id": "by-hand", "domain": BY_HAND, "names": [BY_HAND], "status": "ISSUED"}
    viewer = {
        "ACMCertificateArn": ARN,
        "SSLSupportMethod": "sni-only",
        "MinimumProtocolVersion": "TLSv1.2_2021",
    }
    protocols = {"HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": "match-viewer"}
    origins = [{"Id": "origin", "DomainName": "spgo.io", "CustomOriginConfig": protocols}]
    config = {"ViewerCertificate": viewer, "Origins": {"Quantity": 1, "Items": origins}}
    distribution = {"id": "EBYHAND", "aliases": [BY_HAND], "config": config}
    record = {"type": "CNAME", "name": CLICK, "ttl": 300, "values": ["spgo.io"]}
    return {
        "account": NUMBER,
        "access_key": "AKIASANDBOX0000MAIL",
        "secret_key": "sandbox-secret",
        "policy": rights,
        "certificates": [certificate],
        "distributions": [distribution],
        "zones": [{"name": "example.com", "id": ZONE_ID, "delegated": True, "records": [record]}],
    }


def given(played: str, rights: Mapping[str, Any]) -> dict[str, Any]:
    """The world of an alias that plays these parts; Cloudflare has the zone where AWS has not."""
    aws = account(rights)
    if played == "cdn":
        aws["zones"] = []
        return world(zone(), sp=live_click(), aws=[aws])
    return world(zone("example.net"), sp=live_click(), aws=[aws])


def done(there: Town, played: str) -> None:
    """The main job from end to end: plan, apply, what others changed put right, other options, destroy."""
    hosts: dict[str, Any] = {CLICK: {}} if played == "dns" else {CLICK: {}, BY_HAND: {}}
    defaults = PLAYED[played][0]
    file = there.file(hosts, providers=PROVIDERS, defaults=defaults)
    there.ok("plan", file)
    there.apply("-timeout", "8h", file)
    there.settled(file)
    if played != "dns":
        drifted(there)
        there.apply("-timeout", "8h", file)
    aws = {"type": "aws", "price_class": "PriceClass_100", "cache_ttl": {"max": 9, "default": 9}}
    other = {**PROVIDERS, "aws": aws if played != "dns" else PROVIDERS["aws"]}
    changed = there.file(
        {CLICK: {"ttl": 900}, **{h: {} for h in hosts if h != CLICK}}, providers=other, defaults=defaults
    )
    there.apply("-timeout", "8h", changed)
    there.settled(changed)
    there.ok("destroy", "-auto-approve", "-timeout", "8h", changed)
    if played != "dns":
        found_by_another_run(there, changed)


def drifted(there: Town) -> None:
    """Somebody changes both policies in the console."""
    changes = {
        "cache_policies": {"tdr-acme-mail-cache-1-10-10-0": {"MaxTTL": 60}},
        "origin_request_policies": {
            "tdr-acme-mail-request-ua-target-0": {"CookiesConfig": {"CookieBehavior": "all"}}
        },
    }
    there.control("PATCH", "/vendors/aws", {"accounts": {NUMBER: {"cloudfront": changes}}})


def found_by_another_run(there: Town, file: Path) -> None:
    """A certificate that one run requested is looked for by the next, whose plan did not see it."""
    with opened(there, file) as provider:
        api = CdnApi(provider._clients, provider._setting.calls)
        id_ = ResourceId("aws", CERTIFICATE, CLICK)
        wanted = Resource(id_, certificate_attrs([CLICK], "RSA_2048", remembered=True), host=CLICK)
        for _ in range(2):
            Certificates(api, "aws", "acme-mail", one_by_one).apply(
                [Change(id_, Action.CREATE, None, wanted)]
            )
        found, _ = api.certificates()
        assert len([one for one in found if one["DomainName"] == CLICK]) == 1


@contextmanager
def opened(there: Town, file: Path) -> Iterator[Any]:
    """The provider of the alias `aws`, as a run opens it."""
    types, environ = provider_types(), there.sandbox.env
    clock = from_environment(environ)
    session = app.open_session(load([file], environ, types), types, environ, clock, Stop())
    try:
        yield session.providers["aws"]
    finally:
        session.close()
        clock.close()


def rights_of(there: Town) -> set[str]:
    """The actions that the calls need that were made and not refused."""
    calls = [call for call in there.sandbox.kernel.calls if call.vendor == "aws" and call.kind == "api"]
    names = {":".join(operation(call)) for call in calls if "AccessDenied" not in call.response_body}
    return {right for name in names for right in RIGHTS.get(name, {name})}


@pytest.mark.parametrize("played", PLAYED)
def test_the_policy_allows_what_is_done_and_no_more(played: str, tmp_path: Path) -> None:
    """The whole job is done with a key that has this policy; what it allows is needed, all of it."""
    with town(given(played, policy(played)), tmp_path) as there:
        done(there, played)
        assert sorted(allowed(played) - rights_of(there)) == []
        assert sorted(rights_of(there) - allowed(played)) == []


@pytest.mark.parametrize(
    "action",
    [
        "route53:ListHostedZones",
        "route53:ChangeResourceRecordSets",
        "acm:RequestCertificate",
        "cloudfront:CreateDistribution",
        "cloudfront:ListOriginRequestPolicies",
        "tag:GetResources",
    ],
)
def test_what_the_policy_lacks_is_told_in_one_sentence(action: str, tmp_path: Path) -> None:
    with town(given("both", policy("both", without=action)), tmp_path) as there:
        file = there.file({CLICK: {}}, providers=PROVIDERS, defaults=PLAYED["both"][0])
        ran = there.tdr("apply", "-auto-approve", "-timeout", "8h", file)
        assert ran.code == 1, str(ran)
        assert "Traceback" not in ran.err
        told = {found for said in (ran.out, ran.err) for found in re.findall(LACKS, said)}
        assert told == {(f"arn:aws:iam::{NUMBER}:user/tdr", action)}, str(ran)


@pytest.mark.parametrize("name", sorted(name for name, rights in ACTIONS.items() if rights))
def test_every_operation_that_is_denied_names_its_action(name: str) -> None:
    """In AWS's own words, which name it, and where they do not."""
    right = ACTIONS[name][0]
    who = f"arn:aws:iam::{NUMBER}:user/tdr"
    why = f"because no identity-based policy allows the {right} action"
    long = f"User: {who} is not authorized to perform: {right} {why}"
    for words in (long, "Access denied"):
        response: Any = {
            "Error": {"Code": "AccessDenied", "Message": words},
            "ResponseMetadata": {"HTTPStatusCode": 403},
        }
        error = translate(ClientError(response, name))
        assert isinstance(error, AuthError)
        assert right in error.message
        assert "IAM policy" in error.message


def test_every_action_of_the_policy_is_known_to_the_errors() -> None:
    known = {right for rights in ACTIONS.values() for right in rights}
    assert allowed("both") == known - {"sts:AssumeRole"}
