"""How a subscription comes to its certificate: the challenges, CAA, looks at DNS at fixed moments, renewal.

docs: Fastly guides "Setting up TLS with certificates Fastly manages" (challenges, authorities, renewal),
"TLS Subscriptions" (API reference: seven days of trying, `retry`); RFC 8659.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cache

from providers.sandbox.caa import permits
from providers.sandbox.kernel import Kernel
from providers.sandbox.resolver import Look

from . import tls_switches as switches
from .state import derived_id
from .tls_state import DAY_S, Activation, Authorization, Certificate, Subscription, TlsState, given_up

VALIDATIONS_ZONE = "fastly-validations.com"
#: The four addresses that Fastly's names have.
EDGE_ADDRESSES = ("198.51.100.50", "198.51.100.51", "198.51.100.52", "198.51.100.53")
FIRST_LOOK_S = 5.0  # Fastly says no figures; a minute or a few is what its guide shows
LOOK_S = 60.0
ISSUE_S = 60.0
LAG_S = 20.0  # see the switch `fastly.certificate-lag`


@dataclass(frozen=True, slots=True)
class Authority:
    """One that issues: its name in CAA records and in certificates, and for how long it does."""

    caa: str
    organisation: str
    validity_s: float
    renewed_before_s: float


#: docs: the guide names the three; lifetimes are those that the authorities publish.
AUTHORITIES = {
    "certainly": Authority("certainly.com", "Certainly", 30 * DAY_S, 10 * DAY_S),
    "lets-encrypt": Authority("letsencrypt.org", "Let's Encrypt", 90 * DAY_S, 30 * DAY_S),
    "globalsign": Authority("globalsign.com", "GlobalSign nv-sa", 90 * DAY_S, 30 * DAY_S),
}


@dataclass(frozen=True, slots=True)
class Judge:
    """What issuing needs to know of the world: DNS, around any cache, and the switches."""

    look: Look
    keeps_active: bool = True  # an activation that another certificate has stays
    lag_s: float = 0.0  # from "issued" to the certificate being there


def judge_of(kernel: Kernel) -> Judge:
    """Give what is to be known of the world now; what was seen is not asked for again."""
    seen = cache(lambda name, rtype: kernel.resolve(name, rtype, fresh=True))
    return Judge(
        seen,
        keeps_active=kernel.switch(switches.ISSUE_OVER_ACTIVE.name) == "kept",
        lag_s=LAG_S if kernel.switch(switches.CERTIFICATE_LAG.name) == "twenty-seconds" else 0.0,
    )


def challenge_name(domain: str) -> str:
    """Give where the record that proves a domain stands; a wildcard has its base's."""
    return f"_acme-challenge.{domain.removeprefix('*.')}"


def challenge_value(token: str) -> str:
    """Give what that record points to."""
    return f"{token}.{VALIDATIONS_ZONE}"


def settle(tls: TlsState, judge: Judge, now: float, only: Collection[str] | None = None) -> None:
    """Do what was due up to now, for all subscriptions or those with a domain of `only`.

    To read more often changes nothing.
    """
    for subscription in tls.subscriptions.values():
        if only is None or any(domain in only for domain in subscription.domains):
            while _settled(tls, subscription, judge, now):
                pass  # a renewal, and then the next


def _settled(tls: TlsState, subscription: Subscription, judge: Judge, now: float) -> bool:
    """Take the next step of one subscription, and say whether it came to a certificate that is there."""
    present = tls.current(subscription, now)
    if tls.coming(subscription, now):
        return False
    if present is not None and now >= _due(subscription, present):
        subscription.wants = True
    return subscription.wants and _try(tls, subscription, present, judge, now)


def _due(subscription: Subscription, present: Certificate) -> float:
    return present.not_after - AUTHORITIES[subscription.authority].renewed_before_s


