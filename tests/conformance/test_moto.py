"""Amazon's side as others have read it: moto's server is the vendor of a dns alias of type `aws`.

The claims are those of the suite, as far as moto is up to them. `FAULTS` names what is not asked of it, and
why: a fault of moto's own, which is shown to be there still. Where it is gone, ask moto the claim, too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from providers.aws.cdn_api import CdnApi
from providers.aws.certificates import certificate_attrs, certificate_from
from providers.aws.certificates_apply import Certificates
from providers.aws.names import CERTIFICATE
from providers.sandbox.calls import Call
from reconciler import app
from reconciler.dns import HOST, Record
from reconciler.errors import Conflict
from reconciler.model import Action, Change, Resource, ResourceId
from reconciler.planner import Choice
from reconciler.provider import Done, Failed, Parts, Scope, Wanted, one_by_one
from tests.conformance import test_basics as basics
from tests.conformance import test_together as together
from tests.conformance.candidates import Candidate, World
from tests.conformance.score import APPLY, DESTROY, JOBS
from tests.conformance.seam import Point, Seam
from tests.conformance.stand import Stand, stand
from tests.conformance.test_crashes import after_a_cut, states
from tests.contract.aws_calls import operation
from tests.servers.moto import MotoAccount, MotoBridge, end, rrset

ZONE_PAGE, RECORD_PAGE = 100, 300  # docs: ListHostedZones, ListResourceRecordSets
FOREIGN = "foreign.example.com"


@pytest.fixture(scope="session", autouse=True)
def _the_server_ends_with_the_suite() -> Iterator[None]:
    """Whoever started it stops it."""
    yield
    end()


def more_zones(world: World) -> World:
    """More zones than a page has, before those of the job."""
    world["aws"][0]["zones"][:0] = [{"name": f"aforeign{n}.example"} for n in range(ZONE_PAGE + 1)]
    return world


def more_records(world: World) -> World:
    """More records in a zone than a page has."""
    addresses = [address(f"foreign{n}.example.com") for n in range(RECORD_PAGE + 1)]
    world["aws"][0]["zones"][0]["records"] += addresses
    return world


def no_zones(world: World) -> World:
    """An account without the zones."""
    world["aws"][0]["zones"] = []
    return world


def roomy(world: World, names: Sequence[str]) -> World:
    """These zones, alike."""
    world["aws"][0]["zones"] = [{"name": name} for name in names]
    return world


def edited(nth: int) -> World:
    """A record that somebody else adds."""
    return {"zones": {"example.com": {"add_records": [text(f"foreign{nth}.example.com", f"foreign {nth}")]}}}


def address(name: str, value: str = "203.0.113.99") -> World:
    """An A record as the world writes it."""
    return {"type": "A", "name": name, "ttl": 300, "values": [value]}


def text(name: str, value: str) -> World:
    """A TXT record as the world writes it."""
    return {"type": "TXT", "name": name, "ttl": 300, "values": [f'"{value}"']}


MOTO = Candidate(
    "moto",
    (more_zones, more_records),
    no_zones,
    roomy,
    ("aws", edited),
    per_plan=(3, 1),
    concerns=(),
    emulators=(MotoBridge(),),
)


CERTIFIED = "certified.example.com"


def asked(calls: Sequence[Call]) -> list[str]:
    """The operations of Amazon's among calls."""
    return [operation(call)[1] for call in calls if call.vendor == "aws"]


# -- the claims of the suite
CLAIMS = (
    basics.test_accounts_with_nothing_in_them_are_read_as_nothing,
    basics.test_no_parts_concern_nothing,
    basics.test_without_the_zone_there_is_one_clear_error_for_each_host,
    basics.test_every_request_goes_through_the_engines_calls,
    basics.test_applying_twice_is_applying_once,
    basics.test_what_forbids_every_host_is_told_of_every_host,
)


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.__name__.removeprefix("test_"))
def test_what_holds_of_the_sandbox_holds_of_moto(claim: Callable[[Candidate], None]) -> None:
    claim(MOTO)


def test_what_is_created_changed_and_deleted_leaves_nothing_to_do() -> None:
    """Without the way back to what stood there before, which moto refuses."""
    with stand(MOTO) as at:
        at.done()
        at.converged()
        at.done(MOTO.file("changed"))
        at.converged(MOTO.file("changed"))
        at.done(choice=DESTROY.choice)
        at.converged(choice=DESTROY.choice)
        basics.nothing_is_left(at)


