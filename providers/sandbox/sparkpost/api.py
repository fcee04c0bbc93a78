"""SparkPost's API of one region over HTTP: who calls, what the path asks for, and the form of the answer."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Awaitable, Callable
from typing import Any, Final

from aiohttp import web

from providers.sandbox.contract import Limiting, RateLimit, Usage
from providers.sandbox.sparkpost import refusals, sending, switches, tracking
from providers.sandbox.sparkpost.accounts import (
    SENDING_MANAGE,
    SENDING_VIEW,
    TRACKING_MANAGE,
    TRACKING_VIEW,
    Accounts,
    Caller,
)
from providers.sandbox.sparkpost.managed import ManagedHttps
from providers.sandbox.sparkpost.names import Region
from providers.sandbox.sparkpost.refusals import RefusedError
from providers.sandbox.sparkpost.switches import Settings
from providers.sandbox.sparkpost.verify import Verifier

PREFIX: Final = "/api/v1"
SUBACCOUNT: Final = "X-MSYS-SUBACCOUNT"
GREATEST_NUMBER: Final = 2**31 - 1

#: The limits are "dynamic" and not published; this one is met by a runaway loop only.
GENEROUS: Final = RateLimit(600, 10.0)

Results = Any
Operation = Callable[[Caller, web.Request], Awaitable[Results]]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Api:
    """The calls of one region."""

    def __init__(
        self,
        region: Region,
        accounts: Accounts,
        settings: Settings,
        now: Callable[[], float],
        verifier: Verifier,
        managed: ManagedHttps,
    ) -> None:
        """All parts are of the same region, but for the accounts."""
        self._region = region
        self._accounts = accounts
        self._settings = settings
        self._now = now
        self._verifier = verifier
        self._managed = managed

    @property
    def routes(self) -> list[web.RouteDef]:
        """What the kernel is to serve; a trailing slash changes nothing, a wrong method is a 405."""
        domains, one = "/tracking-domains", "/tracking-domains/{domain}"
        certificate = f"{one}/certificate"
        table: list[tuple[str, str, str, Operation]] = [
            ("GET", domains, TRACKING_VIEW, self._list),
            ("POST", domains, TRACKING_MANAGE, self._create),
            ("GET", one, TRACKING_VIEW, self._get),
            ("PUT", one, TRACKING_MANAGE, self._update),
            ("DELETE", one, TRACKING_MANAGE, self._delete),
            ("POST", f"{one}/verify", TRACKING_MANAGE, self._verify),
            ("POST", f"{certificate}/check", TRACKING_MANAGE, self._check),
            ("POST", f"{certificate}/enable", TRACKING_MANAGE, self._enable),
            ("GET", "/sending-domains", SENDING_VIEW, self._list_sending),
            ("GET", "/sending-domains/{domain}", SENDING_VIEW, self._get_sending),
            ("PUT", "/sending-domains/{domain}", SENDING_MANAGE, self._link),
        ]
        served = [web.route(verb, path + "{slash:/?}", self._handler(g, op)) for verb, path, g, op in table]
        whole = dict.fromkeys(path for _, path, _, _ in table if path.startswith(domains))
        return served + [web.route("*", path + "{slash:/?}", self._wrong_method) for path in whole]

    @property
    def limiting(self) -> Limiting:
        """Requests are counted for each account, whichever of its keys is used."""
        return Limiting(default=GENEROUS, unit=self._unit, refuse=self._too_many)

    # -- who calls

    def _caller(self, request: web.Request, grant: str) -> Caller:
        known = self._accounts.by_key(self._region, _presented_key(request))
        if known is None:
            raise refusals.unauthorized()
        account, key = known
        if not key.allows(grant):
            raise refusals.forbidden()
        return Caller(account, key, _subaccount(request))

    def _unit(self, request: web.Request) -> str:
        known = self._accounts.by_key(self._region, _presented_key(request))
        return known[0].name if known else ""

    def _too_many(self, _request: web.Request, usage: Usage) -> web.Response:
        response = self._refusal(refusals.too_many_requests())
        if self._settings.has(switches.RETRY_AFTER, "seconds"):
            response.headers["Retry-After"] = str(max(1, round(usage.reset_s)))
        return response

    def _handler(self, grant: str, operation: Operation) -> Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            try:
                caller = self._caller(request, grant)
                await self._managed.settle(caller.account)
                results = await operation(caller, request)
            except RefusedError as refused:
                return self._refusal(refused)
            return web.Response(status=204) if results is None else web.json_response({"results": results})

        return handle

    async def _wrong_method(self, _request: web.Request) -> web.StreamResponse:
        return self._refusal(refusals.method_not_allowed())

    def _refusal(self, refused: RefusedError) -> web.Response:
        with_codes = self._settings.has(switches.ERROR_CODES, "old")
        return web.json_response(refused.body(with_codes=with_codes), status=refused.status)

    # -- tracking domains

    async def _list(self, caller: Caller, request: web.Request) -> Results:
        found = tracking.listed(caller.account, caller.read_scope, request.query)
        now = self._now()
        return [tracking.as_json(caller.account, domain, now, self._settings) for domain in found]

    async def _create(self, caller: Caller, request: web.Request) -> Results:
        scope = _known_subaccount(caller)
        body = await _body(request)
        domain = tracking.create(
            self._accounts, caller.account, scope, body, now=self._now(), settings=self._settings
        )
        return {"domain": domain.domain}

    async def _get(self, caller: Caller, request: web.Request) -> Results:
        domain = tracking.found(caller.account, caller.read_scope, request.match_info["domain"])
        return tracking.as_json(caller.account, domain, self._now(), self._settings)

    async def _update(self, caller: Caller, request: web.Request) -> Results:
        body = await _body(request)
        domain = tracking.found(caller.account, caller.write_scope, request.match_info["domain"])
        tracking.update(caller.account, domain, body, now=self._now(), settings=self._settings)
        return {"domain": domain.domain}

    async def _delete(self, caller: Caller, request: web.Request) -> Results:
        domain = tracking.found(caller.account, caller.write_scope, request.match_info["domain"])
        tracking.delete(caller.account, domain, now=self._now(), settings=self._settings)

    async def _verify(self, caller: Caller, request: web.Request) -> Results:
        domain = tracking.found(caller.account, caller.write_scope, request.match_info["domain"])
        verified = await self._verifier.verify(caller.account, domain)
        verified = self._managed.order_on_verify(caller.account, verified)
        now = self._now()
        shown = tracking.tls_status(caller.account, verified, now, self._settings)
        return verified.status(now, tls_status=shown)

    async def _check(self, caller: Caller, request: web.Request) -> Results:
        domain = tracking.found(caller.account, caller.write_scope, request.match_info["domain"])
        self._managed.check(caller.account, domain)
        return {"domain": domain.domain, "supportsManagedCertificate": True}

    async def _enable(self, caller: Caller, request: web.Request) -> Results:
        domain = tracking.found(caller.account, caller.write_scope, request.match_info["domain"])
        self._managed.enable(caller.account, domain)
        return {"message": f"Certificate issuance initiated for {domain.domain}"}

    # -- sending domains

    async def _list_sending(self, caller: Caller, request: web.Request) -> Results:
        found = sending.listed(caller.account, caller.read_scope, request.query, now=self._now())
        return [domain.as_json(named=True) for domain in found]

    async def _get_sending(self, caller: Caller, request: web.Request) -> Results:
        domain = sending.found(
            caller.account, caller.read_scope, request.match_info["domain"], now=self._now()
        )
        return domain.as_json(named=False)

    async def _link(self, caller: Caller, request: web.Request) -> Results:
        body = await _body(request)
        domain = sending.found(
            caller.account, caller.write_scope, request.match_info["domain"], now=self._now()
        )
        sending.link(caller.account, domain, body, self._settings)
        return {"message": "Successfully Updated Domain.", "domain": domain.domain}


def _presented_key(request: web.Request) -> str:
    """The key of `Authorization`: bare, or the user name of HTTP Basic. `Bearer` is not understood."""
    given = request.headers.get("Authorization", "")
    scheme, _, rest = given.partition(" ")
    if scheme.lower() != "basic":
        return given
    try:
        return base64.b64decode(rest, validate=True).decode().partition(":")[0]
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _subaccount(request: web.Request) -> int | None:
    text = request.headers.get(SUBACCOUNT)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit()) or int(text) > GREATEST_NUMBER:
        raise refusals.bad_subaccount(text)
    return int(text)


def _known_subaccount(caller: Caller) -> int:
    scope = caller.write_scope
    if scope and scope not in caller.account.subaccounts:
        raise refusals.bad_subaccount(str(scope))
    return scope


async def _body(request: web.Request) -> dict[str, object]:
    raw = await request.read()
    if raw and request.content_type != "application/json":
        raise refusals.not_json()
    try:
        body = json.loads(raw or b"{}")
    except ValueError as error:
        raise refusals.bad_json() from error
    if not isinstance(body, dict):
        raise refusals.bad_json()
    return body
