"""Cloudflare's own SDK as the client: it cannot tell the sandbox from the vendor."""

from collections.abc import Iterator
from typing import Any

import cloudflare
import pytest

from tests.sandbox.cloudflare_bench import TOKEN, Bench, bench, record, world

HOST = "click.example.com"


@pytest.fixture
def cf() -> Iterator[Bench]:
    """A zone with many records, so that pages matter."""
    records = [record(HOST), *(record(f"h{n}.example.com") for n in range(150))]
    zones: list[dict[str, Any]] = [
        {"name": "example.com", "plan": "pro", "records": records},
        {"name": "example.net"},
    ]
    with bench(world(*zones)) as running:
        yield running


@pytest.fixture
def sdk(cf: Bench) -> Iterator[cloudflare.Cloudflare]:
    """The SDK, pointed at the sandbox."""
    with cloudflare.Cloudflare(api_token=TOKEN, base_url=cf.url, max_retries=0) as client:
        yield client


def plain(answer: Any) -> dict[str, Any]:
    """The SDK gives a model or a plain mapping, as its type is a union with object."""
    return answer if isinstance(answer, dict) else dict(answer.to_dict())


def zone_id(sdk: cloudflare.Cloudflare) -> str:
    return next(zone.id for zone in sdk.zones.list(name="example.com"))


def test_the_token_is_verified(sdk: cloudflare.Cloudflare) -> None:
    verified = sdk.user.tokens.verify()
    assert verified is not None
    assert verified.status == "active"


def test_zones_and_records_are_paged_to_the_end(sdk: cloudflare.Cloudflare) -> None:
    assert [zone.name for zone in sdk.zones.list()] == ["example.com", "example.net"]
    assert len(list(sdk.dns.records.list(zone_id=zone_id(sdk)))) == 151


def test_a_record_is_flipped_in_a_batch(sdk: cloudflare.Cloudflare) -> None:
    zone = zone_id(sdk)
    (row,) = sdk.dns.records.list(zone_id=zone, name={"exact": HOST})
    patch: Any = {"id": row.id, "name": HOST, "type": "CNAME", "ttl": 1, "proxied": True}
    done = sdk.dns.records.batch(zone_id=zone, patches=[patch])
    assert done is not None
    assert done.patches is not None
    assert done.patches[0].proxied is True


def test_comment_filters_are_sent_as_the_service_takes_them(cf: Bench, sdk: cloudflare.Cloudflare) -> None:
    cf.patch(add_records=[record("mine.example.com", comment="tdr: click")])
    rows = sdk.dns.records.list(zone_id=zone_id(sdk), comment={"startswith": "tdr:"})
    assert [row.name for row in rows] == ["mine.example.com"]


def test_a_rule_is_made_changed_and_deleted(sdk: cloudflare.Cloudflare) -> None:
    zone = zone_id(sdk)
    phase: Any = "http_config_settings"
    with pytest.raises(cloudflare.NotFoundError) as caught:
        sdk.rulesets.phases.get(phase, zone_id=zone)
    assert [error.code for error in caught.value.errors] == [10003]
    ruleset = plain(sdk.rulesets.create(zone_id=zone, kind="zone", name="ours", phase=phase, rules=[]))
    rule: Any = {
        "action": "set_config",
        "expression": "true",
        "action_parameters": {"ssl": "full"},
        "ref": "ours",
    }
    place: Any = {"zone_id": zone, "ruleset_id": ruleset["id"]}
    made = plain(sdk.rulesets.rules.create(**place, **rule))["rules"][0]
    edited = plain(sdk.rulesets.rules.edit(made["id"], **place, **{**rule, "enabled": False}))
    assert (edited["rules"][0]["id"], edited["rules"][0]["enabled"]) == (made["id"], False)
    assert plain(sdk.rulesets.rules.delete(made["id"], **place))["rules"] == []
    assert [listed.id for listed in sdk.rulesets.list(zone_id=zone)] == [ruleset["id"]]
    sdk.rulesets.delete(ruleset["id"], zone_id=zone)


def test_settings_and_certificates_are_read(sdk: cloudflare.Cloudflare) -> None:
    zone = zone_id(sdk)
    edited: Any = sdk.zones.settings.edit("ssl", zone_id=zone, value="full")
    assert edited.value == "full"
    packs = list(sdk.ssl.certificate_packs.list(zone_id=zone, status="all"))
    assert packs[0].hosts == ["example.com", "*.example.com"]
    universal = sdk.ssl.universal.settings.get(zone_id=zone)
    assert universal is not None
    assert universal.enabled is True
    verified = sdk.ssl.verification.get(zone_id=zone)
    assert verified is not None
    assert verified[0].certificate_status == "active"
    assert sdk.page_rules.list(zone_id=zone) == []


def test_a_refusal_is_the_sdks_own_error_with_the_vendors_code(sdk: cloudflare.Cloudflare) -> None:
    zone = zone_id(sdk)
    with pytest.raises(cloudflare.BadRequestError) as caught:
        sdk.dns.records.create(zone_id=zone, name=HOST, type="CNAME", content="x.example.net", ttl=1)
    assert [error.code for error in caught.value.errors] == [81053]


def test_too_many_calls_are_the_sdks_own_error(cf: Bench, sdk: cloudflare.Cloudflare) -> None:
    cf.sandbox.control("PUT", "/limits/cloudflare", {"requests": 1, "per_s": 300})
    sdk.user.tokens.verify()
    with pytest.raises(cloudflare.RateLimitError):
        sdk.user.tokens.verify()


def test_a_custom_hostname_goes_its_way(cf: Bench, sdk: cloudflare.Cloudflare) -> None:
    zone, hostnames = zone_id(sdk), sdk.custom_hostnames
    cf.patch(add_records=[record("origin.example.com", proxied=True)])
    fallback = hostnames.fallback_origin.update(zone_id=zone, origin="origin.example.com")
    assert fallback is not None
    assert fallback.status == "initializing"
    ssl: Any = {"method": "txt", "type": "dv", "settings": {"min_tls_version": "1.2"}}
    made = hostnames.create(zone_id=zone, hostname="click.brand.example", ssl=ssl)
    assert made is not None
    assert made.created_at is not None
    cf.advance(40)
    assert [row.id for row in hostnames.list(zone_id=zone, per_page=50)] == [made.id]
    got = hostnames.get(made.id, zone_id=zone)
    assert got is not None
    assert got.ssl is not None
    assert got.ssl.validation_records is not None
    again = hostnames.edit(made.id, zone_id=zone, ssl=ssl, custom_origin_server="origin.example.com")
    assert again is not None
    assert again.custom_origin_server == "origin.example.com"
    quota, delegation = hostnames.quota.get(zone_id=zone), sdk.dcv_delegation.get(zone_id=zone)
    assert quota is not None
    assert (quota.used, quota.allocated) == (1, 100)
    assert delegation is not None
    assert len(delegation.uuid or "") == 16
    deleted = hostnames.delete(made.id, zone_id=zone)
    assert deleted.id == made.id
    with pytest.raises(cloudflare.NotFoundError) as caught:
        hostnames.get(made.id, zone_id=zone)
    assert [error.code for error in caught.value.errors] == [1436]
    hostnames.fallback_origin.delete(zone_id=zone)
