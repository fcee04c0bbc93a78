"""The cdn part and the dns part of one alias, joined."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

import pytest

from providers.aws.names import DISTRIBUTION
from providers.aws.provider import AwsProvider
from reconciler.dns import HostTarget
from reconciler.errors import AuthError, Conflict
from reconciler.model import Action, Change, Finding, Resource, ResourceId, Severity, attrs
from reconciler.provider import (
    Composition,
    Done,
    Failed,
    Outcomes,
    Parts,
    Scope,
    Setting,
    Status,
    Wanted,
)
from tests.providers.aws.route53_memory import EDGE, NAME, ZONE, Clients, MemoryRoute53, host_record

T = TypeVar("T")
WANTED = Wanted(NAME, "spgo.io", 300)
EDGE_ID = ResourceId("aws", DISTRIBUTION, NAME)
AN_EDGE = Resource(EDGE_ID, attrs(aliases=(NAME,)), host=NAME, container="cloudfront/distributions")


def at_once(_unit: str, _operation: str, fn: Callable[[], T], *, repeatable: bool, resource: str = "") -> T:
    """Call, and nothing else."""
    return fn()


class PlayedCdn:
    """A cdn part that has one edge, or may not look."""

    def __init__(self, error: AuthError | None = None) -> None:
        self.error = error
        self.read_for: list[str] = []

    def read(self, scope: Scope, account: str) -> tuple[tuple[Resource, ...], object]:
        if self.error is not None:
            raise self.error
        self.read_for.append(account)
        return (AN_EDGE,), "state"

    def compose(self, wanted: Sequence[Wanted], state: Any) -> Composition:
        assert state == "state"
        found = Finding(Severity.WARNING, NAME, "told by the cdn part")
        return Composition(targets={w.host: HostTarget("CNAME", (EDGE,)) for w in wanted}, findings=(found,))

    def apply(self, batch: Sequence[Change]) -> Outcomes:
        return {change.id: Failed(Conflict("it moved")) for change in batch}

    def ready(self, ids: Collection[ResourceId]) -> Mapping[ResourceId, Status]:
        return {id_: Status(ready=False, text="InProgress") for id_ in ids}


def opened(cdn: PlayedCdn | None = None) -> AwsProvider:
    """The provider of an alias, on Route 53 in memory."""
    setting = Setting("aws", {}, {}, {}, "acme", at_once)
    clients: Any = Clients(MemoryRoute53())
    return AwsProvider(setting, clients=clients, cdn=cdn or PlayedCdn())


def test_both_parts_are_read_for_one_account() -> None:
    cdn = PlayedCdn()
    live = opened(cdn).read(Scope(Parts(cdn=(WANTED,), dns=(WANTED,))))
    assert (live.resources, live.accounts) == ((AN_EDGE,), frozenset({"aws.111122223333"}))
    assert [zone.name for zone in live.zones] == [ZONE]
    assert cdn.read_for == ["aws.111122223333"]


def test_what_was_read_already_is_not_read_again_when_more_hosts_of_the_dns_part_come() -> None:
    cdn = PlayedCdn()
    provider = opened(cdn)
    first = provider.read(Scope(Parts(cdn=(WANTED,))))
    again = provider.read(Scope(Parts(cdn=(WANTED,), dns=(WANTED,)), known=first))
    assert (len(cdn.read_for), again.resources) == (1, first.resources)
    assert [zone.name for zone in again.zones] == ["example.com"]
    assert provider.compose(Parts(cdn=(WANTED,)), again).targets == {NAME: HostTarget("CNAME", (EDGE,))}


def test_an_alias_of_the_dns_part_alone_shows_the_edges_that_it_once_was() -> None:
    assert opened().read(Scope(Parts(dns=(WANTED,)))).resources == (AN_EDGE,)


def test_an_alias_of_the_dns_part_alone_need_not_be_let_into_cloudfront() -> None:
    cdn = PlayedCdn(AuthError("no"))
    provider, parts = opened(cdn), Parts(dns=(WANTED,))
    assert provider.compose(parts, provider.read(Scope(parts))).findings == ()


def test_credentials_for_route_53_alone_can_still_be_asked_for_everything() -> None:
    provider, parts = (
        opened(PlayedCdn(AuthError("x may not cloudfront:ListDistributions"))),
        Parts(dns=(WANTED,)),
    )
    live = provider.read(Scope(parts, everything=True))
    (finding,) = provider.compose(parts, live).findings
    assert (finding.severity, finding.text) == (
        Severity.WARNING,
        "`aws` may not look for distributions and certificates: x may not cloudfront:ListDistributions",
    )


def test_a_cdn_part_that_may_not_look_fails() -> None:
    with pytest.raises(AuthError):
        opened(PlayedCdn(AuthError("no"))).read(Scope(Parts(cdn=(WANTED,))))


def test_what_both_parts_tell_is_told() -> None:
    provider = opened()
    elsewhere = replace(WANTED, host="click.example.net")
    parts = Parts(cdn=(WANTED,), dns=(elsewhere,))
    composed = provider.compose(parts, provider.read(Scope(parts)))
    assert [finding.text for finding in composed.findings] == [
        "told by the cdn part",
        "no hosted zone of the AWS account holds click.example.net",
    ]
    assert composed.targets[NAME].values == (EDGE,)


def test_each_change_goes_to_its_part_and_errors_name_the_alias() -> None:
    provider, parts = opened(), Parts(dns=(WANTED,))
    live = provider.read(Scope(parts))
    (record,) = provider.spell([host_record()], live).resources
    assert provider.apply([Change(record.id, Action.CREATE, None, record)]) == {record.id: Done(record)}
    outcome = provider.apply([Change(EDGE_ID, Action.CREATE, None, AN_EDGE)])[EDGE_ID]
    assert isinstance(outcome, Failed)
    assert outcome.error.provider == "aws (aws)"
    statuses = provider.ready([record.id, EDGE_ID])
    assert {id_: status.text for id_, status in statuses.items()} == {
        record.id: "PENDING",
        EDGE_ID: "InProgress",
    }


def test_connections_end_with_the_provider() -> None:
    clients: Any = Clients(MemoryRoute53())
    AwsProvider(Setting("aws", {}, {}, {}, "acme", at_once), clients=clients).close()
    assert clients.closed


def test_what_another_provider_read_is_no_state() -> None:
    provider = opened()
    live = replace(provider.read(Scope(Parts())), facts="theirs")
    with pytest.raises(TypeError):
        provider.compose(Parts(), live)
