"""The sandbox's Fastly by recordings of real calls: the same calls, statuses, members and kinds of values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tests.contract.fastly_judge import recordings
from tests.sandbox.fastly.bench import BACKEND, DOMAINS, Bench, bench, world

pytestmark = pytest.mark.skipif(
    not recordings(),
    reason="no fastly-recordings.json: name its folder in TDR_API_SPECS, or put it at ../shared/api-specs",
)

KINDS = ("backend", "cache_settings", "condition", "domain", "header", "healthcheck", "request_settings")
#: Recorded before the service had them: 2022's answers leave out what 2026's have.
LATER = {"environments"}


def found(method: str, part: str) -> list[Mapping[str, Any]]:
    """Give the recordings of a method whose path has a part."""
    return [each for each in recordings() if each["method"] == method and part in each["path"]]


def differences(real: Any, ours: Any, at: str = "$") -> list[str]:
    """Say where an answer differs from a real one in members or kinds of values; null fits any."""
    if isinstance(real, Mapping) and isinstance(ours, Mapping):
        lacking = [f"{at}: no member {name}" for name in real if name not in ours]
        added = [f"{at}: member {name} added" for name in ours if name not in real and name not in LATER]
        both = [name for name in real if name in ours]
        inner = [d for name in both for d in differences(real[name], ours[name], f"{at}.{name}")]
        return [*lacking, *added, *inner]
    if isinstance(real, list) and isinstance(ours, list):
        return differences(real[0], ours[0], f"{at}[0]") if real and ours else []
    fits = real is None or ours is None or type(real) is type(ours)
    return [] if fits else [f"{at}: {type(ours).__name__} where it is {type(real).__name__}"]


def send(fastly: Bench, recording: Mapping[str, Any], path: str) -> Any:
    """Send what was sent, elsewhere; the same status must come."""
    kind = {"json": recording["json"]} if "json" in recording else {"data": recording.get("form", {})}
    body = {} if recording["method"] in ("GET", "DELETE") else kind
    query = recording.get("query", {})
    answer = fastly.call(recording["method"], path, params=query, **body)
    assert answer.status_code == recording["status"], answer.text
    return answer.json() if answer.content else None


def searched(refusal: Mapping[str, Any]) -> str:
    """What a refusal says was looked for, without the service where."""
    return str(refusal["detail"]).partition("service")[0]


def tail(recording: Mapping[str, Any], kind: str) -> str:
    """What comes after the kind in a recorded path."""
    return str(recording["path"]).partition(f"/{kind}")[2]


@pytest.mark.parametrize("kind", KINDS)
def test_objects_of_a_version_are_made_changed_and_deleted_as_recorded(kind: str) -> None:
    order = {"POST": 0, "GET": 1, "PUT": 2, "DELETE": 3}
    calls = [each for each in recordings() if f"/{kind}" in each["path"] and "/version/" in each["path"]]
    missing = [each for each in calls if each["status"] == 404]
    calls = [each for each in calls if each["status"] != 404 and f"/{kind}" in each["path"]]
    with bench(world(), judged=False) as fastly:
        draft = fastly.draft()
        for recording in missing:
            answer = send(fastly, recording, f"{draft}/{kind}{tail(recording, kind)}")
            assert differences(recording["response"], answer) == []
            assert (
                answer["detail"].partition("service")[0]
                == recording["response"]["detail"].partition("service")[0]
            )
        for recording in sorted(calls, key=lambda each: order[each["method"]]):
            path = f"{draft}/{kind}{tail(recording, kind)}"
            if fastly.call("GET", path).status_code == 404 and recording["method"] != "POST":
                continue  # a state that the recordings left in between
            answer = send(fastly, recording, path)
            assert differences(recording["response"], answer, path) == []


def test_services_are_answered_as_recorded() -> None:
    with bench(world(), judged=False) as fastly:
        create = found("POST", "/service")
        created = [each for each in create if each["path"] == "/service"]
        for recording in created:
            made = send(fastly, recording, "/service")
            assert differences(recording["response"], made) == []
        service = f"/service/{made['id']}"
        for recording in found("GET", "/details"):
            answer = send(fastly, recording, f"{service}/details")
            assert differences(recording["response"], answer) == []
        (listed, *_) = [each for each in found("GET", "/service") if each["path"] == "/service"]
        assert differences(listed["response"], send(fastly, listed, "/service")) == []
        (search,) = found("GET", "/service/search")
        assert differences(search["response"], send(fastly, search, "/service/search")) == []
        deleting = [each for each in found("DELETE", "/service/") if each["path"].count("/") == 2]
        for recording in sorted(deleting, key=lambda each: each["status"])[-2:]:
            answer = send(fastly, recording, service)
            assert differences(recording["response"], answer) == []


def test_versions_are_answered_as_recorded() -> None:
    with bench(world(), judged=False) as fastly:
        draft = fastly.draft()
        service = draft.removesuffix("/version/1")
        fastly.post(f"{draft}/domain", name="click.example.com")
        made = next(
            each for each in found("POST", "/version") if each.get("form") == {"comment": "test comment"}
        )
        assert differences(made["response"], send(fastly, made, f"{service}/version")) == []
        for method, part in (("PUT", "clone"), ("GET", "/version/75"), ("PUT", "activate"), ("PUT", "lock")):
            (recording,) = [each for each in found(method, part) if each["path"].endswith(part)]
            path = draft if part == "/version/75" else f"{draft}/{part}"
            assert differences(recording["response"], send(fastly, recording, path)) == []
        for recording in (*found("GET", "/settings"), *found("PUT", "/settings")):
            if recording["path"].endswith("/90/settings"):
                path = f"{service}/version/2/settings"
                assert differences(recording["response"], send(fastly, recording, path)) == []


def test_versionless_domains_are_answered_as_recorded() -> None:
    with bench(world(), judged=False) as fastly:
        service = fastly.draft().split("/")[2]
        calls = [each for each in recordings() if each["path"].startswith(DOMAINS)]
        order = {"POST": 0, "GET": 1, "PATCH": 2, "DELETE": 3}
        ident = ""
        for recording in sorted(calls, key=lambda each: (order[each["method"]], each["status"] == 400)):
            sent = dict(recording)
            if (sent.get("json") or {}).get("service_id"):
                sent["json"] = {**sent["json"], "service_id": service}
            one = recording["path"] != DOMAINS
            answer = send(fastly, sent, f"{DOMAINS}/{ident}" if one else DOMAINS)
            assert differences(recording.get("response"), answer) == []
            ident = ident or answer["id"]


def test_a_backend_of_ours_is_valid_by_the_description() -> None:
    with bench(world()) as fastly:  # which judges
        fastly.post(f"{fastly.draft()}/backend", **BACKEND)
