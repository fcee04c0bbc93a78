"""Deciding what to write of a batch of record changes: pure, with laws."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.cloudflare.convert import Entry, entries_of
from providers.cloudflare.records import Key, Operations, chunks, judge, operations_for
from reconciler.dns import record_id
from reconciler.model import Action, Change, Resource, attrs
from reconciler.provider import Done, Failed
from tests.providers.cloudflare.cloudflare_stand import HOST


def resource(kind: str, *values: str, ttl: int = 300, host: str = HOST, role: str = "host") -> Resource:
    name = f"_tdr.{host}" if role == "claim" else host
    named = {"name": name, "type": kind, "values": values, "ttl": ttl}
    proxiable = kind in {"A", "AAAA", "A+AAAA", "CNAME"}
    return Resource(
        record_id("web", host, role),
        attrs(**named, **({"proxied": ttl == 1} if proxiable else {})),
        host,
        "zone/example.com",
    )


def update(before: Resource | None, after: Resource | None) -> Change:
    action = Action.CREATE if before is None else Action.DELETE if after is None else Action.UPDATE
    known = after or before
    assert known is not None
    return Change(known.id, action, before, after)


def holding(*resources: Resource) -> dict[Key, list[Entry]]:
    """A zone that holds these, with ids."""
    live: dict[Key, list[Entry]] = {}
    for number, entry in enumerate(e for r in resources for e in entries_of(r.attrs)):
        live.setdefault(entry.key, []).append(
            Entry(entry.name, entry.type, entry.value, entry.ttl, entry.proxied, f"id{number}", "theirs")
        )
    return live


def written(live: dict[Key, list[Entry]], operations: Operations) -> list[tuple[str, str, str, int, bool]]:
    """What the vendor holds after a transaction, in its order: deletes, patches, posts."""
    rows = {e.id: e.content for entries in live.values() for e in entries}
    for row in operations.deletes:
        del rows[row["id"]]
    for number, row in enumerate([*operations.patches, *operations.posts]):
        value = str(row["content"]).strip('"')
        content = (row["name"], row["type"], value, row["ttl"], bool(row.get("proxied")))
        rows[row.get("id", f"new{number}")] = content
    return sorted(rows.values())


A1, A2, SIX = "203.0.113.1", "203.0.113.2", "2001:db8::1"
SETS: st.SearchStrategy[Resource] = st.one_of(
    st.builds(
        resource, st.just("CNAME"), st.sampled_from(["spgo.io", "eu.spgo.io"]), ttl=st.sampled_from([1, 60])
    ),
    st.builds(resource, st.just("A"), st.just(A1), ttl=st.sampled_from([1, 60])),
    st.just(resource("A", A1, A2)),
    st.just(resource("A+AAAA", SIX, A1)),
    st.just(resource("TXT", "one", "two")),
)


@given(SETS | st.none(), SETS | st.none())
def test_the_operations_turn_what_is_there_into_what_is_wanted(
    before: Resource | None, after: Resource | None
) -> None:
    if before is None and after is None:
        return
    live = holding(before) if before is not None else {}
    operations = operations_for(update(before, after), live, "acme")
    assert written(live, operations) == (
        sorted(e.content for e in entries_of(after.attrs)) if after is not None else []
    )
    again = holding(after) if after is not None else {}
    assert operations_for(update(before, after), again, "acme").count == 0


@given(st.lists(SETS, min_size=2, max_size=2))
def test_what_is_as_planned_is_written_and_what_moved_is_refused(sets: Sequence[Resource]) -> None:
    planned, wanted = sets
    [outcome] = judge([update(planned, wanted)], holding(wanted), "acme").outcomes.values()
    assert isinstance(outcome, Done)
    moved = holding(resource("CNAME", "someone.else.example", ttl=77))
    [outcome] = judge([update(planned, wanted)], moved, "acme").outcomes.values()
    assert isinstance(outcome, Failed)
    assert HOST in outcome.error.message
    assert "someone.else.example (TTL 77)" in outcome.error.message


def test_a_dns_only_cname_is_flipped_in_place_and_its_comment_is_left() -> None:
    before, after = resource("CNAME", "spgo.io"), resource("CNAME", "spgo.io", ttl=1)
    operations = operations_for(update(before, after), holding(before), "acme")
    assert operations == Operations(
        patches=(
            {
                "id": "id0",
                "name": HOST,
                "type": "CNAME",
                "ttl": 1,
                "content": "spgo.io",
                "proxied": True,
            },
        )
    )


def test_addresses_make_way_for_a_cname_in_one_transaction() -> None:
    before, after = resource("A", A1, A2), resource("CNAME", "spgo.io", ttl=1)
    operations = operations_for(update(before, after), holding(before), "acme")
    assert [row["id"] for row in operations.deletes] == ["id0", "id1"]
    assert [row["comment"] for row in operations.posts] == [f"tdr:v1 acme {HOST}"]


def test_a_create_where_something_else_stands_is_a_conflict() -> None:
    change = update(None, resource("CNAME", "spgo.io", ttl=1))
    judged = judge([change], holding(resource("A", A1)), "acme")
    assert isinstance(judged.outcomes[change.id], Failed)
    assert judged.to_write == []


def test_a_record_that_leaves_in_the_same_batch_is_not_in_the_way() -> None:
    old = resource("A", A1, role="old")
    changes = [update(old, None), update(None, resource("CNAME", "spgo.io", ttl=1))]
    judged = judge(changes, holding(old), "acme")
    assert judged.outcomes == {}
    assert len(judged.to_write) == 2


def test_a_host_whose_claim_moved_keeps_its_record() -> None:
    """The claim and the record that it describes are written together or not at all."""
    there = resource("CNAME", "spgo.io")
    claim = update(None, resource("TXT", "v=tdr1 o=acme", role="claim"))
    flip = update(there, resource("CNAME", "spgo.io", ttl=1))
    other = update(None, resource("CNAME", "spgo.io", ttl=1, host="go.example.com"))
    live = holding(there, resource("TXT", "v=tdr1 o=other", role="claim"))
    judged = judge([claim, flip, other], live, "acme")
    assert {id_.key for id_ in judged.outcomes} == {f"{HOST}/claim", f"{HOST}/host"}
    assert [change.id.key for change, _ in judged.to_write] == ["go.example.com/host"]


def test_a_deletion_of_what_is_gone_is_done() -> None:
    change = update(resource("CNAME", "spgo.io"), None)
    assert judge([change], {}, "acme").outcomes == {change.id: Done(None)}


def test_sets_of_both_families_are_one_record_with_the_longest_ttl() -> None:
    """The engine merges an A and an AAAA set; that their TTLs differ is no change since the plan."""
    before = resource("A+AAAA", SIX, A1, ttl=300)
    live = {**holding(resource("A", A1, ttl=60)), **holding(resource("AAAA", SIX, ttl=300))}
    live[HOST, "AAAA"] = [replace(entry, id="id9") for entry in live[HOST, "AAAA"]]
    change = update(before, resource("CNAME", "spgo.io", ttl=1))
    [(_, operations)] = judge([change], live, "acme").to_write
    assert {row["id"] for row in operations.deletes} == {"id0", "id9"}


def test_a_claim_joins_the_texts_that_stand_at_its_name() -> None:
    """A text that the new set keeps is none that moved; one that it would lose is."""
    theirs = resource("TXT", "theirs", role="claim")
    change = update(None, resource("TXT", "theirs", "v=tdr1 o=acme", role="claim"))
    [(_, operations)] = judge([change], holding(theirs), "acme").to_write
    assert (len(operations.deletes), len(operations.patches), len(operations.posts)) == (0, 0, 1)
    lost = update(None, resource("TXT", "v=tdr1 o=acme", role="claim"))
    assert isinstance(judge([lost], holding(theirs), "acme").outcomes[lost.id], Failed)


@pytest.mark.parametrize(("size", "parts"), [(2, [2, 2, 2, 2, 2]), (4, [4, 4, 2]), (100, [10])])
def test_a_transaction_stays_within_the_plan_and_never_cuts_a_host_in_two(
    size: int, parts: list[int]
) -> None:
    rows = []
    for number in range(5):
        host = f"h{number}.example.com"
        for role in ("host", "claim"):
            change = update(None, resource("TXT", "x", host=host, role=role))
            rows.append((change, operations_for(change, {}, "acme")))
    found = list(chunks(rows, size))
    assert [sum(o.count for _, o in part) for part in found] == parts
    assert all(len({c.host for c, _ in part}) * 2 == len(part) for part in found)
