"""API listeners: what is recorded, what is limited, what goes wrong on demand."""

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from providers.sandbox.contract import ControlError, Switch, WorldError
from providers.sandbox.running import Running
from tests.sandbox.acme import ADDRESS, Acme, acme_world

World = tuple[Running, Acme]


@pytest.fixture
def world() -> Iterator[World]:
    with acme_world({"clock": 1_700_000_000, "acme": {"things": ["one"]}}) as running:
        yield running


def get(world: World, path: str = "/things", **options: Any) -> httpx.Response:
    with httpx.Client(trust_env=False) as client:
        return client.get(world[1].url + path, **options)


def post(world: World, name: str = "two") -> httpx.Response:
    with httpx.Client(trust_env=False) as client:
        return client.post(world[1].url + "/things", json={"name": name})


def fault(world: World, **wanted: Any) -> None:
    world[0].control("POST", "/faults", wanted)


def test_calls_are_listed_with_secrets_blotted_out(world: World) -> None:
    get(world, "/things?page=1%20", headers={"Authorization": "Bearer secret", "X-Auth-Key": "secret"})
    post(world)

    first, second = world[0].control("GET", "/calls")

    assert {
        key: first[key] for key in ("kind", "vendor", "listener", "method", "path", "query", "status")
    } == {
        "kind": "api",
        "vendor": "acme",
        "listener": "main",
        "method": "GET",
        "path": "/api/things",
        "query": "page=1%20",
        "status": 200,
    }
    assert ["Authorization", "Bearer [redacted]"] in first["request_headers"]
    assert ["X-Auth-Key", "[redacted]"] in first["request_headers"]
    assert "secret" not in str(first)
    assert first["response_body"] == '{"things": ["one"], "mood": "good"}'
    assert (second["request_body"], second["content_type"]) == ('{"name":"two"}', "application/json")
    assert (second["status"], second["handled"], second["emulated"]) == (201, True, True)
    assert 1_700_000_000 <= second["at"] < 1_700_000_060


def test_calls_are_filtered_and_forgotten(world: World) -> None:
    get(world)
    post(world)

    assert [c["method"] for c in world[0].control("GET", "/calls?method=POST&vendor=acme")] == ["POST"]
    assert [c["status"] for c in world[0].control("GET", "/calls?path=/api/th&status=200")] == [200]
    with pytest.raises(ControlError, match="unknown filter 'colour'; there are kind, vendor"):
        world[0].control("GET", "/calls?colour=red")
    world[0].control("DELETE", "/calls")
    assert world[0].control("GET", "/calls") == []


def test_what_is_not_emulated_answers_501_and_is_remembered(world: World) -> None:
    with httpx.Client(trust_env=False) as client:
        answers = [
            get(world, "/nothing"),
            client.delete(world[1].url + "/things"),
            client.get(world[1].url.replace("/api", "/")),
        ]

    assert [answer.status_code for answer in answers] == [501, 501, 501]
    assert "does not emulate GET /api/nothing of acme" in answers[0].json()["error"]
    assert world[0].control("GET", "/unemulated") == [
        "acme GET /api/nothing",
        "acme DELETE /api/things",
        "acme GET /",
    ]


def test_an_emulators_own_mistake_is_never_taken_for_the_vendors(world: World) -> None:
    with httpx.Client(trust_env=False) as client:
        answer = client.post(world[1].url + "/things", json={"nome": "two"})

    assert answer.status_code == 501
    assert "the sandbox's own mistake in acme: KeyError('name')" in answer.json()["error"]
    assert world[0].control("GET", "/unemulated") == ["acme POST /api/things"]


def test_a_status_fault_strikes_the_nth_match_only_and_before_any_effect(world: World) -> None:
    fault(world, kind="status", method="POST", path="^/api/things$", nth=2, status=502, body={"sorry": 1})

    statuses = [post(world, name).status_code for name in ("two", "three", "four")]

    assert statuses == [201, 502, 201]
    assert world[1].things == ["one", "two", "four"]
    assert [call["handled"] for call in world[0].control("GET", "/calls")] == [True, False, True]


def test_a_status_fault_after_the_effect_keeps_the_effect(world: World) -> None:
    fault(world, kind="status", after=True, status=504, times=0)

    answer = post(world)

    assert answer.status_code == 504
    assert world[1].things == ["one", "two"]


