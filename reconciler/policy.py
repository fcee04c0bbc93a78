"""What a plan may not do, said as findings that name the rule, the line and what lifts it. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from reconciler.checks import claimed_by_others
from reconciler.desired import Desired
from reconciler.dns import DNS_RECORD, is_validation
from reconciler.hostview import HostView
from reconciler.model import Action, Change, Finding, Resource, Severity
from reconciler.tracking import KINDS

MAX_NAMED = 10
"""How many domains one refusal lists by name."""


def ownership(
    desired: Desired, live: Collection[Resource], hosts: Mapping[str, HostView]
) -> Iterator[Finding]:
    """Refuse hosts whose resources bear another owner's mark, unless the claim says that they are ours, or
    that the host is this other owner's: that is told of the claim."""
    foreign = {(r.host, r.mark, r.id.address) for r in live if r.mark not in (None, desired.owner) and r.host}
    for host, mark, address in sorted(foreign, key=str):
        view = hosts.get(host)
        claims = view.claims if view is not None else ()
        if host in desired.domains and not {desired.owner, mark} & {claim.owner for claim in claims}:
            yield Finding(
                Severity.ERROR,
                host,
                f"{address} is marked as owner `{mark}`'s, this file is `{desired.owner}`",
                f"run `tdr adopt -from {mark} {host}` to take it over",
            )


def deletions(
    changes: Collection[Change],
    desired: Desired,
    hosts: Mapping[str, HostView],
    *,
    max_deletes: int | None,
    unlimited: bool,
) -> Iterator[Finding]:
    """Refuse to take down protected domains, and more domains than the policy allows.

    `max_deletes` replaces the file's limit for one run; `unlimited` is for `destroy`, which is about
    deleting. Domains are counted, not resources.
    """
    going = sorted({c.host for c in changes if c.action is Action.DELETE and c.host and _goes(hosts, c.host)})
    for host in going:
        if host in hosts and host not in desired.domains:
            yield from claimed_by_others(hosts[host], desired)
        if host in desired.policy.protected:
            yield Finding(
                Severity.ERROR,
                host,
                f"{host} is protected and the plan would delete it",
                "take it out of `policy: protected:` first",
                "state",
            )
    allowed = desired.policy.max_deletes if max_deletes is None else max_deletes
    counted = [host for host in going if host not in desired.policy.protected]
    if not unlimited and len(counted) > allowed:
        named = _named(counted)
        for host in counted:
            yield Finding(
                Severity.ERROR,
                host,
                f"{len(counted)} domain{'s' * (len(counted) > 1)} would be deleted ({named}), "
                f"`policy: max_deletes:` allows {allowed}",
                f"pass `-max-deletes {len(counted)}` for this run, or raise `max_deletes`",
                "state",
            )


def _named(hosts: Sequence[str]) -> str:
    """Return the first hosts: each of thousands names them again."""
    left = len(hosts) - MAX_NAMED
    return ", ".join(hosts[:MAX_NAMED]) + (f" and {left:,} more" if left > 0 else "")


def replacements(changes: Collection[Change]) -> Iterator[Finding]:
    """Refuse to make anew what links lead through: while it is gone they would lead nowhere."""
    for change in changes:
        carries = change.id.kind == DNS_RECORD and not is_validation(change.id)
        if change.action is Action.REPLACE and (carries or change.id.kind in KINDS):
            yield Finding(
                Severity.ERROR,
                change.host,
                f"{change.id.address} cannot be replaced: links in mail already sent lead through it",
                "leave out this `-replace`; what differs from the file is changed in place",
            )


def _goes(hosts: Mapping[str, HostView], host: str) -> bool:
    view = hosts.get(host)
    return view is None or view.domain is None or view.domain.state == "absent"
