"""The listeners of the APIs: routes, credentials, rates; handlers are functions from a Call to an Answer."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from aiohttp import web

from providers.sandbox.contract import Limiting, Usage
from providers.sandbox.kernel import Kernel

from . import access, certmanager, clouddns, compute
from .access import Tokens
from .call import SERVICES, Answer, Call, Refusal, Route, Service
from .state import Google

VENDOR = "google"
ROUTES: tuple[Route, ...] = (*compute.ROUTES, *certmanager.ROUTES, *clouddns.ROUTES)


class Api:
    """All APIs of all projects: the token says who asks, the path about which project."""

    def __init__(self, kernel: Kernel, google: Callable[[], Google], tokens: Tokens) -> None:
        """Bind a listener for each API; `urls` by the API's short name."""
        self._kernel, self._google, self._tokens = kernel, google, tokens
        self.on_write: Callable[[], None] = lambda: None  # called after each answer to what is no read
        self.urls = {service.name: self._bound(service) for service in SERVICES}

    def _bound(self, service: Service) -> str:
        routes = [
            web.route(route.method, route.path, self._serve(route))
            for route in ROUTES
            if route.service is service
        ]
        limiting = Limiting(None, lambda request: _unit(service, request), self._refuser(service))
        return self._kernel.api(VENDOR, service.name, routes, limiting=limiting)

    def _serve(self, route: Route) -> Callable[[web.Request], Any]:
        async def serve(request: web.Request) -> web.Response:
            try:
                answer = await self._answer(route, request)
            except Refusal as refusal:
                answer = Answer(refusal.body(route.service), refusal.status)
            if not route.read:
                self.on_write()
            return respond(answer)

        return serve

    async def _answer(self, route: Route, request: web.Request) -> Answer:
        caller = self._tokens.caller(request.headers.get("Authorization", ""))
        google = self._google()
        project = access.project_of(google, caller, route, request.match_info["project"])
        access.count(self._kernel, project, route)
        access.permit(project, caller, route)
        call = Call(
            google=google,
            project=project,
            caller=caller,
            service=route.service,
            method=request.method,
            path=request.path,
            params=dict(request.match_info),
            query=dict(request.query),
            json=_parsed(await request.text()),
            kernel=self._kernel,
        )
        return route.handler(call)

    def _refuser(self, service: Service) -> Callable[[web.Request, Usage], web.Response]:
        """Refuse what goes over a rate that was set from outside."""

        def refuse(request: web.Request, _: Usage) -> web.Response:
            project = self._google().find(request.match_info.get("project", ""))
            project = project or next(iter(self._google()))
            refusal = access.too_many(service, project, "")
            return respond(Answer(refusal.body(service), refusal.status))

        return refuse


def _unit(service: Service, request: web.Request) -> str:
    return f"{service.name} {request.match_info.get('project', '')}"


def _parsed(text: str) -> Any:
    if not text:
        return None
    try:
        return json.loads(text)
    except ValueError as error:
        raise Refusal(400, "parseError", f"Invalid JSON payload received. {error}") from error


def respond(answer: Answer) -> web.Response:
    """Give an Answer as an HTTP response."""
    if answer.body is None:
        return web.Response(status=answer.status)
    return web.Response(text=json.dumps(answer.body), status=answer.status, content_type="application/json")
