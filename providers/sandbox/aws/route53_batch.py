"""A batch of changes: judged whole, taken whole or not at all.

docs: Route 53 API Reference, ChangeResourceRecordSets; Developer Guide, "Quotas" and "Protecting records from
changes". The words of refusals are those that tools show in public; where none was found, like them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from . import route53_values as values
from .call import Refusal
from .route53_names import spelt, within
from .route53_state import CLOUDFRONT_ZONE, Key, Set, Zone, key_of, values_of

MOST_RECORDS, MOST_CHARACTERS = 1_000, 32_000
POLICIES = (
    *("Weight", "Region", "GeoLocation", "Failover", "MultiValueAnswer"),
    *("CidrRoutingConfig", "GeoProximityLocation"),
)
#: Says whether the name of an alias's target outside the zone exists.
Exists = Callable[[str], bool]


def changed(zone: Zone, changes: Sequence[Mapping[str, Any]], exists: Exists) -> dict[Key, Set]:
    """Give what the zone holds after a batch. Raises Refusal."""
    _check_size(changes)
    wanted = [(change["Action"], _read(change)) for change in changes]
    errors = [*_protected(zone, wanted), *_repeated(wanted)]
    if not errors:
        sets = dict(zone.sets)
        errors = [e for action, s in wanted for e in _applied(sets, action, s)]
        errors += _of_the_outcome(zone, sets, wanted, exists)
    if errors:
        message = f"[{', '.join(dict.fromkeys(errors))}]"
        raise Refusal(400, "InvalidChangeBatch", message)
    return sets


def _check_size(changes: Sequence[Mapping[str, Any]]) -> None:
    """Count values and their characters: those of an UPSERT twice; an alias is one."""
    records = characters = 0
    for change in changes:
        times = 2 if change["Action"] == "UPSERT" else 1
        listed = values_of(change["ResourceRecordSet"])
        records += times * max(1, len(listed))
        characters += times * sum(map(len, listed))
    for count, most, what in (
        (records, MOST_RECORDS, "records"),
        (characters, MOST_CHARACTERS, "characters"),
    ):
        if count > most:
            raise Refusal(400, "InvalidChangeBatch", f"Number of {what} limit of {most} exceeded.")


def _read(change: Mapping[str, Any]) -> Set:
    """Give a set in the form that it is kept in. Raises Refusal (InvalidInput) for one that is none."""
    given: Mapping[str, Any] = change["ResourceRecordSet"]
    where = (
        f"Change with [Action={change['Action']}, Name={given['Name']}, Type={given['Type']}, "
        f"SetIdentifier={given.get('SetIdentifier', 'null')}]"
    )
    alias = "AliasTarget" in given
    plain = {name for name in ("TTL", "ResourceRecords") if given.get(name) not in (None, [])}
    if (alias and plain) or (not alias and len(plain) < 2):
        found = "more than one" if alias else "none"
        choice = "[AliasTarget, all of [TTL, and ResourceRecords], or TrafficPolicyInstanceId]"
        raise _invalid(f"Expected exactly one of {choice}, but found {found} in {where}")
    if ("SetIdentifier" in given) != any(policy in given for policy in POLICIES):
        missing = "SetIdentifier" if "SetIdentifier" not in given else f"one of [{', '.join(POLICIES)}]"
        raise _invalid(f"Missing field '{missing}' in {where}")
    if not alias and not 0 <= given["TTL"] <= values.MOST_TTL:
        raise _invalid(f"Invalid TTL {given['TTL']} in {where}")
    made = {**given, "Name": spelt(given["Name"])}
    if alias:
        target = given["AliasTarget"]
        made["AliasTarget"] = {**target, "DNSName": spelt(target["DNSName"])}
    return made


def _invalid(message: str) -> Refusal:
    return Refusal(400, "InvalidInput", f"Invalid request: {message}")


def _protected(zone: Zone, wanted: Sequence[tuple[str, Set]]) -> Iterator[str]:
    for _, record_set in wanted:
        name, kind, _ = key_of(record_set)
        if f"{name} {kind}" in zone.protected:
            comment = zone.protected[f"{name} {kind}"]
            why = f" ({comment})" if comment else ""
            yield f"Resource record set [name='{name}', type='{kind}'] is protected from changes{why}"


def _repeated(wanted: Sequence[tuple[str, Set]]) -> Iterator[str]:
    """Give sets that are changed more than once; only what is deleted may be created again."""
    actions: dict[Key, list[str]] = {}
    for action, record_set in wanted:
        actions.setdefault(key_of(record_set), []).append(action)
    for (name, kind, _), listed in actions.items():
        if len(listed) > 1 and (len(listed) > 2 or listed[0] != "DELETE" or listed[1] == "DELETE"):
            yield f"The request contains an invalid set of changes for a resource record set '{kind} {name}'"


def _applied(sets: dict[Key, Set], action: str, record_set: Set) -> Iterator[str]:
    key = key_of(record_set)
    what = f"resource record set [name='{key[0]}', type='{key[1]}']"
    if key[2]:
        what = f"{what[:-1]}, set identifier='{key[2]}']"
    there = sets.get(key)
    if action == "DELETE":
        sets.pop(key, None)
        if there is None:
            yield f"Tried to delete {what} but it was not found"
        elif not _same(there, record_set):
            yield f"Tried to delete {what} but the values provided do not match the current values"
        return
    if action == "CREATE" and there is not None:
        yield f"Tried to create {what} but it already exists"
        return
    yield from values.mistakes(key[1], key[0], values_of(record_set))
    sets[key] = record_set


def _same(there: Mapping[str, Any], given: Mapping[str, Any]) -> bool:
    """Say whether a set is that which is to be deleted, in all that it says."""
    beside = ("Name", "ResourceRecords")
    left = {name: value for name, value in there.items() if name not in beside}
    right = {name: value for name, value in given.items() if name not in beside}
    return left == right and values.same(given["Type"], values_of(there), values_of(given))


def _of_the_outcome(
    zone: Zone, sets: Mapping[Key, Set], wanted: Sequence[tuple[str, Set]], exists: Exists
) -> Iterator[str]:
    kinds: dict[str, set[str]] = {}
    for name, kind, _ in sets:
        kinds.setdefault(name, set()).add(kind)
    for action, record_set in wanted:
        name, kind, identifier = key_of(record_set)
        if not within(name, zone.name):
            yield f"RRSet with DNS name {name} is not permitted in zone {zone.name}"
        elif action != "DELETE":
            yield from _beside(zone, name, kind, kinds.get(name, set()))
            yield from _policies(sets, name, kind, identifier)
            yield from _alias(zone, sets, record_set, exists)
    if (zone.name, "NS", "") not in sets:
        yield "A HostedZone must contain at least one NS record for the zone itself."
    if (zone.name, "SOA", "") not in sets or any(k == "SOA" and n != zone.name for n, k, _ in sets):
        yield "A HostedZone must contain exactly one SOA record."


def _beside(zone: Zone, name: str, kind: str, kinds: set[str]) -> Iterator[str]:
    """Give what a CNAME does not stand: the apex, and others of its name."""
    which = f"RRSet of type {kind} with DNS name {name} is not permitted"
    if kind == "CNAME" and name == zone.name:
        yield f"{which} at apex in zone {zone.name}"
    elif kind == "CNAME" and kinds - {"CNAME"}:
        yield f"{which} as it conflicts with other records with the same DNS name in zone {zone.name}"
    elif kind != "CNAME" and "CNAME" in kinds:
        yield (
            f"{which} because a conflicting RRSet of type CNAME with the same DNS name already exists "
            f"in zone {zone.name}"
        )


def _policies(sets: Mapping[Key, Set], name: str, kind: str, identifier: str) -> Iterator[str]:
    """Give a plain set beside one that a policy chooses."""
    others = {key[2] for key in sets if key[:2] == (name, kind)} - {identifier}
    if others and (not identifier or "" in others):
        yield (
            f"RRSet with DNS name {name}, type {kind}, SetIdentifier {identifier or 'null'} cannot be "
            "created as other RRSets exist with the same name and type."
        )


def _alias(zone: Zone, sets: Mapping[Key, Set], record_set: Set, exists: Exists) -> Iterator[str]:
    if "AliasTarget" not in record_set:
        return
    target, kind = record_set["AliasTarget"], record_set["Type"]
    where, host = target["HostedZoneId"], target["DNSName"]
    what = f"Tried to create an alias that targets {host}, type {kind} in zone {where}, but"
    if where == CLOUDFRONT_ZONE:
        lies, there = within(host, "cloudfront.net."), exists(host)
    elif where == zone.id:
        lies, there = within(host, zone.name), any(key[:2] == (host, kind) for key in sets)
    else:
        lies = there = False
    if not lies:
        yield f"{what} the alias target name does not lie within the target zone"
    if not there:
        yield f"{what} that target was not found"
