"""Who may ask what: tokens, their permissions, and the limit on calls.

docs: "API token permissions", "Rate limits" (1,200 requests in five minutes for each user; over
it everything is blocked for the next five minutes), "Troubleshooting API tokens".
"""

from __future__ import annotations

import hashlib
import math

from .answers import Answer, Refusal, found
from .calls import Call
from .state import State, Token

CALLS_PER_WINDOW = 1200
WINDOW_S = 300
SLOW_DOWN = "Please wait and consider throttling your request speed"


def digest(secret: str) -> str:
    """Give what a token is known by inside: secrets are not kept in the state."""
    return hashlib.sha256(secret.encode()).hexdigest()


def bearer(authorization: str) -> str:
    """Give the secret of an Authorization header; raises Refusal where it has none."""
    if not authorization:
        raise Refusal(400, 9106, "Missing X-Auth-Key, X-Auth-Email or Authorization headers")
    scheme, _, secret = authorization.partition(" ")
    if scheme.lower() != "bearer" or not secret.strip() or not secret.isascii() or " " in secret.strip():
        chain = [(6111, "Invalid format for Authorization header")]
        raise Refusal(400, 6003, "Invalid request headers", chain=chain)
    return secret.strip()


def token_for(state: State, authorization: str, *, verifying: bool) -> Token:
    """Give the token that a call comes with; raises Refusal where there is none that counts."""
    token = state.tokens.get(digest(bearer(authorization)))
    if token is None:
        raise (
            Refusal(401, 1000, "Invalid API Token")
            if verifying
            else Refusal(403, 9109, "Invalid access token")
        )
    if token.status != "active" and not verifying:
        raise Refusal(403, 9109, "Invalid access token")
    return token


def permit(token: Token, permission: str) -> None:
    """Refuse what the token has no permission for; to write means to read too."""
    if token.scopes is None or not permission or permission in token.scopes:
        return
    if permission.endswith(" Read") and f"{permission.removesuffix(' Read')} Write" in token.scopes:
        return
    raise Refusal(403, 10000, "Authentication error")


def phase_permission(phase: str, *, write: bool) -> str:
    """Give the permission that the rules of a phase need."""
    families = {
        "http_config_settings": "Config Rules",
        "http_request_cache_settings": "Cache Rules",
        "http_request_origin": "Origin Rules",
        "http_request_dynamic_redirect": "Dynamic URL Redirects",
        "http_request_firewall_custom": "Zone WAF",
    }
    return f"{families.get(phase, 'Transform Rules')} {'Write' if write else 'Read'}"


def too_many(reset_s: float) -> Refusal:
    """Give the 429 of a token that asked too often."""
    return Refusal(429, 971, SLOW_DOWN, headers=(("retry-after", str(math.ceil(reset_s))),))


def verify_token(call: Call) -> Answer:
    """GET /user/tokens/verify."""
    if call.token.status != "active":
        messages: list[dict[str, object]] = []
    else:
        messages = [{"code": 10000, "message": "This API Token is valid and active"}]
    return found({"id": call.token.id, "status": call.token.status}, messages)
