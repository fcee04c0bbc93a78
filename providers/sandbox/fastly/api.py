"""The API listener: routes, tokens, the limit on writes; handlers are functions from a Call to an Answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web

from providers.sandbox.contract import Limiting, Usage
from providers.sandbox.kernel import Kernel

from . import access, domains, objects, services, settings, tls, versions
from .call import Answer, Call, Refusal, Route, bad_request
from .state import Customer, Fastly, Token, derived_id, digest
from .switches import LIMIT_HEADERS

VENDOR = "fastly"
ROUTES: tuple[Route, ...] = (
    *services.ROUTES,
    *versions.ROUTES,
    *settings.ROUTES,
    *objects.ROUTES,
    *domains.ROUTES,
    *tls.ROUTES,
)


class Api:
    """The API of all customers: the token says whose."""

    def __init__(self, kernel: Kernel, fastly: Callable[[], Fastly]) -> None:
        """Bind the listener."""
        self.kernel, self.fastly = kernel, fastly
        self._requests = 0
        # A limit that is set from outside counts reads and writes, each by itself.
        limiting = Limiting(None, _unit, self._refuse, self._announce)
        routes = [web.route(route.method, route.path, self._serve(route)) for route in ROUTES]
        self.url = kernel.api(VENDOR, "api", routes, limiting=limiting)

    def _serve(self, route: Route) -> Callable[[web.Request], Any]:
        async def serve(request: web.Request) -> web.Response:
            answer, limits = await self._answer(route, request)
            response = respond(answer)
            response.headers.update(limits)
            self._requests += 1
            response.headers["Fastly-Request-Id"] = derived_id("request", str(self._requests))
            return response

        return serve

    async def _answer(self, route: Route, request: web.Request) -> tuple[Answer, Mapping[str, str]]:
        limits: Mapping[str, str] = {}
        try:
            secret = request.headers.get("Fastly-Key", "")
            customer, token = access.authenticated(self.fastly(), secret)
            access.permit(token, request.method, request.path)
            limits = self._counted(customer, token, request)
            return route.handler(await self._call(route, request, customer, token)), limits
        except Refusal as refusal:
            return refusal.answer, limits

    def _counted(self, customer: Customer, token: Token, request: web.Request) -> Mapping[str, str]:
        """Count a write, and give the headers that tell of it; raises Refusal over the limit.

        Hours are those of the clock, as recorded.
        """
        if request.method in access.READS or self.kernel.limits.get(VENDOR) is not None:
            return {}
        now, limit = self.kernel.now(), access.allowance(customer)
        hour = int(now // access.HOUR_S)
        within, usage = self.kernel.windows.count(VENDOR, f"{token.digest} {hour}", limit, now)
        usage = replace(usage, reset_s=(hour + 1) * access.HOUR_S - now)
        if not within:
            raise access.too_many(usage, now)
        service_api = request.path.startswith("/service")
        everywhere = self.kernel.switch(LIMIT_HEADERS.name) == "every-write"
        return access.told(usage, now) if service_api or everywhere else {}

    async def _call(self, route: Route, request: web.Request, customer: Customer, token: Token) -> Call:
        text = await request.text()
        form, body = _fields(request, text) if route.form is dict else ({}, _parsed(text))
        return Call(
            fastly=self.fastly(),
            customer=customer,
            token=token,
            method=request.method,
            path=request.path,
            params=dict(request.match_info),
            query=dict(request.query),
            form=form,
            json=body,
            kernel=self.kernel,
        )

    def _refuse(self, _: web.Request, usage: Usage) -> web.Response:
        return respond(access.too_many(usage, self.kernel.now()).answer)

    def _announce(self, response: web.StreamResponse, usage: Usage) -> None:
        response.headers.update(access.told(usage, self.kernel.now()))


def _unit(request: web.Request) -> str:
    kind = "reads" if request.method in access.READS else "writes"
    return f"{kind} {digest(request.headers.get('Fastly-Key', ''))}"


def _fields(request: web.Request, text: str) -> tuple[dict[str, Any], Any]:
    """Read the fields of the service API: a form, or as the SDK may send them, a JSON object."""
    if not text:
        return {}, None
    if "json" in request.content_type:
        body = _parsed(text)
        if not isinstance(body, dict):
            raise bad_request("The body is no JSON object")
        return body, body
    return dict(parse_qsl(text, keep_blank_values=True)), None


def _parsed(text: str) -> Any:
    if not text:
        return None
    try:
        return json.loads(text)
    except ValueError as error:
        raise bad_request(f"Could not parse JSON: {error}") from error


def respond(answer: Answer) -> web.Response:
    """Give an Answer as an HTTP response."""
    headers = dict(answer.headers)
    if answer.body is None:
        return web.Response(status=answer.status, headers=headers)
    text = json.dumps(answer.body)
    return web.Response(text=text, status=answer.status, headers=headers, content_type=answer.type)