def _try(
    tls: TlsState, subscription: Subscription, present: Certificate | None, judge: Judge, now: float
) -> bool:
    """Look at DNS at the last moment that was due, and issue where all is proven."""
    renews = present is not None and subscription.ordered < present.not_before
    begun = _due(subscription, present) if present and renews else subscription.ordered
    first, until = begun + FIRST_LOOK_S, min(now, given_up(subscription, present) - 1.0)
    moment = first + (until - first) // LOOK_S * LOOK_S
    if until < first or moment <= subscription.looked:
        return False
    # A renewal that nobody watched, and that DNS permits now, went through when it was due.
    at = first if renews and subscription.looked < first else moment
    subscription.looked = moment
    for authorization in subscription.authorizations.values():
        _check(tls, subscription, authorization, judge, at)
    if any(each.passed is None for each in subscription.authorizations.values()):
        return False
    subscription.looked = at
    return issue(tls, subscription, at + ISSUE_S, judge).not_before <= now


def _check(
    tls: TlsState, subscription: Subscription, authorization: Authorization, judge: Judge, at: float
) -> None:
    """Take note of how the proof of one domain stands."""
    before = (authorization.looked, authorization.passed is None, authorization.warnings)
    cname = tls.configurations[subscription.configuration].cname
    authority = AUTHORITIES[subscription.authority].caa
    permitted = permits(judge.look, authorization.domain, authority)
    proven = stands(judge.look, authorization, cname)
    authorization.looked = True
    authorization.passed = (authorization.passed or at) if proven and permitted else None
    authorization.warnings = list(_warnings(judge.look, authorization, authority, permitted=permitted))
    if before != (True, authorization.passed is None, authorization.warnings):
        authorization.updated = at


def _warnings(
    look: Look, authorization: Authorization, authority: str, *, permitted: bool | None
) -> Iterator[dict[str, str]]:
    """Say what is in the way, in words that users of the API have been shown."""
    if permitted is False:
        yield {
            "type": "caa",
            "instructions": f"Found conflicting CAA record(s). Expected {authority}",
        }
    name, value = challenge_name(authorization.domain), challenge_value(authorization.token)
    found = look(name, "CNAME")
    if found.rcode == "NOERROR" and not found.rrsets:
        found = look(name, "TXT")
    if found.rrsets and value not in found.values("CNAME"):
        yield {
            "type": "dns",
            "instructions": f"Conflicting record(s) found at {name}. Please remove the record(s) and add the "
            f"following CNAME record: {value}",
        }


def stands(look: Look, authorization: Authorization, cname: str) -> bool:
    """Say whether control is proven: by the challenge's CNAME, or by the host itself pointing at Fastly."""
    name, value = challenge_name(authorization.domain), challenge_value(authorization.token)
    if value in look(name, "CNAME").values("CNAME"):
        return True
    if authorization.domain.startswith("*."):
        return False  # docs: wildcards by DNS only
    host = look(authorization.domain, "A")
    addresses = host.values("A")
    return cname in host.values("CNAME") or (bool(addresses) and set(addresses) <= set(EDGE_ADDRESSES))


def issue(tls: TlsState, subscription: Subscription, at: float, judge: Judge) -> Certificate:
    """Let there be a new certificate from a moment on, in use for the domains that have no other."""
    authority = AUTHORITIES[subscription.authority]
    number = derived_id(subscription.id, "certificate", str(at))
    tls.certificates[number] = certificate = Certificate(
        number,
        subscription.common_name,
        list(subscription.domains),
        created=at + judge.lag_s,
        updated=at + judge.lag_s,
        not_before=at,
        not_after=at + authority.validity_s,
        issuer=authority.organisation,
        serial=str(int.from_bytes(number.encode()[:12])),
        subscription=subscription.id,
    )
    for old in subscription.certificates[:-1]:
        tls.certificates.pop(old, None)
    subscription.certificates = [*subscription.certificates[-1:], number]
    subscription.wants, subscription.updated = False, at
    for domain in subscription.domains:
        _activate(tls, subscription, domain, at + judge.lag_s, judge)
    return certificate


def _activate(tls: TlsState, subscription: Subscription, domain: str, at: float, judge: Judge) -> None:
    others = [each for each in tls.activations.values() if each.domain == domain]
    if any(each.subscription == subscription.id for each in others) or (others and judge.keeps_active):
        return
    for each in others:
        del tls.activations[each.id]
    number = derived_id(subscription.id, "activation", domain, str(at))
    tls.activations[number] = Activation(
        number, domain, subscription.configuration, at, subscription=subscription.id
    )
