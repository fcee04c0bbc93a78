"""One listener for every service: who calls is told by the signature, and what by its credential scope."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from aiohttp import web

from providers.sandbox.contract import Limiting, NotEmulated, Usage
from providers.sandbox.kernel import Kernel

from . import acm, cloudfront, iam, pricing, route53, signing, sts, tagging
from .account import Accounts
from .call import Call, Handler, Refusal
from .protocol import Asked, Request, Response, asked
from .throttling import Buckets, throttled

SERVICES: Mapping[str, Mapping[str, Handler]] = {
    "acm": acm.HANDLERS,
    "cloudfront": cloudfront.HANDLERS,
    "pricing-plan-manager": pricing.HANDLERS,
    "resourcegroupstaggingapi": tagging.HANDLERS,
    "route53": route53.HANDLERS,
    "sts": sts.HANDLERS,
}
NO_SIGNATURE = Refusal(403, "MissingAuthenticationToken", "Request is missing Authentication Token")
#: What the JSON protocols call these; XML has them as they stand.
JSON_CODES = {
    "AccessDenied": "AccessDeniedException",
    "ExpiredToken": "ExpiredTokenException",
    "IncompleteSignature": "IncompleteSignatureException",
    "InvalidClientTokenId": "UnrecognizedClientException",
    "MissingAuthenticationToken": "MissingAuthenticationTokenException",
    "SignatureDoesNotMatch": "InvalidSignatureException",
}


class Api:
    """The listener, for all accounts of the world."""

    def __init__(self, kernel: Kernel, accounts: Accounts) -> None:
        """Bind it."""
        self._kernel, self._accounts = kernel, accounts
        self._buckets = Buckets()
        self._answered = 0
        limiting = Limiting(None, self._unit, self._limited)
        routes = [web.route("*", "/{path:.*}", self._serve)]
        self.url = kernel.api("aws", "api", routes, limiting=limiting, operation=_named)

    async def _serve(self, http: web.Request) -> web.Response:
        request = _request(http, await http.read())
        found = _asked(request)
        try:
            self._authenticated(request, http)
            return self._response(self._called(found))
        except Refusal as refusal:
            return self._response(self._refused(found, refusal))

    def _called(self, found: Asked) -> Response:
        handler = SERVICES.get(found.service, {}).get(found.operation.name if found.operation else "")
        if handler is None:
            what = found.operation.name if found.operation else found.request.path
            raise NotEmulated(f"{found.service} {what}")
        call = self._call(found, {})
        if "aws" not in self._kernel.limits:  # a limit from outside stands in place of AWS's own
            self._buckets.take(call)
        call = self._call(found, found.params())
        iam.authorize(call)
        return found.answered(handler(call), self._request_id())

    def _call(self, found: Asked, params: Mapping[str, object]) -> Call:
        headers = found.request.headers
        signed = _signed(found.request)
        key = self._accounts.keys[signed.key]
        return Call(
            found.service,
            found.operation.name,
            params,
            self._accounts.all[key.account],
            key.caller,
            signed.region,
            self._kernel.now(),
            self._kernel,
            headers,
            signing.signed_at(headers),
        )

    def _authenticated(self, request: Request, http: web.Request) -> None:
        signed = _signed(request)
        key = self._accounts.keys.get(signed.key)
        if key is None or key.token != request.headers.get("X-Amz-Security-Token", ""):
            raise Refusal(
                403, "InvalidClientTokenId", "The security token included in the request is invalid."
            )
        headers = [(name.decode(), value.decode("latin-1")) for name, value in http.raw_headers]
        url = f"http://{http.host}{http.raw_path}"
        signing.check(signed, key.secret, http.method, url, headers, request.body)
        if key.expires is not None and signing.signed_at(request.headers) >= key.expires:
            raise Refusal(403, "ExpiredToken", "The security token included in the request is expired")

    def _refused(self, found: Asked, refusal: Refusal) -> Response:
        code = refusal.code if found.protocol in ("rest-xml", "query") else JSON_CODES.get(refusal.code)
        named = Refusal(refusal.status, code or refusal.code, refusal.message, **refusal.members)
        return found.refused(named, self._request_id())

    def _request_id(self) -> str:
        self._answered += 1
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"aws/{self._answered}"))

    def _unit(self, http: web.Request) -> str:
        signed = signing.signed(http.headers.get("Authorization", ""))
        key = self._accounts.keys.get(signed.key) if signed else None
        return key.account if key else ""

    def _limited(self, http: web.Request, _usage: Usage) -> web.Response:
        found = _asked(_request(http, b""))
        return self._response(self._refused(found, throttled(found.service)))

    def _response(self, made: Response) -> web.Response:
        return web.Response(status=made.status, headers=made.headers, body=made.body)


def _request(http: web.Request, body: bytes) -> Request:
    path, _, query = http.raw_path.partition("?")
    return Request(http.method, path, query, http.headers, body)


def _named(http: web.Request, body: bytes) -> str:
    """Name what is asked: ``acm:RequestCertificate``."""
    found = _asked(_request(http, body))
    return f"{found.service}:{found.operation.name}" if found.operation else ""


def _signed(request: Request) -> signing.Signed:
    found = signing.signed(request.headers.get("Authorization", ""))
    if found is None:
        raise NO_SIGNATURE
    return found


def _asked(request: Request) -> Asked:
    """Find what is asked; an unsigned request is of no service."""
    signed = signing.signed(request.headers.get("Authorization", ""))
    service = signed.service if signed else ""
    return (asked(service, request) if service else None) or Asked(service, "rest-xml", request)
