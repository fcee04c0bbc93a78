"""Whose a domain is: claims, adoption, giving up, orphans, and what may be deleted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tests.scenarios.town import CLICK, NOTHING, Town, cname, live_click, sparkpost, world, zone

Open = Callable[[Mapping[str, Any]], Town]
MINE = {CLICK: {"default": True, "sending_domains": ["mail.example.com"]}}
GO = "go.example.com"
ACCOUNT = "us.1ae54907"
"""How claims write the account of the world's SparkPost: region and hash."""


def live(open_town: Open, *records: Mapping[str, Any]) -> Town:
    """A live http host, and what else stands in its zone."""
    return open_town(world(zone("example.com", cname(CLICK), *records), sp=live_click()))


def claim(owner: str, host: str = CLICK, account: str = ACCOUNT, more: str = "") -> dict[str, Any]:
    """A claim that somebody wrote."""
    text = f"v=tdr1 o={owner} w=00000000 sp={account} cdn=cloudflare.5e9f7c58{more}"
    return {"type": "TXT", "name": f"_tdr.{host}", "content": text, "ttl": 60}


def everything(town: Town) -> list[Any]:
    """All that the vendors hold and that a person would see."""
    zones = town.control("GET", "/vendors/cloudflare")["zones"].values()
    accounts = town.control("GET", "/vendors/sparkpost")["accounts"]
    return [[z["records"], z["rulesets"], z["settings"]] for z in zones] + accounts


def writes(town: Town) -> list[str]:
    """The calls that change something."""
    return [f"{c['method']} {c['path']}" for c in town.calls() if c["method"] != "GET"]


# -- two owners
def test_a_host_that_another_owner_claims_is_refused_whatever_is_asked(open_town: Open) -> None:
    town = live(open_town, claim("rival"))
    before = everything(town)
    for domains in (MINE, {CLICK: {"state": "absent"}}):
        file = town.file(domains, policy={"max_deletes": 9})
        for words in (["plan"], ["apply", "-auto-approve"], ["destroy", "-auto-approve"]):
            ran = town.tdr(*words, file)
            assert ran.code == 1
            assert f"{CLICK} is claimed by owner `rival` (TXT at _tdr.{CLICK})" in ran.err
            assert f"run `tdr adopt -from rival {CLICK}`" in ran.err
    assert everything(town) == before
    assert writes(town) == []


def test_two_claims_on_one_host_stop_both_owners(open_town: Open) -> None:
    town = live(open_town)
    ours = town.file(MINE)
    town.apply(ours)
    town.zone_now(add_records=[claim("rival")])
    theirs = town.file(MINE, "theirs.yaml", owner="rival")
    for file, other in ((ours, "rival"), (theirs, "acme-mail")):
        ran = town.tdr("plan", file)
        assert ran.code == 1
        assert f"claimed by owner `{other}`" in ran.err
    town.ok("forget", "-auto-approve", CLICK, theirs)
    town.settled(ours)


def test_adopt_takes_a_host_over_whole_and_the_old_owner_has_lost_it(open_town: Open) -> None:
    town = live(open_town)
    theirs = town.file({**MINE, GO: {}}, "theirs.yaml", owner="rival")
    town.apply(theirs)
    ours = town.file(MINE)
    assert (
        f"{CLICK} is now acme-mail's." in town.ok("adopt", "-auto-approve", "-from", "rival", CLICK, ours).out
    )
    assert "o=acme-mail" in town.claim()
    assert "was=CNAME:spgo.io@300" in town.claim()
    assert town.visit(f"https://{CLICK}/f/a/b/c/d").status == 302
    town.apply(ours)
    town.settled(ours)
    assert town.visit(f"https://{CLICK}/f/a/b/c/d").status == 302
    rules = town.control("GET", "/vendors/cloudflare")["zones"].values()
    (example,) = rules
    hosts_of = {
        rule["ref"]: rule["body"]["expression"]
        for ruleset in example["rulesets"].values()
        for rule in ruleset["rules"]
    }
    assert CLICK in hosts_of["tdr-ssl-acme-mail"]
    assert CLICK not in hosts_of["tdr-ssl-rival"]
    assert GO in hosts_of["tdr-ssl-rival"]
    refused = town.tdr("plan", theirs)
    assert refused.code == 1
    assert "claimed by owner `acme-mail`" in refused.err
    left = town.file({GO: {}}, "theirs.yaml", owner="rival")
    town.settled(left)
    assert town.ok("orphans", left).out.startswith("No orphans")


