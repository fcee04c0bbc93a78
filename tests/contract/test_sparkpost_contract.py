"""The sandbox's SparkPost by SparkPost's own description: every operation, every status that it names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.contract.contract import Spec
from tests.sandbox.sparkpost_bench import KEY, Bench, Client, bench, description, judge

pytestmark = pytest.mark.skipif(
    description() is None,
    reason="no sparkpost.json: name its folder in TDR_API_SPECS, or put it at ../shared/api-specs",
)

NAME, OTHER = "click.example.net", "new.example.net"
DOMAINS, ONE, MAIL = "/tracking-domains", f"/tracking-domains/{NAME}", "/sending-domains/mail.example.net"
CHECK, ENABLE = f"{ONE}/certificate/check", f"{ONE}/certificate/enable"
EVERY_OPERATION: list[tuple[str, str, Any]] = [
    ("GET", DOMAINS, None),
    ("POST", DOMAINS, {"domain": OTHER}),
    ("GET", ONE, None),
    ("PUT", ONE, {"default": True}),
    ("POST", f"{ONE}/verify", None),
    ("POST", CHECK, None),
    ("POST", ENABLE, None),
    ("GET", "/sending-domains", None),
    ("GET", MAIL, None),
    ("PUT", MAIL, {"tracking_domain": NAME}),
    ("DELETE", ONE, None),
]
Answer = tuple[str, str, int]


def world(*, managed: dict[str, Any] | None = None, **domain: Any) -> dict[str, Any]:
    return {
        "region": "us",
        "key": KEY,
        "keys": [{"key": "without-grants", "grants": []}],
        "blacklisted": ["listed.example.net"],
        "managed": managed or {},
        "tracking_domains": [{"domain": NAME, "verified": True, **domain}],
        "sending_domains": [{"domain": "mail.example.net"}],
    }


def described(spec: Spec) -> set[Answer]:
    """Every answer that the description names."""
    return {
        (method.upper(), template, int(status))
        for template, item in spec.doc["paths"].items()
        for method, operation in item.items()
        for status in operation["responses"]
    }


def test_every_described_answer_of_every_operation_is_given_and_valid() -> None:
    spec = judge()
    assert spec is not None
    given = set(answers(spec))
    assert described(spec) - given == set()


def answers(spec: Spec) -> Iterator[Answer]:
    """Make the emulator give every answer; each exchange is judged by the client on the way."""
    for scene in (successes, refused_callers, too_many, wrong_names, nothing_there, certificates_refused):
        yield from scene(spec)


def told(spec: Spec, client: Client, method: str, path: str, body: Any = None, **more: Any) -> Answer:
    answer = client.call(method, path, body, **more)
    template, _, _ = spec.find(method, f"/v1{path}")
    assert template is not None
    return method, template, answer.status_code


def successes(spec: Spec) -> Iterator[Answer]:
    with bench(world(), dns={NAME: "v2.spgo.io"}) as b:
        for method, path, body in EVERY_OPERATION:
            yield told(spec, b.client(), method, path, body)


def refused_callers(spec: Spec) -> Iterator[Answer]:
    with bench(world()) as b:
        for key in ("unknown", "without-grants"):
            for method, path, body in EVERY_OPERATION:
                yield told(spec, b.client(key), method, path, body)


def too_many(spec: Spec) -> Iterator[Answer]:
    with bench(world(), switches={"sparkpost.retry-after": "seconds"}) as b:
        b.sandbox.control("PUT", "/limits/sparkpost", {"requests": 0, "per_s": 1000})
        for method, path, body in EVERY_OPERATION:
            yield told(spec, b.client(), method, path, body)


def wrong_names(spec: Spec) -> Iterator[Answer]:
    with bench(world(verified=False)) as b:
        client = b.client()
        for name in (NAME, "listed.example.net", "baddomain"):
            yield told(spec, client, "POST", DOMAINS, {"domain": name})
        for method, body in (("GET", None), ("PUT", {}), ("DELETE", None)):
            yield told(spec, client, method, f"{DOMAINS}/baddomain", body)
        yield told(spec, client, "PUT", ONE, {"default": True})
        yield told(spec, client, "POST", f"{ONE}/verify")
        yield told(spec, client, "POST", ENABLE)
        yield told(spec, client, "PUT", MAIL, {"tracking_domain": OTHER})


def nothing_there(spec: Spec) -> Iterator[Answer]:
    with bench(world()) as b:
        b.patch(tracking_domains={NAME: None})
        for method, path, body in EVERY_OPERATION:
            if path.startswith(ONE):
                yield told(spec, b.client(), method, path, body)


def certificates_refused(spec: Spec) -> Iterator[Answer]:
    for rule in ("unavailable", "check_fails", "check_times_out"):
        with bench(world(managed={rule: [NAME]}), dns={NAME: "v2.spgo.io"}) as b:
            yield told(spec, b.client(), "POST", CHECK)
            yield told(spec, b.client(), "POST", ENABLE)


@pytest.mark.parametrize("certificate", ["pending", "valid", "expired", "failed"])
@pytest.mark.parametrize("tls_status", ["always", "when-managed", "never"])
@pytest.mark.parametrize("codes", ["absent", "old"])
def test_objects_and_errors_stay_valid_under_every_switch_that_shapes_them(
    certificate: str, tls_status: str, codes: str
) -> None:
    switches = {"sparkpost.tls-status": tls_status, "sparkpost.error-codes": codes}
    with bench(world(managed_certificate=certificate), dns={NAME: "v2.spgo.io"}, switches=switches) as b:
        client = b.client()
        for path in (DOMAINS, ONE, f"{DOMAINS}/{OTHER}", f"{DOMAINS}/baddomain"):
            client.get(path)
        client.post(f"{ONE}/verify")
        client.put(f"{DOMAINS}/{OTHER}", {"default": True})


def test_the_judge_finds_a_wrong_answer() -> None:
    spec = judge()
    assert spec is not None
    assert spec.response_errors("GET", f"/api/v1{ONE}", 200, {"results": {"domain": NAME}})
    assert spec.response_errors("POST", f"/api/v1{DOMAINS}", 418, {})
    assert spec.request_errors("POST", f"/api/v1{DOMAINS}", {}, {"domian": NAME})


def test_no_call_of_a_run_goes_unjudged() -> None:
    spec = judge()
    assert spec is not None
    with bench(world()) as b:
        b.client().get(DOMAINS)
        calls = recorded(b)
        assert [call["path"] for call in calls] == ["/api/v1/tracking-domains"]
        assert all(spec.find(call["method"], call["path"])[0] for call in calls)


def recorded(b: Bench) -> list[dict[str, Any]]:
    return list(b.sandbox.control("GET", "/calls?kind=api&vendor=sparkpost"))
