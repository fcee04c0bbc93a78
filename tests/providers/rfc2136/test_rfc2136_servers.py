"""On real servers: what is read, what is written, and what their NOERROR is worth."""

from __future__ import annotations

import pytest

from providers.rfc2136.updates import update_for
from providers.rfc2136.zones import ZoneState
from reconciler.dns import Record
from reconciler.errors import AuthError, Conflict, InvalidRequest, Unavailable, UnexpectedResponse
from reconciler.model import Change, Severity
from reconciler.provider import Done
from tests.providers.rfc2136.rfc2136_stand import (
    HOST_NAME,
    ZONE,
    Stand,
    claim_record,
    host_record,
    parts,
    stand,
)
from tests.servers.zones import KEY_NAME, READER_NAME, READER_SECRET, SECRET

LIVE = "click 3600 CNAME spgo.io.\nforeign 300 A 192.0.2.80"
EDGE = host_record(HOST_NAME, "edge.cdn.example")


def is_done(at: Stand, *records: Record) -> bool:
    """Whether nothing is left to do."""
    return at.plan(*records) == []


# -- reading
def test_a_zone_is_one_transfer_however_many_hosts_it_has(kind: str) -> None:
    lines = "\n".join(f"host{n} 300 CNAME spgo.io." for n in range(1000))
    with stand(kind, lines) as at:
        live = at.read(*(f"host{n}.{ZONE}" for n in range(1000)))
        assert dict(at.asked) == {"AXFR": 1}
        assert len(live.rrsets) == 1002
        (zone,) = live.zones
        assert (zone.name, zone.container, zone.name_servers) == (ZONE, f"zone/{ZONE}", (f"ns1.{ZONE}",))
        assert (zone.active, zone.atomic) == (True, True)


def test_values_are_read_in_the_engines_spelling(kind: str) -> None:
    lines = (
        'click 3600 CNAME SPGO.io.\nText TXT "a" "b\\"c"\n6 AAAA 2001:DB8:0::1\ncaa CAA 0 issue "ca.example"'
    )
    with stand(kind, lines) as at:
        found = {(s.name, s.type): (s.ttl, s.values) for s in at.read().rrsets}
    assert found == {
        (ZONE, "NS"): (3600, (f"ns1.{ZONE}",)),
        (f"ns1.{ZONE}", "A"): (3600, ("192.0.2.53",)),
        (HOST_NAME, "CNAME"): (3600, ("spgo.io",)),
        (f"text.{ZONE}", "TXT"): (3600, ('ab"c',)),
        (f"6.{ZONE}", "AAAA"): (3600, ("2001:db8::1",)),
        (f"caa.{ZONE}", "CAA"): (3600, ('0 issue "ca.example"',)),
    }


@pytest.mark.parametrize("how", ["transfer", "questions"])
def test_a_transfer_and_questions_tell_the_same_of_a_host(kind: str, how: str) -> None:
    """Its own records, those of its claim, the wildcard above it, and what a wildcard only pretends."""
    lines = (
        f"{LIVE}\n_tdr.click 300 TXT hello\n*.wild 600 CNAME foreign\n"
        "own.wild 600 CNAME foreign\n_tdr.own.wild TXT x"
    )
    hosts = (HOST_NAME, f"new.wild.{ZONE}", f"own.wild.{ZONE}")
    with stand(kind, lines, transfers=how == "transfer") as at:
        live = at.read(*hosts)
        assert dict(at.asked) == ({"AXFR": 1} if how == "transfer" else {"AXFR": 1, "QUERY": 2})
    found = {(s.name, s.type): (s.ttl, s.values) for s in live.rrsets}
    assert found.pop((f"foreign.{ZONE}", "A"), None) == (
        (300, ("192.0.2.80",)) if how == "transfer" else None
    )
    found.pop((f"ns1.{ZONE}", "A"), None)
    assert found == {
        (ZONE, "NS"): (3600, (f"ns1.{ZONE}",)),
        (HOST_NAME, "CNAME"): (3600, ("spgo.io",)),
        (f"_tdr.{HOST_NAME}", "TXT"): (300, ("hello",)),
        (f"*.wild.{ZONE}", "CNAME"): (600, (f"foreign.{ZONE}",)),
        (f"own.wild.{ZONE}", "CNAME"): (600, (f"foreign.{ZONE}",)),
        (f"_tdr.own.wild.{ZONE}", "TXT"): (3600, ("x",)),
    }


