"""The judge of Cloudflare's exchanges: what it covers, and that it finds what is wrong."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from providers.sandbox.calls import Call
from providers.sandbox.cloudflare.api import PREFIX, ROUTES
from tests.contract.contract import Spec
from tests.contract.judge import cloudflare_spec, exchange_findings, judge, shortened, specs_folder
from tests.sandbox.cloudflare_bench import Bench, bench, record, world

HOST = "click.example.com"
RECORDS = "/zones/{zone}/dns_records"


@pytest.fixture(scope="module")
def calls() -> list[Call]:
    """A good exchange of every operation that the sandbox emulates."""
    with bench(world({"name": "example.com", "plan": "pro"})) as cf:
        _ask_everything(cf)
        return list(cf.sandbox.kernel.calls)


def _ask_everything(cf: Bench) -> None:
    zone = "/zones/{zone}"
    for path in ("/user/tokens/verify", "/zones", zone, f"{zone}/pagerules", f"{zone}/ssl/verification"):
        cf.ok("GET", path)
    cf.ok("PATCH", zone, {"paused": False})
    cf.ok("PUT", f"{zone}/activation_check")
    _ask_records(cf)
    _ask_rulesets(cf)
    cf.ok("PATCH", f"{zone}/settings/ssl", {"value": "full"})
    cf.ok("GET", f"{zone}/settings/ssl")
    cf.ok("PATCH", f"{zone}/ssl/universal/settings", {"enabled": True})
    cf.ok("GET", f"{zone}/ssl/universal/settings")
    pack = cf.ok("GET", f"{zone}/ssl/certificate_packs", status="all")[0]
    cf.ok("GET", f"{zone}/ssl/certificate_packs/{pack['id']}")
    _ask_custom_hostnames(cf)


def _ask_records(cf: Bench) -> None:
    body = record(HOST, comment="c", tags=["a:b"])
    path = f"{RECORDS}/{cf.ok('POST', RECORDS, body)['id']}"
    cf.ok("GET", path)
    cf.ok("PATCH", path, body)
    cf.ok("PUT", path, body)
    cf.ok("GET", RECORDS, **{"name.exact": HOST, "comment.startswith": "c", "per_page": 50})
    cf.ok("POST", f"{RECORDS}/batch", {"posts": [record("two.example.com")]})
    cf.ok("DELETE", path)


def _ask_custom_hostnames(cf: Bench) -> None:
    hostnames = "/zones/{zone}/custom_hostnames"
    cf.ok("GET", "/zones/{zone}/dcv_delegation/uuid")
    cf.ok("POST", RECORDS, record("origin.example.com", proxied=True))
    cf.ok("PUT", f"{hostnames}/fallback_origin", {"origin": "origin.example.com"})
    cf.ok("GET", f"{hostnames}/fallback_origin")
    ssl = {"method": "txt", "type": "dv", "settings": {"min_tls_version": "1.2"}}
    made = cf.ok("POST", hostnames, {"hostname": "click.brand.example", "ssl": ssl})
    path = f"{hostnames}/{made['id']}"
    cf.ok("PATCH", path, {"custom_origin_server": "origin.example.com", "ssl": ssl})
    cf.advance(10)
    cf.ok("GET", path)
    cf.ok("GET", hostnames, **{"hostname.exact": "click.brand.example", "hostname_status": "pending"})
    cf.ok("GET", f"{hostnames}/quota")
    assert cf.call("DELETE", path).json() == {"id": made["id"]}
    cf.ok("DELETE", f"{hostnames}/fallback_origin")


def _ask_rulesets(cf: Bench) -> None:
    rulesets = "/zones/{zone}/rulesets"
    entry = f"{rulesets}/phases/http_config_settings/entrypoint"
    rule = {"action": "set_config", "expression": "true", "action_parameters": {"ssl": "full"}, "ref": "r"}
    body = {"kind": "zone", "name": "ours", "phase": "http_config_settings", "rules": [rule]}
    path = f"{rulesets}/{cf.ok('POST', rulesets, body)['id']}"
    cf.ok("PUT", entry, {"rules": [rule]})
    ids = [row["id"] for row in cf.ok("GET", entry)["rules"]]
    cf.ok("PATCH", f"{path}/rules/{ids[0]}", {**rule, "enabled": False})
    added = cf.ok("POST", f"{path}/rules", {**rule, "ref": "s", "position": {"before": ""}})
    cf.ok("DELETE", f"{path}/rules/{added['rules'][0]['id']}")
    cf.ok("PUT", path, {"kind": "zone", "name": "ours", "phase": "http_config_settings", "rules": []})
    cf.ok("GET", path)
    cf.ok("GET", rulesets)
    assert cf.call("DELETE", path).status_code == 204


def test_every_route_of_the_emulator_is_described() -> None:
    spec = cloudflare_spec()
    missing = [
        r for r in ROUTES if spec.find(r.method, PREFIX + r.path.replace("{", "").replace("}", ""))[0] is None
    ]
    assert missing == []


def test_every_operation_is_asked_and_every_exchange_is_valid(calls: list[Call]) -> None:
    spec = cloudflare_spec()
    asked = {(call.method, spec.find(call.method, call.path)[0]) for call in calls if call.kind == "api"}
    assert len(asked) == len(ROUTES)
    assert judge(calls) == []


def documents(calls: list[Call]) -> Iterator[tuple[str, Call, Any]]:
    """Each body of each call, with the member that holds it."""
    for call in calls:
        for member in ("request_body", "response_body"):
            text = getattr(call, member)
            if text:
                yield member, call, json.loads(text)


def _with(call: Call, member: str, body: Any) -> Call:
    changed: Any = {member: json.dumps(body)}
    return replace(call, **changed)


def test_a_member_that_nobody_described_is_found_wherever_it_stands(calls: list[Call]) -> None:
    unseen = []
    for member, call, body in documents(calls):
        inner = body.get("result") if member == "response_body" else body
        for target in (body, inner[0] if isinstance(inner, list) and inner else inner):
            if not isinstance(target, dict) or not target:
                continue
            target["misspelt"] = 1
            if not exchange_findings(_with(call, member, body)):
                unseen.append(f"{call.method} {call.path} {member}")
            del target["misspelt"]
    assert unseen == []


def test_a_value_of_the_wrong_kind_is_found(calls: list[Call]) -> None:
    unseen = []
    for _, call, body in documents([c for c in calls if c.request_body]):
        for name in body:
            broken = {**body, name: {"of": "no", "known": "kind"}}
            if not exchange_findings(replace(call, request_body=json.dumps(broken))):
                unseen.append(f"{call.method} {call.path} {name}")
    assert unseen == []


def test_what_is_not_described_or_not_emulated_is_a_finding(calls: list[Call]) -> None:
    call = calls[0]
    assert judge([replace(call, path="/client/v4/nonsense")]) != []
    assert judge([replace(call, emulated=False)]) != []
    assert judge([replace(call, query="nonsense=1")]) != []


def test_edges_other_vendors_and_struck_answers_are_not_judged(calls: list[Call]) -> None:
    broken = replace(calls[0], response_body="{}")
    assert judge([broken]) != []
    assert (
        judge([replace(broken, kind="edge"), replace(broken, vendor="other"), replace(broken, fault=1)]) == []
    )


def test_recordings_of_the_real_service_are_valid_by_the_same_description() -> None:
    file = specs_folder() / "dns-recordings.json"
    if not file.exists():
        pytest.skip(f"no recordings at {file} (see TDR_API_SPECS)")
    recordings = [r for r in json.loads(file.read_text())["recordings"] if r["api"] == "cloudflare"]
    findings = {
        e
        for r in recordings
        for e in cloudflare_spec().response_errors(r["method"], r["path"], r["status"], r["response"])
    }
    # What the service answers besides, as of 2025, and the SDK's types leave out:
    known = ("vanity_name_servers_ips", "email")
    assert [f for f in findings if not any(word in f for word in known)] == []
    assert len(recordings) > 20


def test_a_long_list_is_judged_by_its_shapes(calls: list[Call]) -> None:
    listed = next(call for call in calls if call.path.endswith("/dns_records") and call.method == "GET")
    body = json.loads(listed.response_body)
    rows = [{**body["result"][0], "name": f"h{n}.example.com"} for n in range(3000)]
    assert len(shortened(rows)) == 1
    rows[2500]["misspelt"] = 1
    assert len(judge([_with(listed, "response_body", {**body, "result": rows})])) == 1


def test_a_description_of_openapi_3_0_is_read_too() -> None:
    document = {
        "openapi": "3.0.3",
        "paths": {
            "/things/{id}": {
                "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}],
                "put": {
                    "parameters": [
                        {"name": "dry", "in": "query", "required": True, "schema": {"type": "boolean"}}
                    ],
                    "requestBody": {
                        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/thing"}}}
                    },
                    "responses": {"204": {"description": ""}},
                },
            }
        },
        "components": {
            "schemas": {
                "thing": {
                    "type": "object",
                    "required": ["id", "size"],
                    "properties": {
                        "id": {"type": "string", "readOnly": True},
                        "size": {"type": "integer", "minimum": 0, "exclusiveMinimum": True, "nullable": True},
                    },
                }
            }
        },
    }
    spec = Spec(document, strict=True)

    def errors(path: str, query: dict[str, str], body: Any) -> int:
        return len(spec.request_errors("PUT", path, query, body))

    assert errors("/things/1", {"dry": "true"}, {"size": 1}) == 0
    assert errors("/things/1", {"dry": "true"}, {"size": None}) == 0
    assert errors("/things/x", {}, {"size": 0, "id": "x"}) == 4
    assert spec.response_errors("PUT", "/things/1", 204) == []
    assert spec.response_errors("PUT", "/things/1", 200) == ["status 200 is not described"]
    assert spec.find("GET", "/things/1") == (None, None, {})


def test_custom_hostnames_are_answered_as_the_published_description_has_them(calls: list[Call]) -> None:
    file = specs_folder() / "cloudflare-sdk.json"
    if not file.exists():
        pytest.skip(f"no description at {file} (see TDR_API_SPECS)")
    spec = Spec(file, strict=True)
    # The quota is newer than this description, which would take it for a hostname's id.
    asked = [c for c in calls if "/custom_hostnames" in c.path and not c.path.endswith("/quota")]
    findings = [
        error
        for call in asked
        for error in spec.response_errors(call.method, call.path, call.status, json.loads(call.response_body))
    ]
    assert findings == []
    assert len(asked) > 7
