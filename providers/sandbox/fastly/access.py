"""Who may do what: tokens, their scopes, and how many writes an hour.

docs: "API tokens" (scopes), "Rate limiting" of the API (writes only, by user, told on the answers to writes).
"""

from __future__ import annotations

import math
from email.utils import formatdate

from providers.sandbox.contract import RateLimit, Usage

from .call import JSON, JSON_API, Answer, Refusal, faulty, refused
from .state import Customer, Fastly, Token

READS = ("GET", "HEAD")
HOUR_S = 3600.0
SCOPES = ("global", "global:read", "purge_select", "purge_all")


def authenticated(fastly: Fastly, secret: str) -> tuple[Customer, Token]:
    """Give whose token a request came with; raises Refusal where it is nobody's."""
    found = fastly.with_token(secret) if secret else None
    if found is None:
        raise refused(401, "Provided credentials are missing or invalid")
    return found


def permit(token: Token, method: str, path: str) -> None:
    """Raise Refusal unless the token's scope covers the request."""
    scopes = token.scope.split()
    if "global" in scopes or ("global:read" in scopes and method in READS):
        return
    if path.startswith(("/tls/", "/domain-management/")):
        kind = JSON_API if path.startswith("/tls/") else JSON
        raise faulty(403, "Forbidden", "You are not authorized to perform this action", kind=kind)
    raise refused(403, "You are not authorized to perform this action")


def allowance(customer: Customer) -> RateLimit:
    """Give how many writes an hour a token of this account may make."""
    return RateLimit(customer.limits.writes_per_hour, HOUR_S)


def too_many(usage: Usage, now: float) -> Refusal:
    """Refuse a write over the limit."""
    body = {"msg": "You have exceeded your hourly rate limit"}
    return Refusal(Answer(body, 429, headers=told(usage, now)))


def told(usage: Usage, now: float) -> dict[str, str]:
    """Give the headers that tell where a token stands; the reset is a moment, in epoch seconds, by `Date`."""
    return {
        "Date": formatdate(now, usegmt=True),
        "Fastly-RateLimit-Remaining": str(usage.remaining),
        "Fastly-RateLimit-Reset": str(math.ceil(now + usage.reset_s)),
    }
