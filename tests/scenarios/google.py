"""Worlds with a Google Cloud project that has the zone, and the files that speak of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
from google.auth.transport.requests import Request
from google.oauth2 import service_account

from tests.scenarios.town import CLICK, Town, live_click

PROJECT, NUMBER = "acme-mail", 123456789012
ZONE = "example-com"
EDGES = tuple(f"198.51.100.{number}" for number in range(80, 88))
PLATFORM = "https://www.googleapis.com/auth/cloud-platform"
KEY = "spgo.io"
MINUTE_S = 60.0


def rrset(type_: str, name: str, *rrdatas: str, ttl: int = 300) -> dict[str, Any]:
    """A record set of Cloud DNS as the world writes it."""
    return {"name": f"{name}.", "type": type_, "ttl": ttl, "rrdatas": list(rrdatas)}


def managed(name: str = "example.com", *records: Mapping[str, Any]) -> dict[str, Any]:
    """A managed zone; the guide's main case answers by CNAME to SparkPost unless told otherwise."""
    held = list(records) or [rrset("CNAME", CLICK, "spgo.io.")]
    return {"name": name.replace(".", "-"), "dnsName": f"{name}.", "records": held}


def google_world(
    *zones: Mapping[str, Any], sp: Mapping[str, Any] | None = None, switches: Any = None, **project: Any
) -> dict[str, Any]:
    """A world with one project that has these zones, and one SparkPost account with a live http host."""
    held = {"project": PROJECT, "number": NUMBER, "zones": list(zones) or [managed()], **project}
    return {
        "clock": "2026-01-05T09:00:00Z",
        "sparkpost": [sp or live_click()],
        "google": [held],
        **({"switches": switches} if switches else {}),
    }


def file_keys(**options: Any) -> dict[str, Any]:
    """The keys of a file whose hosts have both of their halves at Google, with these options."""
    gcp = {"type": "google", "project": PROJECT, **options}
    providers = {"sp": {"type": "sparkpost", "region": "us"}, "gcp": gcp}
    return {"providers": providers, "defaults": {"sparkpost": "sp", "cdn": "gcp", "dns": "gcp"}}


class Console:
    """The project as somebody beside tdr sees and changes it, with the account's own key."""

    def __init__(self, town: Town) -> None:
        """Take the key file that the sandbox exports."""
        env = town.sandbox.env
        self._bases = {
            name: env[f"CLOUDSDK_API_ENDPOINT_OVERRIDES_{name.upper()}"].rstrip("/")
            for name in ("compute", "dns", "certificatemanager")
        }
        path = Path(env["GOOGLE_APPLICATION_CREDENTIALS"])
        keys = service_account.Credentials.from_service_account_file(str(path), scopes=[PLATFORM])
        keys.refresh(Request())
        self._headers = {"Authorization": f"Bearer {keys.token}"}
        self._town = town

    def ask(self, method: str, url: str, body: Any = None, **query: str) -> Any:
        """Ask for what must be answered."""
        with httpx.Client(headers=self._headers, trust_env=False) as http:
            more = {} if body is None else {"json": body}
            answer = http.request(method, url, params=query, **more)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def compute(self, path: str, method: str = "GET", body: Any = None, **query: str) -> Any:
        """Ask Compute Engine: `path` comes after `global/`. A change is waited for."""
        base = f"{self._bases['compute']}/projects/{PROJECT}"
        place = (
            ""
            if path.startswith("target") and path.endswith(("/setSslCertificates", "/setUrlMap"))
            else "/global"
        )
        answer = self.ask(method, f"{base}{place}/{path}", body, **query)
        if answer.get("kind") == "compute#operation":
            self._town.advance(MINUTE_S)
            done = self.ask("GET", f"{base}/global/operations/{answer['name']}")
            assert (done["status"], "error" in done) == ("DONE", False), done
        return answer

    def all(self, collection: str) -> list[dict[str, Any]]:
        """List a collection of Compute Engine."""
        return list(self.compute(collection).get("items", []))

    def only(self, collection: str) -> dict[str, Any]:
        """Give the one that there is."""
        (found,) = self.all(collection)
        return found

    def endpoints(self, group: str) -> list[dict[str, Any]]:
        """List the endpoints of a group."""
        listed = self.compute(f"networkEndpointGroups/{group}/listNetworkEndpoints", "POST", {})
        return [one["networkEndpoint"] for one in listed.get("items", [])]

    def manager(self, method: str, path: str, body: Any = None, **query: str) -> Any:
        """Ask Certificate Manager: `path` comes after the location. A change is waited for."""
        base = f"{self._bases['certificatemanager']}/v1/projects/{PROJECT}/locations/global"
        answer = self.ask(method, f"{base}/{path}", body, **query)
        if method != "GET":
            self._town.advance(MINUTE_S)
        return answer

    def certificates(self, path: str, word: str) -> list[dict[str, Any]]:
        """List what Certificate Manager keeps: `path` comes after the location."""
        return list(self.manager("GET", path).get(word, []))

    def records(self, zone: str = ZONE) -> dict[tuple[str, str], dict[str, Any]]:
        """The record sets of a zone by name, without the final dot, and type."""
        listed = self.ask("GET", f"{self._bases['dns']}/projects/{PROJECT}/managedZones/{zone}/rrsets")[
            "rrsets"
        ]
        return {(one["name"].rstrip("."), one["type"]): one for one in listed}

    def patch(self, collection: str, changes: Mapping[str, Any]) -> None:
        """Change the only resource of a collection, as the console would."""
        found = self.only(collection)
        body = {"fingerprint": found["fingerprint"], **changes} if "fingerprint" in found else dict(changes)
        self.compute(f"{collection}/{found['name']}", "PATCH", body)


def link(collection: str, name: str) -> str:
    """The URL of a resource of the project, as the API writes it."""
    return f"https://www.googleapis.com/compute/v1/projects/{PROJECT}/global/{collection}/{name}"


def change(town: Town, **changes: Any) -> None:
    """Change the project behind the API's back."""
    town.control("PATCH", "/vendors/google", {"projects": {PROJECT: changes}})
