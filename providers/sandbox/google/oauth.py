"""Where credentials come from: the token endpoint, and tokens of accounts that another one acts as.

docs: "OAuth 2.0 for server to server applications"; IAM Service Account Credentials API v1.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from providers.sandbox.kernel import Kernel

from .access import Tokens, claims
from .call import Refusal, Service
from .state import Google

GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
HOUR_S = 3600
IAM = Service(
    "iamcredentials",
    "IAM Service Account Credentials API",
    old_errors=False,
    reads=None,
    writes=None,
    busy=429,
)


class OAuth:
    """The token endpoint and the IAM Credentials API, each a listener."""

    def __init__(self, kernel: Kernel, google: Callable[[], Google], tokens: Tokens) -> None:
        """Bind both."""
        self._kernel, self._google, self._tokens = kernel, google, tokens
        url = kernel.api("google", "oauth2", [web.post("/token", self._token)])
        self.token_uri = f"{url}/token"
        path = "/v1/projects/-/serviceAccounts/{account}:generateAccessToken"
        self.iam_url = kernel.api("google", "iamcredentials", [web.post(path, self._impersonated)])

    async def _token(self, request: web.Request) -> web.Response:
        form = await request.post()
        said = claims(str(form.get("assertion", "")))
        if form.get("grant_type") != GRANT:
            return _faulty("unsupported_grant_type", f"Invalid grant_type: {form.get('grant_type')!s}")
        if said is None:
            return _faulty("invalid_grant", "Invalid JWT Signature.")
        account = str(said.get("iss", ""))
        if not any(account == project.account for project in self._google()):
            return _faulty("invalid_grant", "Invalid grant: account not found")
        if not said.get("scope"):
            return _faulty("invalid_scope", "Invalid OAuth scope or ID token audience provided.")
        token = self._tokens.give(account)
        return _json({"access_token": token, "expires_in": HOUR_S - 1, "token_type": "Bearer"})

    async def _impersonated(self, request: web.Request) -> web.Response:
        account = request.match_info["account"]
        try:
            caller = self._tokens.caller(request.headers.get("Authorization", ""))
            self._may_act(caller, account)
        except Refusal as refusal:
            return _json(refusal.body(IAM), refusal.status)
        ends = datetime.fromtimestamp(self._kernel.clock.now() + HOUR_S, UTC)
        return _json({"accessToken": self._tokens.give(account), "expireTime": f"{ends:%Y-%m-%dT%H:%M:%SZ}"})

    def _may_act(self, caller: str, account: str) -> None:
        for project in self._google():
            if account in project.impersonated and caller == project.account:
                return
        permission = "iam.serviceAccounts.getAccessToken"
        message = f"Permission '{permission}' denied on resource (or it may not exist)."
        info = {
            "@type": "type.googleapis.com/google.rpc.ErrorInfo",
            "reason": "IAM_PERMISSION_DENIED",
            "domain": "iam.googleapis.com",
            "metadata": {"permission": permission},
        }
        raise Refusal(403, "forbidden", message, details=(info,))


def _faulty(error: str, words: str) -> web.Response:
    return _json({"error": error, "error_description": words}, 400)


def _json(body: Any, status: int = 200) -> web.Response:
    return web.Response(text=json.dumps(body), status=status, content_type="application/json")
