"""What a plan costs: pages and a fixed number for each zone and account, however many hosts there are."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from math import ceil
from pathlib import Path

import yaml

from tests.conformance.candidates import EVERY_CALL, Candidate, named
from tests.conformance.stand import Stand, stand

ZONES = ("example.com", "example.org", "example.net")
HOSTS = 10
MANY, ENOUGH = 100, 12
A_WHILE_S = 300
#: What only those ask for who write it: a host, a batch of records at Route 53, the look at a zone of
#: Cloudflare's and Google's before each batch, Google's operations: how many there are depends on which hosts
#: are done in the same moment.
OWN = re.compile(rf"\bhost\d+\.{re.escape(ZONES[0])}\b|/changes?/|/dns_records$|/rrsets$|/operations\b")
ONE_ZONE = tuple(f"host{n}.{ZONES[0]}" for n in range(MANY))
OTHERS = tuple(f"host0.{zone}" for zone in ZONES[1:])


def test_a_plan_of_many_unchanged_hosts_costs_what_one_does(candidate: Candidate, tmp_path: Path) -> None:
    """The fixed number is pinned: who adds a call to a plan has to say so here. Lists have pages.

    A dozen hosts tell as much as a hundred, and where their lists have pages one more than a page does, of
    which others have the most where they can; unless every call is asked for.
    """
    one_zone = ONE_ZONE[: MANY if EVERY_CALL else enough(candidate)]
    with stand(candidate, lambda world: candidate.crowded(candidate.roomy(world, ZONES))) as at:
        at.done(written(candidate, (*one_zone, *OTHERS), tmp_path))
        per_account, per_zone = candidate.per_plan
        hosts_of_all = len((*one_zone, *OTHERS))
        per_account += sum(ceil(hosts_of_all / rows) for rows in candidate.rows)
        per_account += sum(ceil((hosts_of_all + candidate.crowd) / rows) for rows in candidate.shared)
        per_account += ceil((len(one_zone) + candidate.crowd) / candidate.zone_rows) - 1
        counts = {
            f"{len(hosts)} hosts in {zones} zones": (
                calls_of_a_plan(at, written(candidate, hosts, tmp_path)),
                per_account + zones * per_zone,
            )
            for hosts, zones in (
                (one_zone, 1),
                (one_zone[:1], 1),
                ((*one_zone[:-2], *OTHERS), 3),
                ((one_zone[0], *OTHERS), 3),
            )
        }
        assert {what: asked for what, (asked, _) in counts.items()} == {
            w: due for w, (_, due) in counts.items()
        }


def test_five_hundred_hosts_of_a_load_balancer_are_planned_with_ten_calls_of_compute_s(
    tmp_path: Path,
) -> None:
    """Nine lists and the endpoints of the one group; all else is pages, too."""
    google = named("google")
    hosts = [f"host{n}.{ZONES[0]}" for n in range(500)]
    with stand(google, lambda world: google.roomy(world, ZONES[:1])) as at:
        at.done(written(google, hosts[:1], tmp_path))
        before = len(at.calls)
        assert len(at.plan(written(google, hosts, tmp_path)).hosts) == len(hosts) - 1  # one is done
        asked = Counter(call.listener for call in at.calls[before:] if call.vendor == "google")
        assert asked == {"compute": 10, "certificatemanager": 4, "dns": 3}


def test_hosts_that_wait_for_one_account_are_asked_for_together(waiting: Candidate, tmp_path: Path) -> None:
    """One list call answers for all: it is made once a poll, and once for each host that begins to wait."""
    lists: list[int] = []
    for hosts in (1, HOSTS):
        with stand(waiting, lambda world: waiting.roomy(world, ZONES[:1])) as at:
            at.done(written(waiting, ONE_ZONE[:hosts], tmp_path))
            asked = [(call.vendor, call.path) for call in at.calls if call.method == "GET"]
            shared = [what for what in asked if not OWN.search(what[1])]
            lists.append(len(shared))
    alone, together = lists
    assert together <= alone + HOSTS


def enough(candidate: Candidate) -> int:
    """How many hosts in one zone need a further page of each list that has one for a hundred."""
    crowded = (rows - candidate.crowd for rows in (*candidate.shared, candidate.zone_rows))
    return max((ENOUGH, *(rows + 1 for rows in (*candidate.rows, *crowded) if rows <= MANY)))


def calls_of_a_plan(at: Stand, file: Path) -> int:
    """Count the calls of a plan that finds everything done."""
    at.control("POST", "/clock/advance", {"seconds": A_WHILE_S})  # no limit is reached already
    before = len(at.calls)
    assert not at.plan(file).changes
    return len(at.calls) - before


def written(candidate: Candidate, hosts: Sequence[str], folder: Path) -> Path:
    """A file like the candidate's with these hosts; where that links sending domains, the first has one."""
    wanted = yaml.safe_load(candidate.file("domains").read_text())
    domains = {host: dict[str, object]() for host in hosts}
    if any("sending_domains" in options for options in wanted["domains"].values()):
        domains[ONE_ZONE[0]] = {"sending_domains": ["mail.example.com"]}
    file = folder / "many.yaml"
    file.write_text(yaml.safe_dump({**wanted, "domains": domains}))
    return file
