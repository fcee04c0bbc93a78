"""A host that is adopted goes from another owner's rule into ours, whichever call is cut off."""

from collections.abc import Iterator
from typing import Any

import pytest

from reconciler.errors import ProviderError
from reconciler.model import Action, Change, Resource
from reconciler.provider import Done
from tests.providers.cloudflare.cloudflare_stand import HOST, OWNER, Stand, stand, wanted

CONFIG = "http_config_settings"
OURS, THEIRS, THIRD = f"tdr-ssl-{OWNER}", "tdr-ssl-rival", "tdr-ssl-third"
GO = "go.example.com"


@pytest.fixture
def at() -> Iterator[Stand]:
    """A Business zone."""
    with stand() as running:
        yield running


def rule(ref: str, *hosts: str, ssl: str = "full", **more: Any) -> dict[str, Any]:
    """A rule of tdr as it stands in the zone."""
    return {
        "phase": CONFIG,
        "ref": ref,
        "expression": "(http.host in {" + " ".join(f'"{host}"' for host in sorted(hosts)) + "})",
        "action": "set_config",
        "action_parameters": {"ssl": ssl},
        "description": "theirs",
        **more,
    }


def expressions(at: Stand) -> dict[str, str]:
    return {each["ref"]: each["expression"] for each in at.rules(CONFIG)}


def live(at: Stand, host: str = HOST) -> Resource:
    """The membership of a host as it is read."""
    kind = "cloudflare_ssl_host"
    found = at.read(wanted(HOST)).resources
    return next(r for r in found if (r.id.kind, r.host) == (kind, host))


def taking(at: Stand) -> Change:
    """What the engine plans for a host that is ours by its claim and bears another owner's mark."""
    before = live(at)
    parts = wanted(HOST)
    after = next(r for r in at.compose(parts).resources if r.id == before.id)
    return Change(before.id, Action.UPDATE, before, after, adopts=True, reason=f"from {before.mark}")


def taken(at: Stand, change: Change) -> None:
    [outcome] = at.apply([change]).values()
    assert isinstance(outcome, Done), outcome
    assert outcome.resource is not None
    assert outcome.resource.mark == OWNER


def test_the_host_moves_and_what_else_their_rule_says_stays(at: Stand) -> None:
    at.patch(add_rules=[rule(THEIRS, HOST, GO, ssl="strict", enabled=False)])
    before = at.rules(CONFIG)[0]
    taken(at, taking(at))
    assert expressions(at) == {
        THEIRS: f'(http.host in {{"{GO}"}})',
        OURS: f'(http.host in {{"{HOST}"}})',
    }
    assert at.rules(CONFIG)[0] | {"expression": ""} == before | {"expression": ""}
    assert live(at, GO).mark == "rival"


def test_their_rule_goes_with_its_last_host(at: Stand) -> None:
    at.patch(add_rules=[rule(THEIRS, HOST)])
    taken(at, taking(at))
    assert list(expressions(at)) == [OURS]


def test_a_host_in_the_rules_of_two_others_leaves_both(at: Stand) -> None:
    at.patch(add_rules=[rule(THEIRS, HOST, GO), rule(THIRD, HOST)])
    taken(at, taking(at))
    assert set(expressions(at)) == {THEIRS, OURS}


def test_a_host_in_both_rules_is_reported_as_theirs_until_it_has_left(at: Stand) -> None:
    at.patch(add_rules=[rule(OURS, HOST), rule(THEIRS, HOST, GO, ssl="strict")])
    assert live(at).mark == "rival"
    assert live(at).attrs["ssl"] == "strict"  # the last rule wins
    taken(at, taking(at))
    assert live(at).attrs["ssl"] == "full"
    assert at.asked["create rule"] == 0


@pytest.mark.parametrize("ssl", ["full", "strict"])
@pytest.mark.parametrize("alone", [True, False])
@pytest.mark.parametrize("after", [True, False])
@pytest.mark.parametrize("nth", [1, 2])
def test_cut_off_at_either_write_a_repeat_and_a_new_plan_finish(
    at: Stand, ssl: str, *, alone: bool, after: bool, nth: int
) -> None:
    at.patch(add_rules=[rule(THEIRS, HOST, *([] if alone else [GO]), ssl=ssl)])
    change = taking(at)
    methods = ("POST", "DELETE" if alone else "PATCH")
    at.fault(kind="reset", method=methods[nth - 1], path="/rules", after=after)
    with pytest.raises(ProviderError):
        at.apply([change])
    assert any(HOST in expression for expression in expressions(at).values())
    if live(at).mark != OWNER:
        taken(at, taking(at))
    taken(at, change)
    assert expressions(at)[OURS] == f'(http.host in {{"{HOST}"}})'
    assert expressions(at).get(THEIRS, "") == ("" if alone else f'(http.host in {{"{GO}"}})')


def test_a_repeat_of_the_same_change_finishes_what_was_cut_off(at: Stand) -> None:
    at.patch(add_rules=[rule(THEIRS, HOST, ssl="strict")])
    change = taking(at)
    at.fault(kind="reset", method="DELETE", path="/rules")
    with pytest.raises(ProviderError):
        at.apply([change])
    taken(at, change)
    assert list(expressions(at)) == [OURS]


def test_a_host_that_is_taken_down_leaves_their_rule_and_ours(at: Stand) -> None:
    at.patch(add_rules=[rule(OURS, HOST), rule(THEIRS, HOST, GO)])
    before = live(at)
    [outcome] = at.apply([Change(before.id, Action.DELETE, before, None)]).values()
    assert outcome == Done(None)
    assert expressions(at) == {THEIRS: f'(http.host in {{"{GO}"}})'}


def test_of_our_own_rule_that_is_off_only_the_host_that_is_asked_for_moves(at: Stand) -> None:
    at.patch(add_rules=[rule(OURS, HOST, GO, enabled=False)])
    before = live(at)
    after = before.with_attrs(ssl="full")
    [outcome] = at.apply([Change(before.id, Action.UPDATE, before, after)]).values()
    assert isinstance(outcome, Done)
    assert expressions(at) == {
        OURS: f'(http.host in {{"{GO}"}})',
        f"{OURS}_2": f'(http.host in {{"{HOST}"}})',
    }
    assert [each["enabled"] for each in at.rules(CONFIG)] == [False, True]
