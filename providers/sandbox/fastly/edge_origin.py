"""How the edge asks an origin: address, TLS, and the headers that go with the request.

docs: API reference "Backend"; guides "Setting up origin servers", "Specifying an override host" (the
visitor's Host is sent unless one is set); HTTP headers reference (X-Forwarded-For, Fastly-Client-IP).
"""

from __future__ import annotations

from cryptography import x509

from providers.sandbox.ca import covers
from providers.sandbox.fetch import FetchError
from providers.sandbox.http1 import EdgeRequest, EdgeResponse, Headers
from providers.sandbox.kernel import Kernel

from . import edge_answer as answers
from .edge_rules import Rules, on
from .state import Object

CACHE_NAME = "cache-sbx10001-SBX"
_OWN = frozenset(
    {
        *("host", "x-forwarded-for", "x-forwarded-host", "x-forwarded-server", "x-varnish", "fastly-ssl"),
        *("connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade", "content-length"),
    }
)


async def fetched(kernel: Kernel, rules: Rules, method: str) -> EdgeResponse:
    """Ask the origin; what goes wrong is a page of Fastly's own."""
    backend, request = rules.backend, rules.request
    if backend is None:
        return answers.failure("No backend: the service has no origin")
    secure, address = on(backend.get("use_ssl")), str(backend["address"])
    port = int(backend.get("port") or (443 if secure else 80))
    sni, name = _names(backend, address)
    try:
        got = await kernel.fetch(
            f"{'https' if secure else 'http'}://{address}:{port}{request.target}",
            method=method,
            headers=onward(rules, backend),
            body=request.body,
            sni=sni,
            # The name that is checked is the handshake's; where another is to be, both are.
            verify=checked(backend),
            source=request.address,
        )
    except FetchError as error:
        return answers.origin_failure(error)
    if secure and checked(backend) and name != sni and not _is_for(got.certificate, name):
        return answers.failure("hostname doesn't match against certificate")
    kept = tuple(
        pair for pair in got.headers if pair[0].lower() not in answers.NOT_PASSED - {"surrogate-control"}
    )
    return EdgeResponse(got.status, kept, got.body)


def checked(backend: Object) -> bool:
    """Say whether the origin's certificate is checked: it is unless that is turned off."""
    return on(backend.get("ssl_check_cert", True))


def _names(backend: Object, address: str) -> tuple[str, str]:
    """Give the name for the handshake, and the one that the certificate is to have."""
    both = str(backend.get("ssl_hostname") or address)
    return str(backend.get("ssl_sni_hostname") or both), str(backend.get("ssl_cert_hostname") or both)


def _is_for(der: bytes | None, name: str) -> bool:
    if der is None:
        return False
    names = x509.load_der_x509_certificate(der).extensions.get_extension_for_class(
        x509.SubjectAlternativeName
    )
    return covers(names.value.get_values_for_type(x509.DNSName), name)


def host_of(rules: Rules, backend: Object) -> str:
    """Give the Host that the origin is told: the backend's, else the service's, else the visitor's."""
    asked = rules.request_settings.get("default_host") or rules.version.settings.get("general.default_host")
    return str(backend.get("override_host") or asked or rules.request.header("host"))


def onward(rules: Rules, backend: Object) -> Headers:
    """Give the headers that the origin gets."""
    request = rules.request
    sent = tuple(pair for pair in request.headers if pair[0].lower() not in _OWN)
    spoofed = request.header("fastly-client-ip")
    ours = (
        ("Host", host_of(rules, backend)),
        *_forwarded_for(rules, request),
        ("X-Forwarded-Host", request.host),
        ("X-Forwarded-Server", CACHE_NAME),
        *((("Fastly-Client-IP", request.client),) if not spoofed else ()),
        *((("Fastly-SSL", "1"),) if request.scheme == "https" else ()),
        ("X-Varnish", "1"),
        ("CDN-Loop", "Fastly"),
    )
    return rules.headers("request", (*ours, *sent))


def _forwarded_for(rules: Rules, request: EdgeRequest) -> Headers:
    """Give X-Forwarded-For as the request settings want it: appended to, unless they say otherwise."""
    before, action = request.header("x-forwarded-for"), rules.request_settings.get("xff", "append")
    if action == "clear":
        return ()
    if action == "leave":
        return (("X-Forwarded-For", before),) if before else ()
    if action == "overwrite" or not before:
        return (("X-Forwarded-For", request.client),)
    return (("X-Forwarded-For", f"{before}, {request.client}"),)
