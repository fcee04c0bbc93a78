"""A sandbox with AWS in it, the real SDK as its client, and every answer judged by AWS's own models."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from providers.sandbox import started
from providers.sandbox.aws import EMULATOR
from providers.sandbox.running import Running
from tests.contract.aws_judge import answer_errors, aws_judge
from tests.contract.judge import specs_folder

NUMBER, OTHER = "111122223333", "444455556666"
KEY, SECRET = "AKIASANDBOX0000MAIL", "sandbox-secret"
START = "2026-01-05T09:00:00Z"


def judge(service: str) -> Any:
    """What judges a service's answers by botocore's model; None where it is absent."""
    return aws_judge(service)


@cache
def session() -> boto3.Session:
    """One session for all tests: the models are read once."""
    return boto3.Session()


def needs_judge() -> None:
    """Skip a test that is nothing without the judge."""
    if judge("sts") is None:
        pytest.skip(f"no contract.py at {specs_folder()} (see TDR_API_SPECS)")


def account(number: str = NUMBER, **more: Any) -> dict[str, Any]:
    """An account as the world writes it; the first has keys."""
    keys = {"access_key": KEY, "secret_key": SECRET} if number == NUMBER else {}
    return {"account": number, **keys, **more}


def world(*accounts: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """A world with these accounts: one with example.com, unless given."""
    chosen = list(accounts) or [account(zones=[{"name": "example.com", "id": "Z0EXAMPLE"}])]
    return {"clock": START, "aws": chosen, **more}


class Bench:
    """One running sandbox. `findings` is what the models say against its answers."""

    def __init__(self, sandbox: Running) -> None:
        """Make clients as they are needed."""
        self.sandbox = sandbox
        self.findings: list[str] = []
        self.judged = 0
        self._route53: Any = None
        self.unlimited()

    def client(self, service: str, key: str = KEY, secret: str = SECRET, token: str = "", **more: Any) -> Any:
        """A client that tries each call once and shows each good answer to the judge."""
        made = session().client(
            service,
            endpoint_url=self.sandbox.env["AWS_ENDPOINT_URL"],
            region_name=more.pop("region", "us-east-1"),
            aws_access_key_id=key,
            aws_secret_access_key=secret,
            aws_session_token=token or None,
            config=Config(retries={"total_max_attempts": 1}, **more),
        )
        made.meta.events.register("after-call.*.*", self._judge)
        return made

    def _judge(self, http_response: Any, model: Any, **_more: Any) -> None:
        found = judge(model.service_model.service_name)
        if found is None or http_response.status_code >= 300:
            return
        self.judged += 1
        errors = answer_errors(
            model.service_model.service_name, model.name, http_response.content.decode("utf-8", "replace")
        )
        self.findings += [f"{model.name}: {error}" for error in errors]

    @property
    def route53(self) -> Any:
        """Route 53 of the first account."""
        self._route53 = self._route53 or self.client("route53")
        return self._route53

    def unlimited(self) -> None:
        """Take AWS's own limits away: tests call faster than a second can be."""
        self.sandbox.do(lambda: self.sandbox.kernel.limits.update(aws=None))

    def limited(self) -> None:
        """Let AWS's own limits hold."""
        self.sandbox.do(lambda: self.sandbox.kernel.limits.pop("aws"))

    def advance(self, seconds: float) -> None:
        """Let sandbox time pass."""
        self.sandbox.control("POST", "/clock/advance", {"seconds": seconds})

    def switch(self, name: str, setting: str) -> None:
        """Set a switch."""
        self.sandbox.control("PUT", f"/switches/{name}", {"setting": setting})

    def patch(self, number: str = NUMBER, **changes: Any) -> Any:
        """Change the state of an account behind its APIs' back."""
        return self.sandbox.control("PATCH", "/vendors/aws", {"accounts": {number: changes}})

    def dns(self, name: str, kind: str) -> tuple[str, ...]:
        """What the world's resolver finds."""
        return self.sandbox.do(lambda: self.sandbox.kernel.resolve(name, kind, fresh=True).values(kind))

    def state(self) -> Any:
        """What the emulator would keep on disk, as it comes back from there."""
        return json.loads(json.dumps(self.sandbox.do(self.sandbox.kernel.vendors["aws"].dump)))


@contextmanager
def bench(given: Mapping[str, Any] | None = None) -> Iterator[Bench]:
    """Run a sandbox with AWS only; at its end, no answer may be against the models."""
    with started(given or world(), emulators=[EMULATOR]) as sandbox:
        running = Bench(sandbox)
        yield running
        assert running.findings == []
        assert sandbox.kernel.unemulated == []


def refused(call: Any, **params: Any) -> tuple[int, str, str]:
    """Make a call that must be refused, and give status, code and message."""
    with pytest.raises(ClientError) as caught:
        call(**params)
    answer = caught.value.response
    return answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Code"], answer["Error"]["Message"]
