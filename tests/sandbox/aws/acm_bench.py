"""A sandbox with AWS and SparkPost in it, and the calls that tests of ACM and of the edge make of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from providers.sandbox import started
from providers.sandbox.aws import EMULATOR
from providers.sandbox.fetch import Fetched
from providers.sandbox.running import Running
from providers.sandbox.sparkpost import EMULATOR as SPARKPOST
from tests.sandbox.aws import bench as base
from tests.sandbox.aws.bench import NUMBER, START, account, refused

__all__ = ["EDGE", "NUMBER", "Bench", "account", "bench", "refused", "world"]

EDGE = "198.51.100.60"


def world(*accounts: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """A world with these accounts (one, unless given), and example.com on name servers of its own."""
    zone = {"zone": "example.com", "records": more.pop("records", [])}
    return {"clock": START, "aws": list(accounts) or [account()], "dns": [zone], **more}


class Bench(base.Bench):
    """One running sandbox. Every answer is judged, and AWS's limits are off."""

    def __init__(self, sandbox: Running) -> None:
        """Make clients as they are needed."""
        super().__init__(sandbox)
        self._made: dict[tuple[str, str], Any] = {}

    def of(self, service: str, region: str = "us-east-1") -> Any:
        """A client of the first account, made once."""
        if (service, region) not in self._made:
            self._made[service, region] = self.client(service, region=region)
        return self._made[service, region]

    @property
    def acm(self) -> Any:
        """ACM where CloudFront looks for certificates."""
        return self.of("acm")

    def request(self, *names: str, **more: Any) -> str:
        """Ask for a certificate by DNS validation, and give its ARN."""
        if len(names) > 1:
            more["SubjectAlternativeNames"] = list(names[1:])
        answer = self.acm.request_certificate(DomainName=names[0], **{"ValidationMethod": "DNS", **more})
        return str(answer["CertificateArn"])

    def describe(self, arn: str) -> dict[str, Any]:
        """Give all that ACM tells of a certificate."""
        found: dict[str, Any] = self.acm.describe_certificate(CertificateArn=arn)["Certificate"]
        return found

    def status(self, arn: str) -> str:
        """Give the status of a certificate."""
        return str(self.describe(arn)["Status"])

    def prove(self, arn: str) -> None:
        """Write the validation records of a certificate into the zone, once they are told."""
        self.advance(6)
        for option in self.describe(arn)["DomainValidationOptions"]:
            record = option["ResourceRecord"]
            self.add_record(record["Name"], record["Type"], record["Value"])

    def issued(self, *names: str, **more: Any) -> str:
        """Ask for a certificate, prove its names, wait, and give its ARN."""
        arn = self.request(*names, **more)
        self.prove(arn)
        self.settle(arn)
        return arn

    def settle(self, arn: str) -> None:
        """Let ACM look at DNS, and then do what it does."""
        for _ in range(2):
            self.advance(70)
            self.describe(arn)
        self.advance(130)

    def add_record(self, name: str, rtype: str, content: str) -> None:
        """Put a record into example.com."""
        added = {"name": name.rstrip("."), "type": rtype, "content": content, "ttl": 60}
        self.sandbox.control("PATCH", "/dns/zones/example.com", {"add_records": [added]})

    def remove_record(self, name: str, rtype: str) -> None:
        """Take a record out of example.com."""
        self.sandbox.control(
            "PATCH", "/dns/zones/example.com", {"remove_records": [f"{name.rstrip('.')} {rtype}"]}
        )

    def visit(self, url: str, **options: Any) -> Fetched:
        """Ask the edge for a URL, wherever DNS points."""
        options.setdefault("connect_to", EDGE)
        return self.sandbox.run(self.sandbox.kernel.fetch(url, **options))

    def resolved(self, name: str, rtype: str) -> tuple[str, tuple[str, ...]]:
        """What the world's resolver finds: code and values."""
        found = self.sandbox.do(lambda: self.sandbox.kernel.resolve(name, rtype, fresh=True))
        return found.rcode, found.values(rtype)

    def judged_well(self) -> None:
        """No answer was against the models, and nothing was asked for that is not emulated."""
        assert self.findings == []
        assert self.sandbox.kernel.unemulated == []


@contextmanager
def bench(given: Mapping[str, Any] | None = None) -> Iterator[Bench]:
    """Run a sandbox."""
    with started(given or world(), emulators=[SPARKPOST, EMULATOR]) as sandbox:
        running = Bench(sandbox)
        yield running
        running.judged_well()
