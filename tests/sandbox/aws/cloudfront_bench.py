"""A sandbox with CloudFront in it, boto3 as the client, and every answer held against botocore's model."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache, cached_property
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from providers.sandbox import started
from providers.sandbox.aws import EMULATOR
from providers.sandbox.aws.cloudfront import CloudFront
from providers.sandbox.calls import Call
from providers.sandbox.running import Running
from tests.contract.aws_judge import asked, aws_findings, code_of, model_of

START = "2026-01-05T09:00:00Z"
MAIL, OTHER = "111122223333", "444455556666"
HOST = "click.example.com"
OPTIMIZED = "658327ea-f89d-4fab-a63d-7e88639e58f6"  # CachingOptimized
REFERER = "acba4595-bd28-49b8-b9fe-13317c0390fa"  # UserAgentRefererHeaders
CERTIFICATES = [
    {"id": "c1", "domain": HOST, "status": "ISSUED"},
    {"id": "w1", "domain": "*.example.com", "status": "ISSUED"},
    {"id": "p1", "domain": "wait.example.com", "status": "PENDING_VALIDATION"},
]
_FAST = Config(retries={"total_max_attempts": 1}, parameter_validation=False)
_Q = {"HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": "match-viewer"}


def listed(*items: Any) -> dict[str, Any]:
    """A list as the API spells it."""
    return {"Quantity": len(items), **({"Items": list(items)} if items else {})}


def arn(certificate: str = "c1", account: str = MAIL) -> str:
    """The ARN of a certificate of the world."""
    return f"arn:aws:acm:us-east-1:{account}:certificate/{certificate}"


def viewer(certificate: str = "c1", account: str = MAIL, **more: Any) -> dict[str, Any]:
    """What names a certificate."""
    return {
        "ACMCertificateArn": arn(certificate, account),
        "SSLSupportMethod": "sni-only",
        "MinimumProtocolVersion": "TLSv1.2_2021",
        **more,
    }


def config(*aliases: str, **more: Any) -> dict[str, Any]:
    """The least that makes a distribution, with aliases or without."""
    named = {"Aliases": listed(*aliases), "ViewerCertificate": viewer()} if aliases else {}
    return {
        "CallerReference": "-".join(("ref", *aliases)),
        "Comment": "",
        "Enabled": True,
        "Origins": listed({"Id": "o", "DomainName": "spgo.io", "CustomOriginConfig": _Q}),
        "DefaultCacheBehavior": behavior(),
        **named,
        **more,
    }


def behavior(**more: Any) -> dict[str, Any]:
    """A cache behavior with a managed policy."""
    return {"TargetOriginId": "o", "ViewerProtocolPolicy": "allow-all", "CachePolicyId": OPTIMIZED, **more}


def whole_behavior(**more: Any) -> dict[str, Any]:
    """A cache behavior with all that an update requires."""
    methods = {**listed("GET", "HEAD"), "CachedMethods": listed("GET", "HEAD")}
    plain = {"SmoothStreaming": False, "Compress": True, "FieldLevelEncryptionId": ""}
    return behavior(AllowedMethods=methods, LambdaFunctionAssociations=listed(), **plain, **more)


def cache_policy(name: str = "ours", **more: Any) -> dict[str, Any]:
    """The guide's cache policy."""
    key = {
        "EnableAcceptEncodingGzip": True,
        "EnableAcceptEncodingBrotli": True,
        "HeadersConfig": {"HeaderBehavior": "none"},
        "CookiesConfig": {"CookieBehavior": "none"},
        "QueryStringsConfig": {"QueryStringBehavior": "none"},
    }
    ttls = {"MinTTL": 1, "DefaultTTL": 10, "MaxTTL": 10}
    return {"Name": name, **ttls, "ParametersInCacheKeyAndForwardedToOrigin": key, **more}


def request_policy(name: str = "ours", *headers: str, **more: Any) -> dict[str, Any]:
    """The guide's origin request policy; `headers` in place of User-Agent."""
    return {
        "Name": name,
        "HeadersConfig": {"HeaderBehavior": "whitelist", "Headers": listed(*(headers or ("User-Agent",)))},
        "CookiesConfig": {"CookieBehavior": "none"},
        "QueryStringsConfig": {"QueryStringBehavior": "none"},
        **more,
    }


