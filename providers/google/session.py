"""One alias's way into Google Cloud: credentials, endpoints, and the session that signs for REST.

google-auth's own chain finds the credentials. Its retries of calls are off: repeating is the engine's.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import google.auth
from google.auth import exceptions, impersonated_credentials
from google.auth.transport import requests as transport
from requests.adapters import HTTPAdapter

from providers.google.errors import translate
from providers.google.names import CERTIFICATES_SERVICE, COMPUTE_SERVICE, DNS_SERVICE, provider_of
from reconciler.errors import AuthError, InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from google.auth.credentials import Credentials

    from reconciler.provider import Setting

# google-auth says that it is typed, and is so by half.
_GOOGLE: Final[Any] = google.auth
_AUTH: Final[Any] = transport
_IMPERSONATED: Final[Any] = impersonated_credentials

_ODD_FORM: Final = (AttributeError, KeyError, TypeError)
"""What google-auth raises for JSON of another form than it expects, such as a list."""

SCOPE: Final = "https://www.googleapis.com/auth/cloud-platform"
CONNECT_S: Final = 10.0
READ_S: Final = 60.0
CONNECTIONS: Final = 32
USER_AGENT: Final = "tdr-reconciler"

IAM_SERVICE: Final = "iamcredentials.googleapis.com"
_OVERRIDE: Final[Mapping[str, str]] = {
    IAM_SERVICE: "CLOUDSDK_API_ENDPOINT_OVERRIDES_IAMCREDENTIALS",
    COMPUTE_SERVICE: "CLOUDSDK_API_ENDPOINT_OVERRIDES_COMPUTE",
    CERTIFICATES_SERVICE: "CLOUDSDK_API_ENDPOINT_OVERRIDES_CERTIFICATEMANAGER",
    DNS_SERVICE: "CLOUDSDK_API_ENDPOINT_OVERRIDES_DNS",
}
_GRANT: Final = "v1/projects/-/serviceAccounts/{}:generateAccessToken"
_TAILS: Final = ("/compute/v1", "/dns/v1", "/v1")
"""How gcloud has its overrides end for some services (docs: gcloud, api_endpoint_overrides)."""


def endpoint(environ: Mapping[str, str], service: str) -> str:
    """Give scheme, host and prefix of a service, without a final slash, as gcloud's own variable has it.

    Raises InvalidRequest for what is no URL.
    """
    variable = _OVERRIDE[service]
    given = (environ.get(variable) or "").strip().rstrip("/")
    if not given:
        return f"https://{service}"
    parts = urlsplit(given)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise InvalidRequest(f"{variable} is no URL: write a whole one, or unset it")
    return next((given.removesuffix(tail) for tail in _TAILS if given.endswith(tail)), given)


class Session:
    """The credentials of one alias, and the HTTP session that sends them. Thread-safe.

    Raises AuthError for credentials that are not there or cannot be used.
    """

    def __init__(self, setting: Setting, *, credentials: Credentials | None = None) -> None:
        self.project = str(setting.options["project"])
        self.environ = setting.environ
        try:
            self.credentials = credentials or _credentials(setting)
        except (exceptions.GoogleAuthError, OSError, ValueError, *_ODD_FORM) as error:
            told = translate(error) or AuthError(f"the Google credentials cannot be read: {_plain(error)}")
            told.provider = provider_of(setting.alias)
            raise told from error
        # A 401 is told at once: a second token would not be taken either.
        self.http: Any = _AUTH.AuthorizedSession(
            self.credentials, refresh_status_codes=(), max_refresh_attempts=0, refresh_timeout=READ_S
        )
        self.http.headers["User-Agent"] = USER_AGENT
        for scheme in ("http://", "https://"):
            self.http.mount(scheme, HTTPAdapter(pool_maxsize=CONNECTIONS, max_retries=0))

    def base(self, service: str) -> str:
        """Give the endpoint of a service."""
        return endpoint(self.environ, service)

    def close(self) -> None:
        """End all connections."""
        self.http.close()


def _credentials(setting: Setting) -> Credentials:
    """Look in the file that the alias names, then where google-auth looks; act as another where asked."""
    found = _found(setting)
    account = setting.options.get("impersonate")
    if not account:
        return found
    made: Credentials = _IMPERSONATED.Credentials(
        source_credentials=found,
        target_principal=account,
        target_scopes=[SCOPE],
        iam_endpoint_override=f"{endpoint(setting.environ, IAM_SERVICE)}/{_GRANT.format(account)}",
    )
    return made


def _found(setting: Setting) -> Credentials:
    own = f"TDR_{setting.alias.upper().replace('-', '_')}_CREDENTIALS"
    file = setting.environ.get(own) or setting.environ.get("GOOGLE_APPLICATION_CREDENTIALS")
    if not file:
        default: Credentials = _GOOGLE.default(scopes=[SCOPE])[0]
        return default
    with warnings.catch_warnings():
        # It warns of files from strangers. This one the user named, as google.auth.default takes it too.
        warnings.simplefilter("ignore", DeprecationWarning)
        found: Credentials = _GOOGLE.load_credentials_from_file(file, scopes=[SCOPE])[0]
    return found


def _plain(error: Exception) -> str:
    """Say what is wrong with a file, and nothing of what is in it."""
    return error.strerror or type(error).__name__ if isinstance(error, OSError) else type(error).__name__
