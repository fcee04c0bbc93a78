"""Links in mail: how SparkPost wraps a target under a tracking host, and how its origin unwraps it."""

from __future__ import annotations

import base64
import binascii
import urllib.parse
from dataclasses import dataclass
from typing import Final

from providers.sandbox.sparkpost.accounts import Account
from providers.sandbox.sparkpost.domains import TrackingDomain

#: The longest original link that the redirect serves (docs: engagement tracking).
LONGEST_TARGET: Final = 4096


@dataclass(frozen=True, slots=True)
class Wrapped:
    """The two links of one message: the click of one target, and the pixel that reports the open."""

    tracking_host: str
    click: str
    open: str


def encoded(target: str) -> str:
    """The target as one path segment."""
    return base64.urlsafe_b64encode(target.encode()).decode().rstrip("=")


def decoded(segment: str) -> str | None:
    """The target that a path segment holds, or None where it holds none."""
    try:
        text = base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4)).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return None
    return text if urllib.parse.urlsplit(text).scheme in ("http", "https") else None


def target_of(path: str, query: str) -> str | None:
    """Where a click leads: older links carry it as `target` in the query, newer ones inside the path."""
    older = urllib.parse.parse_qs(query).get("target")
    if older:
        return older[0]
    return next((target for segment in path.split("/") if (target := decoded(segment))), None)


def picked(account: Account, sending_domain: str, now: float) -> TrackingDomain | None:
    """What wraps a message: the linked domain, the subaccount's default, the account's, or none."""
    sending = account.sending.get(sending_domain)
    if sending is not None and sending.exists(now) and sending.tracking_domain in account.tracking:
        return account.tracking[sending.tracking_domain]
    if sending is not None and sending.subaccount_id:
        own = account.default_of(sending.subaccount_id)
        if own is not None:
            return own
    return account.default_of(0)


def wrapped(account: Account, sending_domain: str, target: str, serial: int, now: float) -> Wrapped:
    """The links of a message sent now; without any domain SparkPost's own endpoint stands in them."""
    domain = picked(account, sending_domain, now)
    host = domain.domain if domain else account.region.endpoint
    base = f"{domain.mail_scheme(now) if domain else 'https'}://{host}"
    return Wrapped(host, f"{base}/f/a/{serial}~~/AAA~/{encoded(target)}", f"{base}/q/{serial}~~/AAA~")
