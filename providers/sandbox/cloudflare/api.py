"""The API listener: routes, credentials, limits; handlers are plain functions from a Call to an Answer."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from providers.sandbox.contract import Limiting, RateLimit, Usage
from providers.sandbox.kernel import Kernel
from providers.sandbox.resolver import Resolved

from . import access, batch, certificates, records, rulesets, saas_hostnames, saas_origins, settings, zones
from .answers import Answer, Refusal, no_route
from .calls import Call
from .state import State

PREFIX = "/client/v4"
Handler = Callable[[Call], Answer]


@dataclass(frozen=True, slots=True)
class Route:
    """One operation; `permission` "" needs none, "rules" depends on the phase."""

    method: str
    path: str
    handler: Handler
    permission: str


ZONE = "/zones/{zone_id}"
RECORDS = f"{ZONE}/dns_records"
RULESETS = f"{ZONE}/rulesets"
RULES = f"{RULESETS}/{{ruleset_id}}/rules"
ENTRY_POINT = f"{RULESETS}/phases/{{phase}}/entrypoint"
HOSTNAMES = f"{ZONE}/custom_hostnames"
HOSTNAME = f"{HOSTNAMES}/{{hostname_id}}"
FALLBACK = f"{HOSTNAMES}/fallback_origin"
CERTIFICATES_READ, CERTIFICATES_WRITE = "SSL and Certificates Read", "SSL and Certificates Write"
ROUTES = (
    Route("GET", "/user/tokens/verify", access.verify_token, ""),
    Route("GET", "/zones", zones.list_zones, "Zone Read"),
    Route("GET", ZONE, zones.get_zone, "Zone Read"),
    Route("PATCH", ZONE, zones.edit_zone, "Zone Write"),
    Route("PUT", f"{ZONE}/activation_check", zones.check_activation, "Zone Write"),
    Route("GET", RECORDS, batch.list_records, "DNS Read"),
    Route("POST", RECORDS, batch.create_record, "DNS Write"),
    Route("POST", f"{RECORDS}/batch", batch.batch, "DNS Write"),
    Route("GET", f"{RECORDS}/{{dns_record_id}}", batch.get_record, "DNS Read"),
    Route("PATCH", f"{RECORDS}/{{dns_record_id}}", batch.patch_record, "DNS Write"),
    Route("PUT", f"{RECORDS}/{{dns_record_id}}", batch.put_record, "DNS Write"),
    Route("DELETE", f"{RECORDS}/{{dns_record_id}}", batch.delete_record, "DNS Write"),
    Route("GET", f"{ZONE}/settings/{{setting_id}}", settings.get_setting, "Zone Settings Read"),
    Route("PATCH", f"{ZONE}/settings/{{setting_id}}", settings.edit_setting, "Zone Settings Write"),
    Route("GET", f"{ZONE}/pagerules", settings.list_page_rules, "Page Rules Read"),
    Route("GET", RULESETS, rulesets.list_rulesets, ""),
    Route("POST", RULESETS, rulesets.create_ruleset, "rules"),
    Route("GET", ENTRY_POINT, rulesets.get_entry_point, "rules"),
    Route("PUT", ENTRY_POINT, rulesets.put_entry_point, "rules"),
    Route("GET", f"{RULESETS}/{{ruleset_id}}", rulesets.get_ruleset, "rules"),
    Route("PUT", f"{RULESETS}/{{ruleset_id}}", rulesets.put_ruleset, "rules"),
    Route("DELETE", f"{RULESETS}/{{ruleset_id}}", rulesets.delete_ruleset, "rules"),
    Route("POST", RULES, rulesets.add_rule, "rules"),
    Route("PATCH", f"{RULES}/{{rule_id}}", rulesets.edit_rule, "rules"),
    Route("DELETE", f"{RULES}/{{rule_id}}", rulesets.delete_rule, "rules"),
    Route("GET", f"{ZONE}/ssl/universal/settings", certificates.get_universal, CERTIFICATES_READ),
    Route("PATCH", f"{ZONE}/ssl/universal/settings", certificates.edit_universal, CERTIFICATES_WRITE),
    Route("GET", f"{ZONE}/ssl/verification", certificates.verification, CERTIFICATES_READ),
    Route("GET", f"{ZONE}/ssl/certificate_packs", certificates.list_packs, CERTIFICATES_READ),
    Route("GET", f"{ZONE}/ssl/certificate_packs/{{pack_id}}", certificates.get_pack, CERTIFICATES_READ),
    Route("GET", FALLBACK, saas_origins.get_fallback, CERTIFICATES_READ),
    Route("PUT", FALLBACK, saas_origins.put_fallback, CERTIFICATES_WRITE),
    Route("DELETE", FALLBACK, saas_origins.delete_fallback, CERTIFICATES_WRITE),
    Route("GET", f"{HOSTNAMES}/quota", saas_origins.quota, CERTIFICATES_READ),
    Route("GET", f"{ZONE}/dcv_delegation/uuid", saas_origins.delegation, CERTIFICATES_READ),
    Route("GET", HOSTNAMES, saas_hostnames.list_hostnames, CERTIFICATES_READ),
    Route("POST", HOSTNAMES, saas_hostnames.create_hostname, CERTIFICATES_WRITE),
    Route("GET", HOSTNAME, saas_hostnames.get_hostname, CERTIFICATES_READ),
    Route("PATCH", HOSTNAME, saas_hostnames.edit_hostname, CERTIFICATES_WRITE),
    Route("DELETE", HOSTNAME, saas_hostnames.delete_hostname, CERTIFICATES_WRITE),
)


class Api:
    """The API of one Cloudflare; `state` gives the state of the moment."""

    def __init__(self, kernel: Kernel, state: Callable[[], State]) -> None:
        """Bind the listener."""
        self.kernel, self.state = kernel, state
        # A path with a malformed id is told apart inside a handler, so every id is any text here.
        routes = [web.route(r.method, r.path, self._serve(r)) for r in ROUTES]
        limiting = Limiting(
            default=RateLimit(access.CALLS_PER_WINDOW, access.WINDOW_S),
            unit=lambda request: access.digest(request.headers.get("Authorization", "")),
            refuse=self._refuse,
            announce=_announce,
        )
        self.url = kernel.api("cloudflare", "api", routes, prefix=PREFIX, limiting=limiting)

    def _serve(self, route: Route) -> Callable[[web.Request], Any]:
        async def serve(request: web.Request) -> web.Response:
            try:
                answer = route.handler(await self._call(request, route))
            except Refusal as refusal:
                chained = self.kernel.switch("cloudflare.dns-errors") == "chain"
                answer = (records.chained(refusal) if chained else refusal).answer()
            return respond(answer)

        return serve

    async def _call(self, request: web.Request, route: Route) -> Call:
        state, now = self.state(), self.kernel.now()
        verifying = route.handler is access.verify_token
        token = access.token_for(state, request.headers.get("Authorization", ""), verifying=verifying)
        if now < token.blocked_until:
            raise access.too_many(token.blocked_until - now)
        if any(not part.strip() for part in request.match_info.values()):
            raise no_route(request.path)
        text = await request.text()
        call = Call(
            state=state,
            token=token,
            method=request.method,
            path=request.path,
            params=dict(request.match_info),
            query=dict(request.query),
            body=_parsed(text),
            now=now,
            switch=self.kernel.switch,
            look=self._look,
        )
        access.permit(token, _permission(route, call))
        return call

    def _look(self, name: str, kind: str) -> Resolved:
        return self.kernel.resolve(name, kind, fresh=True)

    def _refuse(self, request: web.Request, usage: Usage) -> web.Response:
        """Answer 429, and block the token for the whole next window."""
        token = self.state().tokens.get(
            access.digest(request.headers.get("Authorization", "").partition(" ")[2])
        )
        reset_s = usage.reset_s
        if token is not None:
            now = self.kernel.now()
            if now >= token.blocked_until:
                token.blocked_until = now + access.WINDOW_S
            reset_s = token.blocked_until - now
        return respond(access.too_many(reset_s).answer())


def _permission(route: Route, call: Call) -> str:
    if route.permission != "rules":
        return route.permission
    phase = call.params.get("phase")
    if phase is None and "ruleset_id" in call.params:
        zone = call.state.zones.get(call.params["zone_id"])
        ruleset = zone.rulesets.get(call.params["ruleset_id"]) if zone else None
        phase = ruleset.phase if ruleset else ""
    if phase is None and isinstance(call.body, dict):
        phase = str(call.body.get("phase", ""))
    return access.phase_permission(phase or "", write=call.method != "GET")


def _parsed(text: str) -> Any:
    if not text:
        return None
    try:
        return json.loads(text)
    except ValueError as exc:
        raise Refusal(400, 6007, "Malformed JSON in request body") from exc


def _announce(response: web.StreamResponse, usage: Usage) -> None:
    response.headers["x-ratelimit-limit"] = str(usage.limit.requests)
    response.headers["x-ratelimit-remaining"] = str(usage.remaining)
    response.headers["x-ratelimit-reset"] = str(int(usage.reset_s))


def respond(answer: Answer) -> web.Response:
    """Give an Answer as an HTTP response."""
    if answer.body is None:
        return web.Response(status=answer.status, headers=dict(answer.headers))
    return web.json_response(answer.body, status=answer.status, headers=dict(answer.headers))
