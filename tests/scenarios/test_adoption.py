"""Two owners on one Cloudflare account: a host goes from one's rules into the other's, whatever cuts in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.scenarios.town import CLICK, Town, cname, live_click, world, zone

Open = Callable[[Mapping[str, Any]], Town]
MINE = {CLICK: {"default": True, "sending_domains": ["mail.example.com"]}}
GO = "go.example.com"
OURS, RIVALS = "tdr-ssl-acme-mail", "tdr-ssl-rival"


def rivals(open_town: Open, *more: str) -> tuple[Town, Path]:
    """A host that rival made, beside more of its hosts; and its file."""
    town = open_town(world(zone("example.com", cname(CLICK)), sp=live_click()))
    file = rivals_file(town, {**MINE, **{host: {} for host in more}})
    town.apply(file)
    return town, file


def rivals_file(town: Town, domains: Mapping[str, Any]) -> Path:
    """The other owner's file."""
    return town.file(domains, "rival.yaml", owner="rival")


def adopted(town: Town) -> Path:
    """Our file, its host adopted and not yet applied."""
    ours = town.file(MINE)
    town.ok("adopt", "-auto-approve", "-from", "rival", CLICK, ours)
    return ours


def rules(town: Town) -> dict[str, Any]:
    """Every rule of the zone by ref."""
    (example,) = town.control("GET", "/vendors/cloudflare")["zones"].values()
    return {r["ref"]: r["body"] for ruleset in example["rulesets"].values() for r in ruleset["rules"]}


def holders(town: Town, host: str = CLICK) -> set[str]:
    """The refs of the rules that name a host."""
    return {ref for ref, body in rules(town).items() if f'"{host}"' in body["expression"]}


def works(town: Town, host: str = CLICK) -> bool:
    """Tell whether a link of the host leads on, over https."""
    return town.visit(f"https://{host}/f/a/b/c/d").status == 302


# -- adopting
def test_an_adopted_host_changes_rules_in_one_apply_and_its_record_stays(open_town: Open) -> None:
    town, _ = rivals(open_town, GO)
    ours = adopted(town)
    record = town.named(CLICK)
    ran = town.ok("plan", ours)
    assert f'cloudflare_ssl_host.web["{CLICK}"]' in ran.out
    assert GO not in ran.out
    town.apply(ours)
    town.settled(ours)
    assert holders(town) == {OURS, "tdr-cache-acme-mail"}
    assert holders(town, GO) == {RIVALS, "tdr-cache-rival"}
    assert town.named(CLICK) == record
    assert works(town)
    assert works(town, GO)


def test_a_rule_whose_last_host_was_adopted_goes(open_town: Open) -> None:
    town, _ = rivals(open_town)
    ours = adopted(town)
    town.apply(ours)
    assert set(rules(town)) == {OURS, "tdr-cache-acme-mail"}
    town.settled(ours)


@pytest.mark.parametrize(("beside", "method"), [((GO,), "PATCH"), ((), "DELETE")])
def test_cut_off_between_the_two_rules_the_next_run_finishes(
    open_town: Open, beside: tuple[str, ...], method: str
) -> None:
    town, theirs = rivals(open_town, *beside)
    ours = adopted(town)
    town.fault(kind="status", status=400, vendor="cloudflare", method=method, path="/rules/", times=0)
    assert town.tdr("apply", "-auto-approve", ours).code == 1
    assert {OURS, RIVALS} <= holders(town)
    assert works(town)
    town.control("DELETE", "/faults")
    left = rivals_file(town, {host: {} for host in (*beside, "new.example.com")})
    assert town.ok("orphans", left).out.startswith("No orphans")
    town.ok("apply", "-auto-approve", "-prune", "-max-deletes", "9", left)
    assert {OURS, RIVALS} <= holders(town)  # what rival writes meanwhile, it writes for its own hosts
    ran = town.ok("plan", ours)
    assert f'cloudflare_ssl_host.web["{CLICK}"]' in ran.out
    town.apply(ours)
    assert holders(town) == {OURS, "tdr-cache-acme-mail"}
    town.settled(ours)
    town.settled(left)
    assert works(town)
    assert theirs.exists()