def test_an_old_owner_prunes_nothing_of_what_was_adopted_from_it(open_town: Open) -> None:
    town = live(open_town)
    town.apply(town.file(MINE, "theirs.yaml", owner="rival"))
    ours = town.file(MINE)
    town.ok("adopt", "-auto-approve", "-from", "rival", CLICK, ours)
    before = everything(town)
    empty = town.file({GO: {"state": "absent"}}, "theirs.yaml", owner="rival")
    town.ok("apply", "-auto-approve", "-prune", "-max-deletes", "9", empty)
    assert everything(town) == before


def test_a_host_that_its_owner_forgot_is_free_for_who_adopts_it(open_town: Open) -> None:
    town = live(open_town)
    theirs = town.file(MINE, "theirs.yaml", owner="rival")
    town.apply(theirs)
    before = list(everything(town)[1:]), town.named(CLICK)
    assert f"{CLICK} is forgotten." in town.ok("forget", "-auto-approve", CLICK, theirs).out
    assert town.claim() == ""
    assert (list(everything(town)[1:]), town.named(CLICK)) == before  # nothing is deleted
    ours = town.file(MINE)
    refused = town.tdr("plan", ours)
    assert refused.code == 1
    assert f"run `tdr adopt -from rival {CLICK}`" in refused.err
    town.ok("adopt", "-auto-approve", "-from", "rival", CLICK, ours)
    town.apply(ours)
    town.settled(ours)


def test_a_host_whose_zone_is_gone_is_still_taken_down_at_sparkpost(open_town: Open) -> None:
    town = open_town(world(zone("other.example"), sp=live_click()))
    file = town.file({CLICK: {"state": "absent"}}, policy={"max_deletes": 1})
    ran = town.apply(file)
    assert f"no zone of `web` holds {CLICK}: there are no DNS records to remove" in ran.err
    assert "2 destroyed" in ran.out
    assert town.tracking() is None
    town.settled(file)
    assert town.ok("destroy", "-auto-approve", town.file(MINE)).code == 0


def test_adopt_and_forget_want_the_right_owner_and_an_answer(open_town: Open) -> None:
    town = live(open_town)
    file = town.file(MINE)
    town.apply(file)
    town.forget_calls()
    for words in (["adopt", "-from", "rival", CLICK], ["forget", CLICK]):
        ran = town.tdr(*words, file)
        assert ran.code == 1
        assert "nobody can be asked here: pass -auto-approve" in ran.err
    assert town.calls() == []  # refused before anything was read
    ran = town.tdr("adopt", "-auto-approve", "-from", "rival", CLICK, file)
    assert (ran.code, ran.err.splitlines()[-1]) == (
        1,
        f"Error: {CLICK} is claimed by `acme-mail`, not by `rival`",
    )
    ran = town.tdr("forget", "-auto-approve", "nowhere.example.com", file)
    assert ran.code == 1
    assert "no claim stands at _tdr.nowhere.example.com" in ran.err


def test_a_claim_of_a_newer_tdr_stops_this_one(open_town: Open) -> None:
    written = {"type": "TXT", "name": f"_tdr.{CLICK}", "content": "v=tdr2 owner:acme-mail", "ttl": 60}
    town = live(open_town, written)
    for domains in (MINE, {CLICK: {"state": "absent"}}):
        ran = town.tdr("apply", "-auto-approve", town.file(domains, policy={"max_deletes": 1}))
        assert ran.code == 1
        assert f"a newer tdr wrote the claim on {CLICK} (v=tdr2 in TXT at _tdr.{CLICK})" in ran.err
        assert "use that version of tdr" in ran.err
    for words in (["adopt", "-from", "rival"], ["forget"]):
        ran = town.tdr(*words, "-auto-approve", CLICK, town.file(MINE))
        assert ran.code == 1
        assert "a newer tdr wrote the claim" in ran.err
    assert writes(town) == []


