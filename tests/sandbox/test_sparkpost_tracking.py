"""SparkPost's emulator: tracking domains, call by call, with every odd case that the documentation tells."""

from typing import Any

import pytest

from tests.sandbox.sparkpost_bench import KEY, Client, bench

ONE = "/tracking-domains/click.example.net"


def account(*domains: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"region": "us", "key": KEY, "tracking_domains": list(domains), **more}


def verified(name: str = "click.example.net", **more: Any) -> dict[str, Any]:
    return {"domain": name, "verified": True, **more}


def error(answer: Any) -> dict[str, Any]:
    (item,) = answer.json()["errors"]
    return dict(item)


def test_create_answers_the_name_only_and_starts_insecure_and_unverified() -> None:
    with bench() as b:
        client = b.client()
        answer = client.post("/tracking-domains", {"domain": "click.example.net"})
        assert (answer.status_code, answer.json()) == (200, {"results": {"domain": "click.example.net"}})
        assert client.domain("click.example.net") == {
            "port": 80,
            "domain": "click.example.net",
            "secure": False,
            "default": False,
            "uses_managed_certificate": False,
            "status": {
                "verified": False,
                "cname_status": "unverified",
                "compliance_status": "valid",
                "tls_status": "unknown",
            },
        }


def test_names_are_kept_in_lower_case_and_found_in_any() -> None:
    with bench() as b:
        client = b.client()
        answer = client.post("/tracking-domains", {"domain": "CLICK.Example.NET"})
        assert answer.json()["results"]["domain"] == "click.example.net"
        assert client.domain("Click.Example.Net")["domain"] == "click.example.net"
        assert client.post("/tracking-domains", {"domain": "click.EXAMPLE.net"}).status_code == 409


def test_port_follows_secure_and_cannot_be_set() -> None:
    with bench(account({"domain": "click.example.net"})) as b:
        client = b.client()
        assert client.put(ONE, {"port": 8443, "secure": True}, judged=False).status_code == 200
        assert client.domain("click.example.net")["port"] == 443
        assert client.put(ONE, {"secure": False}).status_code == 200
        assert client.domain("click.example.net")["port"] == 80


def test_unknown_members_are_ignored_without_a_word() -> None:
    with bench() as b:
        client = b.client()
        body = {"domain": "click.example.net", "subaccount_id": 7, "default": True, "tls": "yes"}
        assert client.post("/tracking-domains", body, judged=False).status_code == 200
        before = client.domain("click.example.net")
        assert (before["default"], "subaccount_id" in before) == (False, False)
        wrong = {"Secure": True, "domain": "other.example.net", "subaccount_id": 7}
        assert client.put(ONE, wrong, judged=False).status_code == 200
        assert client.domain("click.example.net") == before


@pytest.mark.parametrize(
    ("setting", "status", "code"), [("conflict-409", 409, None), ("exists-400", 400, "6100")]
)
def test_a_name_that_exists_is_409_or_400_with_code_6100(setting: str, status: int, code: str | None) -> None:
    with bench(account({"domain": "click.example.net"}), switches={"sparkpost.duplicate-name": setting}) as b:
        answer = b.client().post("/tracking-domains", {"domain": "click.example.net"})
        assert (answer.status_code, error(answer).get("code")) == (status, code)


@pytest.mark.parametrize(
    "name", ["baddomain", "a b.example.net", "-x.example.net", "x..example.net", "x.example.net.", "x.1", 7]
)
def test_a_name_that_is_no_host_name_is_422(name: object) -> None:
    with bench() as b:
        answer = b.client().post("/tracking-domains", {"domain": name}, judged=False)
        assert answer.status_code == 422
        assert error(answer) == {"param": "domain", "message": "domain must be valid", "value": name}


def test_a_missing_name_and_a_wrong_type_are_422() -> None:
    with bench() as b:
        client = b.client()
        assert client.post("/tracking-domains", {}, judged=False).status_code == 422
        body = {"domain": "click.example.net", "secure": "yes"}
        assert client.post("/tracking-domains", body, judged=False).status_code == 422


@pytest.mark.parametrize(("setting", "status"), [("refused-422", 422), ("accepted", 200)])
def test_a_root_domain_is_refused_unless_the_switch_takes_it(setting: str, status: int) -> None:
    with bench(switches={"sparkpost.root-domain": setting}) as b:
        assert b.client().post("/tracking-domains", {"domain": "example.net"}).status_code == status


@pytest.mark.parametrize("name", ["spgo.io", "click.spgo.io", "eu.v2.spgo.io", "x.sparkpost.com"])
def test_sparkposts_own_names_are_refused(name: str) -> None:
    with bench(switches={"sparkpost.root-domain": "accepted"}) as b:
        answer = b.client().post("/tracking-domains", {"domain": name})
        assert (answer.status_code, error(answer)["value"]) == (400, name)


def test_a_name_on_a_block_list_is_400_with_param_and_value() -> None:
    with bench(account(blacklisted=["click.example.net"])) as b:
        answer = b.client().post("/tracking-domains", {"domain": "click.example.net"})
        assert answer.status_code == 400
        assert error(answer) == {
            "param": "domain",
            "message": "domain is on a DNS blacklist",
            "value": "click.example.net",
        }


def test_a_name_of_another_account_is_blocked_or_refused() -> None:
    other = {"region": "us", "key": "other", "tracking_domains": [{"domain": "click.example.net"}]}
    with bench(account(), other) as b:
        client = b.client()
        assert client.post("/tracking-domains", {"domain": "click.example.net"}).status_code == 200
        assert client.domain("click.example.net")["status"]["compliance_status"] == "blocked"
    with bench(account(), other, switches={"sparkpost.taken-name": "refused-400"}) as b:
        answer = b.client().post("/tracking-domains", {"domain": "click.example.net"})
        assert (answer.status_code, error(answer)["code"]) == (400, "7004")


