"""Three calls of PowerDNS's HTTP API, and what its errors mean. Every call goes through the engine's `Calls`.

docs: PowerDNS Authoritative Server, "Built-in Webserver and HTTP API", "Zones".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeVar
from urllib.parse import quote

from providers._http import Answer, Client
from providers.powerdns.zones import ZoneState, zone_from
from reconciler.errors import ProviderError, UnexpectedResponse
from reconciler.provider import Calls

T = TypeVar("T")

UNIT: Final = "powerdns"
LIST: Final = "GET /zones"
READ: Final = "GET /zones/{zone}"
WRITE: Final = "PATCH /zones/{zone}"


class Api:
    """One server's API. Returns values; raises ProviderError."""

    def __init__(self, client: Client, calls: Calls, key_variable: str) -> None:
        """`key_variable` names where the key comes from, for the words of a refused one."""
        self._client, self._calls, self._key_variable = client, calls, key_variable

    def close(self) -> None:
        """End all connections."""
        self._client.close()

    def zones(self) -> list[ZoneState]:
        """List all zones without what is in them; nor what would make the server look into each for keys."""

        def read(answer: Answer) -> list[ZoneState]:
            if not isinstance(answer.body, list):
                raise self._client.unexpected(
                    answer, "the answer is no list of zones; is the endpoint right?"
                )
            return [self._zone(answer, native) for native in answer.body]

        return self._send(LIST, "GET", "/zones", read, params={"dnssec": "false"})

    def zone(self, zone: ZoneState) -> ZoneState:
        """Read a zone whole.

        Always whole: asked for one set (`rrset_name`), a server before 5.0 leaves out the records that are
        switched off, and one before 4.6 does not know the question.
        """

        def read(answer: Answer) -> ZoneState:
            if not isinstance(answer.body, Mapping) or not isinstance(answer.body.get("rrsets"), list):
                raise self._client.unexpected(answer, "the answer holds no zone with its record sets")
            return self._zone(answer, answer.body)

        return self._send(READ, "GET", _path(zone), read, zone.name)

    def write(self, zone: ZoneState, rrsets: Sequence[Mapping[str, Any]]) -> None:
        """Write sets, all or none, in their order.

        Never repeated by itself: a repeat would go over what somebody wrote in between.
        """

        def read(answer: Answer) -> None:
            if answer.status != 204:
                raise self._client.unexpected(answer, "the answer to a write is not the documented one")

        self._send(WRITE, "PATCH", _path(zone), read, zone.name, body={"rrsets": list(rrsets)})

    def _zone(self, answer: Answer, native: object) -> ZoneState:
        if not isinstance(native, Mapping):
            raise self._client.unexpected(answer, "the answer holds a zone that is no object")
        try:
            return zone_from(native)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            text = f"the answer holds a zone that is none ({error!r})"
            raise self._client.unexpected(answer, text) from error

    def _send(
        self,
        operation: str,
        method: str,
        path: str,
        read: Callable[[Answer], T],
        zone: str = "",
        **sent: Any,
    ) -> T:
        def once() -> T:
            answer = self._client.send(method, path, **sent)
            if not answer.ok:
                raise self._error(answer, operation)
            try:
                return read(answer)
            except UnexpectedResponse as error:
                error.request_id = error.request_id or self._client.clean(answer.request_id)
                raise

        return self._calls(UNIT, operation, once, repeatable=method == "GET", resource=zone)

    def _error(self, answer: Answer, operation: str) -> ProviderError:
        said = _words(answer.body)
        if answer.status == 404 and operation == LIST:
            said = f"{said or 'Not Found'}: no such server in this API; are endpoint and server right?"
        rights = f"{self._key_variable} must be its api-key, and its webserver-allow-from name this machine"
        return self._client.refusal(answer, said, rights=rights)


def _path(zone: ZoneState) -> str:
    return f"/zones/{quote(zone.id, safe='=')}"


def _words(body: object) -> str:
    """Return what PowerDNS says: `error`, and `errors` where there are several."""
    if not isinstance(body, Mapping):
        return ""
    more = body.get("errors")
    rows = more if isinstance(more, list) else []
    return "; ".join(str(text) for text in (body.get("error"), *rows) if text)
