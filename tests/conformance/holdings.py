"""What vendors hold, in a form that two runs can be compared by."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

# Ids and counters differ from run to run, as times do; events are what visitors did.
VOLATILE = frozenset(("id", "version", "changes", "made", "events", "wrapped", "settings_changed"))
# Of AWS: what it remembers of requests and of what is gone; configs on their way to the edge.
VOLATILE |= {"arn", "token", "asked", "requests", "CallerReference", "references", "deleted"}
VOLATILE |= {"writes", "former", "served"}
# Of Fastly: which version it is, what a certificate is known by, whether DNS was looked at, times as texts.
VOLATILE |= {"number", "serial", "blob", "looked", "created_at", "updated_at"}
# Of Google: its times as texts, how many changes a zone saw.
VOLATILE |= {"creationTimestamp", "next_change"}
# What it keeps in the order in which it was made.
ORDERLESS = frozenset(("domain", "arn", "managed", "fqdn", "common_name", "not_after"))
#: Names that a vendor makes up, and how they are told.
MADE_UP = (
    (re.compile(r"\bat=[0-9TZ]+"), "at=…"),
    (re.compile(r"\bd[a-z0-9]{13}\.cloudfront\.net\b"), "d….cloudfront.net"),
    (re.compile(r'"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"'), '"a proof"'),  # of a custom hostname
    (re.compile(r"\btdr-[a-z0-9]{22}\.[a-z0-9.-]+"), "tdr-…"),
    (re.compile(r"\b[a-z0-9]{18}\.fastly-validations\.com\b"), "….fastly-validations.com"),
)
MARK = "tdr "  # how a comment begins that is tdr's mark
Holdings = dict[str, Any]


def holdings(state: Mapping[str, Any], zones: Collection[str] = ()) -> Holdings:
    """What the vendors hold, out of `GET /state`: no ids, no times, things without an order sorted.

    With it the records of zones that are no vendor's, each zone by its name.
    """
    held = {vendor: _plain(_called(_lasting(held))) for vendor, held in state["vendors"].items()}
    edited = {
        each["zone"]: _sorted(_plain(record) for record in each["records"])
        for each in state["dns"]
        if each["zone"] in zones
    }
    return {**held, "dns": edited} if zones else held


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        if value and all(isinstance(each, Mapping) and each.get("id") == key for key, each in value.items()):
            return _sorted(_plain(each) for each in value.values())
        return {key: _plain(each) for key, each in value.items() if key not in VOLATILE}
    if isinstance(value, list):
        plain = [_plain(each) for each in value]
        # Some things are kept in the order in which they were made; rules keep theirs, which counts.
        orderless = any(isinstance(each, Mapping) and ORDERLESS & each.keys() for each in value)
        return _sorted(plain) if orderless else plain
    if isinstance(value, float):
        return "a time"
    return _named(value) if isinstance(value, str) else value


def _named(text: str) -> str:
    for made_up, told in MADE_UP:
        text = made_up.sub(told, text)
    return text


def _lasting(value: Any) -> Any:
    """The same without what is kept though it is no more: Fastly's services that were deleted and versions of
    no effect, Google's operations and what things were before them."""
    if isinstance(value, Mapping):
        if "compute" in value and "certificates" in value:
            return _project(value)
        kept = {key: _lasting(each) for key, each in value.items()}
        return _customer(kept) if "services" in value and "domains" in value else kept
    return [_lasting(each) for each in value] if isinstance(value, list) else value


def _project(held: Mapping[str, Any]) -> dict[str, Any]:
    """One project of Google's, as it is when every operation under way is done."""
    compute = {
        collection: {name: versions[-1][1] for name, versions in named.items() if versions[-1][1] is not None}
        for collection, named in held["compute"]["kept"].items()
    }
    certificates = {
        path: {
            **{key: each[key] for key in ("kind", "path", "body", "uploaded")},
            "issued": bool(each["issue"] and each["issue"]["not_after"]),
        }
        for path, each in held["certificates"]["resources"].items()
        if each["gone"] is None
    }
    kept = {collection: named for collection, named in compute.items() if named}
    return {**held, "compute": kept, "certificates": certificates}


