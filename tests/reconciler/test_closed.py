"""A closed network's plan: the gate of a move covers what caches may hold."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.claim import Claim
from reconciler.closed import LONGEST_DENIAL_S, through_caches
from reconciler.hostview import HostView
from reconciler.model import Resource
from reconciler.plan import Gate, GateKind, Plan
from tests.reconciler.plans import RECORD, A

ANSWERS = Gate("a", GateKind.ANSWERS, A, (RECORD.id,), "every authoritative server answers", timeout_s=600)
PROBE = Gate("p", GateKind.PROBE, A, (RECORD.id,), "https and http answer", timeout_s=900)
HOUR_S = 3600


def claimed(ttl: int) -> Claim:
    return Claim((("o", "acme"), ("was", f"CNAME:spgo.io@{ttl}")))


@pytest.mark.parametrize(
    ("before", "claim", "held_s"),
    [
        (RECORD, None, HOUR_S),
        (RECORD.with_attrs(ttl=60), claimed(HOUR_S), HOUR_S),
        (RECORD, claimed(60), HOUR_S),
        (None, None, LONGEST_DENIAL_S),
    ],
    ids=["the record's own", "lowered by an earlier run", "raised since", "a name that is new"],
)
def test_a_cache_has_the_time_that_it_may_hold_the_old_answer(
    before: Resource | None, claim: Claim | None, held_s: int
) -> None:
    hosts = {A: HostView(A, None, "web", None, before=before, claim=claim)}
    answers, probe = through_caches(Plan("acme", (), (ANSWERS, PROBE)), hosts).nodes
    assert answers == replace(
        ANSWERS,
        text="every resolver that is asked (TDR_DNS=recursive) answers with the new record",
        timeout_s=600 + held_s,
    )
    assert probe == PROBE