@pytest.mark.parametrize(("after", "things"), [(False, ["one"]), (True, ["one", "two"])])
def test_a_reset_drops_the_connection_before_or_after_the_effect(
    world: World, *, after: bool, things: list[str]
) -> None:
    fault(world, kind="reset", after=after)

    with pytest.raises(httpx.TransportError):
        post(world)

    assert world[1].things == things
    assert world[0].control("GET", "/calls")[0]["status"] is None
    assert post(world, "next").status_code == 201


def test_a_truncated_body_ends_early_and_a_malformed_one_is_no_json(world: World) -> None:
    fault(world, kind="truncated")
    fault(world, kind="malformed", nth=2)

    with pytest.raises(httpx.RemoteProtocolError):
        get(world)
    broken = get(world)

    assert broken.status_code == 200
    assert broken.headers["content-type"] == "application/json"
    with pytest.raises(ValueError, match=r"Expecting|Unterminated"):
        broken.json()
    assert get(world).json()["things"] == ["one"]


def test_a_delay_passes_in_sandbox_time_without_waiting(world: World) -> None:
    fault(world, kind="delay", path="/slow", delay_s=90)

    answer = get(world, "/slow")

    assert 1_700_000_090 <= answer.json()["now"] < 1_700_000_100


def test_faults_are_listed_and_cleared_and_wrong_ones_refused(world: World) -> None:
    fault(world, kind="reset", times=0)
    fault(world, kind="delay", delay_ms=1)

    assert [f["kind"] for f in world[0].control("GET", "/faults")] == ["reset", "delay"]
    assert [f["kind"] for f in world[0].control("DELETE", "/faults/1")] == ["delay"]
    assert world[0].control("DELETE", "/faults") == []
    for wanted, message in [
        ({"kind": "explode"}, "unknown kind 'explode' of a fault: write one of status, delay"),
        ({"kind": "reset", "path": "("}, "path is not a regular expression"),
        ({"kind": "reset", "nht": 2}, "unknown key 'nht' of a fault"),
        ({"kind": "reset", "nth": 0}, "nth from 1"),
        ({"kind": "reset", "operation": 7}, "operation is a text, not 7"),
        ({"kind": "reset", "vendor": "umbrella"}, "no vendor 'umbrella'; there are acme"),
    ]:
        with pytest.raises(ControlError, match=message.replace("(", r"\(")):
            fault(world, **wanted)


def test_a_limit_is_counted_for_each_unit_on_the_sandbox_clock_in_the_vendors_words(world: World) -> None:
    sandbox = world[0]
    sandbox.control("PUT", "/limits/acme", {"requests": 2, "per_s": 60})

    mine = [get(world, headers={"Authorization": "a"}) for _ in range(3)]
    other = get(world, headers={"Authorization": "b"})
    sandbox.control("POST", "/clock/advance", {"seconds": 60})
    later = get(world, headers={"Authorization": "a"})

    assert [answer.status_code for answer in mine] == [200, 200, 429]
    assert [answer.headers.get("x-remaining") for answer in mine] == ["1", "0", None]
    assert mine[2].json() == {"slow": "down"}
    assert 55 <= int(mine[2].headers["retry-after"]) <= 60
    assert other.status_code == later.status_code == 200


def test_a_limit_is_taken_away(world: World) -> None:
    world[0].control("PUT", "/limits/acme", {"requests": 0, "per_s": 60})
    assert get(world).status_code == 429
    world[0].control("DELETE", "/limits/acme")
    assert get(world).status_code == 200


def test_latency_is_set_for_a_vendor(world: World) -> None:
    assert world[0].control("PUT", "/latency/acme", {"ms": 1}) == {"acme": 1}
    assert get(world).status_code == 200


def test_switches_are_set_by_the_world_and_from_outside(world: World) -> None:
    sandbox = world[0]
    assert get(world).json()["mood"] == "good"
    assert (
        sandbox.control("PUT", "/switches/acme.mood", {"setting": "bad"})["source"] == "guess: nobody asked"
    )
    assert get(world).json()["mood"] == "bad"
    with pytest.raises(ControlError, match=r"'sour' is no setting of acme.mood: write one of good, bad"):
        sandbox.control("PUT", "/switches/acme.mood", {"setting": "sour"})
    with pytest.raises(ControlError, match=r"acme.colour: no such switch; there are acme.mood"):
        sandbox.control("PUT", "/switches/acme.colour", {"setting": "red"})
    with acme_world({"switches": {"acme.mood": "bad"}}) as other:
        assert get(other).json()["mood"] == "bad"


