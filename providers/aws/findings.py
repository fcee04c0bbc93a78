"""What a person must know before tdr works on a host at CloudFront. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from providers.aws.cdn_options import Wishes
from providers.aws.cdn_state import CdnState, Distribution, unlike
from providers.aws.certificates import HOPELESS, USABLE_KEYS
from providers.aws.names import CLOUDFRONT_SUFFIX
from reconciler.model import Finding, Severity
from reconciler.provider import EdgeNames, Wanted

POLICY_TIERS = frozenset({"BUSINESS", "PREMIUM"})
"""The flat-rate plans that allow custom policies (docs: "CloudFront flat-rate pricing plans")."""

_STRANGE = (
    "its record points at {name}, a distribution of this account that does not have {host} as an alias; "
    "CloudFront gives a host to no other one while that is so"
)
_STRANGE_LIFT = (
    "point the record at SparkPost's tracking host, and tdr makes a distribution; or add the alias {host} to "
    "that one, if it asks SparkPost and serves no other host, and tdr takes it over"
)


def error(host: str | None, text: str, lift: str, key: str = "cdn") -> Finding:
    """Make a finding that forbids the host's changes."""
    return Finding(Severity.ERROR, host, text, lift, key)


def warning(host: str | None, text: str, lift: str = "", key: str = "cdn") -> Finding:
    """Make a finding that is only told."""
    return Finding(Severity.WARNING, host, text, lift, key)


def is_error(finding: Finding) -> bool:
    """Tell whether a finding forbids the host's changes."""
    return finding.severity is Severity.ERROR


# -- the distribution that is there
def blocking(wanted: Wanted, state: CdnState) -> Iterator[Finding]:
    """Say why the distribution that serves a host is not tdr's to change."""
    live = state.serving(wanted.host)
    if live is None:
        return
    others = [alias for alias in live.aliases if alias != wanted.host]
    if others:
        yield error(
            wanted.host,
            f"distribution {live.id} serves {_named(others)} too: its settings, and its end, would be theirs",
            f"give the others a distribution of their own, and tdr takes {live.id} over; or "
            f"{_freed(wanted, live)}",
        )
    elif live.owner != state.owner and (reason := unlike(live, wanted.origin)):
        yield error(
            wanted.host,
            f"distribution {live.id} has this host as its alias, but it {reason}",
            _freed(wanted, live),
        )


def _freed(wanted: Wanted, live: Distribution) -> str:
    return (
        f"remove the alias {wanted.host} from {live.id} and point its record at {wanted.origin}: tdr then "
        "makes a distribution for the host"
    )


def _named(hosts: list[str]) -> str:
    return ", ".join(hosts[:3]) + (f" and {len(hosts) - 3} more" if len(hosts) > 3 else "")


def edge_names(state: CdnState) -> EdgeNames:
    """Tell which names below cloudfront.net are the account's own: an alias is unique in all of CloudFront.

    Nor does it give a host to a distribution while the record points at another one, even of the account.
    docs: CloudFront Developer Guide, "Move an alternate domain name"; AssociateAlias; ListConflictingAliases;
    "Alternate domain names that already point to a distribution".
    """
    return EdgeNames(
        suffix=CLOUDFRONT_SUFFIX,
        own=frozenset(d.domain_name.lower() for d in state.distributions),
        text="its record points at {name}, which is no distribution of this account: it is another "
        "account's, a tenant of a multi-tenant distribution, or gone; one alone can serve the host",
        lift="name the alias of that account as `cdn:`, or remove the alias {host} there and point DNS "
        "elsewhere; AssociateAlias moves it without a gap, for which a TXT record at _{host} names the "
        "distribution that it moves to",
        serving=state.served,
        strange=(_STRANGE, _STRANGE_LIFT),
    )


# -- certificates
def named_findings(host: str, state: CdnState, wishes: Wishes) -> Iterator[Finding]:
    """Say where none of the certificates that the file names can serve the host."""
    found = [state.certificate(arn) for arn in wishes.certificates]
    if not wishes.certificates or any(c is not None and c.serves(host) for c in found):
        return
    reasons = []
    for arn, certificate in zip(wishes.certificates, found, strict=True):
        name = arn.rpartition("/")[2]
        if certificate is None:
            reasons.append(f"{name} is not in us-east-1 of this account")
        elif not certificate.covers(host):
            reasons.append(f"{name} is for {_named(sorted(certificate.names))}")
        elif certificate.key_algorithm not in USABLE_KEYS:
            reasons.append(f"{name} has a {certificate.key_algorithm} key, which CloudFront does not take")
        else:
            reasons.append(f"{name} is {certificate.status}")
    yield error(
        host,
        f"none of the alias's certificates serves it: {'; '.join(reasons)}",
        "add the ARN of an issued certificate that covers it, or remove `certificates:` to have tdr get one",
    )


def renewal_findings(host: str, state: CdnState) -> Iterator[Finding]:
    """Say where a certificate of tdr's will never be issued, or no more, and a new one is requested."""
    dead = [
        c for c in state.certificates if c.owner == state.owner and c.host == host and c.status in HOPELESS
    ]
    if dead and state.own_certificate(host) is None:
        told = ", ".join(sorted(f"{c.arn.rpartition('/')[2]} is {c.status}" for c in dead))
        yield warning(host, f"certificate {told}: tdr requests another, and removes this one last")


# -- flat-rate plans
def plan_findings(host: str, state: CdnState) -> Iterator[Finding]:
    """Say where the price plan of a distribution forbids the policies that tracking needs."""
    live = state.serving(host)
    if live is None or live.owner == state.owner:
        return
    tier = state.plans.get(live.arn)
    if tier is not None and tier.upper() not in POLICY_TIERS:
        yield error(
            host,
            f"distribution {live.id} is on the flat-rate plan {tier}, which allows no custom cache or origin "
            "request policy",
            "take the Business or Premium plan, or pay-as-you-go, for that distribution",
        )
    elif state.unseen:
        yield _unseen(host, live, state.unseen)


def _unseen(host: str, live: Distribution, why: str) -> Finding:
    return warning(
        host,
        f"whether distribution {live.id} is on a flat-rate plan could not be asked: {why}",
        "plans below Business allow no custom policies; the change would be refused",
    )
