"""The words that the modules of the cdn part share: tags, containers, keys. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Final

from providers.aws.names import CACHE_POLICY, REQUEST_POLICY

CERTIFICATES: Final = "acm/certificates"
DISTRIBUTIONS: Final = "cloudfront/distributions"
POLICIES: Final = "cloudfront/policies"

POLICY_WORD: Final[Mapping[str, str]] = {CACHE_POLICY: "CachePolicy", REQUEST_POLICY: "OriginRequestPolicy"}
"""What CloudFront calls a kind of policy, in its operations and in their members."""

OWNER_TAG: Final = "tdr:owner"
HOST_TAG: Final = "tdr:host"
NAME_TAG: Final = "tdr:validation-name"
VALUE_TAG: Final = "tdr:validation-value"
MARKS: Final = (HOST_TAG, OWNER_TAG)
"""The tags of whatever is tdr's."""

_COMMENT: Final = re.compile(r"tdr ([a-z0-9-]{1,32}) (\S+)")


def comment(owner: str, host: str) -> str:
    """Give the comment of a distribution that tdr makes; CloudFront holds 128 characters."""
    return f"tdr {owner} {host}"[:128]


def marked_by_comment(text: str) -> tuple[str, str] | None:
    """Tell the owner and the host that a distribution's comment names; None where it is not one of tdr's."""
    found = _COMMENT.fullmatch(text)
    return (found[1], found[2]) if found and len(text) < 128 else None


def policy_name(owner: str, key: str) -> str:
    """Give the name of a policy in the account; the key is what follows the owner."""
    return f"tdr-{owner}-{key}"


def token(*parts: str) -> str:
    """Give 32 word characters that are the same for the same parts.

    docs: RequestCertificate, IdempotencyToken (1 to 32 word characters, honoured for one hour);
    CreateDistribution, CallerReference (unique for the account).
    """
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


def spare_key(host: str, id_: str) -> str:
    """Give the key of what is the owner's for host but serves it no more: told apart by its id or ARN."""
    return f"{host}/{id_.rpartition('/')[2]}"