def _customer(held: dict[str, Any]) -> dict[str, Any]:
    """One customer of Fastly's: which hosts tdr has in which form may differ; one in both is there twice."""
    services = [_service(each) for each in held["services"] if each["deleted"] is None]
    hosts = [
        {"fqdn": domain["name"], "service": each["id"], "description": domain["comment"]}
        for each in services
        for version in each["versions"]
        for domain in version["objects"].pop("domain", {}).values()
    ]
    versionless = [{key: each[key] for key in ("fqdn", "service", "description")} for each in held["domains"]]
    return {**held, "services": services, "domains": [*hosts, *versionless]}


def _service(held: Mapping[str, Any]) -> dict[str, Any]:
    """A service with the version that counts, the active or the newest one; of others' with all."""
    every = held["versions"]
    counts = next((each for each in every if each["active"]), every[-1])
    own = held["comment"].startswith(MARK)
    kept = [each for each in every if each is counts or not own]
    return {**held, "versions": [{**_filled(each), **({"comment": ""} if own else {})} for each in kept]}


def _filled(version: Mapping[str, Any]) -> dict[str, Any]:
    return {**version, "objects": {kind: some for kind, some in version["objects"].items() if some}}


def _called(held: Any) -> Any:
    """The same with what is referred to by an id referred to by what it is for."""
    called = dict(_names(held))
    if not called:
        return held
    ids = re.compile("|".join(map(re.escape, called)))
    return _translated(held, lambda text: ids.sub(lambda found: called[found[0]], text))


def _names(value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        if "arn" in value and "names" in value:
            yield value["arn"], f"the certificate of {', '.join(value['names'])}"
        if "managed" in value and "config" in value:
            yield value["id"], f"the policy {value['config']['Name']}"
        if "versions" in value:
            yield value["id"], f"the service {value['name']}"
        if "not_after" in value and "id" in value:
            yield value["id"], f"the certificate of {', '.join(value['names'])}"
        if "authorizations" in value:
            yield value["id"], f"the subscription of {', '.join(value['domains'])}"
    for each in value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ():
        yield from _names(each)


def _translated(value: Any, translate: Callable[[str], str]) -> Any:
    if isinstance(value, Mapping):
        return {key: _translated(each, translate) for key, each in value.items()}
    if isinstance(value, list):
        return [_translated(each, translate) for each in value]
    return translate(value) if isinstance(value, str) else value


def _sorted(values: Any) -> list[Any]:
    return sorted(values, key=lambda each: json.dumps(each, sort_keys=True))


def foreign(value: Any, owner: str) -> list[str]:
    """Every smallest thing in holdings that has the word `foreign` in a text of its own, in their order.

    What bears the owner's mark is none: a claim may remember something foreign.
    """
    return list(_foreign(value, owner))


def _foreign(value: Any, owner: str) -> Iterator[str]:
    if isinstance(value, Mapping):
        own = json.dumps([each for each in value.values() if not isinstance(each, Mapping | list)])
        if "foreign" in own and owner not in own:
            yield json.dumps(value, sort_keys=True)
            return
    for each in value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ():
        yield from _foreign(each, owner)


def differences(expected: Any, actual: Any, at: str = "") -> list[str]:
    """Where two holdings differ, each place once."""
    if isinstance(expected, Mapping) and isinstance(actual, Mapping):
        keys = sorted({*expected, *actual})
        return [d for key in keys for d in differences(expected.get(key), actual.get(key), f"{at}.{key}")]
    if isinstance(expected, list) and isinstance(actual, list):
        return _list_differences(expected, actual, at)
    return [] if expected == actual else [f"{at}: {_short(expected)} became {_short(actual)}"]


def _list_differences(expected: list[Any], actual: list[Any], at: str) -> list[str]:
    lost = [each for each in expected if expected.count(each) > actual.count(each)]
    found = [each for each in actual if actual.count(each) > expected.count(each)]
    if len(lost) == len(found) == 1:
        return differences(lost[0], found[0], f"{at}[{expected.index(lost[0])}]")
    told = [*(f"{at}: lost {_short(each)}" for each in lost), *(f"{at}: too much {_short(e)}" for e in found)]
    return told or ([] if expected == actual else [f"{at}: in another order"])


def _short(value: Any) -> str:
    return json.dumps(value, sort_keys=True)[:300]