def test_the_old_owner_is_refused_while_it_names_the_host_and_touches_nothing_after(open_town: Open) -> None:
    town, theirs = rivals(open_town, GO)
    ours = adopted(town)
    town.apply(ours)
    ran = town.tdr("apply", "-auto-approve", theirs)
    assert ran.code == 1
    assert f"{CLICK} is claimed by owner `acme-mail`" in ran.err
    left = rivals_file(town, {GO: {"state": "absent"}})
    town.ok("apply", "-auto-approve", "-prune", "-max-deletes", "9", left)
    assert set(rules(town)) == {OURS, "tdr-cache-acme-mail"}
    assert works(town)
    town.settled(ours)
    town.settled(left)


def test_an_adopted_host_that_is_made_absent_leaves_the_other_owners_rules(open_town: Open) -> None:
    town, _ = rivals(open_town, GO)
    adopted(town)
    town.apply("-max-deletes", "1", town.file({CLICK: {"state": "absent"}}))
    assert holders(town) == set()
    assert holders(town, GO) == {RIVALS, "tdr-cache-rival"}
    assert works(town, GO)


def test_adopting_where_both_claim_leaves_our_claim_as_it_was(open_town: Open) -> None:
    town = open_town(world(zone("example.com", cname(CLICK)), sp=live_click()))
    ours = town.file(MINE)
    town.apply(ours)
    before = town.claim()
    theirs = {"type": "TXT", "name": f"_tdr.{CLICK}", "content": "v=tdr1 o=rival w=00000000", "ttl": 60}
    town.zone_now(add_records=[theirs])
    town.ok("adopt", "-auto-approve", "-from", "rival", CLICK, ours)
    assert town.claim() == before
    town.settled(ours)


# -- forgetting
def test_a_forgotten_host_is_no_orphan_and_nothing_of_it_is_pruned(open_town: Open) -> None:
    town, theirs = rivals(open_town, GO)
    before = rules(town), town.named(CLICK), town.tracking()
    town.ok("forget", "-auto-approve", CLICK, theirs)
    left = rivals_file(town, {GO: {}})
    assert town.ok("orphans", left).out.startswith("No orphans")
    assert CLICK not in town.ok("plan", left).out
    town.ok("apply", "-auto-approve", "-prune", "-max-deletes", "9", left)
    town.settled(left)
    town.ok("destroy", "-auto-approve", left)
    assert holders(town) == {RIVALS, "tdr-cache-rival"}
    assert (town.named(CLICK), town.tracking()) == before[1:]
    assert works(town)


def test_a_forgotten_host_is_another_owners_for_the_asking(open_town: Open) -> None:
    town, theirs = rivals(open_town, GO)
    town.ok("forget", "-auto-approve", CLICK, theirs)
    ours = town.file(MINE)
    refused = town.tdr("plan", ours)
    assert refused.code == 1
    assert f"run `tdr adopt -from rival {CLICK}`" in refused.err
    town.ok("adopt", "-auto-approve", "-from", "rival", CLICK, ours)
    assert town.claim().startswith('"v=tdr1 o=acme-mail ')
    town.apply(ours)
    town.settled(ours)
    assert holders(town) == {OURS, "tdr-cache-acme-mail"}
    town.settled(rivals_file(town, {GO: {}}))
    assert works(town)


def test_a_forgotten_host_that_stays_in_the_file_is_taken_up_again(open_town: Open) -> None:
    town, theirs = rivals(open_town)
    before = rules(town)
    town.ok("forget", "-auto-approve", CLICK, theirs)
    town.apply(theirs)
    assert "o=rival" in town.claim()
    assert rules(town) == before
    town.settled(theirs)
