"""What a plan would take of the account's quotas. Pure.

docs: CloudFront Developer Guide, "Quotas"; ACM User Guide, "Quotas".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

from providers.aws.cdn_options import Wishes
from providers.aws.cdn_state import CdnState
from providers.aws.findings import error
from providers.aws.names import CACHE_POLICY, REQUEST_POLICY
from reconciler.model import Finding

if TYPE_CHECKING:
    from providers.aws.composing import Choice

_YEAR = timedelta(days=365)
_POLICIES = {
    CACHE_POLICY: ("cache_policies", "custom cache policies"),
    REQUEST_POLICY: ("origin_request_policies", "custom origin request policies"),
}


def quota_findings(
    state: CdnState,
    wishes: Wishes,
    choices: Mapping[str, Choice],
    keys: Mapping[str, Mapping[str, str]],
) -> Iterator[Finding]:
    """Say for which hosts the account has no room, in the order in which they would be made."""
    hosts = sorted(choices)
    new = [host for host in hosts if state.serving(host) is None]
    yield from _over(new, len(state.distributions), wishes, "distributions", "distributions")
    requested = [host for host in hosts if choices[host].is_ours and choices[host].own is None]
    have = len(state.certificates)
    yield from _over(requested, have, wishes, "certificates", "certificates, expired ones included")
    yield from _over(
        requested, _of_this_year(state), wishes, "certificates_per_year", "certificate requests in 365 days"
    )
    for kind, (name, words) in _POLICIES.items():
        yield from _policies_over(kind, state, wishes, keys[kind], (name, words))


def _over(hosts: list[str], have: int, wishes: Wishes, name: str, words: str) -> Iterator[Finding]:
    room = max(0, wishes.quota(name) - have)
    for host in hosts[room:]:
        yield _full(host, have, len(hosts), wishes.quota(name), (name, words))


def _policies_over(
    kind: str, state: CdnState, wishes: Wishes, keys: Mapping[str, str], named: tuple[str, str]
) -> Iterator[Finding]:
    standing = set(state.policy_keys(kind).values())
    new = sorted(set(keys.values()) - standing, key=lambda key: int(key.rpartition("-")[2]))
    have = sum(p.kind == kind for p in state.policies)
    room = max(0, wishes.quota(named[0]) - have)
    for host in sorted(host for host, key in keys.items() if key in new[room:]):
        yield _full(host, have, len(new), wishes.quota(named[0]), named)


def _full(host: str, have: int, more: int, quota: int, named: tuple[str, str]) -> Finding:
    name, words = named
    return error(
        host,
        f"the account has {have} of {quota} {words}, and {more} more {'is' if more == 1 else 'are'} needed",
        "have the quota raised (Service Quotas) and write the number as "
        f"`quotas: {{{name}: …}}` at the alias, or remove what is not needed",
    )


def _of_this_year(state: CdnState) -> int:
    """Count the requests of the last 365 days that still stand; what was deleted since is not told."""
    if state.at is None:
        return 0
    since = state.at - _YEAR
    asked = (c.requested for c in state.certificates if c.type == "AMAZON_ISSUED")
    return sum(1 for at in asked if at is not None and at > since)