def test_reading_and_planning_never_write() -> None:
    """Without looking for what is orphaned, which moto does not let be looked for at CloudFront."""
    with stand(MOTO) as at:
        for choice in (Choice(), DESTROY.choice):
            at.plan(choice=choice)
        assert at.writes == []


def test_all_is_read_however_many_pages_there_are() -> None:
    with stand(MOTO, lambda world: more_zones(more_records(world))) as at, at.session() as session:
        read = {rrset.name for live in app.read_world(session).values() for rrset in live.rrsets}
        assert {f"foreign{n}.example.com" for n in range(RECORD_PAGE + 1)} <= read
        assert asked(at.calls).count("ListHostedZones") == 2
        assert asked(at.calls).count("ListResourceRecordSets") == 3


@pytest.mark.parametrize("name", JOBS)
def test_cut_off_after_a_write_the_next_run_converges(name: str) -> None:
    """After every fourth."""
    job = JOBS[name]
    writes = [cut for cut in states(MOTO, job) if cut[0] == "after" and cut[1].call.vendor == "aws"]
    assert writes
    troubles = [trouble for when, beat in writes[::4] for trouble in after_a_cut(MOTO, job, when, beat)]
    assert troubles == []


def test_two_runs_at_once_end_in_order_and_the_next_converges() -> None:
    together.test_two_runs_at_once_end_in_order_and_the_next_converges(MOTO, APPLY.name)


def test_what_somebody_else_makes_first_is_a_conflict_and_stays() -> None:
    """Compare and swap by moto's own judgement: what another made is refused, the other host goes on."""
    with stand(MOTO) as at:
        seam = Seam(
            before={Point("aws", "ChangeResourceRecordSets", "example.com", 1): partial(meanwhile, at)}
        )
        with at.session(seam=seam) as session:
            provider = session.providers["aws"]
            ours, other = provider.spell(
                [host_record(CERTIFIED), host_record("another.example.com")], provider.read(EXAMPLE)
            ).resources
            outcomes = provider.apply([Change(one.id, Action.CREATE, None, one) for one in (ours, other)])
            failed = outcomes[ours.id]
            assert isinstance(failed, Failed)
            assert isinstance(failed.error, Conflict)
            assert outcomes[other.id] == Done(other)
            read = {rrset.name: rrset.values for rrset in provider.read(EXAMPLE).rrsets}
            assert read[CERTIFIED] == ("theirs.example",)
        refused = [call.status for call in at.calls if asked([call]) == ["ChangeResourceRecordSets"]]
        assert refused == [400, 200]


def meanwhile(at: Stand) -> None:
    """What tdr is about to make is made by a person, who then changes it."""
    mine, theirs = ({**cname(CERTIFIED), "values": [value]} for value in ("spgo.io.", "theirs.example."))
    changes = {"add_records": [mine], "put_records": [theirs]}
    at.control("PATCH", "/vendors/aws", {"zones": {"example.com": changes}})


def cname(name: str) -> World:
    """A CNAME as the world writes it."""
    return {"type": "CNAME", "name": name, "ttl": 300, "values": ["spgo.io"]}


def host_record(host: str) -> Record:
    """The record of a host that points to SparkPost."""
    return Record(host, HOST, host, "CNAME", ("spgo.io",), 300)


EXAMPLE = Scope(Parts(dns=(Wanted(CERTIFIED, "spgo.io", 300),)))


def test_a_plan_costs_one_list_of_the_zones_and_one_of_each_zone() -> None:
    """And one question who is asking, one what the owner has marked."""
    with stand(MOTO) as at:
        at.done()
        before = len(at.calls)
        assert not at.plan().changes
        listed = ["ListHostedZones", *["ListResourceRecordSets"] * 2]
        assert sorted(asked(at.calls[before:])) == ["GetCallerIdentity", "GetResources", *listed]


def test_a_zone_is_changed_by_a_thousand_changes_at_a_time() -> None:
    """docs: Route 53 quotas, 1,000 ResourceRecord elements; a set that changes is two of them."""
    records = [host_record(f"h{n}.example.com") for n in range(1001)]
    with stand(MOTO, lambda world: roomy(world, ["example.com"])) as at, at.session() as session:
        provider = session.providers["aws"]
        old = provider.spell(records, provider.read(EXAMPLE)).resources
        later = [replace(record, ttl=900) for record in records]
        new = provider.spell(later, provider.read(EXAMPLE)).resources
        for changes in (
            [Change(one.id, Action.CREATE, None, one) for one in old],
            [Change(one.id, Action.UPDATE, one, other) for one, other in zip(old, new, strict=True)],
            [Change(one.id, Action.DELETE, one, None) for one in new],
        ):
            assert [type(outcome) for outcome in provider.apply(changes).values()] == [Done] * len(records)
        bodies = [call.request_body for call in at.calls if asked([call]) == ["ChangeResourceRecordSets"]]
        assert [body.count("<Action>") for body in bodies] == [1000, 1, 1000, 1000, 2, 1000, 1]
        assert {rrset.type for rrset in provider.read(EXAMPLE).rrsets} <= {"NS", "SOA"}