# -- what a claim remembers
def test_a_claim_that_names_an_account_out_of_reach_is_an_error(open_town: Open) -> None:
    town = live(open_town, claim("acme-mail", account="us.deadbeef"))
    ran = town.tdr("apply", "-auto-approve", town.file(MINE))
    assert ran.code == 1
    assert "lives in sparkpost account us.deadbeef, which no alias of the file reaches" in ran.err
    assert writes(town) == []


def test_keys_of_a_claim_that_are_not_known_and_texts_beside_it_stay(open_town: Open) -> None:
    beside = {"type": "TXT", "name": f"_tdr.{CLICK}", "content": "hello there", "ttl": 60}
    town = live(open_town, claim("acme-mail", more=" zz=later yy=moved"), beside)
    file = town.file(MINE)
    town.apply(file)
    town.settled(file)
    assert "zz=later yy=moved" in town.claim()
    assert "hello there" in town.claim()


def test_a_claim_without_an_owner_is_refused_with_what_lifts_it(open_town: Open) -> None:
    town = live(open_town)
    nobodys = {"type": "TXT", "name": f"_tdr.{CLICK}", "content": "v=tdr1 w=00000000", "ttl": 60}
    town.zone_now(add_records=[nobodys])
    refused = town.tdr("plan", town.file(MINE))
    assert refused.code == 1
    assert "names no owner" in refused.err
    assert "write `o=OWNER` back into it, or delete it" in refused.err
    assert "adopt -from" not in refused.err


def test_a_lost_claim_is_rewritten_and_the_wait_is_whole(open_town: Open) -> None:
    town = open_town(world(zone("example.com", cname(CLICK, ttl=3600)), sp=live_click()))
    file = town.file(MINE)
    town.ok("apply", "-auto-approve", "-timeout", "5m", file)
    town.advance(1800)
    town.zone_now(remove_records=[f"_tdr.{CLICK}"])
    town.ok("apply", "-auto-approve", "-timeout", "5m", file)
    assert "o=acme-mail" in town.claim()
    assert town.tracking()["secure"] is False  # type: ignore[index]  # it is there
    town.advance(1800)
    ran = town.ok("apply", "-auto-approve", "-timeout", "5m", file)
    assert f"{CLICK}: waiting: " in ran.out
    assert town.tracking()["secure"] is False  # type: ignore[index]
    town.advance(1800)
    town.apply(file)
    assert town.tracking()["secure"] is True  # type: ignore[index]
    town.settled(file)


def test_a_lost_claim_of_a_finished_host_stops_no_other(open_town: Open) -> None:
    town = live(open_town)
    file = town.file(MINE)
    town.apply(file)
    town.zone_now(remove_records=[f"_tdr.{CLICK}"])
    file = town.file({**MINE, GO: {}})
    ran = town.apply(file)
    assert f"{GO}: applied" in ran.out
    assert "o=acme-mail" in town.claim()
    town.settled(file)


# -- what may be deleted
def test_absent_takes_down_ours_and_gives_the_claim_up_last(open_town: Open) -> None:
    town = live(open_town)
    town.apply(town.file({**MINE, GO: {}}))
    town.forget_calls()
    file = town.file({CLICK: {"state": "absent"}, GO: {}}, policy={"max_deletes": 1})
    ran = town.apply(file)
    assert "Plan: 0 to add, 0 to change, 7 to destroy." in ran.out
    assert town.tracking() is None
    assert town.claim() == ""
    last = [c for c in town.calls() if c["method"] != "GET"][-1]
    assert "dns_records" in last["path"]
    assert town.visit(f"https://{GO}/f/a/b/c/d").status == 302
    town.settled(file)