def test_a_refused_transfer_is_told_and_everything_works_all_the_same(kind: str) -> None:
    with stand(kind, LIVE, transfers=False) as at:
        live = at.read()
        (finding,) = at.provider.compose(parts(), live).findings
        assert (finding.severity, finding.host) == (Severity.WARNING, None)
        assert "not transferred" in finding.text
        at.done(at.plan(EDGE, claim_record()))
        assert is_done(at, EDGE, claim_record())
        assert at.server.values(HOST_NAME, "CNAME") == ["300 edge.cdn.example."]
        at.done(at.removal(EDGE, claim_record()))
        assert at.server.values(HOST_NAME, "CNAME") == []


def test_a_transfer_that_must_be_and_is_refused_is_an_error(kind: str) -> None:
    with (
        stand(kind, transfers=False, transfer="axfr") as at,
        pytest.raises(AuthError, match="allow-transfer"),
    ):
        at.read()


def test_questions_alone_never_ask_for_a_transfer(kind: str) -> None:
    with stand(kind, LIVE, transfer="query") as at:
        at.done(at.plan(EDGE))
        assert "AXFR" not in at.asked


def test_what_a_delegation_hides_is_not_read(kind: str) -> None:
    lines = "sub NS ns.elsewhere.example.\nold.sub 300 A 192.0.2.9\nglue.sub A 192.0.2.8"
    for transfers in (True, False):
        with stand(kind, lines, transfers=transfers) as at:
            names = {(s.name, s.type): s.values for s in at.read(f"old.sub.{ZONE}").rrsets}
            assert names[f"sub.{ZONE}", "NS"] == ("ns.elsewhere.example",)
            assert f"old.sub.{ZONE}" not in {name for name, _ in names}


def test_a_zone_that_the_server_does_not_have_is_named(kind: str) -> None:
    with stand(kind, LIVE) as served:
        at = Stand(served.server, zones=[ZONE, "gone.test"])
        live = at.read(HOST_NAME, "click.gone.test")
        assert [zone.name for zone in live.zones] == [ZONE]
        (finding,) = at.provider.compose(parts(HOST_NAME, "click.gone.test"), live).findings
        assert (finding.severity, finding.host) == (Severity.ERROR, "click.gone.test")
        assert "does not serve zone gone.test" in finding.text


# -- writing
def test_what_is_created_changed_and_deleted_leaves_nothing_to_do(kind: str) -> None:
    with stand(kind, "foreign 300 A 192.0.2.80") as at:
        before = at.server.content(ZONE)
        steps = (
            (host_record(), claim_record()),
            (host_record(ttl=60), claim_record()),
            (EDGE, claim_record(HOST_NAME, "v=tdr1 o=acme-mail w=2")),
            (host_record(HOST_NAME, "192.0.2.1", "192.0.2.2", kind="A"), claim_record()),
            (host_record(HOST_NAME, "192.0.2.1", "2001:db8::1", kind="A+AAAA", ttl=900), claim_record()),
            (host_record(HOST_NAME, "2001:db8::1", kind="AAAA"), claim_record()),
            (EDGE, claim_record()),
        )
        for records in steps:
            at.done(at.plan(*records))
            assert is_done(at, *records)
        at.done(at.removal(EDGE, claim_record()))
        assert at.server.content(ZONE) == before


def test_long_texts_and_strange_ones_come_back_as_they_were(kind: str) -> None:
    texts = ("x" * 600, 'quo"ted \\ back;slash', "ümläut €", "")
    with stand(kind) as at:
        at.done(at.plan(claim_record(HOST_NAME, *texts)))
        assert is_done(at, claim_record(HOST_NAME, *texts))