def test_a_compliance_review_can_take_time() -> None:
    with bench(switches={"sparkpost.review": "pending"}) as b:
        client = b.client()
        client.post("/tracking-domains", {"domain": "click.example.net"})
        assert client.domain("click.example.net")["status"]["compliance_status"] == "pending"
        b.advance(601)
        assert client.domain("click.example.net")["status"]["compliance_status"] == "valid"


def test_what_does_not_exist_is_404_and_what_is_no_name_400() -> None:
    with bench() as b:
        client = b.client()
        calls = [
            ("GET", ""),
            ("DELETE", ""),
            ("POST", "/verify"),
            ("POST", "/certificate/check"),
            ("POST", "/certificate/enable"),
        ]
        for method, more in calls:
            answer = client.call(method, ONE + more)
            assert (answer.status_code, error(answer)) == (404, {"message": "resource not found"})
        assert client.put(ONE, {"secure": True}).status_code == 404
        assert client.get("/tracking-domains/baddomain").status_code == 400
        assert client.put("/tracking-domains/baddomain", {}).status_code == 400
        assert client.delete("/tracking-domains/baddomain").status_code == 400


def test_the_old_error_form_has_all_three_members_and_a_code_of_text() -> None:
    with bench(switches={"sparkpost.error-codes": "old"}) as b:
        item = error(b.client().get(ONE))
        assert (item["code"], item["message"]) == ("1600", "resource not found")
        assert "description" in item


def test_default_on_an_unverified_domain_is_422_and_changes_nothing() -> None:
    with bench(account({"domain": "click.example.net"})) as b:
        client = b.client()
        answer = client.put(ONE, {"secure": True, "default": True})
        assert answer.status_code == 422
        assert error(answer) == {"message": "Tracking domain 'click.example.net' unverified."}
        assert client.domain("click.example.net")["secure"] is False


def test_a_new_default_silently_unsets_the_old_one_of_its_scope_only() -> None:
    world = account(
        verified("a.example.net", default=True),
        verified("b.example.net"),
        verified("c.example.net", default=True, subaccount_id=7),
        verified("d.example.net", subaccount_id=7),
        subaccounts=[7],
    )
    with bench(world) as b:
        client = b.client()

        def defaults() -> list[str]:
            results = client.get("/tracking-domains?default=true").json()["results"]
            return [each["domain"] for each in results]

        assert client.put("/tracking-domains/b.example.net", {"default": True}).status_code == 200
        assert defaults() == ["b.example.net", "c.example.net"]
        client.put("/tracking-domains/d.example.net", {"default": True}, subaccount=7)
        assert defaults() == ["b.example.net", "d.example.net"]
        client.put("/tracking-domains/b.example.net", {"default": False})
        assert defaults() == ["d.example.net"]
        rest = client.get("/tracking-domains?default=false").json()["results"]
        assert [each["domain"] for each in rest] == ["a.example.net", "b.example.net", "c.example.net"]


def test_the_list_has_no_pages_and_no_total() -> None:
    with bench(account(*({"domain": f"c{i}.example.net"} for i in range(300)))) as b:
        answer = b.client().get("/tracking-domains").json()
        assert (list(answer), len(answer["results"])) == (["results"], 300)


@pytest.mark.parametrize(("setting", "kept"), [("no", True), ("yes", False)])
def test_a_change_of_secure_may_take_the_verification_away(setting: str, *, kept: bool) -> None:
    with bench(account(verified()), switches={"sparkpost.secure-resets-verified": setting}) as b:
        client = b.client()
        client.put(ONE, {"secure": False})
        assert client.domain("click.example.net")["status"]["verified"] is True
        client.put(ONE, {"secure": True})
        assert client.domain("click.example.net")["status"]["verified"] is kept


def linked() -> dict[str, Any]:
    sending = [{"domain": "mail.example.net", "tracking_domain": "click.example.net"}]
    return account(verified(default=True), sending_domains=sending)


def link_of(client: Client) -> object:
    return client.get("/sending-domains/mail.example.net").json()["results"].get("tracking_domain")


@pytest.mark.parametrize(
    ("setting", "status", "link"),
    [
        ("unlinks", 204, None),
        ("dangles", 204, "click.example.net"),
        ("conflict-409", 409, "click.example.net"),
    ],
)
def test_delete_of_a_default_or_linked_domain_is_a_switch(
    setting: str, status: int, link: str | None
) -> None:
    with bench(linked(), switches={"sparkpost.delete-in-use": setting}) as b:
        client = b.client()
        answer = client.delete(ONE)
        assert (answer.status_code, bool(answer.content)) == (status, status != 204)
        assert link_of(client) == link
        assert client.get(ONE).status_code == (404 if status == 204 else 200)


def test_delete_of_a_domain_in_no_use_is_204_and_a_second_one_404() -> None:
    with bench(account(verified()), switches={"sparkpost.delete-in-use": "conflict-409"}) as b:
        client = b.client()
        assert client.delete(ONE).status_code == 204
        assert client.delete(ONE).status_code == 404


@pytest.mark.parametrize(("setting", "shown"), [("always", True), ("when-managed", False), ("never", False)])
def test_tls_status_may_be_absent(setting: str, *, shown: bool) -> None:
    with bench(account(verified()), switches={"sparkpost.tls-status": setting}) as b:
        domain = b.client().domain("click.example.net")
        assert ("tls_status" in domain["status"], "uses_managed_certificate" in domain) == (shown, shown)
