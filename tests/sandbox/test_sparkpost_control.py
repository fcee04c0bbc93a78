"""SparkPost's emulator: the world, the control API, mail sent, and the state on disk."""

from typing import Any

import pytest

from providers.sandbox.contract import ControlError, WorldError
from providers.sandbox.sparkpost import EMULATOR, world
from providers.sandbox.sparkpost.switches import SWITCHES
from tests.sandbox.sparkpost_bench import KEY, bench

NAME = "click.example.net"
ACCOUNT: dict[str, Any] = {
    "region": "us",
    "key": KEY,
    "subaccounts": [7],
    "tracking_domains": [{"domain": NAME, "verified": True, "secure": True}],
    "sending_domains": [{"domain": "mail.example.net", "tracking_domain": NAME}],
}


def test_every_switch_has_a_source_and_is_documented_in_one_table() -> None:
    assert EMULATOR.switches is SWITCHES
    assert len({switch.name for switch in SWITCHES}) == len(SWITCHES)
    for switch in SWITCHES:
        assert switch.name.startswith("sparkpost.")
        assert switch.source
        assert switch.about


def test_credentials_are_exported_under_the_worlds_names() -> None:
    eu = {"region": "eu", "key": "key-eu", "env": "TDR_SP_EU_API_KEY"}
    with bench({**ACCOUNT, "env": "SPARKPOST_API_KEY"}, eu) as b:
        env = b.sandbox.env
        assert (env["SPARKPOST_API_KEY"], env["TDR_SP_EU_API_KEY"]) == (KEY, "key-eu")
        assert env["TDR_SPARKPOST_ENDPOINT"].endswith("/api/v1")
        assert env["TDR_SPARKPOST_ENDPOINT"] != env["TDR_SPARKPOST_EU_ENDPOINT"]


@pytest.mark.parametrize(
    ("section", "place"),
    [
        ([{"region": "mars", "key": "k"}], "sparkpost[0].region"),
        ([{"region": "us"}], "sparkpost[0].key"),
        ([{"region": "us", "key": "k", "domain": []}], "sparkpost[0].domain"),
        ([{"region": "us", "key": "k"}, {"region": "us", "key": "k"}], "sparkpost[1].key"),
        ([{"key": "k", "grants": ["all"]}], "sparkpost[0].grants"),
        (
            [{"key": "k", "tracking_domains": [{"domain": NAME, "secured": True}]}],
            "sparkpost[0].tracking_domains[0].secured",
        ),
        ([{"key": "k", "tracking_domains": [{"secure": True}]}], "sparkpost[0].tracking_domains[0].domain"),
        (
            [{"key": "k", "tracking_domains": [{"domain": NAME, "secure": "yes"}]}],
            "sparkpost[0].tracking_domains[0].secure",
        ),
        ([{"key": "k", "managed": {"refused": []}}], "sparkpost[0].managed.refused"),
        ({"key": "k"}, "sparkpost"),
    ],
)
def test_a_wrong_world_is_refused_with_its_place(section: object, place: str) -> None:
    with pytest.raises(WorldError) as refused:
        world.accounts(section, 0.0)
    assert refused.value.path == place


def test_two_keys_under_one_variable_are_refused() -> None:
    with pytest.raises(WorldError):
        world.credentials([{"key": "a", "env": "X"}, {"key": "b", "env": "X"}])


def test_domains_are_added_changed_and_removed_from_outside() -> None:
    with bench(ACCOUNT) as b:
        client = b.client()
        b.patch(
            tracking_domains={"new.example.net": {"verified": True}, NAME: {"compliance_status": "blocked"}}
        )
        assert client.domain("new.example.net")["status"]["verified"] is True
        changed = client.domain(NAME)
        assert (changed["secure"], changed["status"]["compliance_status"]) == (True, "blocked")
        b.patch(tracking_domains={"new.example.net": None}, sending_domains={"mail.example.net": None})
        assert client.get("/tracking-domains/new.example.net").status_code == 404
        assert client.get("/sending-domains").json() == {"results": []}
        b.patch(sending_domains={"news.example.net": {"tracking_domain": NAME}})
        assert client.get("/sending-domains/news.example.net").json()["results"]["tracking_domain"] == NAME


def test_a_wrong_change_is_refused_with_what_is_allowed() -> None:
    with bench(ACCOUNT, {"region": "eu", "key": KEY}) as b:
        vendor = b.sandbox
        for wrong, part in (
            ({"account": "nobody"}, "key-us (us)"),
            ({"account": KEY}, "key-us (eu)"),
            ({"region": "us", "tracking": {}}, "tracking_domains"),
            ({"region": "us", "certificates": {NAME: "gone"}}, "expire"),
            ({"region": "us", "tracking_domains": {NAME: {"secured": 1}}}, "secured"),
            ({"region": "us", "mail": {}}, "target"),
        ):
            with pytest.raises(ControlError) as refused:
                vendor.control("PATCH", "/vendors/sparkpost", wrong)
            assert part in str(refused.value)