def test_a_batch_is_one_update_with_one_look_before_and_one_after(kind: str) -> None:
    records = [host_record(f"host{n}.{ZONE}") for n in range(1000)]
    with stand(kind) as at:
        changes = at.plan(*records)
        at.asked.clear()
        at.done(changes)
        assert dict(at.asked) == {"AXFR": 2, "UPDATE": 1}
        assert at.server.serial(ZONE) == 2
        assert is_done(at, *records)


def test_more_than_a_message_holds_is_cut_between_hosts(kind: str) -> None:
    hosts = [f"host{n}.{ZONE}" for n in range(300)]
    records = [r for host in hosts for r in (host_record(host), claim_record(host, "x" * 250))]
    with stand(kind) as at:
        changes = at.plan(*records)
        at.asked.clear()
        at.done(changes)
        assert at.asked["UPDATE"] == 2
        assert is_done(at, *records)


def test_a_change_of_ttl_alone_is_made(kind: str) -> None:
    """Servers do not compare TTLs in prerequisites, and some take the old one for a record that is there."""
    with stand(kind, LIVE) as at:
        (lowered,) = at.plan(host_record(ttl=60))
        at.done([lowered])
        assert at.server.values(HOST_NAME, "CNAME") == ["60 spgo.io."]


def test_a_ttl_that_somebody_changed_meanwhile_is_a_conflict(kind: str) -> None:
    with stand(kind, LIVE) as at:
        changes = at.plan(EDGE)
        at.server.nsupdate(
            ZONE, "click.example.test 77 CNAME spgo.io.", deletes=("click.example.test CNAME",)
        )
        error = at.errors(changes)[f"{HOST_NAME}/host"]
        assert isinstance(error, Conflict)
        assert "TTL 77" in str(error)


def test_applying_twice_is_applying_once(kind: str) -> None:
    with stand(kind, LIVE) as at:
        changes = at.plan(EDGE, claim_record())
        at.done(changes)
        serial = at.server.serial(ZONE)
        at.done(changes)
        assert (at.asked["UPDATE"], at.server.serial(ZONE)) == (1, serial)


def test_an_update_whose_answer_was_lost_is_found_done(kind: str) -> None:
    """It is never sent twice: its own prerequisites would refuse it."""
    with stand(kind, LIVE) as at:
        changes = at.plan(EDGE)
        at.after["UPDATE"] = lost
        with pytest.raises(Unavailable):
            at.apply(changes)
        assert at.repeatable == {"AXFR": True, "QUERY": True, "UPDATE": False}
        at.done(changes)
        assert at.asked["UPDATE"] == 1


def lost() -> None:
    """The connection ends after the server did its work."""
    raise Unavailable("lost")


# -- what stands meanwhile
def raced(
    at: Stand, changes: list[Change], *adds: str, deletes: tuple[str, ...] = ()
) -> dict[str, Exception]:
    """Apply; a person is quicker, between the look and the write."""
    at.between["UPDATE"] = lambda: at.server.nsupdate(ZONE, *adds, deletes=deletes)
    return at.errors(changes)


def test_the_server_itself_ignores_a_cname_beside_others_without_a_word(kind: str) -> None:
    """Why prerequisites are no luxury: this is what the guards below are for."""
    with stand(kind, "click A 192.0.2.1") as at:
        assert at.server.nsupdate(ZONE, "click.example.test 300 CNAME spgo.io.") == "NOERROR"
        assert (at.server.serial(ZONE), at.server.values(HOST_NAME, "CNAME")) == (1, [])


@pytest.mark.parametrize(
    "line", ["A 192.0.2.66", 'TXT "foreign"', "MX 5 ns1.example.test.", "CNAME foreign.test."]
)
def test_what_comes_to_a_free_name_meanwhile_stays_and_is_a_conflict(kind: str, line: str) -> None:
    """Without a prerequisite the server would answer NOERROR and ignore the CNAME, or replace the other."""
    with stand(kind) as at:
        error = raced(at, at.plan(EDGE), f"click.example.test 300 {line}")[f"{HOST_NAME}/host"]
        assert isinstance(error, Conflict)
        kind_now = line.split(maxsplit=1)[0]
        assert f"{HOST_NAME} changed since it was planned: it is now {kind_now}" in str(error)
        assert f"click.example.test 300 {line}" in at.server.content(ZONE)


