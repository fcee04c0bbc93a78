"""A sandbox with Certificate Manager, asked by Google's own client."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from google.api_core.client_options import ClientOptions
from google.cloud import certificate_manager_v1 as cm

from tests.contract.google_judge import google_findings
from tests.sandbox.google.bench import PROJECT, Bench, bench, credentials, project, world

HOST = "click.example.com"
NUMBER = "123456789012"
PARENT = f"projects/{PROJECT}/locations/global"


def client(sandbox: Bench) -> Any:
    """Google's client of the API, by its REST transport."""
    options = ClientOptions(api_endpoint=sandbox.url("CERTIFICATEMANAGER"))
    return cm.CertificateManagerClient(
        credentials=credentials(sandbox.sandbox.env), transport="rest", client_options=options
    )


def zone(*records: Mapping[str, Any]) -> dict[str, Any]:
    """The zone of the host, on plain servers."""
    return {"zone": "example.com", "records": [dict(record) for record in records]}


def record(kind: str, name: str, content: str) -> dict[str, Any]:
    """One record of it."""
    return {"type": kind, "name": name, "ttl": 60, "content": content}


class CertManager(Bench):
    """One running sandbox."""

    def raw(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        """Ask the API for what must be answered 200; `path` is that after the location."""
        url = f"{self.url('CERTIFICATEMANAGER')}/v1/{PARENT}/{path}"
        answer = self.call(method, url, params=query, **({} if body is None else {"json": body}))
        assert answer.status_code == 200, answer.text
        return answer.json()

    def error(self, method: str, path: str, body: Any = None, **query: Any) -> dict[str, Any]:
        """Ask the API for what is refused, and give the error."""
        url = f"{self.url('CERTIFICATEMANAGER')}/v1/{PARENT}/{path}"
        answer = self.call(method, url, params=query, **({} if body is None else {"json": body}))
        error: dict[str, Any] = answer.json()["error"]
        assert error["code"] == answer.status_code
        return error

    def write(self, kind: str, name: str, content: str) -> None:
        """Put a record into the plain zone, in the place of those of its kind."""
        (held,) = [
            each for each in self.sandbox.control("GET", "/state")["dns"] if each["zone"] == "example.com"
        ]
        there = any((each["name"], each["type"]) == (name, kind) for each in held["records"])
        gone = [f"{name} {kind}"] if there else []
        change = {"remove_records": gone, "add_records": [record(kind, name, content)]}
        self.sandbox.control("PATCH", "/dns/zones/example.com", change)

    def authorize(self, host: str = HOST, **more: Any) -> dict[str, Any]:
        """Make a DNS authorization named after the host, and give its record."""
        name = host.replace(".", "-")
        body = {"domain": host, **more}
        self.raw("POST", "dnsAuthorizations", body, dnsAuthorizationId=name)
        found: dict[str, Any] = self.raw("GET", f"dnsAuthorizations/{name}")["dnsResourceRecord"]
        return found

    def order(self, *hosts: str, **more: Any) -> None:
        """Order a managed certificate for hosts that are authorized."""
        names = [f"{PARENT}/dnsAuthorizations/{host.replace('.', '-')}" for host in hosts]
        managed = {"domains": list(hosts), "dnsAuthorizations": names}
        body = {"managed": managed, **more}
        self.raw("POST", "certificates", body, certificateId=hosts[0].replace(".", "-"))

    def managed(self, name: str = "click-example-com") -> dict[str, Any]:
        """What is told of a managed certificate."""
        found: dict[str, Any] = self.raw("GET", f"certificates/{name}")["managed"]
        return found


@contextmanager
def certmanager(given: Mapping[str, Any] | None = None, *records: Mapping[str, Any]) -> Iterator[CertManager]:
    """Run a world with a plain zone for the host; in the end all was as the discovery document has it."""
    shown = given or world(project(), dns=[zone(*records)])
    with bench(shown) as running:
        yield CertManager(running.sandbox, running.http)
        assert google_findings(running.sandbox.kernel.calls) == []
