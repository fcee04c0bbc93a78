"""Plans written out by hand: one of each thing that a plan can hold."""

from __future__ import annotations

from dataclasses import replace

from reconciler.desired import Account, Desired, Domain, Mark, Policy, read_only
from reconciler.diff import field_changes
from reconciler.model import Action, Change, Finding, Ref, Resource, ResourceId, Severity, attrs
from reconciler.plan import Gate, GateKind, Node, Plan, Step

A, B, C = "a.example.com", "b.example.com", "c.example.com"
OLD = "v=tdr1 o=acme w=0123abcd sp=us.1ae54907 was=CNAME:spgo.io@3600 at=20260105T090000Z"
NEW = "v=tdr1 o=acme w=89abcdef sp=us.1ae54907 cdn=edge.5e9f7c58 was=CNAME:spgo.io@3600 at=*"


def rid(kind: str, key: str, alias: str = "web") -> ResourceId:
    return ResourceId(alias, kind, key)


def resource(
    id_: ResourceId, serves: str | None = None, within: str | None = None, **named: object
) -> Resource:
    return Resource(id_, attrs(**named), host=serves, container=within)


def change(
    action: Action, before: Resource | None, after: Resource | None, *, adopts: bool = False, reason: str = ""
) -> Change:
    id_ = (after or before or resource(rid("none", "none"))).id
    fields = field_changes(before.attrs, after.attrs) if before and after else ()
    return Change(id_, action, before, after, fields, adopts, reason)


def creation(after: Resource) -> Change:
    return change(Action.CREATE, None, after)


def update(before: Resource, *, adopts: bool = False, **changed: object) -> Change:
    return change(Action.UPDATE, before, before.with_attrs(**changed), adopts=adopts)


EDGE = resource(
    rid("edge_host", A),
    A,
    host=A,
    certificate=Ref(rid("certificate", A), "arn"),
    headers={"forward": ("Host", "User-Agent"), "x-owner": "acme"},
    note=None,
    ports=(80, 443),
)
RECORD = resource(
    rid("dns_record", f"{A}/host"), A, "zone:example.com", name=A, type="CNAME", values=("spgo.io",), ttl=3600
)
CLAIM = resource(
    rid("dns_record", f"{A}/claim"),
    A,
    "zone:example.com",
    name=f"_tdr.{A}",
    type="TXT",
    values=("kept by hand", OLD),
    ttl=60,
)
SERVICE = resource(
    rid("edge_service", "acme"),
    backends=({"host": "spgo.io", "weight": 1}, {"host": "eu.spgo.io", "weight": 1}),
    limits={"burst": 10, "rate": {"per_s": 5.0, "per_user": False}},
    name="acme",
)
TRACKING = resource(rid("tracking_domain", B, "sp"), B, domain=B, subaccount=None, verified=True)
SECURE = resource(rid("tracking_domain_secure", B, "sp"), B, secure=False)
LINK = resource(rid("tracking_domain_link", "mail.example.com", "sp"), B, tracking_domain=B, subaccount=7)

OTHER = resource(
    rid("dns_record", f"{B}/host"), B, "zone:example.com", name=B, type="A", values=("192.0.2.1",), ttl=3600
)
RECORD_CHANGE = update(RECORD, values=(Ref(EDGE.id, "name"),))
CHANGES = (
    creation(EDGE),
    update(CLAIM, values=("kept by hand", NEW)),
    RECORD_CHANGE,
    update(
        SERVICE,
        backends=(
            {"host": "spgo.io", "weight": 2},
            {"host": "eu.spgo.io", "weight": 1},
            {"host": "x", "weight": 0},
        ),
        limits={"burst": 10, "rate": {"per_s": 7.5, "per_user": False}, "wait": True},
    ),
    change(Action.NOOP, TRACKING, TRACKING, adopts=True),
    update(SECURE, adopts=True, secure=True),
    change(Action.DELETE, LINK, None, reason="absent"),
    change(Action.REPLACE, OTHER, OTHER.with_attrs(ttl=60), reason="requested"),
    change(
        Action.REPLACE,
        resource(rid("certificate", A), A, names=(A,)),
        resource(rid("certificate", A), A, names=(A, f"www.{A}")),
    ),
    change(Action.FORGET, resource(rid("edge_host", "z.example.com"), name="z"), None),
)