def test_absent_of_an_unmarked_host_deletes_what_is_exactly_its_own(open_town: Open) -> None:
    town = live(open_town, cname("www.example.com", "site.example.org"), cname(f"a.{CLICK}", "x.example.org"))
    town.apply(town.file({CLICK: {"state": "absent"}}, policy={"max_deletes": 1}))
    assert sorted(r["name"] for r in town.records()) == [f"a.{CLICK}", "www.example.com"]
    assert town.tracking() is None


def test_more_domains_than_the_policy_allows_are_not_deleted(open_town: Open) -> None:
    town = live(open_town)
    town.apply(town.file({**MINE, GO: {}}))
    town.forget_calls()
    gone = {CLICK: {"state": "absent"}, GO: {"state": "absent"}}
    file = town.file(gone, policy={"max_deletes": 1})
    ran = town.tdr("apply", "-auto-approve", file)
    assert ran.code == 1
    assert f"2 domains would be deleted ({CLICK}, {GO}), `policy: max_deletes:` allows 1" in ran.err
    assert "pass `-max-deletes 2` for this run" in ran.err
    assert writes(town) == []
    town.apply("-max-deletes", "2", file)
    town.settled(file)
    assert town.records() == []


def test_protected_holds_against_absent_destroy_and_prune(open_town: Open) -> None:
    town = live(open_town)
    policy = {"protected": [CLICK], "max_deletes": 9}
    town.apply(town.file({**MINE, GO: {}}, policy=policy))
    whole = town.file({**MINE, GO: {}}, policy=policy)
    absent = town.file({CLICK: {"state": "absent"}, GO: {}}, "absent.yaml", policy=policy)
    other = town.file({GO: {}}, "other.yaml", policy=policy)
    for words in (["destroy", whole, "-target", CLICK], ["apply", absent], ["apply", "-prune", other]):
        ran = town.tdr(words[0], "-auto-approve", *words[1:])
        assert ran.code == 1, str(ran)
        assert f"{CLICK} is protected and the plan would delete it" in ran.err
        assert town.claim() != ""
    town.settled(whole)


def test_orphans_are_listed_left_alone_and_pruned_when_asked(open_town: Open) -> None:
    town = live(open_town)
    town.apply(town.file({**MINE, GO: {}}))
    file = town.file(MINE)
    listed = town.ok("orphans", file).out.splitlines()
    assert listed[0] == GO
    assert '  dns_record.web["go.example.com/claim"]' in listed
    ran = town.ok("plan", file)
    assert NOTHING in ran.out
    assert f"holds domains that no file names: {GO}" in ran.out
    assert "go.example.com" in {r["name"] for r in town.records()}
    refused = town.tdr("apply", "-auto-approve", "-prune", file)
    assert refused.code == 1
    assert "left alone" not in refused.out
    assert f"1 domain would be deleted ({GO})" in refused.err
    town.apply("-prune", "-max-deletes=1", file)
    assert town.ok("orphans", file).out.startswith("No orphans")
    assert {r["name"] for r in town.records()} == {CLICK, f"_tdr.{CLICK}"}


def test_what_others_claim_is_no_orphan_and_is_never_pruned(open_town: Open) -> None:
    town = live(open_town, claim("rival", "theirs.example.com"), cname("theirs.example.com"))
    file = town.file(MINE)
    town.apply("-prune", "-max-deletes=9", file)
    assert "theirs" not in town.ok("orphans", file).out
    assert len(town.named("theirs.example.com")) == 1
    assert len(town.named("_tdr.theirs.example.com")) == 1


def test_destroy_needs_no_lift_and_leaves_nothing_of_ours(open_town: Open) -> None:
    town = open_town(world(zone("example.com", cname("www.example.com", "site.example.org")), sp=sparkpost()))
    file: Path = town.file({CLICK: {}, GO: {}})
    town.apply(file)
    ran = town.ok("destroy", "-auto-approve", file)
    assert "Destroy complete! Resources: " in ran.out
    assert [r["name"] for r in town.records()] == ["www.example.com"]
    (example,) = town.control("GET", "/vendors/cloudflare")["zones"].values()
    assert [rule for ruleset in example["rulesets"].values() for rule in ruleset["rules"]] == []
    assert town.tracking() is None
