"""Who asks, and whether it may: keys, tokens, enabled APIs, permissions, rates.

docs: "OAuth 2.0 for server to server applications" (the JWT grant), AIP-4111 (self-signed JWTs), "Create
short-lived credentials" (generateAccessToken), "Service Usage: error messages". Tokens end only when they are
made to: clients count their hour by a clock that the sandbox does not turn.
"""

from __future__ import annotations

import base64
import hashlib
import json
from functools import cache
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from providers.sandbox.contract import RateLimit
from providers.sandbox.kernel import Kernel

from .call import ERROR_INFO, Refusal, Route, Service, denied
from .state import Google, Project

MINUTE_S = 60.0
CONSOLE = "https://console.developers.google.com/apis/api"
SIGN_IN = "https://developers.google.com/identity/sign-in/web/devconsole-project"
EXPECTED = (
    f"Expected OAuth 2 access token, login cookie or other valid authentication credential. See {SIGN_IN}."
)


@cache
def private_key() -> rsa.RSAPrivateKey:
    """Make the key of all accounts of this process, once: making one takes a while."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def key_file(project: Project, token_uri: str) -> str:
    """Give the text of a service account's key file, as the console gives it."""
    pem = private_key().private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    written = {
        "type": "service_account",
        "project_id": project.id,
        "private_key_id": hashlib.sha1(project.account.encode(), usedforsecurity=False).hexdigest(),
        "private_key": pem.decode(),
        "client_email": project.account,
        "client_id": f"1{int(hashlib.sha256(project.account.encode()).hexdigest(), 16) % 10**20:020d}",
        "token_uri": token_uri,
        "universe_domain": "googleapis.com",
    }
    return json.dumps(written, indent=2)


def claims(assertion: str) -> dict[str, Any] | None:
    """Give what a JWT says, None unless the key of the accounts has signed it."""
    signed, _, signature = assertion.rpartition(".")
    try:
        private_key().public_key().verify(
            _decoded(signature), signed.encode(), padding.PKCS1v15(), hashes.SHA256()
        )
        said = json.loads(_decoded(signed.rpartition(".")[2]))
    except (InvalidSignature, ValueError):
        return None
    return said if isinstance(said, dict) else None


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


class Tokens:
    """The access tokens given out, by whom they stand for; a restart forgets them."""

    def __init__(self) -> None:
        """Begin with none."""
        self._of: dict[str, str] = {}

    def give(self, account: str) -> str:
        """Make a token for an account."""
        number = str(len(self._of))
        token = f"ya29.{hashlib.sha256(f'{account} {number}'.encode()).hexdigest()}"
        self._of[token] = account
        return token

    def expire(self, account: str) -> None:
        """End all tokens of an account."""
        self._of = {token: "" if of == account else of for token, of in self._of.items()}

    def caller(self, header: str) -> str:
        """Give whose token a request came with: an access token, or a JWT that an account signed itself.

        Raises Refusal (401).
        """
        scheme, _, token = header.partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise _missing()
        if token.count(".") == 2 and (said := claims(token)):
            return str(said.get("iss", ""))
        if not (account := self._of.get(token, "")):
            raise _invalid()
        return account


def _missing() -> Refusal:
    message = f"Request is missing required authentication credential. {EXPECTED}"
    info = {"@type": ERROR_INFO, "reason": "CREDENTIALS_MISSING", "domain": "googleapis.com"}
    where = {"location": "Authorization", "locationType": "header"}
    return Refusal(401, "required", message, details=(info,), error=where, told="Login Required.")


def _invalid() -> Refusal:
    message = f"Request had invalid authentication credentials. {EXPECTED}"
    info = {"@type": ERROR_INFO, "reason": "ACCESS_TOKEN_EXPIRED", "domain": "googleapis.com"}
    where = {"location": "Authorization", "locationType": "header"}
    return Refusal(401, "authError", message, details=(info,), error=where, told="Invalid Credentials")


def project_of(google: Google, caller: str, route: Route, name: str) -> Project:
    """Give the project that a request is about, its API enabled. Raises Refusal."""
    project = google.find(name)
    if project is None:
        if route.service.name == "compute":
            raise Refusal(404, "notFound", f"The resource 'projects/{name}' was not found")
        raise denied(route.service, (*route.permissions, "")[0], f"projects/{name}")
    if project.grants.get(caller, []) == []:
        raise denied(route.service, (*route.permissions, "")[0], f"projects/{project.id}")
    if route.service.host not in project.services:
        raise disabled(route.service, project)
    return project


def disabled(service: Service, project: Project) -> Refusal:
    """Refuse a call of an API that the project has not enabled."""
    url = f"{CONSOLE}/{service.host}/overview?project={project.number}"
    message = (
        f"{service.title} has not been used in project {project.number} before or it is disabled. Enable it "
        f"by visiting {url} then retry. If you enabled this API recently, wait a few minutes for the action "
        "to propagate to our systems and retry."
    )
    links = [{"description": "Google developers console API activation", "url": url}]
    details: tuple[dict[str, Any], ...] = (
        {"@type": "type.googleapis.com/google.rpc.Help", "links": links},
        {
            "@type": ERROR_INFO,
            "reason": "SERVICE_DISABLED",
            "domain": "googleapis.com",
            "metadata": {"service": service.host, "consumer": f"projects/{project.number}"},
        },
    )
    more = {"extendedHelp": "https://console.developers.google.com"}
    return Refusal(403, "accessNotConfigured", message, domain="usageLimits", details=details, error=more)


def permit(project: Project, caller: str, route: Route) -> None:
    """Raise Refusal unless the account has the route's own permissions."""
    for permission in route.permissions:
        if not project.allows(caller, permission):
            raise denied(route.service, permission, f"projects/{project.id}")


def count(kernel: Kernel, project: Project, route: Route) -> None:
    """Count a request; raises Refusal over the rate. Minutes are those of the clock.

    docs: "Compute Engine: API rate limits": the quota is refilled at the next minute.
    """
    group = "reads" if route.read else "writes"
    own = route.service.reads if route.read else route.service.writes
    per_minute = project.rates.get(f"{route.service.name}.{group}", own)
    if per_minute is None or kernel.limits.get("google") is not None:
        return
    now = kernel.now()
    unit = f"{project.id} {route.service.name} {group} {int(now // MINUTE_S)}"
    within, _ = kernel.windows.count("google", unit, RateLimit(per_minute, MINUTE_S), now)
    if not within:
        raise too_many(route.service, project, group)


def too_many(service: Service, project: Project, group: str) -> Refusal:
    """Refuse a request over the rate of a project."""
    group = {"reads": "Read requests", "writes": "Write requests"}.get(group, "Requests")
    message = (
        f"Quota exceeded for quota metric '{group}' and limit '{group} per minute' of service "
        f"'{service.host}' for consumer 'project_number:{project.number}'."
    )
    info = {
        "@type": ERROR_INFO,
        "reason": "RATE_LIMIT_EXCEEDED",
        "domain": "googleapis.com",
        "metadata": {"service": service.host, "consumer": f"projects/{project.number}"},
    }
    name = "RESOURCE_EXHAUSTED"
    reason = "rateLimitExceeded"
    return Refusal(service.busy, reason, message, domain="usageLimits", name=name, details=(info,))
