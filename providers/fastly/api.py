"""Fastly's way to be asked: one request, paged lists, what an answer must hold.

Every call goes through the engine's `Calls`.

docs: developer.fastly.com/reference/api: "Using the API", JSON:API for what is below /tls.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias, TypeVar
from urllib.parse import quote

from providers._http import Answer, Client
from providers.fastly.errors import error_of
from providers.fastly.names import READ, WRITE
from reconciler.provider import Calls

T = TypeVar("T")
Native: TypeAlias = Mapping[str, Any]

BASE: Final = "https://api.fastly.com"
JSON_API: Final = "application/vnd.api+json"
PAGE: Final = 100
"""The most that a page holds, whatever the list."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One call of the API, and whether a repeat does no more than once."""

    method: str
    path: str
    repeatable: bool = True

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def unit(self) -> str:
        return READ if self.method == "GET" else WRITE

    @property
    def headers(self) -> Mapping[str, str]:
        """TLS speaks JSON:API both ways (docs: TLS subscriptions)."""
        if not self.path.startswith("/tls/"):
            return {}
        told = {"Accept": JSON_API}
        return told if self.method in ("GET", "DELETE") else {**told, "Content-Type": JSON_API}


@dataclass(frozen=True, slots=True)
class Documents:
    """What a list in JSON:API holds: its objects, and those that were asked to be included."""

    data: tuple[Native, ...] = ()
    included: tuple[Native, ...] = ()


def refused(_answer: Answer) -> bool:
    """Accept no refusal."""
    return False


class Transport:
    """Fastly's API at one base URL, for one token. Returns natives; raises ProviderError."""

    def __init__(self, client: Client, calls: Calls) -> None:
        self._client, self._calls = client, calls

    def close(self) -> None:
        """End all connections."""
        self._client.close()

    def send(
        self,
        operation: Operation,
        read: Callable[[Answer], T],
        resource: str = "",
        *,
        ids: Mapping[str, str | int] | None = None,
        accept: Callable[[Answer], bool] = refused,
        **sent: Any,
    ) -> T:
        """Make one call; return what `read` finds in an answer that is a success or that `accept` takes.

        ids   what stands in the operation's path
        sent  `params`, `form` or `body`, as `Client.send` takes them
        """
        path = operation.path.format(**{key: quote(str(one), safe="") for key, one in (ids or {}).items()})

        def once() -> T:
            answer = self._client.send(operation.method, path, headers=operation.headers, **sent)
            if not (answer.ok or accept(answer)):
                raise error_of(self._client, answer)
            return read(answer)

        return self._calls(
            operation.unit, operation.name, once, repeatable=operation.repeatable, resource=resource
        )

    # -- what an answer holds
    def one(self, answer: Answer) -> Native:
        """Return the object that an answer is. Raises UnexpectedResponse where it is none."""
        if not isinstance(answer.body, Mapping):
            raise self._client.unexpected(answer, "the answer is not Fastly's JSON; is the endpoint right?")
        return answer.body

    def having(self, member: str, kind: type, answer: Answer) -> Native:
        """Return the object, which must have such a member: without it, it is something else."""
        found = self.one(answer)
        if not isinstance(found.get(member), kind):
            raise self._client.unexpected(answer, f"the answer has no `{member}`; is the endpoint right?")
        return found

    def one_or_none(self, answer: Answer) -> Native | None:
        """Return the object, None where there is no such thing."""
        return self.one(answer) if answer.ok else None

    def document(self, answer: Answer) -> Native:
        """Return the `data` of an answer in JSON:API."""
        data = self.one(answer).get("data")
        if not isinstance(data, Mapping):
            raise self._client.unexpected(answer, "the answer holds no object in `data`")
        return data

    def rows(self, answer: Answer) -> list[Native]:
        """Return the list of objects that an answer is, or has in `data`."""
        found = answer.body.get("data") if isinstance(answer.body, Mapping) else answer.body
        if not isinstance(found, list) or not all(isinstance(row, Mapping) for row in found):
            raise self._client.unexpected(answer, "the answer holds no list; is the endpoint right?")
        return found

    def nothing(self, _answer: Answer) -> None:
        """Read nothing."""

    # -- lists
    def pages(self, operation: Operation, params: Mapping[str, str]) -> list[Native]:
        """Return all of a list of the service API: a page that is not full is the last one."""
        found: list[Native] = []
        while True:
            number = len(found) // PAGE + 1
            asked = {**params, "page": str(number), "per_page": str(PAGE)}
            rows = self.send(operation, self.rows, params=asked)
            found += rows
            if len(rows) < PAGE:
                return found

    def cursored(self, operation: Operation, params: Mapping[str, str]) -> list[Native]:
        """Return all of a list of the domain API: `meta.next_cursor` leads to the next page."""

        def read(answer: Answer) -> tuple[list[Native], str]:
            meta = self.one(answer).get("meta")
            following = meta.get("next_cursor") if isinstance(meta, Mapping) else None
            return self.rows(answer), str(following or "")

        found: list[Native] = []
        asked = {**params, "limit": str(PAGE)}
        while True:
            rows, following = self.send(operation, read, params=asked)
            found += rows
            if not following or not rows:
                return found
            asked = {**params, "limit": str(PAGE), "cursor": following}

    def documents(self, operation: Operation, params: Mapping[str, str]) -> Documents:
        """Return all of a list in JSON:API: `links.next` tells that there is more."""

        def read(answer: Answer) -> tuple[list[Native], list[Native], bool]:
            body = self.one(answer)
            links, included = body.get("links"), body.get("included") or []
            more = isinstance(links, Mapping) and bool(links.get("next"))
            return self.rows(answer), [row for row in included if isinstance(row, Mapping)], more

        data: list[Native] = []
        beside: list[Native] = []
        number, more = 1, True
        while more:
            asked = {**params, "page[number]": str(number), "page[size]": str(PAGE)}
            rows, included, more = self.send(operation, read, params=asked)
            data, beside = [*data, *rows], [*beside, *included]
            number, more = number + 1, more and bool(rows)
        return Documents(tuple(data), tuple(beside))


def included(documents: Documents, type_: str) -> dict[str, Native]:
    """Return the included objects of one type by their id."""
    return {str(one.get("id")): one for one in documents.included if one.get("type") == type_}


def related(one: Native, name: str) -> tuple[str, ...]:
    """Return the ids that a relationship of a JSON:API object names: one, several or none."""
    relations = one.get("relationships")
    relation = relations.get(name) if isinstance(relations, Mapping) else None
    data = relation.get("data") if isinstance(relation, Mapping) else None
    rows: Sequence[Any] = data if isinstance(data, list) else [data]
    return tuple(str(row["id"]) for row in rows if isinstance(row, Mapping) and row.get("id"))
