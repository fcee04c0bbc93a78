"""What of the origin's answers the edge keeps, and how long.

docs: "Default cache behavior" (what is cached how long), "Cache-Control", "Cache responses"
(the values of CF-Cache-Status), "Edge TTL" (override_origin strips Set-Cookie).
"""

from __future__ import annotations

import re

from providers.sandbox.http1 import EdgeResponse

from .traffic import CachePolicy

# docs: Default cache behavior, "Edge TTL" where the origin says nothing.
DEFAULT_TTL_S = {200: 7200, 206: 7200, 301: 7200, 302: 1200, 303: 1200, 404: 180, 410: 180}


def stored_for(policy: CachePolicy, response: EdgeResponse) -> float:
    """Give how many seconds an answer may be kept; 0: not at all."""
    if policy.edge_ttl_s is not None:
        return float(policy.edge_ttl_s)
    control = response.header("cache-control").lower()
    if re.search(r"no-store|no-cache|private", control) or response.header("set-cookie"):
        return 0.0
    for directive in ("s-maxage", "max-age"):
        if found := re.search(rf"{directive}=(\d+)", control):
            return float(found[1])
    return 0.0 if policy.edge_mode == "bypass_by_default" else float(DEFAULT_TTL_S.get(response.status, 0))


def as_stored(policy: CachePolicy, response: EdgeResponse) -> EdgeResponse:
    """Give an answer as it is kept: without cookies where the edge TTL is overridden."""
    if policy.edge_ttl_s is None:
        return response
    kept = tuple((k, v) for k, v in response.headers if k.lower() != "set-cookie")
    return EdgeResponse(response.status, kept, response.body)