def test_mail_is_wrapped_by_link_then_default_then_endpoint() -> None:
    target = "https://shop.example.org/p?q=1"
    with bench(ACCOUNT) as b:
        mail = b.patch(mail={"sending_domain": "mail.example.net", "target": target})["mail"]
        assert mail["tracking_host"] == NAME
        assert mail["click"].startswith(f"https://{NAME}/f/a/")
        other = b.patch(mail={"sending_domain": "other.example.net", "target": target})["mail"]
        assert other["tracking_host"] == "spgo.io"
        b.patch(tracking_domains={NAME: {"default": True}})
        other = b.patch(mail={"sending_domain": "other.example.net", "target": target})["mail"]
        assert other["tracking_host"] == NAME


def test_a_wrapped_link_leads_to_its_target_and_the_pixel_counts() -> None:
    with bench(ACCOUNT) as b:
        target = "https://shop.example.org/p?q=1"
        mail = b.patch(mail={"sending_domain": "mail.example.net", "target": target})["mail"]
        click = b.ask(mail["click"].replace("https:", "http:"))
        assert (click.status_code, click.headers["location"]) == (302, target)
        assert len(b.ask(mail["open"].replace("https:", "http:")).content) == 44
        assert [event["kind"] for event in b.events()] == ["click", "open"]


def test_a_change_of_secure_reaches_new_mail_after_five_minutes() -> None:
    with bench({**ACCOUNT, "tracking_domains": [{"domain": NAME, "verified": True}]}) as b:
        mail = {"sending_domain": "mail.example.net", "target": "https://shop.example.org/"}
        b.client().put(f"/tracking-domains/{NAME}", {"secure": True})
        assert b.patch(mail=mail)["mail"]["click"].startswith("http://")
        b.advance(301)
        assert b.patch(mail=mail)["mail"]["click"].startswith("https://")


def test_events_can_be_cleared() -> None:
    with bench(ACCOUNT) as b:
        b.ask(f"http://{NAME}/f/a/x")
        assert len(b.events()) == 1
        b.patch(clear_events=True)
        assert b.events() == []


def test_the_state_survives_a_dump_and_a_load() -> None:
    with bench(
        {**ACCOUNT, "tracking_domains": [{"domain": NAME, "verified": True, "managed_certificate": "valid"}]}
    ) as b:
        b.ask(f"http://{NAME}/f/a/x")
        b.client().post("/tracking-domains", {"domain": "new.example.net"})
        b.patch(managed={"rejected": [NAME]}, mail={"target": "https://shop.example.org/"})
        before = b.sandbox.control("GET", "/state")["vendors"]["sparkpost"]
        listed = b.client().get("/tracking-domains").json()
    with bench(ACCOUNT) as b:
        vendor = b.sandbox.kernel.vendors["sparkpost"]
        b.sandbox.do(lambda: vendor.load(before))
        assert b.sandbox.control("GET", "/state")["vendors"]["sparkpost"] == before
        assert b.client().get("/tracking-domains").json() == listed


@pytest.mark.parametrize(
    ("state", "status", "flag"),
    [
        ("pending", "pending", False),
        ("valid", "valid", True),
        ("expire", "expired", True),
        ("failed", "failed", False),
        ("none", "unknown", False),
    ],
)
def test_a_certificate_is_put_into_any_state_from_outside(state: str, status: str, *, flag: bool) -> None:
    with bench(ACCOUNT) as b:
        b.patch(certificates={NAME: state})
        domain = b.client().domain(NAME)
        assert (domain["status"]["tls_status"], domain["uses_managed_certificate"]) == (status, flag)


def test_a_patched_domain_keeps_its_certificate_unless_that_is_named_too() -> None:
    with bench(ACCOUNT) as b:
        b.patch(certificates={NAME: "valid"})
        b.patch(tracking_domains={NAME: {"verified": False}})
        assert b.client().domain(NAME)["status"]["tls_status"] == "valid"
        b.patch(tracking_domains={NAME: {"managed_certificate": "expired"}})
        assert b.client().domain(NAME)["status"]["tls_status"] == "expired"


@pytest.mark.parametrize("wrong", [{"compliance_status": "good"}, {"managed_certificate": "good"}])
def test_a_wrong_member_of_a_domain_is_refused_with_the_choices(wrong: dict[str, str]) -> None:
    with bench(ACCOUNT) as b, pytest.raises(ControlError, match="write one of"):
        b.patch(tracking_domains={NAME: wrong})


def test_mail_of_a_subaccount_takes_its_own_default_before_the_accounts() -> None:
    domains = [
        {"domain": NAME, "verified": True, "default": True},
        {"domain": "sub.example.net", "verified": True, "default": True, "subaccount_id": 7},
    ]
    senders = [{"domain": "mail.example.net"}, {"domain": "seven.example.net", "subaccount_id": 7}]
    with bench({**ACCOUNT, "tracking_domains": domains, "sending_domains": senders}) as b:

        def host(sender: str) -> str:
            mail = {"sending_domain": sender, "target": "https://shop.example.org/"}
            return str(b.patch(mail=mail)["mail"]["tracking_host"])

        assert (host("mail.example.net"), host("seven.example.net")) == (NAME, "sub.example.net")
        b.patch(tracking_domains={"sub.example.net": None})
        assert host("seven.example.net") == NAME
