"""How ACM comes to issue: the validation record, CAA, looks at DNS at fixed moments, and renewal.

docs: ACM user guide "DNS validation" (one record for a name in an account, in every certificate; a wildcard
has its base name's), "(Optional) Configure a CAA record", "Managed certificate renewal".
"""

from __future__ import annotations

from providers.sandbox.caa import permits

from .acm_state import DAY_S, PENDING_S, RENEWED_BEFORE_S, Certificate, Certificates, digest

VALIDATIONS_ZONE = "acm-validations.aws"
AUTHORITIES = frozenset({"amazon.com", "amazontrust.com", "awstrust.com", "amazonaws.com"})
#: docs: Request a public certificate: names that Amazon owns are not to be had.
OWN_ZONES = ("amazonaws.com", "cloudfront.net", "amazon.com")
CAA_ERROR = "CAA_ERROR"


def validation_record(number: str, name: str) -> tuple[str, str]:
    """Give name and value of the CNAME that proves a name to this account, both with a final dot."""
    base = name.removeprefix("*.").lower()
    letters = "".join(chr(ord("a") + int(digit, 16)) for digit in digest("zone", number, base, length=10))
    value = f"_{digest('value', number, base)}.{letters}.{VALIDATIONS_ZONE}."
    return f"_{digest('name', number, base)}.{base}.", value


def settle(acm: Certificates, certificate: Certificate, now: float) -> None:
    """Do what was due up to now. ACM looks at fixed moments, so that reading more often changes nothing."""
    if certificate.type != "AMAZON_ISSUED" or certificate.method != "DNS":
        return
    status = certificate.status(now)
    if certificate.issued is None and status in ("PENDING_VALIDATION", "VALIDATION_TIMED_OUT"):
        _validate(acm, certificate, now)
    elif status in ("ISSUED", "EXPIRED"):
        _renew(acm, certificate, now)


def _validate(acm: Certificates, certificate: Certificate, now: float) -> None:
    first = certificate.created + acm.timing.record_s
    until = min(now, certificate.created + PENDING_S)
    moment = first + (until - first) // acm.timing.look_s * acm.timing.look_s
    if until < first or moment <= certificate.looked:
        return
    certificate.looked = moment
    for name in certificate.names:
        if name in certificate.validated or not stands(acm, name, now):
            continue
        permitted = allowed(acm, name, now)
        if permitted is False:
            certificate.failed, certificate.failure, certificate.refused = moment, CAA_ERROR, name
            return
        if permitted:
            certificate.validated[name] = moment
    if len(certificate.validated) == len(certificate.names):
        certificate.issue(moment + acm.timing.issue_s)


def _renew(acm: Certificates, certificate: Certificate, now: float) -> None:
    """Renew what is in use and still proven: looked at daily, from so many days before the end."""
    while certificate.not_after is not None and now >= (due := certificate.not_after - RENEWED_BEFORE_S):
        moment = due + (now - due) // DAY_S * DAY_S
        if moment <= certificate.looked:
            return
        at = due if certificate.looked < due else moment
        certificate.looked = moment
        if at >= certificate.not_after or not renewable(acm, certificate, now):
            return
        certificate.issue(at)
        certificate.renewed, certificate.looked = at, at


def renewable(acm: Certificates, certificate: Certificate, now: float) -> bool:
    """Say whether ACM would renew a certificate now: in use, each name proven still, CAA not against it."""
    return bool(acm.uses(certificate.arn, now)) and all(
        stands(acm, name, now) and allowed(acm, name, now) for name in certificate.names
    )


def stands(acm: Certificates, name: str, now: float) -> bool:
    """Say whether the validation record of a name is to be seen in DNS, with its value."""
    record, value = validation_record(acm.number, name)
    return value.rstrip(".") in acm.look(record, "CNAME", now).values("CNAME")


def allowed(acm: Certificates, name: str, now: float) -> bool | None:
    """Say whether CAA lets Amazon issue for a name; None: no answer."""
    return permits(lambda asked, rtype: acm.look(asked, rtype, now), name, AUTHORITIES)
