"""The contract's methods for an edge that is not tdr's to manage: a target, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from providers.external.targets import host_target
from reconciler.dns import HostTarget
from reconciler.model import Change, Finding, ResourceId, Severity
from reconciler.provider import Composition, Live, Outcomes, Parts, Scope, Status, Wanted


class External:
    """One target. It keeps nothing, so it has no account that a claim would have to remember."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        """Take the alias's options."""
        self._target = host_target(options)

    def read(self, scope: Scope) -> Live:
        """Find nothing, whatever is asked for."""
        del scope
        return Live()

    def compose(self, parts: Parts, live: Live) -> Composition:
        """Point each present host to the target; nothing is live here."""
        del live
        wanted = [w for w in parts.cdn if not w.absent]
        return Composition(
            targets={w.host: self._target for w in wanted},
            findings=tuple(findings(wanted, self._target)),
        )

    def apply(self, batch: Sequence[Change]) -> Outcomes:
        """Refuse: nothing of this type is ever planned."""
        raise AssertionError(f"unreachable: {batch[0].id} is no resource of an external edge")

    def ready(self, ids: Collection[ResourceId]) -> Mapping[ResourceId, Status]:
        """Know nothing that could be waited for."""
        del ids
        return {}


def findings(wanted: Sequence[Wanted], target: HostTarget) -> Iterator[Finding]:
    """Yield the hosts whose links could not reach SparkPost through this target."""
    if target.type != "CNAME":
        return
    name = str(target.values[0])
    hosts = {w.host for w in wanted}
    for one in wanted:
        if name == one.host:
            yield _error(
                one.host, f"{name} is the target and the tracking host itself: it would lead nowhere"
            )
        elif name in hosts:
            yield _error(
                one.host, f"the target {name} is a tracking host of this file, which points to itself"
            )
        elif name == one.origin:
            yield _error(
                one.host,
                f"the target {name} is the tracking host that an edge forwards to: without an edge before it "
                f"nobody has a certificate for {one.host}",
            )


def _error(host: str, text: str) -> Finding:
    return Finding(Severity.ERROR, host, text, "name the CDN's or the proxy's own host as `target`", "cdn")