def test_a_switch_has_two_settings_and_a_default_among_them() -> None:
    with pytest.raises(ValueError, match="two settings or more"):
        Switch("x", ("one",), "one", "guess")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"switches": {"acme.mood": "sour"}}, "switches.acme.mood: 'sour' is no setting of acme.mood"),
        ({"switches": {"acme.colour": "red"}}, "switches.acme.colour: no such switch; there are acme.mood"),
        ({"umbrella": []}, "umbrella: unknown section; write one of acme, clock, dns, switches"),
        ({"clock": "noon"}, "clock: 'noon' is no time; write it as 2026-01-05T09:00:00Z"),
        ({"acme": {"things": [1]}}, "acme.things: must be texts"),
        ({"dns": {}}, "dns: must be a list"),
        ({"dns": [{"zone": 5}]}, r"dns\[0\].zone: 5 is no host name"),
        (
            {
                "dns": [
                    {
                        "zone": "a.example",
                        "records": [{"name": "b.example", "type": "A", "content": "192.0.2.9"}],
                    }
                ]
            },
            r"dns\[0\].records\[0\].name: b.example is not in the zone a.example",
        ),
        (
            {
                "dns": [
                    {"zone": "a.example", "records": [{"name": "a.example", "type": "A", "content": "nine"}]}
                ]
            },
            r"dns\[0\].records\[0\].content: not the content of a A record",
        ),
        (
            {"dns": [{"zone": "a.example", "records": [{"name": "a.example"}]}]},
            "has no type; write {type: CNAME",
        ),
    ],
)
def test_a_wrong_world_is_refused_by_its_place(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(WorldError, match=message), acme_world(wrong):
        pass


def test_state_shows_all_and_a_vendor_takes_settings(world: World) -> None:
    sandbox = world[0]

    assert sandbox.control("PATCH", "/vendors/acme", {"things": ["x"]}) == {"things": ["x"]}
    state = sandbox.control("GET", "/state")

    assert state["vendors"] == {"acme": {"things": ["x"]}}
    assert state["switches"]["acme.mood"]["setting"] == "good"
    assert "acme.com" in [zone["zone"] for zone in state["dns"]]
    assert set(state) >= {"clock", "faults", "latencies_ms", "limits", "unemulated"}
    with pytest.raises(ControlError, match="write things"):
        sandbox.control("PATCH", "/vendors/acme", {"colour": "red"})
    with pytest.raises(ControlError, match="no vendor 'umbrella'; there are acme"):
        sandbox.control("PATCH", "/vendors/umbrella", {})
    with pytest.raises(ControlError, match=r"GET /nothing: Not Found; see docs/sandbox\.md"):
        sandbox.control("GET", "/nothing")


def test_the_environment_names_everything(world: World) -> None:
    env = world[0].env

    assert env["ACME_URL"] == world[1].url
    assert env["TDR_SANDBOX_URL"] == world[0].url
    assert "203.0.113.99:443=127.0.0.1:" in env["TDR_NET_MAP"]
    assert "192.0.2.1:53=127.0.0.1:" in env["TDR_NET_MAP"]
    assert env["TDR_RESOLVERS"].startswith("127.0.0.1:")
    assert env["TDR_CA_FILE"].endswith("ca.pem")


def test_the_sandbox_stops_although_clients_hold_on() -> None:
    """A participant, a call under a long delay, and an idle connection are cut off."""
    with ExitStack() as held, acme_world() as world:
        sandbox, acme = world
        sandbox.control("POST", "/faults", {"kind": "delay", "path": "slow", "delay_ms": 600_000})
        for url, request in [
            (sandbox.url, "POST /clock/join"),
            (acme.url, "GET /api/slow"),
            (acme.url, "GET /api/things"),
            (f"http://{sandbox.net_map[f'{ADDRESS}:80']}", "GET /"),
            (f"http://{sandbox.net_map[f'{ADDRESS}:443']}", "GET /"),
            (f"http://{sandbox.net_map['192.0.2.1:53']}", ""),
        ]:
            parts = urlsplit(url)
            sock = held.enter_context(socket.create_connection((parts.hostname, parts.port), timeout=5))
            sock.sendall(f"{request} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n".encode())
        while sandbox.control("GET", "/clock")["participants"] == 0:
            pass
        began = time.monotonic()

    assert time.monotonic() - began < 5