@pytest.mark.parametrize(
    "line", ['TXT "foreign"', "MX 5 ns1.example.test.", "A 192.0.2.66", 'CAA 0 issue ";"']
)
def test_what_comes_beside_an_address_meanwhile_saves_the_address(kind: str, line: str) -> None:
    """The address would go and the CNAME would be ignored: a host without any answer."""
    with stand(kind, "click 300 A 192.0.2.1") as at:
        error = raced(at, at.plan(EDGE), f"click.example.test 300 {line}")[f"{HOST_NAME}/host"]
        assert isinstance(error, Conflict)
        assert "300 192.0.2.1" in at.server.values(HOST_NAME, "A")
        assert f"click.example.test 300 {line}" in at.server.content(ZONE)


def test_a_stale_value_is_a_conflict_that_names_the_record_and_nothing_of_the_host_is_written(
    kind: str,
) -> None:
    with stand(kind, LIVE) as at:
        changes = at.plan(EDGE, claim_record())
        moved = raced(
            at, changes, "click.example.test 300 CNAME mine.example.", deletes=("click.example.test CNAME",)
        )
        assert set(moved) == {f"{HOST_NAME}/host", f"{HOST_NAME}/claim"}
        assert all(isinstance(error, Conflict) for error in moved.values())
        assert "is now CNAME mine.example (TTL 300)" in str(moved[f"{HOST_NAME}/host"])
        assert at.server.values(HOST_NAME, "CNAME") == ["300 mine.example."]
        assert at.server.values(f"_tdr.{HOST_NAME}", "TXT") == []


def test_a_host_that_moved_does_not_hold_up_the_others_of_its_batch(kind: str) -> None:
    other = host_record(f"go.{ZONE}")
    with stand(kind) as at:
        moved = raced(at, at.plan(EDGE, other), "click.example.test 300 A 192.0.2.66")
        assert set(moved) == {f"{HOST_NAME}/host"}
        assert at.asked["UPDATE"] == 2
        assert at.server.values(f"go.{ZONE}", "CNAME") == ["300 spgo.io."]


def test_a_text_that_a_person_adds_in_the_middle_is_still_there(kind: str) -> None:
    with stand(kind, '_tdr.click 300 TXT "theirs"') as at:
        changes = at.plan(claim_record(HOST_NAME, "theirs", "v=tdr1 o=acme-mail"))
        error = raced(at, changes, "_tdr.click.example.test 300 TXT another")[f"{HOST_NAME}/claim"]
        assert isinstance(error, Conflict)
        assert at.server.values(f"_tdr.{HOST_NAME}", "TXT") == ['300 "another"', '300 "theirs"']


def test_records_of_others_that_come_in_the_middle_are_still_there(kind: str) -> None:
    with stand(kind, LIVE) as at:
        raced(at, at.plan(EDGE, claim_record()), f"new.{ZONE} 300 A 192.0.2.67", f"x.click.{ZONE} 300 TXT hi")
        assert is_done(at, EDGE, claim_record())
        assert {f"new.{ZONE} 300 A 192.0.2.67", f'x.click.{ZONE} 300 TXT "hi"'} <= set(
            at.server.content(ZONE)
        )


def test_what_a_person_deletes_first_is_deleted(kind: str) -> None:
    with stand(kind, LIVE) as at:
        assert raced(at, at.removal(host_record()), deletes=("click.example.test CNAME",)) == {}
        assert at.server.values(HOST_NAME, "CNAME") == []


def test_a_prerequisite_that_fails_for_what_is_not_seen_is_told_after_some_rounds(kind: str) -> None:
    """A type that is not asked for stands at the name."""
    with stand(kind, "click 300 TYPE65280 \\# 1 00", transfer="query") as at:
        changes = at.plan(EDGE)
        with pytest.raises(Conflict, match=f"something stands at {HOST_NAME}"):
            at.apply(changes)
        assert at.server.serial(ZONE) == 1


