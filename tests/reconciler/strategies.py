"""Hypothesis strategies for plans: anything that the types allow, hosts and addresses well-formed."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

from hypothesis import strategies as st

from reconciler.desired import Account, Desired, Domain, Mark, Policy, frozen, read_only
from reconciler.diff import field_changes
from reconciler.model import Action, Attrs, Change, Finding, Ref, Resource, ResourceId, Severity, attrs
from reconciler.plan import Billed, Gate, GateKind, Node, Plan, Step, Versioned
from reconciler.planner import Choice

HOSTS = ("a.example.com", "b.example.com", "go.example.net")
texts = st.text(max_size=12)
seconds = st.integers(0, 5000)
hosts = st.sampled_from(HOSTS)
some_hosts = st.lists(hosts, unique=True, max_size=3).map(tuple)
ids = st.builds(
    ResourceId,
    alias=st.sampled_from(("sp", "web")),
    kind=st.sampled_from(("dns_record", "edge_host", "tracking_domain")),
    key=st.sampled_from([f"{host}{role}" for host in HOSTS for role in ("", "/host", "/claim")]),
)
refs = st.builds(Ref, ids, st.sampled_from(("id", "name")))
claims = st.sampled_from(("v=tdr1 o=acme w=0123abcd at=*", "v=tdr1 o=acme w=89abcdef at=20260105T090000Z"))
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**40), 2**40)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts
    | claims
    | refs
)
keys = texts | st.sampled_from(("name", "$ref", "output", "$$"))
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(keys, inner, max_size=3).map(MappingProxyType)
    ),
    max_leaves=8,
)
attributes: st.SearchStrategy[Attrs] = st.dictionaries(keys, values, max_size=4).map(lambda v: attrs(**v))


@st.composite
def resources(draw: st.DrawFn, id_: ResourceId) -> Resource:
    """Draw a resource with this id."""
    return Resource(
        id_,
        draw(attributes),
        host=draw(st.none() | hosts),
        container=draw(st.none() | texts),
        after=frozenset(draw(st.lists(ids, max_size=2))),
        outputs=draw(attributes),
        mark=draw(st.none() | texts),
    )


@st.composite
def changes(draw: st.DrawFn, id_: ResourceId) -> Change:
    """Draw a change of this resource whose sides fit its action."""
    action = draw(st.sampled_from(Action))
    before = None if action is Action.CREATE else draw(resources(id_))
    after = None if action in (Action.DELETE, Action.FORGET) else draw(resources(id_))
    if action is Action.NOOP:
        after = before
    fields = field_changes(before.attrs, after.attrs) if before and after else ()
    adopts = action is Action.NOOP or (action is Action.UPDATE and draw(st.booleans()))
    return Change(
        id_, action, before, after, fields, adopts, draw(st.sampled_from(("", "requested", "absent")))
    )


@st.composite
def nodes(draw: st.DrawFn, listed: tuple[Change, ...]) -> tuple[Node, ...]:
    """Draw steps and gates, each needing some of those before it."""
    found: list[Node] = []
    for number, change in enumerate(listed):
        needs = frozenset(draw(st.lists(st.sampled_from([n.id for n in found]), max_size=2)) if found else ())
        write = draw(st.sampled_from((change.after, None)) | resources(change.id))
        phase = draw(st.sampled_from(("", "lower the TTL", "move", "restore the TTL", "stamp")))
        found.append(Step(f"step {number}", change, write, phase, draw(st.booleans()), needs))
        if draw(st.booleans()):
            found.append(draw(gates(f"gate {number}", found[-1].id)))
    return tuple(found)


@st.composite
def gates(draw: st.DrawFn, id_: str, need: str) -> Gate:
    """Draw a gate behind one node."""
    return Gate(
        id_,
        draw(st.sampled_from(GateKind)),
        draw(hosts),
        tuple(draw(st.lists(ids, max_size=2))),
        draw(texts),
        timeout_s=draw(seconds),
        wait_s=draw(seconds),
        usual_s=draw(seconds),
        poll_s=draw(st.sampled_from((0.5, 2.0, 10.0))),
        needs=frozenset({need}),
    )


findings = st.builds(
    Finding, st.sampled_from(Severity), st.none() | hosts, texts, texts, st.sampled_from(("", "cdn", "dns"))
)
marks = st.builds(Mark, st.sampled_from(("a.yaml", "b.yaml")), st.integers(0, 99), st.integers(0, 99))
json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | texts,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(texts, inner, max_size=2),
    max_leaves=4,
)


@st.composite
def domains(draw: st.DrawFn, host: str) -> Domain:
    """Draw the domain of this host."""
    names = st.none() | st.lists(hosts, unique=True).map(lambda found: tuple(sorted(found)))
    return Domain(
        host,
        draw(st.sampled_from(("present", "absent"))),
        sparkpost=draw(st.none() | st.just("sp")),
        cdn="web",
        dns="web",
        default=draw(st.none() | st.booleans()),
        sending_domains=draw(names),
        subaccount=draw(st.none() | st.integers(1, 9)),
        origin=draw(st.none() | hosts),
        ttl=draw(st.integers(60, 86400)),
        allow_gap_s=draw(st.none() | seconds),
        mark=draw(marks),
        marks=read_only(draw(st.dictionaries(st.sampled_from(("cdn", "dns")), marks))),
    )


@st.composite
def desired_states(draw: st.DrawFn) -> Desired:
    """Draw what files may say."""
    accounts = {
        alias: Account(
            alias, type_, frozen(draw(st.dictionaries(texts, json_values, max_size=2))), draw(marks), {}
        )  # type: ignore[arg-type]  # a frozen mapping
        for alias, type_ in (("sp", "sparkpost"), ("web", "edge"))
    }
    return Desired(
        owner="acme",
        accounts=read_only(accounts),
        policy=Policy(draw(st.integers(0, 9)), frozenset(draw(some_hosts)), draw(marks)),
        domains=read_only({host: draw(domains(host)) for host in draw(some_hosts)}),
    )


@st.composite
def plans(draw: st.DrawFn, desired: Desired) -> Plan:
    """Draw a plan made for this desired state."""
    listed = tuple(draw(changes(id_)) for id_ in sorted(draw(st.lists(ids, unique=True, max_size=4))))
    return Plan(
        owner=desired.owner,
        changes=listed,
        nodes=draw(nodes(listed)),
        findings=tuple(draw(st.lists(findings, max_size=3))),
        classes=draw(st.dictionaries(hosts, st.sampled_from("ABC"))),
        desired=desired.as_data(),
        complete=draw(st.booleans()),
        orphans=draw(some_hosts),
        drifted=frozenset(draw(some_hosts)),
        versions=tuple(draw(st.lists(st.builds(Versioned, texts, texts, texts), max_size=2))),
        billed=tuple(
            draw(st.lists(st.builds(Billed, texts, texts, texts, some_hosts, some_hosts), max_size=2))
        ),
        mode=draw(st.sampled_from(("apply", "destroy"))),
    )


globs = st.lists(texts, max_size=2).map(tuple)
choices = st.builds(
    Choice,
    targets=globs,
    excludes=globs,
    replaces=globs,
    destroy=st.booleans(),
    prune=st.booleans(),
    refresh_only=st.booleans(),
    resume=st.booleans(),
    max_deletes=st.none() | st.integers(0, 9),
)


@st.composite
def saved_plans(draw: st.DrawFn) -> tuple[Plan, Choice, Desired]:
    """Draw all that a saved plan is made of."""
    desired = draw(desired_states())
    return draw(plans(desired)), draw(choices), desired
