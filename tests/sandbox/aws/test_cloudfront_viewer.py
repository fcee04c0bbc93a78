"""Aliases and certificates: one holder of a name in all CloudFront, and proof that one may have it."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.sandbox.aws.cloudfront_bench import HOST, MAIL, OTHER, Bench, arn, bench, config, viewer, world

TAKEN = "One or more of the CNAMEs you provided are already associated with a different resource."


def _of_other(*aliases: str, certificate: str = "c1", **more: Any) -> dict[str, Any]:
    return config(*aliases, ViewerCertificate=viewer(certificate, OTHER), **more)


def test_an_alias_has_one_holder_in_all_accounts(cf: Bench) -> None:
    made = cf.create(HOST)
    again = config(HOST, CallerReference="2")
    assert cf.refused(cf.mail.create_distribution, DistributionConfig=again) == (
        409,
        "CNAMEAlreadyExists",
        TAKEN,
    )
    assert cf.code(cf.other.create_distribution, DistributionConfig=_of_other(HOST)) == "CNAMEAlreadyExists"
    bare = cf.create(CallerReference="3")
    read = cf.mail.get_distribution_config(Id=bare["Id"])
    taking = {**read["DistributionConfig"], **config(HOST), "CallerReference": "3"}
    taking |= {key: read["DistributionConfig"][key] for key in ("DefaultCacheBehavior", "Origins")}
    code = cf.code(
        cf.mail.update_distribution, Id=bare["Id"], IfMatch=read["ETag"], DistributionConfig=taking
    )
    assert code == "CNAMEAlreadyExists"
    cf.update(made["Id"], Comment="its own holder may write it")
    cf.update(made["Id"], Aliases={"Quantity": 0})
    cf.other.create_distribution(DistributionConfig=_of_other(HOST))


def test_a_wildcard_may_overlap_with_names_of_the_same_account_only(cf: Bench) -> None:
    cf.create(HOST)
    wild = {"ViewerCertificate": viewer("w1"), "CallerReference": "w"}
    cf.create("*.example.com", **wild)
    new = _of_other("new.example.com", certificate="w1")
    assert cf.code(cf.other.create_distribution, DistributionConfig=new) == "CNAMEAlreadyExists"
    cf.switch("overlap-accounts", "allowed")
    cf.other.create_distribution(DistributionConfig=new)
    cf.advance(300)
    served = [
        cf.cloud().serving(host, cf.sandbox.kernel.now()) for host in (HOST, "any.thing.example.com", "x.org")
    ]
    assert [each.match if each else 0 for each in served] == [1000, len("*.example.com"), 0]


@pytest.mark.parametrize(
    ("aliases", "certificate", "words"),
    [
        ((HOST,), {}, "you must attach a trusted certificate"),
        ((HOST,), {"CloudFrontDefaultCertificate": True}, "you must attach a trusted certificate"),
        (("a.b.example.com",), viewer("w1"), "doesn't cover the alternate domain name"),
        (("example.com",), viewer("w1"), "doesn't cover the alternate domain name"),
        ((HOST, "b.example.com"), viewer("c1"), "doesn't cover the alternate domain name"),
        (("wait.example.com",), viewer("p1"), "doesn't exist, isn't in us-east-1 region, isn't valid"),
        ((HOST,), viewer("nobody"), "doesn't exist, isn't in us-east-1 region, isn't valid"),
        ((HOST,), viewer("c1", OTHER), "doesn't exist, isn't in us-east-1 region, isn't valid"),
        (
            (HOST,),
            viewer(ACMCertificateArn=arn().replace("us-east-1", "eu-west-1")),
            "doesn't exist, isn't in us-east-1 region, isn't valid",
        ),
    ],
)
def test_an_alias_needs_an_issued_certificate_that_covers_it(
    still: Bench, aliases: tuple[str, ...], certificate: dict[str, Any], words: str
) -> None:
    given = config(*aliases, ViewerCertificate=certificate)
    status, code, message = still.refused(still.mail.create_distribution, DistributionConfig=given)
    assert (status, code) == (400, "InvalidViewerCertificate")
    assert words in message


@pytest.mark.parametrize(
    ("certificate", "code"),
    [
        (viewer(MinimumProtocolVersion="SSLv3"), "InvalidProtocolSettings"),
        (viewer(SSLSupportMethod="vip"), "InvalidMinimumProtocolVersion"),
        ({"ACMCertificateArn": arn()}, "InvalidArgument"),
        ({"ACMCertificateArn": arn(), "SSLSupportMethod": "sni-only"}, "InvalidArgument"),
        (viewer(IAMCertificateId="x"), "InvalidArgument"),
        (viewer(CloudFrontDefaultCertificate=True), "InvalidArgument"),
        (viewer(Certificate=arn("w1"), CertificateSource="acm"), "InvalidArgument"),
    ],
)
def test_a_viewer_certificate_says_how_and_says_it_once(
    still: Bench, certificate: dict[str, Any], code: str
) -> None:
    given = config(HOST, ViewerCertificate=certificate)
    assert still.code(still.mail.create_distribution, DistributionConfig=given) == code


def test_the_deprecated_spelling_alone_is_taken_and_one_that_disagrees_may_be_ignored(cf: Bench) -> None:
    old = {"Certificate": arn(), "CertificateSource": "acm"}
    how = {"SSLSupportMethod": "sni-only", "MinimumProtocolVersion": "TLSv1.2_2021"}
    made = cf.create(HOST, ViewerCertificate={**old, **how})
    assert made["DistributionConfig"]["ViewerCertificate"]["ACMCertificateArn"] == arn()
    cf.switch("certificate-duplicates", "ignored")
    changed = cf.update(made["Id"], ViewerCertificate={**old, **viewer("w1")})
    assert changed["DistributionConfig"]["ViewerCertificate"]["Certificate"] == arn("w1")


@pytest.mark.parametrize(
    "alias", ["Click.example.com", "a.*.example.com", "*a.example.com", "*.com", "x", "a_.-"]
)
def test_an_alias_is_a_lower_case_host_or_a_wildcard_in_front(still: Bench, alias: str) -> None:
    assert still.code(still.mail.create_distribution, DistributionConfig=config(alias)) == "InvalidArgument"


def test_an_alias_comes_once(still: Bench) -> None:
    assert (
        still.code(still.mail.create_distribution, DistributionConfig=config(HOST, HOST)) == "InvalidArgument"
    )


def _zone(*records: dict[str, Any]) -> dict[str, Any]:
    return {"dns": [{"zone": "example.com", "records": list(records)}]}


def _record(kind: str, name: str, value: str) -> dict[str, Any]:
    return {"name": name, "type": kind, "ttl": 60, "content": value}


def test_an_alias_whose_record_leads_to_another_distribution_is_refused() -> None:
    record = _record("CNAME", HOST, "dgone.cloudfront.net.")
    with bench(world(**_zone(record))) as cf:
        status, code, message = cf.refused(cf.mail.create_distribution, DistributionConfig=config(HOST))
        assert (status, code) == (409, "CNAMEAlreadyExists")
        assert "incorrectly configured DNS record that points to another CloudFront distribution" in message
        cf.switch("alias-dns", "ignored")
        cf.create(HOST)


def test_who_holds_a_name_is_told_in_part(cf: Bench) -> None:
    held = cf.other.create_distribution(DistributionConfig=_of_other(HOST))["Distribution"]["Id"]
    mine = cf.create(ViewerCertificate=viewer())
    found = cf.mail.list_conflicting_aliases(DistributionId=mine["Id"], Alias=HOST)["ConflictingAliasesList"]
    (row,) = found["Items"]
    assert row == {"Alias": HOST, "DistributionId": f"*******{held[7:]}", "AccountId": "******556666"}
    at = {"DomainControlValidationResource": {"DistributionId": mine["Id"]}}
    (conflict,) = cf.mail.list_domain_conflicts(**at, Domain=HOST)["DomainConflicts"]
    assert (conflict["ResourceType"], conflict["ResourceId"]) == ("distribution", f"*******{held[7:]}")
    bare = cf.create(CallerReference="bare")
    asked = {"DistributionId": bare["Id"], "Alias": HOST}
    assert cf.code(cf.mail.list_conflicting_aliases, **asked) == "InvalidArgument"
    nobody = {"DomainControlValidationResource": {"DistributionId": "E0"}, "Domain": HOST}
    assert cf.code(cf.mail.list_domain_conflicts, **nobody) == "EntityNotFound"


@pytest.fixture
def moving() -> Iterator[Bench]:
    """Two distributions of known ids: the first holds the name, the second has a certificate for it."""
    target = {"id": "E0000000000002", "config": {"ViewerCertificate": viewer("c1")}}
    source = {"id": "E0000000000001", "aliases": [HOST], "config": {"ViewerCertificate": viewer("c1")}}
    with bench(world({MAIL: {"distributions": [source, target]}}, **_zone())) as running:
        yield running


def _prove(cf: Bench) -> None:
    name = cf.mail.get_distribution(Id="E0000000000002")["Distribution"]["DomainName"]
    change = {"add_records": [_record("TXT", f"_{HOST}", f'"{name}"')]}
    cf.sandbox.control("PATCH", "/dns/zones/example.com", change)


def test_a_name_moves_with_proof_once_its_holder_is_disabled(moving: Bench) -> None:
    target = {"Domain": HOST, "TargetResource": {"DistributionId": "E0000000000002"}}
    move = moving.mail.update_domain_association
    assert moving.code(move, **target) == "InvalidIfMatchVersion"
    target["IfMatch"] = moving.mail.get_distribution(Id="E0000000000002")["ETag"]
    assert moving.code(move, **target) == "IllegalUpdate"  # no TXT record
    _prove(moving)
    assert moving.code(move, **target) == "IllegalUpdate"  # its holder is enabled
    moving.update("E0000000000001", Enabled=False)
    moved = move(**target)
    assert (moved["Domain"], moved["ResourceId"]) == (HOST, "E0000000000002")
    read = moving.mail.get_distribution(Id="E0000000000002")
    assert (read["ETag"], read["Distribution"]["Status"]) == (moved["ETag"], "InProgress")
    assert read["Distribution"]["DistributionConfig"]["Aliases"]["Items"] == [HOST]
    left = moving.mail.get_distribution_config(Id="E0000000000001")["DistributionConfig"]
    assert left["Aliases"] == {"Quantity": 0}


def test_an_alias_moves_within_an_account_while_it_serves(moving: Bench) -> None:
    ask = {"TargetDistributionId": "E0000000000002", "Alias": HOST}
    assert moving.code(moving.mail.associate_alias, **ask) == "IllegalUpdate"
    _prove(moving)
    moving.mail.associate_alias(**ask)
    assert moving.cloud().distributions["E0000000000002"].aliases == [HOST]
    assert moving.code(moving.mail.associate_alias, **ask) == "InvalidArgument"


def test_a_certificate_in_use_is_told_until_some_time_after_its_last_user(cf: Bench) -> None:
    made = cf.create(HOST)
    now = cf.sandbox.kernel.now
    assert cf.cloud().uses(arn(), now()) == [made["ARN"]]
    cf.advance(300)
    off = cf.update(made["Id"], ViewerCertificate=viewer("w1"), Enabled=False)
    assert cf.cloud().uses(arn(), now()) == [made["ARN"]]
    cf.advance(300)
    assert cf.cloud().uses(arn(), now()) == []
    cf.mail.delete_distribution(Id=made["Id"], IfMatch=off["ETag"])
    assert cf.cloud().uses(arn("w1"), now()) == [made["ARN"]]
    cf.advance(130)
    assert cf.cloud().uses(arn("w1"), now()) == []


def test_only_a_disabled_distribution_loses_its_name_to_another_account() -> None:
    source = {"id": "E0000000000001", "aliases": [HOST], "config": {"ViewerCertificate": viewer("c1", OTHER)}}
    target = {"id": "E0000000000002", "config": {"ViewerCertificate": viewer("c1")}}
    given = {OTHER: {"distributions": [source]}, MAIL: {"distributions": [target]}}
    with bench(world(given, **_zone())) as cf:
        _prove(cf)
        ask = {"TargetDistributionId": "E0000000000002", "Alias": HOST}
        assert cf.code(cf.mail.associate_alias, **ask) == "IllegalUpdate"
        cf.patch(OTHER, distributions={HOST: {"enabled": False}})
        cf.mail.associate_alias(**ask)
        assert cf.cloud(OTHER).distributions["E0000000000001"].aliases == []


def test_a_name_that_nobody_holds_is_associated_and_not_moved() -> None:
    target = {"id": "E0000000000002", "config": {"ViewerCertificate": viewer("c1")}}
    given = {MAIL: {"distributions": [target], "quotas": {"aliases_per_distribution": 1}}}
    with bench(world(given, **_zone())) as cf:
        _prove(cf)
        move = {"Domain": HOST, "TargetResource": {"DistributionId": "E0000000000002"}}
        move["IfMatch"] = cf.mail.get_distribution(Id="E0000000000002")["ETag"]
        assert cf.code(cf.mail.update_domain_association, **move) == "EntityNotFound"
        cf.mail.associate_alias(TargetDistributionId="E0000000000002", Alias=HOST)
        cf.update("E0000000000002", ViewerCertificate=viewer("w1"))
        more = {"TargetDistributionId": "E0000000000002", "Alias": "b.example.com"}
        assert cf.code(cf.mail.associate_alias, **more) == "TooManyDistributionCNAMEs"


def test_a_certificate_of_iam_is_taken_as_it_is(cf: Bench) -> None:
    how = {"SSLSupportMethod": "sni-only", "MinimumProtocolVersion": "TLSv1.2_2021"}
    answered = cf.create(HOST, ViewerCertificate={"IAMCertificateId": "ASCA1", **how})
    certificate = answered["DistributionConfig"]["ViewerCertificate"]
    assert (certificate["IAMCertificateId"], certificate["CertificateSource"]) == ("ASCA1", "iam")
