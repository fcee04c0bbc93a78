"""The endpoints that tdr uses: raw answers through the `cloudflare` client, own paging, no retry.

docs: developers.cloudflare.com/api (Zones, DNS records, Rulesets, Zone settings, Universal SSL,
Certificate packs, Page Rules, Custom Hostnames, DCV Delegation).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

import cloudflare
import httpx

from providers.cloudflare.errors import from_status, translate
from providers.cloudflare.names import CERTIFICATE_UNIT, UNIT, rule_permission
from providers.cloudflare.zones import Ruleset
from reconciler.errors import AuthError, InvalidRequest, UnexpectedResponse
from reconciler.provider import Calls

BASE_URL: Final = "https://api.cloudflare.com/client/v4"
TIMEOUT: Final = httpx.Timeout(30.0, connect=10.0)
ZONES_PER_PAGE: Final = 50
RECORDS_PER_PAGE: Final = 5000
PACKS_PER_PAGE: Final = 50
HOSTNAMES_PER_PAGE: Final = 50
CERTIFICATES_READ: Final = "SSL and Certificates Read"
CERTIFICATES_WRITE: Final = "SSL and Certificates Write"

Native = Mapping[str, Any]


def client_for(token: str, base_url: str) -> cloudflare.Cloudflare:
    """Make the SDK's client: this token only, no retry of its own."""
    client = cloudflare.Cloudflare(api_token=token, base_url=base_url, max_retries=0, timeout=TIMEOUT)
    # The client takes further credentials from the environment and then prefers them to the token.
    client.api_email = client.api_key = client.user_service_key = None
    return client


@dataclass(frozen=True, slots=True)
class Ask:
    """One call: the vendor's name for it, where it goes, the permission that it takes, the zone, the unit."""

    operation: str
    path: str
    needs: str
    zone: str = ""
    unit: str = UNIT


@dataclass(frozen=True, slots=True)
class Form:
    """What a good answer holds: an object or a list of objects, with the members that tdr rests on.

    `may_lack`: or nothing, where there may be none.
    """

    kind: type[dict[str, Any]] | type[list[Any]]
    members: tuple[str, ...]
    may_lack: bool = False

    def lacking(self, result: object) -> str:
        """Say what a result lacks, nothing where it is well."""
        if result is None and (self.kind is list or self.may_lack):
            return ""
        if not isinstance(result, self.kind):
            return f"the answer holds no {'list' if self.kind is list else 'result'}"
        rows = result if isinstance(result, list) else [result]
        if not all(isinstance(row, dict) for row in rows):
            return "the answer holds no list of objects"
        absent = next((member for row in rows for member in self.members if member not in row), "")
        return f"the answer holds something without `{absent}`" if absent else ""


