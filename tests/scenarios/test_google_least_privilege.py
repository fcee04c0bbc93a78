"""The roles of examples/google allow what tdr does, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from providers.google.permissions import CDN, DNS, METHODS, role
from tests.contract.google_judge import reached, undescribed
from tests.scenarios.google import KEY, Console, change, file_keys, google_world, link
from tests.scenarios.town import CLICK, Town, town, zone

ROOT = Path(__file__).parents[2]
ROLES, DOCS = ROOT / "examples/google/roles", ROOT / "docs/google.md"
SEVERAL = (CLICK, *(f"t{number}.example.com" for number in range(8)))  # so many are asked for by one list
LONG = ("-timeout", "4h")
#: By which of IAM's two families of rights endpoint groups are judged, no source tells: the role has both.
FAMILIES = {"both": "networkEndpointGroups", "cdn": "globalNetworkEndpointGroups"}
PLAYED: Mapping[str, tuple[Mapping[str, str], tuple[str, ...]]] = {
    "both": ({"sparkpost": "sp", "cdn": "gcp", "dns": "gcp"}, (CDN, DNS)),
    "cdn": ({"sparkpost": "sp", "cdn": "gcp", "dns": "web"}, (CDN,)),
    "dns": ({"sparkpost": "sp", "cdn": "sp", "dns": "gcp"}, (DNS,)),
}
"""What an alias plays, as the `defaults` of a file, and the roles that it needs."""


def allowed(played: str) -> list[str]:
    """What the roles of an alias allow, as their files say."""
    files = [yaml.safe_load((ROLES / f"{part}.yaml").read_text()) for part in PLAYED[played][1]]
    return sorted({permission for one in files for permission in one["includedPermissions"]})


def given(played: str, permissions: list[str]) -> dict[str, Any]:
    """The world of an alias that plays these parts; Cloudflare has the zone where Google has not."""
    family = FAMILIES.get(played, FAMILIES["both"])
    world = google_world(permissions=permissions, switches={"google.endpoint-group-permissions": family})
    cloudflare = {"token": "sandbox-token", "env": "CLOUDFLARE_API_TOKEN", "account": "acme"}
    if played == "cdn":
        world["google"][0]["zones"] = []
        record = {"type": "CNAME", "name": CLICK, "content": "spgo.io", "ttl": 300, "proxied": False}
        return {**world, "cloudflare": [{**cloudflare, "zones": [zone("example.com", record)]}]}
    return {**world, "cloudflare": [{**cloudflare, "zones": [zone("example.net")]}]}


def keys(played: str, **options: Any) -> dict[str, Any]:
    """The keys of the file."""
    providers = {**file_keys(**options)["providers"], "web": {"type": "cloudflare"}}
    return {"providers": providers, "defaults": PLAYED[played][0]}


def done(there: Town, played: str) -> set[str]:
    """The whole job: apply, what others changed put right, other certificates and options, destroy.

    Gives the methods that were called for it.
    """
    hosts: dict[str, Any] = {CLICK: {}} if played == "dns" else {host: {} for host in SEVERAL}
    first = {} if played == "dns" else {"certificates": "load-balancer"}
    file = there.file(hosts, **keys(played, **first))
    there.apply(*LONG, file)
    there.settled(file)
    called = methods(there)
    changed = there.file({**hosts, CLICK: {"ttl": 900}}, **keys(played))
    if played != "dns":
        others(there, allowed(played), drifted)
        there.apply(*LONG, file)
        there.apply(*LONG, changed)
        called |= methods(there)
        others(there, allowed(played), unlabelled)
    there.apply(*LONG, changed)
    there.settled(changed)
    there.ok("destroy", "-auto-approve", *LONG, changed)
    return called | methods(there)


def others(there: Town, permissions: list[str], act: Callable[[Console], None]) -> None:
    """Let somebody act who may do all; what he calls does not count."""
    change(there, permissions=None)
    act(Console(there))
    there.forget_calls()
    change(there, permissions=permissions)


def drifted(console: Console) -> None:
    """Somebody changes each shared thing in the console, and leads it to things of his own."""
    name = console.only("urlMaps")["name"]
    stray = {"name": "stray", "defaultService": link("backendServices", name)}
    console.compute("urlMaps", "POST", stray)
    console.compute("sslPolicies", "POST", {"name": "stray"})
    console.compute("targetHttpProxies", "POST", {"name": "stray", "urlMap": link("urlMaps", "stray")})
    console.patch("backendServices", {"timeoutSec": 5})
    map_ = console.compute(f"urlMaps/{name}")
    redirect = {"defaultUrlRedirect": {"httpsRedirect": True, "stripQuery": False}}
    kept = {member: map_[member] for member in ("name", "description", "fingerprint")}
    console.compute(f"urlMaps/{name}", "PUT", {**kept, **redirect})
    policy = console.compute(f"sslPolicies/{name}")
    weaker = {"fingerprint": policy["fingerprint"], "minTlsVersion": "TLS_1_0"}
    console.compute(f"sslPolicies/{name}", "PATCH", weaker)
    for proxies in ("targetHttpsProxies", "targetHttpProxies"):
        console.compute(f"{proxies}/{name}/setUrlMap", "POST", {"urlMap": link("urlMaps", "stray")})
    console.compute(
        f"targetHttpsProxies/{name}/setSslPolicy", "POST", {"sslPolicy": link("sslPolicies", "stray")}
    )
    rule = next(one for one in console.all("forwardingRules") if one["portRange"] == "80-80")
    target = {"target": link("targetHttpProxies", "stray")}
    console.compute(f"forwardingRules/{rule['name']}/setTarget", "POST", target)
    for verb, fqdn in (("detach", KEY), ("attach", "v2.spgo.io")):
        endpoints = {"networkEndpoints": [{"fqdn": fqdn, "port": 443}]}
        console.compute(f"networkEndpointGroups/{name}/{verb}NetworkEndpoints", "POST", endpoints)


def unlabelled(console: Console) -> None:
    """Somebody takes labels off, and his own things away."""
    for collection in ("targetHttpProxies", "urlMaps", "sslPolicies"):
        console.compute(f"{collection}/stray", "DELETE")
    (map_,) = console.certificates("certificateMaps", "certificateMaps")
    at = f"certificateMaps/{map_['name'].rpartition('/')[2]}"
    entries = f"{at}/certificateMapEntries"
    entry = console.certificates(entries, "certificateMapEntries")[0]["name"].rpartition("/")[2]
    proof = console.certificates("dnsAuthorizations", "dnsAuthorizations")[0]["name"].rpartition("/")[2]
    for path in (at, f"{entries}/{entry}", f"dnsAuthorizations/{proof}"):
        console.manager("PATCH", path, {"labels": {}}, updateMask="labels")


def methods(there: Town) -> set[str]:
    """The methods that were called and not refused, as Google's documents name them."""
    calls = [call for call in there.sandbox.kernel.calls if call.vendor == "google" and call.kind == "api"]
    return {name for call in calls if (call.status or 0) < 400 and call.emulated and (name := reached(call))}


