"""Worlds with a Fastly account and a zone at Cloudflare, and the files that speak of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx

from tests.scenarios.town import CLICK, Town, cname, live_click, world, zone

CUSTOMER = "4bNcKkz5jR0nXyv2sandbox"
TOKEN = "sandbox-fastly-token"
VERSIONLESS = {"fastly.activate-without-domain": "versionless-counts"}
"""With it a service is served that has versionless domains alone; else one of them becomes a classic one."""


def fastly_world(sp: Mapping[str, Any] | None = None, **account: Any) -> dict[str, Any]:
    """A live http host, whose zone is at Cloudflare, and one Fastly account."""
    held = {"customer": CUSTOMER, "token": TOKEN, **account}
    return world(zone("example.com", cname(CLICK)), sp=sp or live_click(), fastly=[held])


def file_keys(**options: Any) -> dict[str, Any]:
    """The keys of a file whose hosts go to Fastly, with these options; DNS stays at Cloudflare."""
    providers = {
        "sp": {"type": "sparkpost", "region": "us"},
        "web": {"type": "cloudflare"},
        "edge": {"type": "fastly", **options},
    }
    return {"providers": providers, "defaults": {"sparkpost": "sp", "cdn": "edge", "dns": "web"}}


def read(town: Town, path: str, **query: str) -> Any:
    """Read from Fastly's API, as anybody beside tdr would."""
    env = town.sandbox.env
    headers = {"Fastly-Key": env["FASTLY_API_TOKEN"], "Accept": "application/vnd.api+json, application/json"}
    with httpx.Client(base_url=env["FASTLY_API_URL"], headers=headers, trust_env=False) as http:
        answer = http.get(path, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def change(town: Town, **changes: Any) -> None:
    """Change the account behind the API's back."""
    town.control("PATCH", "/vendors/fastly", {"customers": {CUSTOMER: changes}})


def write(town: Town, method: str, path: str, form: Mapping[str, str] | None = None) -> Any:
    """Write to Fastly's service API, as somebody at its console would."""
    env = town.sandbox.env
    headers = {"Fastly-Key": env["FASTLY_API_TOKEN"], "Accept": "application/json"}
    with httpx.Client(base_url=env["FASTLY_API_URL"], headers=headers, trust_env=False) as http:
        answer = http.request(method, path, data=form)
    assert answer.status_code == 200, answer.text
    return answer.json()


def service(town: Town) -> dict[str, Any]:
    """The only service, with its versions and what is served."""
    (listed,) = read(town, "/service")
    return dict(read(town, f"/service/{listed['id']}/details"))


def by_hand(town: Town, kind: str, form: Mapping[str, str]) -> None:
    """Add something to what is served, in a version of one's own."""
    found = service(town)
    at = f"/service/{found['id']}/version"
    number = write(town, "PUT", f"{at}/{found['active_version']['number']}/clone")["number"]
    write(town, "POST", f"{at}/{number}/{kind}", form)
    write(town, "PUT", f"{at}/{number}/activate")