def step(one: Change, *needs: str, phase: str = "", last: bool = True) -> Step:
    id_ = f"{one.id.address}#{phase}" if phase else one.id.address
    write = RECORD.with_attrs(ttl=60) if phase == "lower the TTL" else one.after
    return Step(id_, one, write, phase, last, frozenset(needs))


def gate(kind: GateKind, host: str, text: str, *needs: str, **more: int) -> Gate:
    return Gate(f"gate:{kind.value}:{host}", kind, host, (), text, needs=frozenset(needs), **more)


def _nodes() -> tuple[Node, ...]:
    edge, claim, record, service, tracking, secure, link = CHANGES[:7]
    claimed = step(claim)
    lowered = step(record, claimed.id, phase="lower the TTL", last=False)
    shared = step(service)
    built = step(edge, claimed.id, shared.id)
    serves = gate(GateKind.SERVES, A, "the new edge serves this host", built.id, timeout_s=1800, usual_s=60)
    move = step(record, serves.id, lowered.id, phase="move", last=False)
    passed = gate(
        GateKind.OLD_TTL, A, "the old answer may be cached for 3600 s", move.id, wait_s=3600, usual_s=3600
    )
    restored = step(record, passed.id, phase="restore the TTL")
    imported = step(tracking)
    asked = replace(
        gate(
            GateKind.VERIFIED,
            B,
            "SparkPost verifies the tracking domain",
            imported.id,
            timeout_s=900,
            usual_s=15,
        ),
        subjects=(tracking.id,),
    )
    return (
        shared,
        claimed,
        lowered,
        built,
        serves,
        move,
        passed,
        restored,
        imported,
        asked,
        step(secure, asked.id, restored.id),
        step(link),
    )


FINDINGS = (
    Finding(Severity.ERROR, C, "no zone of `web` holds it", "add the zone to that account", "dns"),
    Finding(Severity.WARNING, A, f"the plan of the zone cannot cache {A} for 10 s", "", "cdn"),
    Finding(Severity.WARNING, None, "the token may do more than it needs to", "narrow it"),
)


def _domain(host: str, line: int, keys: dict[str, int] | None = None, **given: object) -> Domain:
    options: dict[str, object] = {
        "state": "present",
        "sparkpost": "sp",
        "cdn": "web",
        "dns": "web",
        "default": None,
        "sending_domains": None,
        "subaccount": None,
        "origin": None,
        "ttl": 3600,
        "allow_gap_s": None,
        **given,
    }
    marks = {key: Mark("domains.yaml", at, 5) for key, at in (keys or {}).items()}
    return Domain(
        host=host,
        mark=Mark("domains.yaml", line, 3),
        marks=read_only(marks),
        **options,  # type: ignore[arg-type]  # each key has its type above
    )


DESIRED = Desired(
    owner="acme",
    accounts=read_only(
        {
            alias: Account(alias, type_, read_only({"region": "us"}), Mark("domains.yaml", line, 3), {})
            for line, (alias, type_) in enumerate((("sp", "sparkpost"), ("web", "edge")), 4)
        }
    ),
    policy=Policy(1, frozenset({A}), Mark("domains.yaml", 9, 1)),
    domains=read_only(
        {
            A: _domain(A, 12, {"cdn": 13}),
            B: _domain(B, 20, sending_domains=("mail.example.com",), default=True),
            C: _domain(C, 30, {"dns": 31}),
        }
    ),
)

MIXED = Plan(
    owner="acme",
    changes=tuple(sorted(CHANGES, key=lambda one: one.id)),
    nodes=_nodes(),
    findings=FINDINGS,
    classes={A: "A", B: "B"},
    desired=DESIRED.as_data(),
    complete=False,
    orphans=("old.example.org",),
    reread=("example.com",),
    drifted=frozenset({B}),
)
EMPTY = Plan("acme", (), (), desired=DESIRED.as_data())
REFUSED = replace(EMPTY, findings=FINDINGS[:1])
