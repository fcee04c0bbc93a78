"""One domain and then 200 on CloudFront, ACM and Route 53: the sandbox with the real provider, through boto3.

What is measured is the time of the sandbox's clock, which is made of waits: for certificates, deployments,
name servers and the rates that vendors publish. The bound for many domains is one domain's time and that of
the busiest unit's calls at its rate: what is over it was waited for in turn, or was never needed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from benchmarks.stands import Took, stand
from providers.aws import TYPE as AWS
from providers.aws.names import (
    ACM_DELETE,
    ACM_DESCRIBE,
    ACM_LIST,
    ACM_REQUEST,
    ACM_TAG,
    CLOUDFRONT_READ,
    CLOUDFRONT_WRITE,
    PRICING,
    ROUTE53,
    STS,
    TAGGING,
)
from providers.sandbox.calls import Call
from providers.sparkpost import TYPE as SPARKPOST
from tests.contract.aws_calls import operation

ZONE = "example.com"
QUOTAS = {"distributions": 2000, "certificates": 5000}
UNITS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "acm": (
        ("Request", ACM_REQUEST),
        ("Describe", ACM_DESCRIBE),
        ("List", ACM_LIST),
        ("Delete", ACM_DELETE),
        ("AddTags", ACM_TAG),
    ),
    "cloudfront": (("Get|List", CLOUDFRONT_READ), ("", CLOUDFRONT_WRITE)),
    "pricingplanmanager": (("", PRICING),),
    "route53": (("", ROUTE53),),
    "sts": (("", STS),),
    "tag": (("", TAGGING),),
}
RATES: Mapping[str, float] = {limit.unit: limit.per_s for limit in (*AWS.limits, *SPARKPOST.limits)}


@dataclass(frozen=True, slots=True)
class Ran:
    """One command: seconds on the sandbox's clock, wall and processor time of tdr's process, and calls."""

    passed_s: float
    wall_s: float
    processor_s: float
    calls: Mapping[tuple[str, str], int]
    throttled: int

    @property
    def busiest(self) -> tuple[float, str]:
        """The least time that the calls of the busiest unit take, and which unit that is."""
        units: Counter[str] = Counter()
        for (service, name), count in self.calls.items():
            units[unit_of(service, name)] += count
        return max((count / RATES[unit], unit) for unit, count in units.items())


def unit_of(service: str, name: str) -> str:
    """Return the unit that counts an operation."""
    if service == "sparkpost":
        return SPARKPOST.limits[0].unit
    return next(unit for begins, unit in UNITS[service] if re.match(begins, name))


def table(size: int) -> tuple[Ran, Ran]:
    """Print what each command cost with one domain and with so many; return the two that applied."""
    with _stand(1) as one:
        single = one("apply", "-auto-approve", "-timeout", "24h")
        told("apply, 1 domain", single)
        told("destroy, 1 domain", one("destroy", "-auto-approve", "-timeout", "24h"))
    with _stand(size) as many:
        whole = many("apply", "-auto-approve", "-timeout", "24h")
        told(f"apply, {size:,} domains", whole)
        told("plan, nothing to do", many("plan", "-detailed-exitcode"))
        told(f"destroy, {size:,} domains", many("destroy", "-auto-approve", "-timeout", "24h"))
    return single, whole


def told(what: str, ran: Ran) -> None:
    """Print a command's times, and its calls by operation."""
    busy_s, unit = ran.busiest
    print(
        f"{what:24} {ran.passed_s:7.1f} s passed, {ran.wall_s:6.2f} s wall, {ran.processor_s:5.2f} s of tdr, "
        f"{sum(ran.calls.values())} calls, {ran.throttled} throttled; {unit} {busy_s:.1f} s at its rate"
    )
    counted = sorted(ran.calls.items(), key=lambda item: (item[0][0], -item[1]))
    print("    " + ", ".join(f"{name} {count}" for (_, name), count in counted), flush=True)


@contextmanager
def _stand(size: int) -> Iterator[Callable[..., Ran]]:
    with stand(world(), domains(size)) as at:
        yield lambda *words: _ran(at(*words))


def _ran(took: Took) -> Ran:
    counted = Counter(_operation(call) for call in took.calls)
    throttled = sum("Rate exceeded" in call.response_body for call in took.calls)
    return Ran(took.passed_s, took.wall_s, took.processor_s, counted, throttled)


def world() -> dict[str, Any]:
    """One account of each vendor, and a zone; nothing stands there yet."""
    account = {"account": "111122223333", "access_key": "AKIASANDBOX0000BENCH", "secret_key": "secret"}
    return {
        "sparkpost": [{"region": "us", "key": "key", "env": "SPARKPOST_API_KEY"}],
        "aws": [{**account, "zones": [{"name": ZONE}], "quotas": QUOTAS}],
    }


def domains(size: int) -> dict[str, Any]:
    """The YAML for so many domains."""
    return {
        "version": 1,
        "owner": "bench",
        "providers": {"sp": {"type": "sparkpost"}, "aws": {"type": "aws", "quotas": QUOTAS}},
        "defaults": {"sparkpost": "sp", "cdn": "aws", "dns": "aws"},
        "domains": {f"t{number}.{ZONE}": {} for number in range(size)},
    }


def _operation(call: Call) -> tuple[str, str]:
    return (
        operation(call) if call.vendor == "aws" else (call.vendor, f"{call.method} {call.path.split('/')[3]}")
    )