# -- below a delegation
def test_the_server_itself_stores_what_lies_below_a_delegation(kind: str) -> None:
    with stand(kind, "sub NS ns.elsewhere.example.") as at:
        assert at.server.nsupdate(ZONE, f"click.sub.{ZONE} 300 CNAME spgo.io.") == "NOERROR"
        assert (at.server.serial(ZONE), at.server.values(f"click.sub.{ZONE}", "CNAME")) == (2, [])


@pytest.mark.parametrize("transfer", ["axfr", "query"])
def test_nothing_is_written_below_a_delegation(kind: str, transfer: str) -> None:
    record = host_record(f"click.sub.{ZONE}")
    with stand(kind, transfer=transfer) as at:
        changes = at.plan(record)
        at.server.nsupdate(ZONE, f"sub.{ZONE} 300 NS ns.elsewhere.example.")
        error = at.errors(changes)[record.key]
        assert isinstance(error, InvalidRequest)
        assert f"delegated to ns.elsewhere.example at sub.{ZONE}" in str(error)
        assert at.asked["UPDATE"] == 0


def test_a_delegation_that_comes_in_the_middle_is_no_success(kind: str) -> None:
    record = host_record(f"click.sub.{ZONE}")
    with stand(kind) as at:
        error = raced(at, at.plan(record), f"sub.{ZONE} 300 NS ns.elsewhere.example.")[record.key]
        assert isinstance(error, UnexpectedResponse)
        assert f"stored but is not answered: it lies below the delegation of sub.{ZONE}" in str(error)


# -- refusals
def test_a_name_outside_the_zone_is_refused_with_a_reason(kind: str) -> None:
    """Before it is sent; and the server's NOTZONE is no success either, as some clients take it."""
    with stand(kind) as at:
        (made,) = at.plan(host_record())
        assert made.after is not None
        stray = Change(made.id, made.action, None, made.after.with_attrs(name="click.example.org"))
        (error,) = at.errors([stray]).values()
        assert isinstance(error, InvalidRequest)
        assert f"click.example.org lies outside zone {ZONE}" in str(error)
        assert at.asked["UPDATE"] == 0
        with pytest.raises(InvalidRequest, match="NOTZONE"):
            at.provider._source.primary.update(ZONE, update_for([stray], ZoneState(ZONE)))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"secret": "d3Jvbmcgc2VjcmV0IHdyb25nIHNlY3JldA=="}, "BADSIG"),
        ({"key_name": "nobody"}, "BADKEY"),
        ({"algorithm": "hmac-sha512"}, "BADKEY|BADSIG"),
    ],
)
def test_a_wrong_key_is_told_without_the_secret(kind: str, options: dict[str, str], words: str) -> None:
    for transfer in ("auto", "query"):
        with (
            stand(kind, LIVE, transfer=transfer, **options) as at,
            pytest.raises(AuthError, match=words) as told,
        ):
            at.read()
        assert options.get("secret", SECRET) not in str(told.value)


def test_a_key_that_may_only_read_is_told_what_to_check(kind: str) -> None:
    with stand(kind, LIVE, key_name=READER_NAME, secret=READER_SECRET) as at:
        changes = at.plan(EDGE)
        with pytest.raises(AuthError, match=f"{READER_NAME}.*update"):
            at.apply(changes)
        assert at.server.values(HOST_NAME, "CNAME") == ["3600 spgo.io."]


def test_a_server_behind_the_net_map_is_reached(kind: str) -> None:
    with stand(kind, LIVE) as served:
        environ = {"TDR_NET_MAP": f"192.0.2.20:53=127.0.0.1:{served.server.port}"}
        at = Stand(served.server, server="192.0.2.20", environ=environ)
        at.done(at.plan(EDGE))
        assert isinstance(at.apply(at.plan(EDGE, claim_record()))[f"{HOST_NAME}/claim"], Done)


def test_a_server_that_is_not_there_was_sent_nothing(kind: str) -> None:
    with stand(kind, LIVE) as at:
        changes = at.plan(EDGE)
    with pytest.raises(Unavailable) as told:
        at.apply(changes)
    assert told.value.sent is False
    assert KEY_NAME not in str(told.value)
