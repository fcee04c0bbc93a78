"""SparkPost's emulator: sending domains, and their link to a tracking domain."""

from typing import Any

import pytest

from tests.sandbox.sparkpost_bench import KEY, bench

MAIL = "/sending-domains/mail.example.net"
WORLD: dict[str, Any] = {
    "region": "us",
    "key": KEY,
    "subaccounts": [7],
    "tracking_domains": [
        {"domain": "click.example.net", "verified": True},
        {"domain": "new.example.net"},
        {"domain": "sub.example.net", "verified": True, "subaccount_id": 7},
    ],
    "sending_domains": [
        {"domain": "mail.example.net"},
        {"domain": "news.example.net", "tracking_domain": "click.example.net"},
        {"domain": "sub.mail.example.net", "subaccount_id": 7},
    ],
}


def test_the_list_names_each_domain_and_leaves_the_link_out_where_there_is_none() -> None:
    with bench(WORLD) as b:
        results = b.client().get("/sending-domains").json()["results"]
        links = {each["domain"]: each.get("tracking_domain", "absent") for each in results}
        assert links == {
            "mail.example.net": "absent",
            "news.example.net": "click.example.net",
            "sub.mail.example.net": "absent",
        }
        assert len(b.client().get("/sending-domains", subaccount=0).json()["results"]) == 2


def test_one_domain_comes_without_its_own_name() -> None:
    with bench(WORLD) as b:
        result = b.client().get("/sending-domains/news.example.net").json()["results"]
        assert ("domain" in result, result["tracking_domain"]) == (False, "click.example.net")


def test_the_link_is_set_moved_and_cleared_with_an_empty_text() -> None:
    with bench(WORLD) as b:
        client = b.client()
        answer = client.put(MAIL, {"tracking_domain": "CLICK.example.net"})
        assert answer.json() == {
            "results": {"message": "Successfully Updated Domain.", "domain": "mail.example.net"}
        }
        assert client.get(MAIL).json()["results"]["tracking_domain"] == "click.example.net"
        assert client.put(MAIL, {"tracking_domain": ""}).status_code == 200
        assert "tracking_domain" not in client.get(MAIL).json()["results"]


def test_other_members_of_the_update_are_ignored() -> None:
    with bench(WORLD) as b:
        client = b.client()
        before = client.get(MAIL).json()
        body = {"trackingDomain": "click.example.net", "unheard_of": 1}
        assert client.put(MAIL, body, judged=False).status_code == 200
        assert client.get(MAIL).json() == before


@pytest.mark.parametrize("name", ["unknown.example.net", "sub.example.net"])
def test_a_name_that_is_not_registered_in_the_same_subaccount_is_400_with_code_1200(name: str) -> None:
    with bench(WORLD) as b:
        answer = b.client().put(MAIL, {"tracking_domain": name})
        assert answer.status_code == 400
        assert answer.json()["errors"] == [
            {
                "message": "invalid params",
                "description": f"Tracking domain '{name}' is not a registered tracking domain",
                "code": "1200",
            }
        ]


def test_a_subaccounts_sending_domain_takes_the_header_and_its_own_tracking_domains() -> None:
    with bench(WORLD) as b:
        client, path = b.client(), "/sending-domains/sub.mail.example.net"
        assert client.put(path, {"tracking_domain": "sub.example.net"}).status_code == 404
        assert client.put(path, {"tracking_domain": "click.example.net"}, subaccount=7).status_code == 400
        assert client.put(path, {"tracking_domain": "sub.example.net"}, subaccount=7).status_code == 200
        assert client.get(path).json()["results"]["tracking_domain"] == "sub.example.net"


@pytest.mark.parametrize(("setting", "status"), [("allowed", 200), ("refused-400", 400)])
def test_linking_an_unverified_tracking_domain_is_a_switch(setting: str, status: int) -> None:
    with bench(WORLD, switches={"sparkpost.link-unverified": setting}) as b:
        assert b.client().put(MAIL, {"tracking_domain": "new.example.net"}).status_code == status


def test_an_unknown_sending_domain_is_404_with_code_1600() -> None:
    with bench(WORLD) as b:
        for answer in (
            b.client().get("/sending-domains/wrong.example.net"),
            b.client().put("/sending-domains/wrong.example.net", {"tracking_domain": ""}),
        ):
            assert (answer.status_code, answer.json()["errors"][0]["code"]) == (404, "1600")


def test_documented_filters_hold_and_others_are_ignored() -> None:
    world = {
        **WORLD,
        "sending_domains": [
            {"domain": "a.example.net"},
            {"domain": "b.example.net", "ownership_verified": False},
        ],
    }
    with bench(world) as b:
        client = b.client()
        for query, count in (
            ("ownership_verified=true", 1),
            ("dkim_status=unverified", 1),
            ("tracking_domain=x", 2),
        ):
            answer = client.get(f"/sending-domains?{query}", judged=False)
            assert len(answer.json()["results"]) == count


def test_an_unverified_sending_domain_and_its_link_are_gone_after_two_weeks() -> None:
    mail = {"domain": "mail.example.net", "ownership_verified": False, "tracking_domain": "click.example.net"}
    with bench({**WORLD, "sending_domains": [mail]}) as b:
        client = b.client()
        b.advance(13 * 86_400)
        assert client.get(MAIL).status_code == 200
        b.advance(2 * 86_400)
        assert client.get(MAIL).status_code == 404
        assert client.get("/sending-domains").json() == {"results": []}


def test_a_link_that_is_no_text_is_422() -> None:
    with bench(WORLD) as b:
        assert b.client().put(MAIL, {"tracking_domain": None}, judged=False).status_code == 422
