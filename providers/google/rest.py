"""JSON calls over the signed session: Certificate Manager and Cloud DNS."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, Final, TypeAlias

from providers.google.names import DNS_SERVICE
from providers.google.refusals import refusal
from providers.google.session import CONNECT_S, READ_S, Session
from reconciler.errors import UnexpectedResponse
from reconciler.provider import Calls

Native: TypeAlias = "Mapping[str, Any]"
_TIMEOUT: Final = (CONNECT_S, READ_S)
_DNS_KIND: Final = "dns#"
"""How the kind of every answer of Cloud DNS begins: without, an empty list and something else look alike.
Certificate Manager's answers have none."""


class Rest:
    """One service of a project. Thread-safe. Paths begin with the version: `/v1/projects/P/…`."""

    def __init__(self, session: Session, calls: Calls, service: str) -> None:
        self._session, self._calls, self._service = session, calls, service
        self.project = session.project

    def get(self, unit: str, operation: str, path: str, params: Mapping[str, str] | None = None) -> Native:
        """Read one thing. Raises ProviderError, with status 404 where there is none."""
        asked = partial(self._asked, "GET", path, None, params)
        return self._calls(unit, operation, asked, repeatable=True)

    def send(
        self,
        unit: str,
        operation: str,
        method: str,
        path: str,
        *,
        body: Native | None = None,
        params: Mapping[str, str] | None = None,
        repeatable: bool = False,
    ) -> Native:
        """Write. `repeatable` where doing it twice is the same as once."""
        asked = partial(self._asked, method, path, body, params)
        return self._calls(unit, operation, asked, repeatable=repeatable)

    def pages(
        self, unit: str, operation: str, path: str, member: str, params: Mapping[str, str] | None = None
    ) -> Iterator[Native]:
        """Yield what a list holds, page by page. `member` is where its answer has the rows."""
        asked = dict(params or {})
        while True:
            told = self.get(unit, operation, path, asked)
            yield from (row for row in told.get(member) or () if isinstance(row, Mapping))
            token = told.get("nextPageToken")
            if not token:
                return
            if token == asked.get("pageToken"):
                raise UnexpectedResponse("the list does not end", operation=operation)
            asked["pageToken"] = str(token)

    def _asked(self, method: str, path: str, body: Native | None, params: Mapping[str, str] | None) -> Native:
        url = f"{self._session.base(self._service)}{path}"
        answer = self._session.http.request(
            method, url, json=body, params=params, timeout=_TIMEOUT, allow_redirects=False
        )
        headers = {name.lower(): value for name, value in answer.headers.items()}
        try:
            value = answer.json() if answer.content else {}
        except ValueError:
            value = None
        if not 200 <= answer.status_code < 300:
            raise refusal(answer.status_code, value, headers=headers, project=self.project)
        if not isinstance(value, Mapping):
            raise UnexpectedResponse(
                f"an answer that is no JSON object (HTTP {answer.status_code} from {self._service})",
                status=answer.status_code,
            )
        if self._service == DNS_SERVICE and not str(value.get("kind") or "").startswith(_DNS_KIND):
            raise UnexpectedResponse("an answer that is none of Cloud DNS's", status=answer.status_code)
        return value
