"""Google Cloud: one load balancer for all hosts of an origin (cdn), Cloud DNS (dns).

Imports no SDK: google-auth is loaded when an alias is opened, google-cloud-compute when it first plays cdn.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

from providers.google.names import (
    ADDRESS,
    AUTHORIZATION,
    BACKEND,
    CERTIFICATE,
    CERTIFICATES_READ,
    CERTIFICATES_WRITE,
    COMPUTE_READ,
    COMPUTE_WRITE,
    DNS,
    HTTP_PROXY,
    HTTPS_PROXY,
    MAP,
    MAP_ENTRY,
    NEG,
    PROXY_CERTIFICATE,
    RULE,
    SSL_CERTIFICATE,
    SSL_POLICY,
    URL_MAP,
)
from providers.google.options import OPTIONS, check
from reconciler.errors import ProviderError, TdrError
from reconciler.model import Rounds
from reconciler.provider import Kind, Limit, ProviderType

if TYPE_CHECKING:
    from reconciler.provider import Provider, Setting

_COMPUTE: Final = "docs: Compute Engine rate quotas: 1,500 reads and 1,500 mutations a minute"
_CERTIFICATES: Final = "docs: Certificate Manager quotas: 300 reads and 300 writes a minute"
_DNS: Final = "docs: Cloud DNS quotas: requests per minute, here a gentle part of them"

_MADE: Final = Rounds(usual_s=10, timeout_s=1200, poll_s=5.0)
"""Google makes and changes by operations: seconds as a rule, and 20 minutes at most for Terraform."""
_GONE: Final = Rounds(usual_s=15, timeout_s=1800, poll_s=5.0)
"""Compute deletes by an operation: seconds as a rule, up to half an hour for a certificate that is being
issued."""


def _open(setting: Setting) -> Provider:
    """Make the provider; raises TdrError with the line to type where google-auth is not installed."""
    try:
        module = import_module("providers.google.provider")
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] not in {"google", "requests"}:
            raise
        message = f"{setting.alias} needs the google-auth package: pip install 'tdr-reconciler[google]'"
        raise TdrError(message) from error
    made: Provider = module.GoogleProvider(setting)
    return made


def _translate(error: Exception) -> ProviderError | None:
    """Tell what an exception of Google's clients means; they are loaded where one was raised."""
    translated: ProviderError | None = import_module("providers.google.errors").translate(error)
    return translated


TYPE: Final = ProviderType(
    name="google",
    parts=frozenset({"cdn", "dns"}),
    open=_open,
    kinds=(
        *(
            Kind(kind, writing=_MADE, removal=_GONE)
            for kind in (NEG, BACKEND, URL_MAP, SSL_POLICY, HTTPS_PROXY, HTTP_PROXY)
        ),
        # docs: VPC network pricing: an address costs while no rule uses it; Load Balancing pricing: each rule
        Kind(ADDRESS, writing=_MADE, removal=_GONE, billed="by the hour while no forwarding rule uses it"),
        Kind(RULE, writing=_MADE, removal=_GONE, billed="by the hour, and by the data it passes on"),
        Kind(MAP, writing=_MADE, removal=_GONE),
        Kind(AUTHORIZATION, writing=_MADE, removal=_GONE, writes=1),
        # docs: Certificate Manager: up to some hours, usually some minutes after the record is seen
        Kind(
            CERTIFICATE,
            "active",
            timeout_s=7200,
            usual_s=300,
            poll_s=15.0,
            writing=_MADE,
            removal=_GONE,
            writes=1,
            billed="by the month, beyond Certificate Manager's first hundred",
        ),
        Kind(
            MAP_ENTRY,
            "active",
            timeout_s=3600,
            usual_s=60,
            poll_s=10.0,
            writing=_MADE,
            removal=_GONE,
            writes=1,
        ),
        Kind(SSL_CERTIFICATE, writing=_MADE, removal=_GONE),
        # docs: Google-managed SSL certificates: 10 to 60 minutes after DNS leads to the load balancer, whose
        # proxy has it: what is waited for rests on the place there, and nothing on the wait
        Kind(
            PROXY_CERTIFICATE,
            "active",
            timeout_s=7200,
            usual_s=1800,
            poll_s=30.0,
            writing=_MADE,
            removal=_GONE,
        ),
    ),
    options=OPTIONS,
    # Of a minute's worth some is kept back: the first of many calls at once may arrive last.
    limits=(
        Limit(COMPUTE_READ, 23.0, 1400, _COMPUTE, window_s=60.0),
        Limit(COMPUTE_WRITE, 23.0, 1400, _COMPUTE, window_s=60.0),
        Limit(CERTIFICATES_READ, 4.6, 280, _CERTIFICATES, window_s=60.0),
        Limit(CERTIFICATES_WRITE, 4.6, 280, _CERTIFICATES, window_s=60.0),
        Limit(DNS, 5.0, 10, _DNS),
    ),
    check=check,
    own_names=("googleapis.com", "googledomains.com", "certificatemanager.goog"),
    extra="google",
    translate=_translate,
)
