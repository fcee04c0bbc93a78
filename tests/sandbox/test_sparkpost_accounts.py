"""SparkPost's emulator: regions, keys, grants, subaccounts, limits, and the conventions of every call."""

import base64

import httpx
import pytest

from tests.sandbox.sparkpost_bench import KEY, bench

BODY = {"domain": "click.example.net"}


def message(answer: httpx.Response) -> str:
    return str(answer.json()["errors"][0]["message"])


def test_us_and_eu_share_neither_keys_nor_domains() -> None:
    with bench({"region": "us", "key": KEY}, {"region": "eu", "key": "key-eu"}) as b:
        us, eu = b.client(), b.client("key-eu", "eu")
        assert us.post("/tracking-domains", BODY).status_code == 200
        assert eu.get("/tracking-domains").json() == {"results": []}
        assert eu.post("/tracking-domains", BODY).status_code == 200
        assert b.client(KEY, "eu").get("/tracking-domains").status_code == 401


def test_basic_authentication_takes_the_key_as_user() -> None:
    with bench() as b:
        basic = "Basic " + base64.b64encode(f"{KEY}:".encode()).decode()
        assert b.client(basic).get("/tracking-domains").status_code == 200


@pytest.mark.parametrize("given", ["", "nonsense", f"Bearer {KEY}", "Basic !!!"])
def test_any_other_authorization_is_401_in_sparkposts_form(given: str) -> None:
    with bench() as b:
        answer = b.client(given).get("/tracking-domains")
        assert (answer.status_code, message(answer)) == (401, "Unauthorized.")


def test_a_key_without_the_grant_is_403_and_manage_includes_view() -> None:
    account = {
        "region": "us",
        "key": KEY,
        "grants": ["tracking_domains/manage"],
        "keys": [{"key": "viewer", "grants": ["tracking_domains/view"]}],
    }
    with bench(account) as b:
        owner, viewer = b.client(), b.client("viewer")
        assert owner.post("/tracking-domains", BODY).status_code == 200
        assert owner.get("/tracking-domains").status_code == 200
        assert viewer.get("/tracking-domains/click.example.net").status_code == 200
        refused = viewer.post("/tracking-domains", {"domain": "go.example.net"})
        assert (refused.status_code, message(refused)) == (403, "Forbidden.")
        assert owner.get("/sending-domains").status_code == 403


def test_subaccount_header_on_reads_is_all_primary_or_one() -> None:
    account = {
        "region": "us",
        "key": KEY,
        "subaccounts": [7, 8],
        "tracking_domains": [
            {"domain": "a.example.net"},
            {"domain": "b.example.net", "subaccount_id": 7},
            {"domain": "c.example.net", "subaccount_id": 8},
        ],
    }
    with bench(account) as b:
        client = b.client()

        def seen(subaccount: int | None) -> list[str]:
            results = client.get("/tracking-domains", subaccount=subaccount).json()["results"]
            return [each["domain"] for each in results]

        assert seen(None) == ["a.example.net", "b.example.net", "c.example.net"]
        assert seen(0) == ["a.example.net"]
        assert seen(7) == ["b.example.net"]
        assert client.domain("b.example.net")["subaccount_id"] == 7
        assert "subaccount_id" not in client.domain("a.example.net")
        assert client.get("/tracking-domains/b.example.net", subaccount=8).status_code == 404
        listed = client.get("/tracking-domains?subaccounts=7,8").json()["results"]
        assert [each["subaccount_id"] for each in listed] == [7, 8]


@pytest.mark.parametrize("subaccount", [None, 0])
def test_writes_without_a_subaccount_reach_the_primary_account_only(subaccount: int | None) -> None:
    account = {
        "region": "us",
        "key": KEY,
        "subaccounts": [7],
        "tracking_domains": [{"domain": "b.example.net", "subaccount_id": 7, "verified": True}],
    }
    with bench(account) as b:
        client, path = b.client(), "/tracking-domains/b.example.net"
        assert client.put(path, {"secure": True}, subaccount=subaccount).status_code == 404
        assert client.post(f"{path}/verify", subaccount=subaccount).status_code == 404
        assert client.delete(path, subaccount=subaccount).status_code == 404
        assert client.put(path, {"secure": True}, subaccount=7).status_code == 200
        assert client.delete(path, subaccount=7).status_code == 204