@pytest.mark.skipif(bool(undescribed()), reason=undescribed())
@pytest.mark.parametrize("played", PLAYED)
def test_the_roles_allow_what_is_done_and_no_more(played: str, tmp_path: Path) -> None:
    """The whole job is done by an account with these roles; what they allow is needed, all of it."""
    with town(given(played, allowed(played)), tmp_path) as there:
        called = done(there, played)
        assert sorted(called - set(METHODS)) == []
        needed = {right for name in called for right in METHODS[name]}
        assert sorted(set(allowed(played)) - needed) == []
        assert sorted(needed - set(allowed(played))) == []


def test_a_right_that_is_missing_is_told_by_its_name(tmp_path: Path) -> None:
    missing = "compute.urlMaps.create"
    rights = [permission for permission in allowed("both") if permission != missing]
    with town(google_world(permissions=rights), tmp_path) as there:
        ran = there.tdr("apply", "-auto-approve", *LONG, there.file({CLICK: {}}, **file_keys()))
        assert ran.code == 1
        assert f"compute.UrlMaps.insert google_url_map.gcp[\"spgo.io\"]: Required '{missing}'" in ran.err
        assert f"grant a role with {missing}" in ran.err


@pytest.mark.parametrize("part", [CDN, DNS])
def test_the_files_of_the_example_are_the_roles_of_the_docs(part: str) -> None:
    text = (ROLES / f"{part}.yaml").read_text(encoding="utf-8")
    assert yaml.safe_load(text)["includedPermissions"] == list(role(part))
    assert text in DOCS.read_text(encoding="utf-8")
