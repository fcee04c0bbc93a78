"""The sandbox's TLS API of Fastly by recordings of real calls: the same calls, statuses and members."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from tests.contract.judge import specs_folder
from tests.sandbox.fastly.tls_bench import HOST, Bench, bench, customer, world

FILE = specs_folder() / "fastly-recordings.json"

pytestmark = pytest.mark.skipif(
    not FILE.exists(),
    reason="no fastly-recordings.json: name its folder in TDR_API_SPECS, or put it at ../shared/api-specs",
)


def recorded(source: str) -> Mapping[str, Any]:
    """Give the first recording of a fixture."""
    every = json.loads(FILE.read_text(encoding="utf-8"))["recordings"]
    found: Mapping[str, Any] = next(each for each in every if each["source"].endswith(f"/{source}.yaml"))
    return found


def lacking(real: Any, ours: Any, at: str = "$") -> list[str]:
    """Say which members of a real answer ours has not, or has of another kind; null fits any."""
    if isinstance(real, Mapping) and isinstance(ours, Mapping):
        missing = [f"{at}.{name}" for name in real if name not in ours]
        both = [name for name in real if name in ours]
        return [*missing, *(one for name in both for one in lacking(real[name], ours[name], f"{at}.{name}"))]
    if isinstance(real, list) and isinstance(ours, list):
        return lacking(real[0], ours[0], f"{at}[0]") if real and ours else []
    fits = real is None or ours is None or type(real) is type(ours)
    return [] if fits else [f"{at}: {type(ours).__name__} where it is {type(real).__name__}"]


def replay(fastly: Bench, source: str, number: str = "", body: Any = None) -> Any:
    """Do what was recorded, for a resource of our own, and give the answer once it was compared."""
    real = recorded(source)
    path = "/".join([*real["path"].split("/")[:3], *([number] if number else [])])
    answer = fastly.call(real["method"], path, body or real.get("json"), **real.get("query", {}))
    assert answer.status_code == real["status"], answer.text
    ours = answer.json() if answer.content else None
    assert lacking(real.get("response"), ours) == []
    return ours


def test_a_subscription_goes_through_what_was_recorded() -> None:
    with bench() as fastly:
        made = replay(fastly, "tls_subscription/create")
        number = made["data"]["id"]
        replay(fastly, "tls_subscription/get", number)
        replay(fastly, "tls_subscription/list")
        changed = replay(fastly, "tls_subscription/update", number)
        common = changed["data"]["relationships"]["common_name"]["data"]["id"]
        assert (common, len(changed["included"])) == ("integ-test2.go-fastly-2.com", 2)
        replay(fastly, "tls_subscription/delete", number)
        gone = replay(fastly, "tls_subscription/cleanup", number)
        assert gone == recorded("tls_subscription/cleanup")["response"]


def test_a_certificate_goes_through_what_was_recorded() -> None:
    with bench() as fastly:
        number = replay(fastly, "custom_tls/create")["data"]["id"]
        replay(fastly, "custom_tls/list")
        shown = replay(fastly, "custom_tls/get", number)["data"]["attributes"]
        real = recorded("custom_tls/get")["response"]["data"]["attributes"]
        same = (
            "issued_to",
            "issuer",
            "name",
            "not_before",
            "not_after",
            "serial_number",
            "signature_algorithm",
        )
        assert {name: shown[name] for name in same} == {name: real[name] for name in same}
        replay(fastly, "custom_tls/update", number)
        replay(fastly, "custom_tls/delete-cert", number)


def test_activations_domains_and_configurations_are_as_recorded() -> None:
    uploaded = {"id": "uploaded", "names": [HOST]}
    with bench(world(customer(certificates=[uploaded], configurations=[{"id": "chosen"}]))) as fastly:
        linked = {"tls_certificate": "uploaded", "tls_configuration": "chosen", "tls_domain": HOST}
        relationships = {kind: {"data": {"type": kind, "id": number}} for kind, number in linked.items()}
        body = {"data": {"type": "tls_activation", "relationships": relationships}}
        number = replay(fastly, "custom_tls_activation/create", body=body)["data"]["id"]
        replay(fastly, "custom_tls_activation/get", number)
        replay(fastly, "custom_tls_activation/list")
        replay(fastly, "custom_tls_activation/update", number, body)
        replay(fastly, "custom_tls_domain/list")
        replay(fastly, "custom_tls_activation/cleanup", number)
        replay(fastly, "custom_tls_configuration/list")
        replay(fastly, "custom_tls_configuration/update", "chosen")
        real = recorded("custom_tls_configuration/get")["response"]
        ours = fastly.ok("GET", "/tls/configurations/chosen", include="dns_records")
        assert lacking(real, ours) == []
