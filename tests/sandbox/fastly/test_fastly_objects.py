"""What a version has: members, defaults and types as recorded; forms and JSON; refusals."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.sandbox.fastly.bench import BACKEND, HOST, Bench, bench, world

CNAME = {"type": "CNAME", "name": HOST, "content": "n.sni.global.fastly.net"}
ZONE = {"zone": "example.com", "records": [CNAME]}


@pytest.fixture
def fastly() -> Iterator[Bench]:
    """An account with nothing in it, and a host in DNS that points at Fastly."""
    with bench(world(dns=[ZONE])) as running:
        yield running


def test_a_backend_has_its_types_and_what_was_left_out(fastly: Bench) -> None:
    draft = fastly.draft()
    made = fastly.post(f"{draft}/backend", **BACKEND)
    assert (made["port"], made["use_ssl"], made["ssl_check_cert"]) == (443, True, True)
    assert (made["hostname"], made["ipv4"], made["override_host"]) == ("spgo.io", None, None)
    assert (made["connect_timeout"], made["weight"], made["version"]) == (1000, 100, 1)
    changed = fastly.put(
        f"{draft}/backend/sparkpost", address="192.0.2.7", override_host="x.example", port="0"
    )
    assert (changed["hostname"], changed["ipv4"], changed["port"]) == (None, "192.0.2.7", 0)
    assert fastly.put(f"{draft}/backend/sparkpost", override_host="")["override_host"] is None
    renamed = fastly.put(f"{draft}/backend/sparkpost", name="other")
    assert fastly.get(f"{draft}/backend") == [renamed]
    assert fastly.delete(f"{draft}/backend/other") == {"status": "ok"}


def test_the_older_kinds_answer_texts(fastly: Bench) -> None:
    draft = fastly.draft()
    made = fastly.post(f"{draft}/cache_settings", name="ten", ttl="10", stale_ttl="0", action="cache")
    assert (made["ttl"], made["stale_ttl"], made["version"]) == ("10", "0", "1")
    made = fastly.post(f"{draft}/request_settings", name="force", force_ssl="1")
    assert (made["force_ssl"], made["xff"], made["action"]) == ("1", "append", None)
    form = {"name": "a/b", "statement": 'req.url ~ "x"', "type": "REQUEST"}
    fastly.post(f"{draft}/condition", **form)
    assert fastly.get(f"{draft}/condition/a%2Fb")["statement"] == form["statement"]
    fastly.delete(f"{draft}/condition/a%2Fb")


def test_fields_may_come_as_json_too() -> None:
    with bench(judged=False) as fastly:
        draft = fastly.draft()
        body = {"name": "b", "address": "spgo.io", "use_ssl": True, "port": 443}
        made = fastly.call("POST", f"{draft}/backend", json=body).json()
        assert (made["use_ssl"], made["port"]) == (True, 443)
        made = fastly.call("POST", f"{draft}/request_settings", json={"name": "f", "force_ssl": True}).json()
        assert made["force_ssl"] == "1"


def test_what_is_wrong_is_refused_in_fastlys_words(fastly: Bench) -> None:
    draft = fastly.draft()
    service = draft.split("/")[2]
    fastly.post(f"{draft}/domain", name=HOST)
    duplicate = (409, "Duplicate record", f"Duplicate domain: '{HOST}'")
    assert fastly.refused("POST", f"{draft}/domain", data={"name": HOST}) == duplicate
    searched = f"{{ deleted => 0000-00-00 00:00:00, name => x, service => {service}, version => 1 }}"
    missing = (404, "Record not found", f"Couldn't find RequestSettings '{searched}'")
    assert fastly.refused("DELETE", f"{draft}/request_settings/x") == missing
    assert (
        fastly.refused("POST", f"{draft}/header", data={"name": "x"})[2]
        == "No value for required field 'action'"
    )
    assert fastly.refused("GET", f"/service/{service}/version/9")[0] == 404
    assert fastly.refused("PUT", f"{draft}/settings", data={"general.default_ttl": "ten"})[0] == 400


def test_settings_change_as_named_and_belong_to_a_version(fastly: Bench) -> None:
    draft = fastly.draft()
    before = fastly.get(f"{draft}/settings")
    assert (before["general.default_ttl"], before["general.stale_if_error"]) == (3600, False)
    fastly.put(f"{draft}/settings", **{"general.default_ttl": "10"})
    assert fastly.get(f"{draft}/settings") == {**before, "general.default_ttl": 10}


def test_domains_are_checked_in_dns(fastly: Bench) -> None:
    draft = fastly.draft()
    made = fastly.post(f"{draft}/domain", name=HOST)
    fastly.post(f"{draft}/domain", name="elsewhere.example.com")
    assert fastly.get(f"{draft}/domain/{HOST}/check") == [made, "n.sni.global.fastly.net", True]
    _, elsewhere = fastly.get(f"{draft}/domain/check_all")
    assert elsewhere[1:] == [None, False]
    (row, _) = fastly.get(f"{draft}/domain", include="staging_ips")
    assert row["staging_ip"]