class Bench:
    """One running sandbox and a client for each account."""

    def __init__(self, sandbox: Running) -> None:
        """Make the clients."""
        self.sandbox = sandbox
        self.mail = self._client(MAIL)

    def _client(self, account: str) -> Any:
        return _session().client(
            "cloudfront",
            region_name="us-east-1",
            endpoint_url=self.sandbox.env["AWS_ENDPOINT_URL"],
            aws_access_key_id=f"AKIA{account}",
            aws_secret_access_key="secret",
            config=_FAST,
        )

    @cached_property
    def other(self) -> Any:
        """The second account's client: few tests need it."""
        return self._client(OTHER)

    def create(self, *aliases: str, **more: Any) -> dict[str, Any]:
        """Create a distribution in the first account; gives its id, ETag and the rest."""
        answer = self.mail.create_distribution(DistributionConfig=config(*aliases, **more))
        return {**answer["Distribution"], "ETag": answer["ETag"]}

    def update(self, distribution_id: str, **more: Any) -> dict[str, Any]:
        """Read, change some members, write."""
        read = self.mail.get_distribution_config(Id=distribution_id)
        written = {**read["DistributionConfig"], **more}
        answer = self.mail.update_distribution(
            Id=distribution_id, IfMatch=read["ETag"], DistributionConfig=written
        )
        return {**answer["Distribution"], "ETag": answer["ETag"]}

    def advance(self, seconds: float) -> None:
        """Let sandbox time pass."""
        self.sandbox.control("POST", "/clock/advance", {"seconds": seconds})

    def switch(self, name: str, setting: str) -> None:
        """Set one of CloudFront's switches."""
        self.sandbox.control("PUT", f"/switches/aws.cloudfront-{name}", {"setting": setting})

    def patch(self, account: str = MAIL, **changes: Any) -> Any:
        """Change CloudFront behind the API's back."""
        body = {"accounts": {account: {"cloudfront": changes}}}
        return self.sandbox.control("PATCH", "/vendors/aws", body)

    def cloud(self, account: str = MAIL) -> CloudFront:
        """The state itself."""
        vendor: Any = self.sandbox.kernel.vendors["aws"]
        found: CloudFront = vendor._accounts.all[account].cloudfront
        return found

    def refused(self, call: Any, **params: Any) -> tuple[int, str, str]:
        """Make a call that must be refused, and give status, code and message."""
        with pytest.raises(ClientError) as caught:
            call(**params)
        error: Any = caught.value.response
        return error["ResponseMetadata"]["HTTPStatusCode"], error["Error"]["Code"], error["Error"]["Message"]

    def code(self, call: Any, **params: Any) -> str:
        """Make a call that must be refused, and give the code."""
        return self.refused(call, **params)[1]


@cache
def _session() -> Any:
    return boto3.session.Session()


def world(accounts: Mapping[str, Mapping[str, Any]] | None = None, **more: Any) -> dict[str, Any]:
    """A world of two accounts; `accounts` adds to them by number."""
    given = accounts or {}
    return {
        "clock": START,
        "aws": [_account(number, given.get(number, {})) for number in (MAIL, OTHER)],
        **more,
    }


def _account(number: str, more: Mapping[str, Any]) -> dict[str, Any]:
    profile = {} if number == MAIL else {"profile": "other"}
    keys = {"access_key": f"AKIA{number}", "secret_key": "secret"}
    return {"account": number, **keys, **profile, "certificates": CERTIFICATES, **more}


@contextmanager
def bench(given: Mapping[str, Any] | None = None) -> Iterator[Bench]:
    """Run a sandbox; at the end every answer is held against the model."""
    with started(given or world(), emulators=[EMULATOR]) as sandbox:
        yield Bench(sandbox)
        calls = list(sandbox.kernel.calls)
        found = [*aws_findings(calls), *dict.fromkeys(_wrong_statuses(calls))]
        assert not found, "\n".join(found)


def _wrong_statuses(calls: Iterable[Call]) -> Iterator[str]:
    """Say which answers have another status than the model gives the operation, or its error."""
    for call in calls:
        if call.vendor != "aws" or not call.emulated:
            continue
        service, name = asked(call)
        operation = model_of(service).operation_model(name)
        errors = {shape.name: shape.metadata["error"]["httpStatusCode"] for shape in operation.error_shapes}
        code = code_of(call.response_body, {}) if call.status and call.status >= 300 else ""
        right = errors.get(code, call.status) if code else operation.http["responseCode"]
        if call.status != right:
            yield f"{name} {code}: the status is {call.status}, not {right}"