# -- certificates
def test_a_certificate_is_requested_once_marked_issued_and_deleted() -> None:
    with stand(MOTO) as at, at.session() as session:
        provider = session.providers["aws"]
        api = CdnApi(provider._clients, provider._setting.calls)
        first, second = (Certificates(api, "aws", "acme-mail", one_by_one) for _ in range(2))
        id_ = ResourceId("aws", CERTIFICATE, CERTIFIED)
        wanted = Resource(id_, certificate_attrs([CERTIFIED], "RSA_2048", remembered=True), host=CERTIFIED)
        change = Change(id_, Action.CREATE, None, wanted)
        made = first.apply([change])[id_]
        assert isinstance(made, Done), made
        again = second.apply([change])[id_]  # another run, that knows of nothing
        assert isinstance(again, Done)
        natives, told_at = api.certificates()
        (native,) = natives
        assert told_at is not None
        tags = api.tags()[native["CertificateArn"]]
        read = certificate_from(native, tags)
        assert (read.owner, read.host, read.names, read.issued) == ("acme-mail", CERTIFIED, {CERTIFIED}, True)
        assert read.remembered
        assert read.validation is not None
        assert made.resource is not None
        assert made.resource.outputs["arn"] == again.resource.outputs["arn"] == read.arn
        gone = first.apply([Change(id_, Action.DELETE, made.resource, None)])[id_]
        assert gone == Done(None)
        assert second.apply([Change(id_, Action.DELETE, made.resource, None)])[id_] == Done(None)
        assert api.certificates()[0] == []


# -- what moto has wrong
@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of moto's: what it is, what is not asked for its sake, and whether it is there."""

    words: str
    spares: tuple[str, ...]
    is_there: Callable[[MotoAccount], bool]


def refusal(call: Callable[[], Any]) -> str:
    """The code with which a call is refused; nothing where it is not."""
    try:
        call()
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return ""


def takes_any_key(account: MotoAccount) -> bool:
    return refusal(account.route53.list_hosted_zones) == ""


def has_no_policies(account: MotoAccount) -> bool:
    return refusal(account.client("cloudfront").list_cache_policies) == "404"


def deletes_by_its_journal(account: MotoAccount) -> bool:
    account.zone("example.com", [address(FOREIGN, "203.0.113.1")])
    account.write("example.com", "UPSERT", [address(FOREIGN, "203.0.113.2")])
    account.write("example.com", "DELETE", [address(FOREIGN, "203.0.113.1")])
    return not any(rrset["Type"] == "A" for rrset in account.rrsets("example.com"))


def creates_by_its_journal(account: MotoAccount) -> bool:
    account.zone("example.com", [address(FOREIGN, "203.0.113.1")])
    account.write("example.com", "UPSERT", [address(FOREIGN, "203.0.113.2")])
    there_and_back = [("DELETE", "203.0.113.2"), ("CREATE", "203.0.113.1")]
    batch = [
        {"Action": a, "ResourceRecordSet": rrset(address(FOREIGN, value))} for a, value in there_and_back
    ]
    return "InvalidChangeBatch" == refusal(
        lambda: account.route53.change_resource_record_sets(
            HostedZoneId=account.ids["example.com"], ChangeBatch={"Changes": batch}
        )
    )


def creates_over_others(account: MotoAccount) -> bool:
    account.zone("example.com", [address(FOREIGN, "203.0.113.1")])
    return refusal(lambda: account.write("example.com", "CREATE", [address(FOREIGN, "203.0.113.2")])) == ""


def refuses_deletions_oddly(account: MotoAccount) -> bool:
    account.zone("example.com", [address(FOREIGN)])
    other = address(FOREIGN, "203.0.113.3")
    return refusal(lambda: account.write("example.com", "DELETE", [other])) == "InvalidInput"


def is_insync_at_once(account: MotoAccount) -> bool:
    account.zone("example.com")
    batch = [{"Action": "CREATE", "ResourceRecordSet": rrset(address(FOREIGN))}]
    made = account.route53.change_resource_record_sets(
        HostedZoneId=account.ids["example.com"], ChangeBatch={"Changes": batch}
    )
    return bool(made["ChangeInfo"]["Status"] == "INSYNC")


