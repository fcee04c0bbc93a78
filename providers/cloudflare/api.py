"""The endpoints that tdr uses: raw answers through the `cloudflare` client, own paging, no retry.

docs: developers.cloudflare.com/api (Zones, DNS records, Rulesets, Zone settings, Universal SSL,
Certificate packs, Page Rules).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

import cloudflare
import httpx

from providers.cloudflare.errors import from_status
from providers.cloudflare.names import UNIT
from reconciler.errors import InvalidRequest, UnexpectedResponse
from reconciler.provider import Calls

BASE_URL: Final = "https://api.cloudflare.com/client/v4"
TIMEOUT: Final = httpx.Timeout(30.0, connect=10.0)
ZONES_PER_PAGE: Final = 50
RECORDS_PER_PAGE: Final = 5000
PACKS_PER_PAGE: Final = 50

Native = Mapping[str, Any]


def client_for(token: str, base_url: str) -> cloudflare.Cloudflare:
    """Make the SDK's client: this token only, no retry of its own."""
    client = cloudflare.Cloudflare(api_token=token, base_url=base_url, max_retries=0, timeout=TIMEOUT)
    # The client takes further credentials from the environment and then prefers them to the token.
    client.api_email = client.api_key = client.user_service_key = None
    return client


class Api:
    """Calls by name; each takes its turn with `calls`. Raises ProviderError."""

    def __init__(self, client: cloudflare.Cloudflare, calls: Calls) -> None:
        self._client = client
        self._calls = calls

    # -- reads
    def zones(self) -> list[Native]:
        """List every zone that the token reaches."""
        return list(self._pages("list zones", "/zones", {}, ZONES_PER_PAGE))

    def records(self, zone: str, zone_id: str, name: str | None = None) -> list[Native]:
        """List a zone's DNS records, all or those of one name."""
        query = {} if name is None else {"name.exact": name}
        path = f"/zones/{zone_id}/dns_records"
        return list(self._pages("list DNS records", path, query, RECORDS_PER_PAGE, zone))

    def rulesets(self, zone: str, zone_id: str) -> list[Native]:
        """List a zone's rulesets, without their rules."""
        path, found, cursor = f"/zones/{zone_id}/rulesets", list[Native](), ""
        while True:
            query = {"cursor": cursor} if cursor else {}
            answer = self._get("list rulesets", path, query, zone)
            found.extend(_listed(answer))
            after = ((answer.get("result_info") or {}).get("cursors") or {}).get("after") or ""
            if not after or after == cursor:
                return found
            cursor = after

    def entry_point(self, zone: str, zone_id: str, phase: str) -> Native | None:
        """Give the entry point of a phase with its rules, None where there is none yet."""
        path = f"/zones/{zone_id}/rulesets/phases/{phase}/entrypoint"
        try:
            return _result(self._get(f"get {phase} rules", path, {}, zone))
        except InvalidRequest as error:
            if error.status == 404:
                return None
            raise

    def setting(self, zone: str, zone_id: str, name: str) -> Any:
        """Give the value of one zone setting."""
        return _result(self._get(f"get setting {name}", f"/zones/{zone_id}/settings/{name}", {}, zone))[
            "value"
        ]

    def universal(self, zone: str, zone_id: str) -> bool:
        """Tell whether universal TLS is on."""
        path = f"/zones/{zone_id}/ssl/universal/settings"
        return bool(_result(self._get("get universal TLS settings", path, {}, zone))["enabled"])

    def packs(self, zone: str, zone_id: str) -> list[Native]:
        """List a zone's certificate packs, whatever their status."""
        path = f"/zones/{zone_id}/ssl/certificate_packs"
        return list(self._pages("list certificate packs", path, {"status": "all"}, PACKS_PER_PAGE, zone))

    def page_rules(self, zone: str, zone_id: str) -> list[Native]:
        """List a zone's page rules; the vendor does not page them."""
        return _listed(self._get("list page rules", f"/zones/{zone_id}/pagerules", {}, zone))

    # -- writes
    def batch(self, zone: str, zone_id: str, operations: Mapping[str, Sequence[Native]]) -> None:
        """Change DNS records: deletes, patches, puts, posts in this order, all or none."""
        path, body = f"/zones/{zone_id}/dns_records/batch", {k: list(v) for k, v in operations.items() if v}
        self._write("batch DNS records", self._client.post, path, body, zone, repeatable=False)

    def create_ruleset(self, zone: str, zone_id: str, phase: str, rules: Sequence[Native]) -> None:
        """Make the entry point of a phase that has none."""
        body = {"kind": "zone", "phase": phase, "name": "default", "rules": list(rules)}
        self._write(
            f"create {phase} rules",
            self._client.post,
            f"/zones/{zone_id}/rulesets",
            body,
            zone,
            repeatable=False,
        )

    def add_rule(self, zone: str, zone_id: str, ruleset: str, rule: Native) -> None:
        """Append a rule to an entry point."""
        path = f"/zones/{zone_id}/rulesets/{ruleset}/rules"
        self._write("create rule", self._client.post, path, rule, zone, repeatable=False)

    def edit_rule(self, zone: str, zone_id: str, ruleset: str, rule_id: str, rule: Native) -> None:
        """Change one rule; all its members are given."""
        path = f"/zones/{zone_id}/rulesets/{ruleset}/rules/{rule_id}"
        self._write("edit rule", self._client.patch, path, rule, zone, repeatable=True)

    def delete_rule(self, zone: str, zone_id: str, ruleset: str, rule_id: str) -> None:
        """Take one rule away; gone already is as good."""
        path = f"/zones/{zone_id}/rulesets/{ruleset}/rules/{rule_id}"
        try:
            self._write("delete rule", self._client.delete, path, None, zone, repeatable=True)
        except InvalidRequest as error:
            if error.status != 404:
                raise

    # -- the one way out
    def _get(self, operation: str, path: str, query: Mapping[str, object], zone: str) -> Native:
        def ask() -> Native:
            options: Any = {"params": dict(query)}
            return _envelope(self._client.get(path, cast_to=httpx.Response, options=options))

        return self._calls(UNIT, operation, ask, repeatable=True, resource=zone)

    def _write(
        self,
        operation: str,
        send: Callable[..., Any],
        path: str,
        body: object,
        zone: str,
        *,
        repeatable: bool,
    ) -> Native:
        def ask() -> Native:
            return _envelope(send(path, cast_to=httpx.Response, body=body))

        return self._calls(UNIT, operation, ask, repeatable=repeatable, resource=zone)

    def _pages(
        self, operation: str, path: str, query: Mapping[str, object], per_page: int, zone: str = ""
    ) -> Iterator[Native]:
        """Yield what all pages list. A server that ignores `page` ends in an error, not in a loop."""
        page, seen = 1, set[str]()
        while True:
            answer = self._get(operation, path, {**query, "page": page, "per_page": per_page}, zone)
            items = _listed(answer)
            if page > 1 and items and all(str(item.get("id")) in seen for item in items):
                raise UnexpectedResponse("the same page came twice", operation=operation, resource=zone)
            seen.update(str(item.get("id")) for item in items)
            yield from items
            pages = (answer.get("result_info") or {}).get("total_pages")
            if page >= int(pages) if pages is not None else len(items) < per_page:
                return
            page += 1


def _envelope(response: httpx.Response) -> Native:
    """Give the decoded envelope of a good answer; deleting a rule answers 204 without one."""
    if response.status_code == 204 or not response.content:
        return {}
    try:
        body = json.loads(response.content)
    except ValueError as error:
        request_id = response.headers.get("cf-ray", "")
        raise UnexpectedResponse("the answer is not JSON", request_id=request_id) from error
    if not isinstance(body, dict):
        raise UnexpectedResponse(
            "the answer is no JSON object", request_id=response.headers.get("cf-ray", "")
        )
    if body.get("success") is False:
        raise from_status(response, body)
    return body


def _result(answer: Native) -> Native:
    result = answer.get("result")
    if not isinstance(result, dict):
        raise UnexpectedResponse("the answer holds no result")
    return result


def _listed(answer: Native) -> list[Native]:
    result = answer.get("result")
    if result is None:
        return []
    if not isinstance(result, list) or not all(isinstance(item, dict) for item in result):
        raise UnexpectedResponse("the answer holds no list")
    return result
