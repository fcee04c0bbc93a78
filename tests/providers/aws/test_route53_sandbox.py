"""The dns part through real boto3, on the sandbox's Route 53: another's reading of the same documentation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

import pytest

from providers.aws import TYPE
from providers.aws.provider import AwsProvider
from providers.aws.session import Clients
from providers.sandbox import started
from providers.sandbox.running import Running
from reconciler.dns import Record, RRset
from reconciler.errors import AuthError, Conflict, InvalidRequest, ProviderError
from reconciler.model import Action, Change
from reconciler.provider import Composition, Live, Outcomes, Parts, Scope, Setting, Wanted
from tests.providers.aws.route53_memory import EDGE, NAME, Hands, claim_record, failures, host_record

T = TypeVar("T")
OLD = {"name": NAME, "type": "CNAME", "ttl": 300, "values": ["spgo.io"]}
ACCOUNT = {"account": "111122223333", "access_key": "AKIASANDBOX0000MAIL", "secret_key": "sandbox-secret"}


class Stand(Hands):
    """One alias on one sandbox, whose Route 53 does not throttle."""

    def __init__(self, sandbox: Running, options: Mapping[str, Any]) -> None:
        self.sandbox, self.asked = sandbox, Counter[str]()
        self.before: dict[str, Callable[[], object]] = {}
        sandbox.do(lambda: sandbox.kernel.limits.update(aws=None))
        setting = Setting("aws", options, {}, sandbox.env, "acme", self.call)
        self.clients = Clients(setting)
        self.provider = AwsProvider(setting, clients=self.clients)

    def call(
        self, unit: str, operation: str, fn: Callable[[], T], *, repeatable: bool, resource: str = ""
    ) -> T:
        """Call at once, count, translate; `before` does something right before the next such call."""
        self.asked[operation] += 1
        self.before.pop(operation, lambda: None)()
        try:
            return fn()
        except Exception as error:
            meaning = error if isinstance(error, ProviderError) else TYPE.translate(error)
            if meaning is None:
                raise
            raise meaning from error

    def distribution(self) -> str:
        """The name of the only distribution."""
        listed = self.clients.cloudfront.list_distributions()["DistributionList"]["Items"]
        return str(listed[0]["DomainName"])

    def edit(self, **changes: Any) -> None:
        """Do in the zone what a person does at the console."""
        zones = {"Z0EXAMPLE": changes}
        self.sandbox.control(
            "PATCH", "/vendors/aws", {"accounts": {ACCOUNT["account"]: {"route53": {"zones": zones}}}}
        )

    def read(self, *hosts: str) -> Live:
        """Read what concerns some hosts."""
        wanted = tuple(Wanted(host, "spgo.io", 300) for host in hosts or (NAME,))
        return self.provider.read(Scope(Parts(dns=wanted)))

    def rrsets(self) -> dict[tuple[str, str], RRset]:
        """What stands in the zone."""
        return {(rrset.name, rrset.type): rrset for rrset in self.read().rrsets}

    def spell(self, *records: Record) -> Composition:
        """Spell records by what is live."""
        return self.provider.spell(records, self.read(*(record.host for record in records)))

    def applied(self, *changes: Change) -> Outcomes:
        """Make changes."""
        return self.provider.apply(changes)


@contextmanager
def stand(
    *records: Mapping[str, Any], account: Mapping[str, Any] = ACCOUNT, **options: Any
) -> Iterator[Stand]:
    """Start a sandbox with one zone."""
    zone = {"name": "example.com", "id": "Z0EXAMPLE", "records": list(records)}
    with started({"clock": "2026-01-05T09:00:00Z", "aws": [{**account, "zones": [zone]}]}) as sandbox:
        one = Stand(sandbox, options)
        try:
            yield one
        finally:
            one.provider.close()


def test_what_is_written_is_read_as_it_was_spelt() -> None:
    texts = ('v=tdr1 o=acme w="é\\"', "x" * 600)
    with stand() as one:
        records = (host_record(), claim_record(*texts))
        assert failures(one.create(*records)) == []
        found = one.rrsets()
        for record in records:
            spelt = one.one(record).attrs
            rrset = found[str(record.name), record.type]
            assert (spelt["values"], spelt["ttl"]) == (rrset.values, rrset.ttl)
        assert failures(one.create(*records)) == []
        assert one.asked["ChangeResourceRecordSets"] == 1


def test_a_cname_becomes_an_alias_of_a_distribution_and_back() -> None:
    served = {
        "certificates": [{"id": "c1", "domain": NAME, "status": "ISSUED"}],
        "distributions": [{"id": "E1EXAMPLE", "aliases": [NAME]}],
    }
    with stand(OLD, account={**ACCOUNT, **served}, alias_records=True) as one:
        edge = host_record(one.distribution())
        assert failures(one.update(host_record(), edge)) == []
        rrset = one.rrsets()[NAME, "ALIAS"]
        assert (rrset.values, rrset.ttl) == (edge.values, 60)
        assert failures(one.update(edge, host_record())) == []
        assert (NAME, "CNAME") in one.rrsets()


def test_an_alias_to_nothing_is_refused_with_the_vendors_words() -> None:
    with stand(OLD, alias_records=True) as one, pytest.raises(InvalidRequest, match="target was not found"):
        one.update(host_record(), host_record(EDGE))


def test_a_record_is_ready_once_every_server_has_it() -> None:
    with stand() as one:
        ids = list(one.create(host_record(), claim_record()))
        assert {status.text for status in one.provider.ready(ids).values()} == {"PENDING"}
        one.sandbox.control("POST", "/clock/advance", {"seconds": 120})
        assert all(status.ready for status in one.provider.ready(ids).values())
        assert one.asked["GetChange"] == 2


THEIRS = {"name": NAME, "type": "CNAME", "ttl": 300, "values": ["theirs.example"]}


def test_what_moves_between_look_and_write_stays_and_the_others_are_written() -> None:
    other = host_record(host="open.example.com")
    with stand(OLD) as one:
        was, becomes = one.one(host_record()), one.one(host_record("v2.spgo.io"))
        comes = one.one(other)
        changes = [Change(was.id, Action.UPDATE, was, becomes), Change(comes.id, Action.CREATE, None, comes)]
        one.before["ChangeResourceRecordSets"] = lambda: one.edit(add_records=[THEIRS])
        assert [type(error) for error in failures(one.provider.apply(changes))] == [Conflict]
        found = one.rrsets()
        assert found[NAME, "CNAME"].values == ("theirs.example",)
        assert ("open.example.com", "CNAME") in found


def test_an_address_that_comes_between_look_and_write_is_a_conflict() -> None:
    address = {"name": NAME, "type": "A", "ttl": 300, "values": ["192.0.2.1"]}
    with stand() as one:
        made = one.one(host_record())
        one.before["ChangeResourceRecordSets"] = lambda: one.edit(add_records=[address])
        (error,) = failures(one.provider.apply([Change(made.id, Action.CREATE, None, made)]))
        assert isinstance(error, Conflict)


def test_a_protected_record_is_refused_with_the_vendors_words() -> None:
    with stand(OLD) as one:
        one.edit(protect=[f"{NAME} CNAME"])
        with pytest.raises(InvalidRequest, match="protected"):
            one.update(host_record(), host_record("v2.spgo.io"))


def test_a_weighted_set_is_never_overwritten() -> None:
    routed = {"name": NAME, "type": "A", "ttl": 60, "values": ["192.0.2.1"], "identifier": "eu", "weight": 1}
    with stand(routed) as one:
        (finding,) = one.provider.spell([host_record()], one.read()).findings
        assert finding.text.startswith(f"a weighted record (A) stands at {NAME}")


def test_a_missing_right_names_the_principal_the_action_and_the_zone() -> None:
    allowed = ["route53:ListHostedZones", "route53:GetChange", "route53:ListResourceRecordSets"]
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": allowed, "Resource": "*"}]}
    with stand(account={**ACCOUNT, "policy": policy}) as one, pytest.raises(AuthError) as caught:
        one.create(host_record())
    assert "111122223333" in caught.value.message
    assert (
        "may not route53:ChangeResourceRecordSets on arn:aws:route53:::hostedzone/Z0EXAMPLE"
        in caught.value.message
    )
