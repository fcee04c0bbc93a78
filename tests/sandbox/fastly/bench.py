"""A sandbox with Fastly in it, and the calls that tests make of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from providers.sandbox import started
from providers.sandbox.fastly import EMULATOR
from providers.sandbox.running import Running
from tests.contract.fastly_judge import fastly_findings

CUSTOMER = "4bNcKkz5jR0nXyv2sandbox"
TOKEN = "fastly-sandbox-token"
START = "2026-01-05T09:00:00Z"
HOST = "click.example.com"
DOMAINS = "/domain-management/v1/domains"
BACKEND = {
    "name": "sparkpost",
    "address": "spgo.io",
    "port": "443",
    "use_ssl": "1",
    "ssl_check_cert": "1",
    "ssl_cert_hostname": "spgo.io",
    "ssl_sni_hostname": "spgo.io",
    "min_tls_version": "1.2",
}


def customer(**more: Any) -> dict[str, Any]:
    """One account of the world."""
    return {"customer": CUSTOMER, "token": TOKEN, **more}


def world(*customers: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """A world with these accounts, or one without anything in it."""
    return {"clock": START, "fastly": list(customers) or [customer()], **more}


def live(*hosts: str, **more: Any) -> dict[str, Any]:
    """An active version with these classic hosts and one backend."""
    return {"domains": [{"name": host} for host in hosts], "backends": [BACKEND], **more}


@dataclass
class Bench:
    """The running sandbox, and its API as one customer's client sees it."""

    sandbox: Running
    http: httpx.Client

    def call(self, method: str, path: str, **more: Any) -> httpx.Response:
        """Ask anything."""
        return self.http.request(method, path, **more)

    def get(self, path: str, **query: Any) -> Any:
        """Read, which must be answered 200."""
        answer = self.call("GET", path, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, **form: Any) -> Any:
        """Create with a form, which must be answered 200."""
        return self._done(self.call("POST", path, data=form))

    def put(self, path: str, **form: Any) -> Any:
        """Change with a form, which must be answered 200."""
        return self._done(self.call("PUT", path, data=form) if form else self.call("PUT", path))

    def delete(self, path: str) -> Any:
        """Delete, which must be answered 200."""
        return self._done(self.call("DELETE", path))

    def refused(self, method: str, path: str, **more: Any) -> tuple[int, str, str]:
        """Ask what is refused: the status, and the two texts."""
        answer = self.call(method, path, **more)
        body = answer.json()
        (error,) = body.get("errors", (body,))
        return answer.status_code, error.get("msg", error.get("title")), error.get("detail", "")

    def control(self, **changes: Any) -> None:
        """Change the customer behind the API's back."""
        self.sandbox.control("PATCH", "/vendors/fastly", {"customers": {CUSTOMER: changes}})

    def switch(self, name: str, setting: str) -> None:
        """Set a switch."""
        self.sandbox.control("PUT", f"/switches/fastly.{name}", {"setting": setting})

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.sandbox.control("POST", "/clock/advance", {"seconds": seconds})

    def draft(self, **form: Any) -> str:
        """Make a service; gives the path of its first draft."""
        made = self.post("/service", name=form.pop("name", "links"), **form)
        return f"/service/{made['id']}/version/1"

    @staticmethod
    def _done(answer: httpx.Response) -> Any:
        assert answer.status_code == 200, answer.text
        return answer.json()


@contextmanager
def bench(
    given: Mapping[str, Any] | None = None, *, token: str = TOKEN, judged: bool = True
) -> Iterator[Bench]:
    """Run a world; in the end every exchange is judged by Fastly's description."""
    with started(given or world(), emulators=[EMULATOR]) as sandbox:
        headers = {"Fastly-Key": token, "Accept": "application/json"}
        with httpx.Client(base_url=sandbox.env["FASTLY_API_URL"], headers=headers, trust_env=False) as http:
            yield Bench(sandbox, http)
        findings = fastly_findings(sandbox.kernel.calls) if judged else []
        assert findings == [], findings
        assert sandbox.kernel.unemulated == []
