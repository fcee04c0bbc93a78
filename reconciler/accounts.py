"""The claim's words for vendor accounts: a tag and a hash, no ids in public DNS. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.claim import hash8
from reconciler.desired import Desired, Domain
from reconciler.parts import is_managed
from reconciler.provider import Composition


def sparkpost_account(domain: Domain, desired: Desired, composed: Mapping[str, Composition]) -> str | None:
    """Return the claim's word for the SparkPost account of domain, or None where there is none."""
    if domain.sparkpost is None:
        return None
    region = desired.accounts[domain.sparkpost].options.get("region", "us")
    return f"{region}.{hash8(composed[domain.sparkpost].accounts.get(domain.host, ''))}"


def cdn_account(domain: Domain, desired: Desired, composed: Mapping[str, Composition]) -> str:
    """Return the claim's word for the account that holds the edge of domain: a tag alone where none does."""
    tag = "managed" if is_managed(domain) else desired.accounts[domain.cdn].type
    account = composed[domain.cdn].accounts.get(domain.host)
    return tag if account is None else f"{tag}.{hash8(account)}"


def hash_of(word: str) -> str | None:
    """Return the hash in a claim's word for an account, None where it names none."""
    return word.rpartition(".")[2] if "." in word else None
