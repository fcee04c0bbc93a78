"""What a plan lists for people: each record, when it is to be set, and lines to copy."""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.model import Action, Change, Ref, Resource, ResourceId, Value, attrs
from reconciler.plan import Gate, GateKind, Node, Plan, Step, only_step
from reconciler.render_by_hand import by_hand

BOARD, HOST = "manual/example.com", "click.example.com"


def rid(role: str) -> ResourceId:
    return ResourceId("board", "dns_record", f"{HOST}/{role}")


def record(
    role: str, type_: str, *values: Value, name: str = HOST, ttl: int = 300, within: str = BOARD
) -> Resource:
    return Resource(
        rid(role), attrs(name=name, type=type_, values=values, ttl=ttl), host=HOST, container=within
    )


def changed(id_: ResourceId, action: Action, before: Resource | None, after: Resource | None) -> Change:
    return Change(id_, action, before, after, (), adopts=False)


def created(after: Resource, needs: Iterable[str] = ()) -> Step:
    return only_step(changed(after.id, Action.CREATE, None, after), needs)


def updated(before: Resource, after: Resource) -> Step:
    return only_step(changed(after.id, Action.UPDATE, before, after))


def deleted(before: Resource) -> Step:
    return only_step(changed(before.id, Action.DELETE, before, None))


def lines(*nodes: Node) -> list[str]:
    changes = tuple({n.change.id: n.change for n in nodes if isinstance(n, Step)}.values())
    return list(by_hand(Plan("acme", changes, nodes, by_hand=(BOARD,))))


CLAIM = record("claim", "TXT", 'a "quoted" word', name=f"_tdr.{HOST}", ttl=60)
CNAME = record("host", "CNAME", "v2.spgo.io")


def test_where_every_zone_has_an_api_nothing_is_listed() -> None:
    assert lines() == []
    assert lines(created(record("host", "CNAME", "v2.spgo.io", within="zone/1"))) == []


def test_a_table_to_read_and_lines_to_copy() -> None:
    assert lines(created(CLAIM), created(CNAME)) == [
        "Records to set by hand (apply waits until the zone's own name servers show them):",
        "",
        "  when     name                    type   TTL  value",
        '  at once  _tdr.click.example.com  TXT    60   "a \\"quoted\\" word"',
        "  at once  click.example.com       CNAME  300  v2.spgo.io.",
        "",
        "The same as lines of a zone file:",
        "",
        '  _tdr.click.example.com. 60 IN TXT "a \\"quoted\\" word"',
        "  click.example.com. 300 IN CNAME v2.spgo.io.",
    ]


def test_what_waits_for_a_gate_is_listed_apart() -> None:
    gate = Gate("gate", GateKind.OLD_TTL, HOST, (rid("claim"),), "text")
    told = lines(created(CNAME, ["gate"]), created(CLAIM), gate)
    assert "  when apply asks for it  click.example.com       CNAME  300  v2.spgo.io." in told
    assert told[-3:] == [
        '  _tdr.click.example.com. 60 IN TXT "a \\"quoted\\" word"',
        "  ; when apply asks for it:",
        "  click.example.com. 300 IN CNAME v2.spgo.io.",
    ]


def test_of_two_records_at_one_name_the_second_waits() -> None:
    """A wildcard's answer that is kept, and the move: both at once would be two CNAMEs."""
    kept, moved = record("host", "CNAME", "old.example.net", ttl=600), CNAME
    change = changed(CNAME.id, Action.CREATE, None, moved)
    told = lines(
        Step("keep", change, kept, "keep"), Step("move", change, moved, "move", needs=frozenset(["keep"]))
    )
    assert told[-3:] == [
        "  click.example.com. 600 IN CNAME old.example.net.",
        "  ; when apply asks for it:",
        "  click.example.com. 300 IN CNAME v2.spgo.io.",
    ]


def test_another_type_at_the_name_is_removed_first() -> None:
    told = lines(updated(record("host", "A+AAAA", "203.0.113.7", "2001:db8::7"), CNAME))
    assert [line.split()[:4] for line in told if line.startswith("  remove at once")] == [
        ["remove", "at", "once", HOST]
    ] * 2
    assert told[-3:] == [
        "  ; remove click.example.com. 300 IN A 203.0.113.7",
        "  ; remove click.example.com. 300 IN AAAA 2001:db8::7",
        "  click.example.com. 300 IN CNAME v2.spgo.io.",
    ]


def test_of_a_set_only_the_values_that_do_not_stay_are_removed() -> None:
    """A text of somebody else at the claim's name stays where the claim goes."""
    before = record("claim", "TXT", "foreign", "v=tdr1 o=acme", name=f"_tdr.{HOST}")
    told = lines(updated(before, before.with_attrs(values=("foreign",))))
    assert told[-2:] == [
        '  ; remove _tdr.click.example.com. 300 IN TXT "v=tdr1 o=acme"',
        '  _tdr.click.example.com. 300 IN TXT "foreign"',
    ]
    wider = lines(updated(record("host", "A", "203.0.113.7"), record("host", "A+AAAA", "203.0.113.7", "::7")))
    assert not any("remove" in line for line in wider)


def test_what_an_earlier_step_set_is_removed_by_the_next() -> None:
    kept, moved = record("host", "A", "203.0.113.7"), record("host", "A", "198.51.100.9")
    change = changed(CNAME.id, Action.CREATE, None, moved)
    told = lines(
        Step("keep", change, kept, "keep"), Step("move", change, moved, "move", needs=frozenset(["keep"]))
    )
    assert told[-2:] == [
        "  ; remove click.example.com. 300 IN A 203.0.113.7",
        "  click.example.com. 300 IN A 198.51.100.9",
    ]


def test_the_same_type_with_other_values_is_only_set() -> None:
    assert not any("remove" in line for line in lines(updated(record("host", "CNAME", "spgo.io"), CNAME)))


def test_what_is_deleted_is_to_be_removed() -> None:
    assert lines(deleted(CNAME))[-1] == "  ; remove click.example.com. 300 IN CNAME v2.spgo.io."


def test_a_value_of_a_resource_to_come_is_said_to_be_known_later() -> None:
    target = Ref(ResourceId("web", "edge_host", HOST), "name")
    told = lines(created(record("host", "CNAME", target)))
    assert told[-1] == "  ; click.example.com. 300 IN CNAME (known after apply)"
    assert "  at once  click.example.com  CNAME  300  (known after apply)" in told
