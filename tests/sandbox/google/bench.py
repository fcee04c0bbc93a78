"""A sandbox with Google Cloud in it, and the calls that tests make of it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import requests
from google.auth.transport.requests import Request
from google.oauth2 import service_account

from providers.sandbox import started
from providers.sandbox.google import EMULATOR
from providers.sandbox.running import Running
from tests.contract.google_judge import google_findings

PROJECT = "acme-mail"
ACCOUNT = "tdr@acme-mail.iam.gserviceaccount.com"
START = "2026-01-05T09:00:00Z"
PLATFORM = "https://www.googleapis.com/auth/cloud-platform"
OVERRIDE = "CLOUDSDK_API_ENDPOINT_OVERRIDES_"


def project(**more: Any) -> dict[str, Any]:
    """One project of the world."""
    return {"project": PROJECT, "number": 123456789012, **more}


def world(*projects: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """A world with these projects, or one without anything in it."""
    return {"clock": START, "google": list(projects) or [project()], **more}


@dataclass
class Bench:
    """The running sandbox, and its APIs as one project's client sees them."""

    sandbox: Running
    http: httpx.Client

    def url(self, api: str) -> str:
        """Give the base of an API: ``COMPUTE``, ``DNS``, ``CERTIFICATEMANAGER``, ``IAMCREDENTIALS``."""
        return self.sandbox.env[f"{OVERRIDE}{api}"].rstrip("/")

    def call(self, method: str, url: str, **more: Any) -> httpx.Response:
        """Ask anything."""
        return self.http.request(method, url, **more)

    def compute(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        """Ask Compute Engine for what must be answered 200; `path` is that after the project's."""
        answer = self.compute_answer(method, path, body, **query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def compute_answer(self, method: str, path: str, body: Any = None, **query: Any) -> httpx.Response:
        """Ask Compute Engine."""
        url = f"{self.url('COMPUTE')}/projects/{PROJECT}/{path}"
        return self.call(method, url, params=query, **({} if body is None else {"json": body}))

    def refused(self, method: str, path: str, body: Any = None, **query: Any) -> tuple[int, str, str]:
        """Ask Compute Engine for what is refused: status, reason, message."""
        answer = self.compute_answer(method, path, body, **query)
        error = answer.json()["error"]
        assert error["code"] == answer.status_code
        return answer.status_code, error["errors"][0]["reason"], error["message"]

    def control(self, **changes: Any) -> None:
        """Change the project behind the APIs' back."""
        self.sandbox.control("PATCH", "/vendors/google", {"projects": {PROJECT: changes}})

    def switch(self, name: str, setting: str) -> None:
        """Set a switch."""
        self.sandbox.control("PUT", f"/switches/google.{name}", {"setting": setting})

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.sandbox.control("POST", "/clock/advance", {"seconds": seconds})


def credentials(env: Mapping[str, str], variable: str = "GOOGLE_APPLICATION_CREDENTIALS") -> Any:
    """Read the key file that a variable names."""
    written = json.loads(Path(env[variable]).read_text(encoding="utf-8"))
    return service_account.Credentials.from_service_account_info(written, scopes=[PLATFORM])


def token(env: Mapping[str, str]) -> str:
    """Get an access token as Google's own library does."""
    found = credentials(env)
    with requests.Session() as session:
        session.trust_env = False
        found.refresh(Request(session))
    return str(found.token)


@contextmanager
def bench(given: Mapping[str, Any] | None = None) -> Iterator[Bench]:
    """Run a world; in the end nothing was asked that is not emulated."""
    with started(given or world(), emulators=[EMULATOR]) as sandbox:
        headers = {"Authorization": f"Bearer {token(sandbox.env)}"}
        with httpx.Client(headers=headers, trust_env=False) as http:
            yield Bench(sandbox, http)
        assert sandbox.kernel.unemulated == []
        assert google_findings(sandbox.kernel.calls) == []
