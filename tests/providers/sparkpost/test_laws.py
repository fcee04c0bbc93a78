"""Laws: from any account to any file, and never more than what differs."""

import contextlib
from collections.abc import Callable, Mapping
from typing import Any

import httpx
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.errors import Unavailable
from reconciler.model import Action, Change, Resource, ResourceId
from reconciler.provider import Done, Failed, Parts, Scope, Wanted
from reconciler.tracking import KINDS
from tests.providers.sparkpost.desk import Desk, Noted, provider

HOSTS = ("a.example.com", "b.example.com", "c.example.com")
SENDING = ("mail.example.com", "news.example.com")
RANK = {kind: rank for rank, kind in enumerate(KINDS)}


@st.composite
def accounts(draw: st.DrawFn) -> Desk:
    """An account of SparkPost as others may have left it."""
    desk = Desk()
    for host in draw(st.sets(st.sampled_from(HOSTS))):
        desk.track(host, secure=draw(st.booleans()), status={"verified": True})
    if desk.tracking and draw(st.booleans()):
        desk.tracking[draw(st.sampled_from(sorted(desk.tracking)))]["default"] = True
    for sending in SENDING:
        linked = draw(st.one_of(st.none(), st.sampled_from(HOSTS)))
        desk.send(sending, **({"tracking_domain": linked} if linked else {}))
    return desk


@st.composite
def files(draw: st.DrawFn) -> Parts:
    """What a file may want: at most one default, each sending domain under one host."""
    hosts = draw(st.sets(st.sampled_from(HOSTS), min_size=1))
    owner = {s: draw(st.sampled_from(HOSTS)) for s in SENDING if draw(st.booleans())}
    default = draw(st.sampled_from([None, *HOSTS]))

    def one(host: str) -> Wanted:
        mine = tuple(s for s in SENDING if owner.get(s) == host)
        chosen = True if host == default else draw(st.sampled_from([None, False]))
        return Wanted(
            host,
            "spgo.io",
            3600,
            absent=draw(st.integers(0, 4)) == 0,
            default=chosen,
            sending_domains=mine if mine or draw(st.booleans()) else None,
        )

    return Parts(sparkpost=tuple(one(host) for host in sorted(hosts)))


def difference(desk: Callable[[httpx.Request], httpx.Response], parts: Parts) -> list[Change]:
    """What the engine would do: compare by attributes, delete what is live for the file's hosts only."""
    sp = provider(desk)
    live = {r.id: r for r in sp.read(Scope(parts)).resources}
    present = Parts(sparkpost=tuple(w for w in parts.sparkpost if not w.absent))
    desired = {r.id: r for r in sp.compose(present, sp.read(Scope(parts))).resources}
    changes = [change(live.get(id_), desired.get(id_), parts) for id_ in sorted({*live, *desired})]
    return sorted(
        (c for c in changes if c is not None),
        key=lambda c: -RANK[c.id.kind] if c.action is Action.DELETE else RANK[c.id.kind] - len(RANK),
    )


def change(live: Resource | None, desired: Resource | None, parts: Parts) -> Change | None:
    if desired is None:
        mine = live is not None and live.host in parts.hosts
        return Change(live.id, Action.DELETE, live, None) if live is not None and mine else None
    if live is None:
        return Change(desired.id, Action.CREATE, None, desired)
    return None if live.attrs == desired.attrs else Change(desired.id, Action.UPDATE, live, desired)


def carried_out(
    desk: Callable[[httpx.Request], httpx.Response], changes: list[Change]
) -> dict[ResourceId, Any]:
    sp = provider(desk, Noted())
    found: dict[ResourceId, Any] = {}
    for one in changes:
        found.update(sp.apply([one]))
        if one.id.kind == "tracking_domain" and one.action is not Action.DELETE:
            sp.verify(one.id)
    return found


@given(accounts(), files())
@settings(max_examples=60, deadline=None)
def test_a_second_plan_is_empty(desk: Desk, parts: Parts) -> None:
    outcomes = carried_out(desk, difference(desk, parts))
    assert [o for o in outcomes.values() if isinstance(o, Failed)] == []
    assert difference(desk, parts) == []


@given(accounts(), files())
@settings(max_examples=40, deadline=None)
def test_what_was_done_is_what_a_plan_reads(desk: Desk, parts: Parts) -> None:
    """The outcome of each change is spelt as the next read spells it."""
    changes = difference(desk, parts)
    outcomes = carried_out(desk, changes)
    live = {r.id: r for r in provider(desk).read(Scope(parts, everything=True)).resources}
    for id_, outcome in outcomes.items():
        assert isinstance(outcome, Done)
        if outcome.resource is not None and id_.kind != "tracking_domain":
            assert outcome.resource.attrs == live[id_].attrs


@given(accounts(), files())
@settings(max_examples=40, deadline=None)
def test_repeating_what_was_done_writes_nothing(desk: Desk, parts: Parts) -> None:
    changes = difference(desk, parts)
    carried_out(desk, changes)
    done = len(desk.writes)
    again = carried_out(desk, [c for c in changes if c.action is not Action.DELETE])
    assert [o for o in again.values() if isinstance(o, Failed)] == []
    assert [call for call, _, _ in desk.writes[done:] if not call.endswith("/verify")] == []


class Cut:
    """A vendor whose nth call loses its answer, before or after it took effect."""

    def __init__(self, desk: Desk, at: int, *, after: bool) -> None:
        self.desk, self.at, self.after, self.count = desk, at, after, 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.count += 1
        if self.count != self.at:
            return self.desk(request)
        if self.after:
            self.desk(request)
        raise httpx.RemoteProtocolError("Server disconnected without sending a response.")


@given(desk=accounts(), parts=files(), at=st.integers(1, 12), after=st.booleans())
@settings(max_examples=80, deadline=None)
def test_cut_off_anywhere_a_further_run_converges(desk: Desk, parts: Parts, at: int, *, after: bool) -> None:
    cut = Cut(desk, at, after=after)
    changes = difference(desk, parts)
    with contextlib.suppress(Unavailable):
        carried_out(cut, changes)
    assert [o for o in carried_out(desk, difference(desk, parts)).values() if isinstance(o, Failed)] == []
    assert difference(desk, parts) == []
    assert_nothing_twice(desk.writes)


def assert_nothing_twice(writes: list[tuple[str, str | None, Mapping[str, Any]]]) -> None:
    made = [body["domain"] for call, _, body in writes if call == "POST /tracking-domains"]
    assert len(made) == len(set(made))
