"""Which names a distribution may have: unique in all of CloudFront, under a certificate that covers them.

docs: CloudFront developer guide, "Use custom URLs by adding alternate domain names"; API reference,
ViewerCertificate.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from . import cloudfront_words as words
from .call import Refusal
from .cloudfront_state import Config, Distribution, aliases_of, certificate_of
from .cloudfront_switches import ALIAS_DNS, CERTIFICATE_DUPLICATES, OVERLAP

if TYPE_CHECKING:
    from .account import Account

MOST_ALIASES = 100
_ALIAS = re.compile(r"(?=.{4,253}$)(\*\.)?([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]*[a-z0-9])")
_EARLY = {"SSLv3", "TLSv1"}


def check_viewer(account: Account, config: Config, own: Distribution | None, now: float) -> None:
    """Refuse names that a distribution may not have, or not under this certificate. Raises Refusal."""
    aliases = aliases_of(config)
    for alias in aliases:
        if not _ALIAS.fullmatch(alias) or alias.endswith(".cloudfront.net"):
            raise words.invalid_argument(
                "The parameter CNAME contains one or more parameters that are not valid."
            )
    if len(set(aliases)) < len(aliases):
        raise words.invalid_argument("The parameter CNAME contains duplicates.")
    if len(aliases) > account.quota("aliases_per_distribution", MOST_ALIASES):
        message = "Your request contains more CNAMEs than are allowed per distribution."
        raise Refusal(400, "TooManyDistributionCNAMEs", message)
    _check_protocol(config["ViewerCertificate"])
    _check_certificate(account, config, aliases, now)
    added = [alias for alias in aliases if own is None or alias not in own.aliases]
    check_free(account, added, own)


def check_spellings(account: Account, given: Mapping[str, Any]) -> None:
    """Refuse a certificate that is said twice and differently. Raises Refusal."""
    arn, old = given.get("ACMCertificateArn", ""), given.get("Certificate", "")
    if arn and given.get("IAMCertificateId"):
        message = "The parameter ViewerCertificate names a certificate of ACM and one of IAM: choose one."
        raise words.invalid_argument(message)
    if arn and given.get("CloudFrontDefaultCertificate"):
        message = "The parameter CloudFrontDefaultCertificate cannot be true beside another certificate."
        raise words.invalid_argument(message)
    if arn and old and arn != old and account.kernel.switch(CERTIFICATE_DUPLICATES.name) == "refused":
        message = "The parameter Certificate is not the certificate that ACMCertificateArn names."
        raise words.invalid_argument(message)


def _check_protocol(viewer: Config) -> None:
    if viewer["CloudFrontDefaultCertificate"]:
        return
    for key in ("SSLSupportMethod", "MinimumProtocolVersion"):
        if key not in viewer:
            raise words.invalid_argument(f"The parameter {key} is required.")
    method, version = viewer["SSLSupportMethod"], viewer["MinimumProtocolVersion"]
    if method == "sni-only" and version == "SSLv3":
        message = (
            "You cannot specify SSLv3 as the minimum protocol version if you only want to support only "
            "clients that support Server Name Indication (SNI)."
        )
        raise Refusal(400, "InvalidProtocolSettings", message)
    if method == "vip" and version not in _EARLY:
        message = "The minimum protocol version specified is not valid."
        raise Refusal(400, "InvalidMinimumProtocolVersion", message)


def _check_certificate(account: Account, config: Config, aliases: list[str], now: float) -> None:
    viewer, arn = config["ViewerCertificate"], certificate_of(config)
    if viewer["CloudFrontDefaultCertificate"]:
        if aliases:
            raise words.bad_certificate(words.NO_TRUST)
        return
    if not arn:
        return  # a certificate of IAM, which is not emulated: taken as good
    if arn.split(":")[3:5] != ["us-east-1", account.number]:
        raise words.bad_certificate(words.NO_CERTIFICATE)
    certificate = account.acm.certificate(arn, now)
    if certificate is None or certificate.status(now) != "ISSUED":
        raise words.bad_certificate(words.NO_CERTIFICATE)
    if not all(certificate.covers(alias) for alias in aliases):
        raise words.bad_certificate(words.NOT_COVERED)


def covered_by(account: Account, distribution: Distribution, domain: str, now: float) -> bool:
    """Say whether a distribution's own certificate is good for a name: the proof that moving a name takes."""
    certificate = account.acm.certificate(certificate_of(distribution.config), now)
    return certificate is not None and certificate.status(now) == "ISSUED" and certificate.covers(domain)


def check_free(account: Account, added: list[str], own: Distribution | None) -> None:
    """Refuse aliases that others hold, or whose CNAME says that they do. Raises Refusal."""
    for alias in added:
        for holder, held, each in conflicts(account, alias):
            same = own is not None and each.id == own.id
            overlaps = account.kernel.switch(OVERLAP.name) == "refused" and holder is not account
            if not same and (held == alias or overlaps):
                raise words.alias_taken()
    if account.kernel.switch(ALIAS_DNS.name) == "refused":
        for alias in added:
            if points_elsewhere(account, alias, own):
                raise words.alias_taken(words.ELSEWHERE)


def points_elsewhere(account: Account, alias: str, own: Distribution | None) -> bool:
    """Say whether a name's CNAME leads to a distribution that is not this one."""
    if alias.startswith("*."):
        return False
    targets = account.kernel.resolve(alias, "CNAME", fresh=True).values("CNAME")
    mine = own.domain_name if own is not None else ""
    return any(target.lower().endswith(".cloudfront.net") and target.lower() != mine for target in targets)


def conflicts(account: Account, alias: str) -> Iterator[tuple[Account, str, Distribution]]:
    """Give whoever holds an alias or one that overlaps with it: the account, the alias, the distribution."""
    for holder in account.accounts:
        for each in holder.cloudfront.distributions.values():
            yield from ((holder, held, each) for held in each.aliases if _overlaps(held, alias))


def _overlaps(one: str, other: str) -> bool:
    return one == other or _within(one, other) or _within(other, one)


def _within(wildcard: str, name: str) -> bool:
    return wildcard.startswith("*.") and name.endswith(wildcard[1:]) and name != wildcard
