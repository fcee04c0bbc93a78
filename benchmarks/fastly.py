"""One domain and then 300 on one Fastly service: the sandbox with the real provider, by tdr as typed.

What is measured is the time of the sandbox's clock, which is made of waits: for certificates, name servers
and the rates that vendors publish. The bound for many domains is one domain's time and the least time that
the calls to the busiest vendor take: what is over it was waited for in turn, or was never needed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from benchmarks.stands import Took, stand
from providers.cloudflare import TYPE as CLOUDFLARE
from providers.fastly import TYPE as FASTLY
from providers.sandbox.calls import Call
from providers.sparkpost import TYPE as SPARKPOST
from reconciler.provider import Limit

ZONE = "example.com"
FEW_WRITES = 250
"""Writes an hour with which 300 domains take hours, as 1,200 do with Fastly's 1,000."""
IDS = re.compile(r"(?<=/)[0-9A-Za-z]{20,22}(?=/|$)|(?<=/version/)\d+|(?<=/domain/).+")


@dataclass(frozen=True, slots=True)
class Row:
    """A form of domains, or a rate: what one domain took, what many did, and the least that these can."""

    what: str
    single: Took
    whole: Took
    least_s: float
    unit: str

    @property
    def bound_s(self) -> float:
        """The least time of an apply of many."""
        return self.single.passed_s + self.least_s


def rows(size: int) -> Iterator[Row]:
    """Print what each command cost; yield each form of domains, and one with few writes an hour."""
    yield _row("classic", size, domains="classic")
    yield _row("versionless", size, domains="versionless")
    yield _row(f"{FEW_WRITES} writes/h", size, domains="classic", writes_per_hour=FEW_WRITES)


def _row(what: str, size: int, **options: Any) -> Row:
    per_hour = int(options.get("writes_per_hour", 1000))
    with stand(world(per_hour), file(1, options)) as one:
        single = one("apply", "-auto-approve", "-timeout", "24h")
    with stand(world(per_hour), file(size, options)) as many:
        whole = many("apply", "-auto-approve", "-timeout", "24h")
        told(f"{what}: apply, {size:,} domains", whole)
        told(f"{what}: plan, nothing to do", many("plan", "-detailed-exitcode"))
        told(f"{what}: destroy", many("destroy", "-auto-approve", "-timeout", "24h"))
    least_s, unit = max(
        (_least_s(limit, [call for call in whole.calls if call.vendor == type_.name]), limit.unit)
        for type_ in (FASTLY, SPARKPOST, CLOUDFLARE)
        for limit in type_.limits_with(options if type_ is FASTLY else {})
    )
    return Row(what, single, whole, least_s, unit)


def _least_s(limit: Limit, calls: list[Call]) -> float:
    """Return the least time of these calls at a published rate; whole windows where those are counted."""
    reads = [call for call in calls if call.method == "GET"]
    if limit.window_s:
        return max(0, len(calls) - len(reads) - 1) // limit.burst * limit.window_s
    counted = len(reads) if limit.unit.endswith("-read") else len(calls)
    return max(0.0, (counted - limit.burst) / limit.per_s)


def told(what: str, took: Took) -> None:
    """Print a command's times, and its calls of Fastly by operation."""
    vendors = Counter(call.vendor for call in took.calls)
    refused = sum(call.status == 429 for call in took.calls)
    print(
        f"{what:36} {took.passed_s:8.1f} s passed, {took.wall_s:6.2f} s wall, {took.processor_s:5.2f} s of "
        f"tdr, {', '.join(f'{name} {count}' for name, count in sorted(vendors.items()))}, {refused} refused"
    )
    counted = Counter(
        f"{call.method} {IDS.sub('*', call.path)}" for call in took.calls if call.vendor == "fastly"
    )
    print("    " + ", ".join(f"{name} {count}" for name, count in counted.most_common()), flush=True)


def world(per_hour: int) -> dict[str, Any]:
    """One account of each vendor, and a zone; nothing stands there yet."""
    limits = {"writes_per_hour": per_hour, "domains": 5000, "managed_certificates": 5000}
    return {
        "sparkpost": [{"region": "us", "key": "key", "env": "SPARKPOST_API_KEY"}],
        "cloudflare": [
            {
                "token": "token",
                "env": "CLOUDFLARE_API_TOKEN",
                "account": "acme",
                "zones": [{"name": ZONE, "plan": "enterprise"}],
            }
        ],
        "fastly": [{"customer": "4bNcKkz5jR0nXyv2sandbox", "token": "token", "limits": limits}],
    }


def file(size: int, options: dict[str, Any]) -> dict[str, Any]:
    """The YAML for so many domains."""
    return {
        "version": 1,
        "owner": "bench",
        "providers": {
            "sp": {"type": "sparkpost"},
            "web": {"type": "cloudflare"},
            "edge": {"type": "fastly", **options},
        },
        "defaults": {"sparkpost": "sp", "cdn": "edge", "dns": "web"},
        "domains": {f"t{number}.{ZONE}": {} for number in range(size)},
    }