class Api:
    """Calls by name; each takes its turn with `calls`. Raises ProviderError."""

    def __init__(self, client: cloudflare.Cloudflare, calls: Calls) -> None:
        self._client = client
        self._calls = calls

    def close(self) -> None:
        """End all connections; a second time does nothing."""
        self._client.close()

    # -- reads
    def zones(self) -> list[Native]:
        """List every zone that the token reaches."""
        ask = Ask("list zones", "/zones", "Zone Read")
        return list(self._pages(ask, {}, ZONES_PER_PAGE, "id", "name"))

    def records(self, zone: str, zone_id: str, name: str | None = None) -> list[Native]:
        """List a zone's DNS records, all or those of one name."""
        ask = Ask("list DNS records", f"/zones/{zone_id}/dns_records", "DNS Read", zone)
        query = {} if name is None else {"name.exact": name}
        return list(self._pages(ask, query, RECORDS_PER_PAGE, "id", "name", "type", "ttl"))

    def rulesets(self, zone: str, zone_id: str) -> list[Native]:
        """List a zone's rulesets, without their rules."""
        ask = Ask("list rulesets", f"/zones/{zone_id}/rulesets", "Config Rules Read", zone)
        found, cursor = list[Native](), ""
        form = Form(list, ("id", "kind", "phase"))
        while True:
            answer = self._get(ask, form, {"cursor": cursor} if cursor else {})
            found.extend(_listed(answer))
            after = _cursor(answer)
            if not after or after == cursor:
                return found
            cursor = after

    def entry_point(self, zone: str, zone_id: str, phase: str) -> Native | None:
        """Give the entry point of a phase with its rules, None where there is none yet."""
        path = f"/zones/{zone_id}/rulesets/phases/{phase}/entrypoint"
        try:
            return self._one(
                Ask(f"get {phase} rules", path, rule_permission(phase, "Read"), zone), "id", "phase"
            )
        except InvalidRequest as error:
            if error.status == 404:
                return None
            raise

    def setting(self, zone: str, zone_id: str, name: str) -> Any:
        """Give the value of one zone setting."""
        path = f"/zones/{zone_id}/settings/{name}"
        return self._one(Ask(f"get setting {name}", path, "Zone Settings Read", zone), "value")["value"]

    def universal(self, zone: str, zone_id: str) -> bool:
        """Tell whether universal TLS is on."""
        path = f"/zones/{zone_id}/ssl/universal/settings"
        ask = Ask("get universal TLS settings", path, "SSL and Certificates Read", zone)
        return bool(self._one(ask, "enabled")["enabled"])

    def packs(self, zone: str, zone_id: str) -> list[Native]:
        """List a zone's certificate packs, whatever their status."""
        path = f"/zones/{zone_id}/ssl/certificate_packs"
        ask = Ask("list certificate packs", path, "SSL and Certificates Read", zone)
        return list(self._pages(ask, {"status": "all"}, PACKS_PER_PAGE, "id"))

    def page_rules(self, zone: str, zone_id: str) -> list[Native]:
        """List a zone's page rules; the vendor does not page them."""
        ask = Ask("list page rules", f"/zones/{zone_id}/pagerules", "Page Rules Read", zone)
        return _listed(self._get(ask, Form(list, ("id",))))

    # -- writes
    def batch(self, zone: str, zone_id: str, operations: Mapping[str, Sequence[Native]]) -> None:
        """Change DNS records: deletes, patches, puts, posts in this order, all or none."""
        ask = Ask("batch DNS records", f"/zones/{zone_id}/dns_records/batch", "DNS Write", zone)
        body = {kind: list(rows) for kind, rows in operations.items() if rows}
        self._write(ask, self._client.post, body, repeatable=False)

    def create_ruleset(self, zone: str, zone_id: str, phase: str, rules: Sequence[Native]) -> None:
        """Make the entry point of a phase that has none."""
        path = f"/zones/{zone_id}/rulesets"
        ask = Ask(f"create {phase} rules", path, rule_permission(phase, "Write"), zone)
        body = {"kind": "zone", "phase": phase, "name": "default", "rules": list(rules)}
        self._write(ask, self._client.post, body, repeatable=False)

    def add_rule(self, zone: str, zone_id: str, ruleset: Ruleset, rule: Native) -> None:
        """Append a rule to an entry point."""
        path = f"/zones/{zone_id}/rulesets/{ruleset.id}/rules"
        ask = Ask("create rule", path, rule_permission(ruleset.phase, "Write"), zone)
        self._write(ask, self._client.post, rule, repeatable=False)

    def edit_rule(self, zone: str, zone_id: str, ruleset: Ruleset, rule_id: str, rule: Native) -> None:
        """Change one rule; all its members are given."""
        path = f"/zones/{zone_id}/rulesets/{ruleset.id}/rules/{rule_id}"
        ask = Ask("edit rule", path, rule_permission(ruleset.phase, "Write"), zone)
        self._write(ask, self._client.patch, rule, repeatable=True)

    def delete_rule(self, zone: str, zone_id: str, ruleset: Ruleset, rule_id: str) -> None:
        """Take one rule away; gone already is as good."""
        path = f"/zones/{zone_id}/rulesets/{ruleset.id}/rules/{rule_id}"
        ask = Ask("delete rule", path, rule_permission(ruleset.phase, "Write"), zone)
        self._remove(ask)

    # -- Cloudflare for SaaS
    def custom_hostnames(self, zone: str, zone_id: str, host: str | None = None) -> list[Native]:
        """List a zone's custom hostnames, all or those of one name."""
        ask = Ask("list custom hostnames", f"/zones/{zone_id}/custom_hostnames", CERTIFICATES_READ, zone)
        query = {} if host is None else {"hostname.exact": host}
        return list(self._pages(ask, query, HOSTNAMES_PER_PAGE, "id", "hostname"))

    def create_hostname(self, zone: str, zone_id: str, body: Native) -> Native:
        """Make a custom hostname and order its certificate; return it."""
        path = f"/zones/{zone_id}/custom_hostnames"
        ask = Ask("create custom hostname", path, CERTIFICATES_WRITE, zone, CERTIFICATE_UNIT)
        return self._made(ask, self._client.post, body, "id", "hostname", repeatable=False)

    def edit_hostname(self, zone: str, zone_id: str, id_: str, body: Native) -> Native:
        """Change a custom hostname; with its `ssl` a certificate is ordered, or asked for again."""
        path = f"/zones/{zone_id}/custom_hostnames/{id_}"
        unit = CERTIFICATE_UNIT if "ssl" in body else UNIT
        ask = Ask("edit custom hostname", path, CERTIFICATES_WRITE, zone, unit)
        return self._made(ask, self._client.patch, body, "id", "hostname", repeatable=True)

    def delete_hostname(self, zone: str, zone_id: str, id_: str) -> None:
        """Take a custom hostname away, with its certificate; gone already is as good."""
        path = f"/zones/{zone_id}/custom_hostnames/{id_}"
        self._remove(Ask("delete custom hostname", path, CERTIFICATES_WRITE, zone))

    def fallback_origin(self, zone: str, zone_id: str) -> Native | None:
        """Give where custom hostnames go that name no origin of their own, None where nothing is set."""
        path = f"/zones/{zone_id}/custom_hostnames/fallback_origin"
        ask = Ask("get fallback origin", path, CERTIFICATES_READ, zone)
        try:
            found: Native | None = self._get(ask, Form(dict, ("origin",), may_lack=True)).get("result")
        except InvalidRequest as error:
            if error.status != HTTPStatus.NOT_FOUND:
                raise
            return None
        return found if found and found.get("origin") else None

    def set_fallback_origin(self, zone: str, zone_id: str, origin: str) -> None:
        """Send all custom hostnames that name no origin of their own to a proxied record of the zone."""
        path = f"/zones/{zone_id}/custom_hostnames/fallback_origin"
        ask = Ask("set fallback origin", path, CERTIFICATES_WRITE, zone)
        self._write(ask, self._client.put, {"origin": origin}, repeatable=True)

    def delete_fallback_origin(self, zone: str, zone_id: str) -> None:
        """Unset it; gone already is as good."""
        path = f"/zones/{zone_id}/custom_hostnames/fallback_origin"
        self._remove(Ask("delete fallback origin", path, CERTIFICATES_WRITE, zone))

    def delegation(self, zone: str, zone_id: str) -> str:
        """Give what the zone's names for delegated validation hold; empty where Cloudflare does not tell."""
        path = f"/zones/{zone_id}/dcv_delegation/uuid"
        ask = Ask("get DCV delegation", path, CERTIFICATES_READ, zone)
        try:
            return str(self._one(ask).get("uuid") or "")
        except (AuthError, InvalidRequest) as error:
            if error.status not in (HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND):
                raise
            return ""

    # -- the one way out
    def _get(self, ask: Ask, form: Form | None, query: Mapping[str, object] | None = None) -> Native:
        def fetch() -> Native:
            options: Any = {"params": dict(query or {})}
            with told(ask):
                return _envelope(self._client.get(ask.path, cast_to=httpx.Response, options=options), form)

        return self._calls(UNIT, ask.operation, fetch, repeatable=True, resource=ask.zone)

    def _one(self, ask: Ask, *members: str) -> Native:
        """Give the one result of an answer, which has these members."""
        found: Native = self._get(ask, Form(dict, members))["result"]
        return found

    def _write(
        self,
        ask: Ask,
        send: Callable[..., Any],
        body: object,
        *,
        repeatable: bool,
        form: Form | None = None,
    ) -> Native:
        def write() -> Native:
            with told(ask):
                return _envelope(send(ask.path, cast_to=httpx.Response, body=body), form)

        return self._calls(ask.unit, ask.operation, write, repeatable=repeatable, resource=ask.zone)

    def _made(
        self, ask: Ask, send: Callable[..., Any], body: Native, *members: str, repeatable: bool
    ) -> Native:
        """Write, and give the result, which has these members."""
        form = Form(dict, members)
        made: Native = self._write(ask, send, body, repeatable=repeatable, form=form)["result"]
        return made

    def _remove(self, ask: Ask) -> None:
        """Delete what may be gone already."""
        try:
            self._write(ask, self._client.delete, None, repeatable=True)
        except InvalidRequest as error:
            if error.status != HTTPStatus.NOT_FOUND:
                raise

    def _pages(self, ask: Ask, query: Mapping[str, object], per_page: int, *members: str) -> Iterator[Native]:
        """Yield what all pages list, each with these members.

        A server that ignores `page` ends in an error, not in a loop.
        """
        page, seen = 1, set[str]()
        while True:
            answer = self._get(ask, Form(list, members), {**query, "page": page, "per_page": per_page})
            items = _listed(answer)
            if page > 1 and items and all(str(item.get("id")) in seen for item in items):
                text = "the same page came twice"
                raise UnexpectedResponse(text, operation=ask.operation, resource=ask.zone)
            seen.update(str(item.get("id")) for item in items)
            yield from items
            pages = (answer.get("result_info") or {}).get("total_pages")
            if page >= int(pages) if pages is not None else len(items) < per_page:
                return
            page += 1