def test_a_subaccounts_own_key_overrides_the_header() -> None:
    account = {
        "region": "us",
        "key": KEY,
        "subaccounts": [7, 8],
        "keys": [{"key": "of-seven", "subaccount_id": 7}],
    }
    with bench(account) as b:
        client = b.client("of-seven")
        assert client.post("/tracking-domains", BODY, subaccount=8).status_code == 200
        assert b.client().domain("click.example.net")["subaccount_id"] == 7
        assert len(client.get("/tracking-domains", subaccount=0).json()["results"]) == 1


@pytest.mark.parametrize("subaccount", ["seven", "-1", "4294967296", ""])
def test_a_subaccount_header_that_is_no_number_is_400(subaccount: str) -> None:
    with bench() as b:
        assert b.client().get("/tracking-domains", subaccount=subaccount).status_code == 400


def test_creating_in_a_subaccount_that_does_not_exist_is_400() -> None:
    with bench() as b:
        assert b.client().post("/tracking-domains", BODY, subaccount=7).status_code == 400


def test_a_trailing_slash_is_ignored_and_paths_are_case_sensitive() -> None:
    with bench() as b:
        client = b.client()
        assert client.post("/tracking-domains/", BODY).status_code == 200
        assert client.get("/tracking-domains/click.example.net/").status_code == 200
        assert client.get("/tracking-domains/CLICK.example.net").status_code == 200
        assert client.get("/Tracking-Domains", judged=False).status_code == 501


def test_a_wrong_method_is_405_and_what_is_not_emulated_501() -> None:
    with bench() as b:
        assert b.client().call("PATCH", "/tracking-domains/click.example.net", {}).status_code == 405
        assert b.client().post("/sending-domains", {"domain": "example.net"}).status_code == 501


def test_a_body_that_is_not_json_is_refused() -> None:
    with bench() as b:
        url, key = b.sandbox.env["TDR_SPARKPOST_ENDPOINT"], {"Authorization": KEY}
        with httpx.Client(trust_env=False, headers=key) as http:
            assert (
                http.post(f"{url}/tracking-domains", content="{", headers={"Content-Type": "x/y"}).status_code
                == 415
            )
            for text in ("{", "[]", '"x"'):
                sent = {"Content-Type": "application/json"}
                assert http.post(f"{url}/tracking-domains", content=text, headers=sent).status_code == 400


@pytest.mark.parametrize(("setting", "waits"), [("absent", False), ("seconds", True)])
def test_429_comes_with_a_retry_after_only_when_the_switch_says_so(setting: str, *, waits: bool) -> None:
    with bench(switches={"sparkpost.retry-after": setting}) as b:
        client = b.client()
        b.sandbox.control("PUT", "/limits/sparkpost", {"requests": 3, "per_s": 10})
        answers = [client.get("/tracking-domains") for _ in range(4)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        assert message(answers[-1]) == "Too many requests"
        assert ("Retry-After" in answers[-1].headers) is waits
        b.advance(11)
        assert client.get("/tracking-domains").status_code == 200


@pytest.mark.parametrize(("setting", "status"), [("forbidden-403", 403), ("invalid-400", 400)])
def test_one_domain_more_than_the_plan_holds_is_refused(setting: str, status: int) -> None:
    with bench({"region": "us", "key": KEY, "quota": 1}, switches={"sparkpost.over-quota": setting}) as b:
        client = b.client()
        assert client.post("/tracking-domains", BODY).status_code == 200
        assert client.post("/tracking-domains", {"domain": "go.example.net"}).status_code == status
        assert client.delete("/tracking-domains/click.example.net").status_code == 204
        assert client.post("/tracking-domains", {"domain": "go.example.net"}).status_code == 200