def spells_its_soa_wrong(account: MotoAccount) -> bool:
    account.zone("example.com")
    sets = account.route53.list_resource_record_sets(HostedZoneId=account.ids["example.com"])
    (soa,) = (rrset for rrset in sets["ResourceRecordSets"] if rrset["Type"] == "SOA")
    return soa["ResourceRecords"][0]["Value"].startswith("{")


def requested(account: MotoAccount, host: str = CERTIFIED, **more: Any) -> Mapping[str, Any]:
    """A certificate as moto describes it right after it was requested."""
    acm = account.client("acm")
    arn = acm.request_certificate(DomainName=host, ValidationMethod="DNS", **more)["CertificateArn"]
    described: Mapping[str, Any] = acm.describe_certificate(CertificateArn=arn)["Certificate"]
    return described


def issues_without_looking(account: MotoAccount) -> bool:
    arn = requested(account)["CertificateArn"]
    return bool(
        account.client("acm").describe_certificate(CertificateArn=arn)["Certificate"]["Status"] == "ISSUED"
    )


def proves_all_by_one_record(account: MotoAccount) -> bool:
    labels = {
        option["ResourceRecord"]["Name"].partition(".")[0]
        for host in (CERTIFIED, "other.example.com")
        for option in requested(account, host)["DomainValidationOptions"]
    }
    return len(labels) == 1


def makes_rsa_keys_only(account: MotoAccount) -> bool:
    return bool(requested(account, KeyAlgorithm="EC_prime256v1")["KeyAlgorithm"] == "RSA_2048")


def lists_no_names(account: MotoAccount) -> bool:
    requested(account)
    (summary,) = account.client("acm").list_certificates()["CertificateSummaryList"]
    return "SubjectAlternativeNameSummaries" not in summary


FAULTS = (
    Fault(
        "looks at no signature",
        ("conformance/test_basics.py::test_a_refused_credential_is_told_without_it",),
        takes_any_key,
    ),
    Fault(
        "knows no policies of CloudFront",
        (
            "conformance/test_basics.py::test_reading_and_planning_never_write",
            "conformance/test_basics.py::test_a_host_that_is_to_be_absent_is_taken_down_once",
        ),
        has_no_policies,
    ),
    Fault(
        "deletes what once stood there, whatever stands there now",
        (
            "providers/aws/test_route53.py::test_what_moves_between_look_and_write_is_a_conflict_and_the_others_are_written",
        ),
        deletes_by_its_journal,
    ),
    Fault(
        "makes nothing that once stood there, though the batch deletes what stands there now",
        ("conformance/test_basics.py::test_what_is_created_changed_and_deleted_leaves_nothing_to_do",),
        creates_by_its_journal,
    ),
    Fault(
        "makes a second set beside one of the same name and type",
        (
            "providers/aws/test_route53.py::test_what_moves_between_look_and_write_is_a_conflict_and_the_others_are_written",
        ),
        creates_over_others,
    ),
    Fault(
        "refuses the deletion of what never stood there as malformed",
        (
            "providers/aws/test_route53.py::test_what_moves_between_look_and_write_is_a_conflict_and_the_others_are_written",
        ),
        refuses_deletions_oddly,
    ),
    Fault(
        "has every change INSYNC at once",
        (
            "providers/aws/test_route53.py::test_a_record_is_ready_when_its_change_is_insync_and_asked_once_for_each_change",
        ),
        is_insync_at_once,
    ),
    Fault("spells its SOA as no server could serve it", (), spells_its_soa_wrong),
    Fault("issues certificates without a look at DNS", (), issues_without_looking),
    Fault("proves every name by the same record", (), proves_all_by_one_record),
    Fault("makes RSA keys only", (), makes_rsa_keys_only),
    Fault("lists certificates without their further names", (), lists_no_names),
)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.words)
def test_what_spares_a_claim_is_there_still(fault: Fault) -> None:
    assert fault.is_there(MotoAccount()), f"moto no longer {fault.words}: ask it {', '.join(fault.spares)}"


@pytest.mark.parametrize("spared", sorted({spared for fault in FAULTS for spared in fault.spares}))
def test_what_is_spared_is_claimed_elsewhere(spared: str) -> None:
    file, _, name = spared.partition("::")
    found = Path(__file__).parents[1] / file
    assert f"def {name}(" in found.read_text(encoding="utf-8")