@contextmanager
def told(ask: Ask) -> Iterator[None]:
    """Translate the client's exceptions, and name the permission that a refused token lacks."""
    try:
        yield
    except cloudflare.APIError as error:
        translated = translate(error)
        if translated is None:
            raise
        if isinstance(translated, AuthError) and translated.status == 403:
            text = f"{translated.message}; the call takes a token with {ask.needs}"
            translated = AuthError(text, request_id=translated.request_id, status=translated.status)
        raise translated from error


def _cursor(answer: Native) -> str:
    """Give the cursor of the next page, empty at the end; the documents have it in two places."""
    about = answer.get("result_info") or {}
    return str(about.get("cursor") or (about.get("cursors") or {}).get("after") or "")


def _envelope(response: httpx.Response, form: Form | None = None) -> Native:
    """Give the decoded envelope of a good answer; deleting a rule answers 204 without one."""
    if response.status_code == 204:
        return {}
    try:
        body = json.loads(response.content)
    except ValueError as error:
        raise _unexpected(response, "the answer is not JSON") from error
    if not isinstance(body, dict):
        raise _unexpected(response, "the answer is no JSON object")
    if body.get("success") is False:
        raise from_status(response, body)
    if "id" in body and "success" not in body:
        return {"result": body}  # so the documents have it of a custom hostname's deletion
    if body.get("success") is not True:
        raise _unexpected(response, "the answer is not Cloudflare's: it has no `success`")
    if form is not None and (lack := form.lacking(body.get("result"))):
        raise _unexpected(response, lack)
    return body


def _unexpected(response: httpx.Response, text: str) -> UnexpectedResponse:
    return UnexpectedResponse(
        text, request_id=response.headers.get("cf-ray", ""), status=response.status_code
    )


def _listed(answer: Native) -> list[Native]:
    """Give the rows of an answer; an empty list may come as null."""
    return list(answer.get("result") or ())
