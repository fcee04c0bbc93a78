"""SparkPost's endpoints, and what its errors mean. Every call goes through the engine's `Calls`.

docs: developers.sparkpost.com/api: Tracking Domains, Sending Domains, Subaccounts, Errors.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar
from urllib.parse import quote

from providers._http import Answer, Client
from providers.sparkpost.convert import (
    Eligible,
    SendingDomain,
    TrackingDomain,
    sending_domain_from,
    tracking_domain_from,
)
from reconciler.errors import InvalidRequest, ProviderError, Unavailable, UnexpectedResponse
from reconciler.provider import Calls

T = TypeVar("T")

UNIT: Final = "sparkpost"
SUBACCOUNT_HEADER: Final = "X-MSYS-SUBACCOUNT"

RETRY_LATER: Final = "1502"
"""Server resources unavailable: answered as 400, and to be tried again (docs: extended error codes)."""

MEMBERS: Final = frozenset({"domain", "secure", "status"})
"""Without any of these an object is no tracking domain."""

EXISTS: Final = frozenset({"6100", "1602"})
VERDICT: Final = re.compile(r"verif|invalid|dns|redirect|cname|http request", re.IGNORECASE)
"""What a refusal of verify says when it is about the domain and not about the request."""

POLICY: Final = re.compile(r"let'?s encrypt|certificate|eligib", re.IGNORECASE)
QUOTA: Final = re.compile(r"limit|quota|\bplan\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Operation:
    """One call of the API: the grant that the key needs, and whether a repeat does no more than once."""

    method: str
    path: str
    grant: str
    repeatable: bool = True

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"


_VIEW, _MANAGE = "tracking_domains/view", "tracking_domains/manage"
_ONE = "/tracking-domains/{domain}"
LIST: Final = Operation("GET", "/tracking-domains", _VIEW)
GET: Final = Operation("GET", _ONE, _VIEW)
# A name can exist once: the second of two creations is told that it exists, so a repeat is safe.
CREATE: Final = Operation("POST", "/tracking-domains", _MANAGE)
UPDATE: Final = Operation("PUT", _ONE, _MANAGE)
DELETE: Final = Operation("DELETE", _ONE, _MANAGE)
VERIFY: Final = Operation("POST", f"{_ONE}/verify", _MANAGE)
CHECK: Final = Operation("POST", f"{_ONE}/certificate/check", _MANAGE)
# Whether a second order starts a second issue is not documented: the provider looks before it orders again.
ENABLE: Final = Operation("POST", f"{_ONE}/certificate/enable", _MANAGE, repeatable=False)
LIST_SENDING: Final = Operation("GET", "/sending-domains", "sending_domains/view")
GET_SENDING: Final = Operation("GET", "/sending-domains/{domain}", "sending_domains/view")
LINK: Final = Operation("PUT", "/sending-domains/{domain}", "sending_domains/manage")


def items(body: Any) -> list[Mapping[str, Any]]:
    """Return the items of an error answer: each of message, description, code, param, value may be there."""
    errors = body.get("errors") if isinstance(body, Mapping) else None
    found = errors if isinstance(errors, list) else [errors]
    return [item if isinstance(item, Mapping) else {"message": str(item)} for item in found if item]


def words(body: Any) -> str:
    """Return what SparkPost says, in either form of its errors; empty where it says nothing."""
    return "; ".join(_sentence(item) for item in items(body)[:3])


def _sentence(item: Mapping[str, Any]) -> str:
    said = ": ".join(str(item[key]) for key in ("message", "description") if item.get(key))
    where = f" ({item['param']}: {item.get('value', '')!r})" if item.get("param") else ""
    code = f" [code {item['code']}]" if item.get("code") else ""
    return f"{said or 'no message'}{where}{code}"


def codes(body: Any) -> frozenset[str]:
    """Return the codes of an error answer; SparkPost writes them as strings, and today mostly not at all."""
    return frozenset(str(item["code"]) for item in items(body) if item.get("code"))


def says_exists(answer: Answer) -> bool:
    """Whether a creation was refused because the name is there: 409 today, 400 in the table of codes."""
    known = answer.status == 409 or (answer.status in (400, 422) and bool(codes(answer.body) & EXISTS))
    return known or (answer.status in (400, 422) and "exists" in words(answer.body).lower())


def says_missing(answer: Answer) -> bool:
    """Whether SparkPost itself, and not some other server at a wrong address, knows of no such thing."""
    return answer.status == 404 and bool(items(answer.body))


def is_verdict(answer: Answer) -> bool:
    """Whether a refused verify is about the domain: then it is an answer, not an error."""
    told = answer.status in (400, 404, 409, 422) and RETRY_LATER not in codes(answer.body)
    return told and bool(VERDICT.search(words(answer.body)))


def never(_answer: Answer) -> bool:
    """Accept no refusal."""
    return False


def nothing(_answer: Answer) -> None:
    """Read nothing: what a write did is read back."""


def _eligible(answer: Answer) -> Eligible:
    if not answer.ok:
        return Eligible(known=False, eligible=True)
    results = answer.body.get("results") if isinstance(answer.body, Mapping) else None
    said = results.get("supportsManagedCertificate") if isinstance(results, Mapping) else None
    return Eligible(known=isinstance(said, bool), eligible=said is not False)


class Api:
    """One account's API. Returns values; raises ProviderError."""

    def __init__(self, client: Client, calls: Calls, place: str) -> None:
        """`place` says which service the key is for, in the words of a refused credential."""
        self._client = client
        self._calls = calls
        self._place = place

    def close(self) -> None:
        """End all connections."""
        self._client.close()

    # -- tracking domains
    def tracking_domains(self) -> list[TrackingDomain]:
        """Return all tracking domains of the account, subaccounts included: one call, there are no pages."""
        return self._send(LIST, lambda answer: [tracking_domain_from(item) for item in self._items(answer)])

    def tracking_domain(self, domain: str) -> TrackingDomain | None:
        """Return one tracking domain, of whatever subaccount, or None."""

        def read(answer: Answer) -> TrackingDomain | None:
            if not answer.ok:
                return None
            found = self._results(answer)
            if isinstance(found, Mapping) and not MEMBERS & found.keys():
                raise self._client.unexpected(answer, "the answer holds no tracking domain")
            return tracking_domain_from(found, domain)

        return self._send(GET, read, domain, accept=says_missing)

    def create(self, domain: str, subaccount: int | None) -> str:
        """Register a domain; return SparkPost's words where the name is there already, else nothing."""

        def read(answer: Answer) -> str:
            if not answer.ok:
                return self._said(answer) or "it exists"
            self._results(answer)
            return ""

        return self._send(CREATE, read, domain, subaccount, body={"domain": domain}, accept=says_exists)

    def update(self, domain: str, subaccount: int | None, **fields: bool) -> None:
        """Set `secure` or `default`. SparkPost ignores what it does not know, so read again after."""
        self._send(UPDATE, self._results, domain, subaccount, body=fields)

    def delete(self, domain: str, subaccount: int | None) -> None:
        """Remove a domain; one that is not there is removed already."""
        self._send(DELETE, nothing, domain, subaccount, accept=says_missing)

    def verify(self, domain: str, subaccount: int | None) -> TrackingDomain | str:
        """Have SparkPost look; return the domain's status, or its words where the check failed."""

        def read(answer: Answer) -> TrackingDomain | str:
            if not answer.ok:
                return self._said(answer)
            return tracking_domain_from({"domain": domain, "status": self._results(answer)})

        return self._send(VERIFY, read, domain, subaccount, accept=is_verdict)

    # -- managed HTTPS
    def eligible(self, domain: str, subaccount: int | None) -> Eligible:
        """Ask whether a managed certificate could be had; changes nothing, though it is a POST."""
        try:
            return self._send(CHECK, _eligible, domain, subaccount, accept=says_missing)
        except InvalidRequest as refusal:
            # 400 is a check that failed; what the policy says comes as 403.
            return Eligible(known=refusal.status == 403, eligible=False, text=refusal.message)
        except ProviderError as error:
            return Eligible(known=False, eligible=False, text=error.message)

    def enable_certificate(self, domain: str, subaccount: int | None) -> None:
        """Order a managed certificate; 409 means that there is one."""

        def read(answer: Answer) -> None:
            found = self._results(answer) if answer.ok else {"message": ""}
            if not isinstance(found, Mapping) or "message" not in found:
                raise self._client.unexpected(answer, "the answer confirms no order of a certificate")

        self._send(ENABLE, read, domain, subaccount, accept=lambda answer: answer.status == 409)

    # -- sending domains
    def sending_domains(self) -> list[SendingDomain]:
        """Return all sending domains of the account and its subaccounts, with their links: one call."""
        return self._send(
            LIST_SENDING, lambda answer: [sending_domain_from(item) for item in self._items(answer)]
        )

    def sending_domain(self, domain: str, subaccount: int | None) -> SendingDomain | None:
        """Return one sending domain, or None."""

        def read(answer: Answer) -> SendingDomain | None:
            return sending_domain_from(self._results(answer), domain) if answer.ok else None

        return self._send(GET_SENDING, read, domain, subaccount, accept=says_missing)

    def link(self, sending: str, subaccount: int | None, tracking_domain: str) -> None:
        """Link a sending domain to a tracking domain, or with "" to none; touches no other field."""
        self._send(LINK, self._results, sending, subaccount, body={"tracking_domain": tracking_domain})

    # -- the way there
    def _send(
        self,
        operation: Operation,
        read: Callable[[Answer], T],
        domain: str = "",
        subaccount: int | None = None,
        *,
        body: Mapping[str, Any] | None = None,
        accept: Callable[[Answer], bool] = never,
    ) -> T:
        """Make one call; return what `read` finds in an answer that is a success or that `accept` takes."""
        headers = {} if subaccount is None else {SUBACCOUNT_HEADER: str(subaccount)}
        path = operation.path.format(domain=quote(domain, safe=""))

        def once() -> T:
            answer = self._client.send(operation.method, path, body=body, headers=headers)
            if not (answer.ok or accept(answer)):
                raise self._error(answer, operation)
            try:
                return read(answer)
            except UnexpectedResponse as error:
                error.request_id = error.request_id or self._client.clean(answer.request_id)
                raise

        return self._calls(UNIT, operation.name, once, repeatable=operation.repeatable, resource=domain)

    def _results(self, answer: Answer) -> object:
        if not isinstance(answer.body, Mapping) or not isinstance(answer.body.get("results"), Mapping | list):
            raise self._client.unexpected(
                answer, "the answer is not SparkPost's JSON; is the endpoint right?"
            )
        return answer.body["results"]

    def _items(self, answer: Answer) -> list[object]:
        found = self._results(answer)
        if not isinstance(found, list):
            raise self._client.unexpected(answer, "the answer holds no list of `results`")
        return found

    def _said(self, answer: Answer) -> str:
        return self._client.clean(words(answer.body))

    def _error(self, answer: Answer, operation: Operation) -> ProviderError:
        said = words(answer.body)
        context: dict[str, Any] = {
            "status": answer.status,
            "request_id": self._client.clean(answer.request_id),
        }
        if answer.status == 400 and RETRY_LATER in codes(answer.body):
            return Unavailable(self._client.clean(said), **context)
        if answer.status == 403 and _is_about_the_domain(operation, said):
            return InvalidRequest(f"{self._client.clean(said)} (HTTP 403)", **context)
        return self._client.refusal(answer, said, rights=self._rights(answer.status, operation))

    def _rights(self, status: int, operation: Operation) -> str:
        if status == 401:
            return f"the API key is none of {self._place}; US, EU and enterprise accounts have their own"
        return f"give the API key the grant {operation.grant}"


def _is_about_the_domain(operation: Operation, said: str) -> bool:
    """Whether a 403 is no lack of rights: Let's Encrypt's policy, or the plan's quota."""
    policy = operation in (CHECK, ENABLE) and POLICY.search(said)
    return bool(policy or (operation is CREATE and QUOTA.search(said)))
