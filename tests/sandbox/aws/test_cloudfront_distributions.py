"""Distributions: made, read, replaced under an ETag, disabled, deleted; each as CloudFront does it."""

from typing import Any

import pytest

from tests.sandbox.aws.cloudfront_bench import (
    HOST,
    MAIL,
    Bench,
    arn,
    behavior,
    bench,
    config,
    listed,
    viewer,
    world,
)


def test_a_new_distribution_is_in_progress_until_it_is_at_the_edge(cf: Bench) -> None:
    made = cf.create(HOST)
    assert (made["Status"], made["DistributionConfig"]["Enabled"]) == ("InProgress", True)
    assert made["ARN"] == f"arn:aws:cloudfront::{MAIL}:distribution/{made['Id']}"
    assert made["DomainName"].endswith(".cloudfront.net")
    cf.advance(179)
    assert cf.mail.get_distribution(Id=made["Id"])["Distribution"]["Status"] == "InProgress"
    cf.advance(62)
    assert cf.mail.get_distribution(Id=made["Id"])["Distribution"]["Status"] == "Deployed"


def test_what_is_left_out_gets_cloudfronts_defaults(cf: Bench) -> None:
    made = cf.create()["DistributionConfig"]
    origin = made["Origins"]["Items"][0]
    assert (made["PriceClass"], made["HttpVersion"], made["IsIPV6Enabled"]) == (
        "PriceClass_All",
        "http2",
        False,
    )
    assert made["Aliases"] == made["CacheBehaviors"] == {"Quantity": 0}
    assert (origin["ConnectionAttempts"], origin["ConnectionTimeout"], origin["OriginPath"]) == (3, 10, "")
    assert origin["CustomOriginConfig"]["OriginReadTimeout"] == 30
    assert made["ViewerCertificate"] == {
        "CloudFrontDefaultCertificate": True,
        "SSLSupportMethod": "vip",
        "MinimumProtocolVersion": "TLSv1",
        "CertificateSource": "cloudfront",
    }
    cf.switch("http-version-default", "http1.1")
    assert cf.create(CallerReference="2")["DistributionConfig"]["HttpVersion"] == "http1.1"


def test_methods_come_back_in_cloudfronts_own_order(cf: Bench) -> None:
    methods = {**listed("GET", "HEAD"), "CachedMethods": listed("GET", "HEAD")}
    made = cf.create(DefaultCacheBehavior=behavior(AllowedMethods=methods))["DistributionConfig"]
    assert made["DefaultCacheBehavior"]["AllowedMethods"]["Items"] == ["HEAD", "GET"]


def test_the_certificate_is_answered_in_its_deprecated_spelling_too(cf: Bench) -> None:
    answered = cf.create(HOST)["DistributionConfig"]["ViewerCertificate"]
    assert (answered["Certificate"], answered["CertificateSource"]) == (arn(), "acm")
    assert answered["CloudFrontDefaultCertificate"] is False


def test_each_write_rotates_the_etag_and_an_old_one_is_refused(cf: Bench) -> None:
    made = cf.create(HOST)
    second = cf.update(made["Id"], Comment="second")
    assert second["ETag"] != made["ETag"]
    write = {"Id": made["Id"], "DistributionConfig": config(HOST)}
    assert cf.refused(cf.mail.update_distribution, **write, IfMatch=made["ETag"])[:2] == (
        412,
        "PreconditionFailed",
    )
    assert cf.refused(cf.mail.update_distribution, **write)[:2] == (400, "InvalidIfMatchVersion")
    assert cf.code(cf.mail.delete_distribution, Id=made["Id"], IfMatch=made["ETag"]) == "PreconditionFailed"
    assert cf.code(cf.mail.delete_distribution, Id=made["Id"]) == "InvalidIfMatchVersion"
    assert cf.mail.get_distribution(Id=made["Id"])["ETag"] == second["ETag"]


def test_an_update_erases_what_it_leaves_out(cf: Bench) -> None:
    acl = f"arn:aws:wafv2:us-east-1:{MAIL}:global/webacl/ours/0a1b"
    errors = listed({"ErrorCode": 404, "ErrorCachingMinTTL": 5})
    logging = {"Enabled": True, "IncludeCookies": False, "Bucket": "logs.s3.amazonaws.com", "Prefix": "x"}
    more: dict[str, Any] = {"WebACLId": acl, "Logging": logging, "CustomErrorResponses": errors}
    made = cf.create(PriceClass="PriceClass_100", **more)
    kept = cf.update(made["Id"], Comment="merged")["DistributionConfig"]
    assert (kept["WebACLId"], kept["Logging"], kept["PriceClass"]) == (acl, logging, "PriceClass_100")
    assert kept["CustomErrorResponses"]["Items"][0]["ErrorCode"] == 404
    read = cf.mail.get_distribution_config(Id=made["Id"])
    cf.switch("update-left-out", "defaulted")
    cf.mail.update_distribution(Id=made["Id"], IfMatch=read["ETag"], DistributionConfig=config())
    bare = cf.mail.get_distribution_config(Id=made["Id"])["DistributionConfig"]
    assert (bare["WebACLId"], bare["PriceClass"], bare["Logging"]["Enabled"]) == ("", "PriceClass_All", False)
    assert bare["CustomErrorResponses"] == {"Quantity": 0}


def _without(given: dict[str, Any], *path: str) -> dict[str, Any]:
    first, *rest = path
    kept = dict(given) if rest else {key: value for key, value in given.items() if key != first}
    if rest:
        inner = given[first]
        kept[first] = [_without(inner[0], *rest)] if isinstance(inner, list) else _without(inner, *rest)
    return kept


@pytest.mark.parametrize(
    ("path", "code", "words"),
    [
        (("HttpVersion",), "IllegalUpdate", "HttpVersion is required for updates."),
        (("WebACLId",), "IllegalUpdate", "WebACLId is required for updates."),
        (("DefaultCacheBehavior", "Compress"), "IllegalUpdate", "Compress is required for updates."),
        (
            ("DefaultCacheBehavior", "FieldLevelEncryptionId"),
            "InvalidArgument",
            "The parameter Field level encryption id is required.",
        ),
        (
            ("Origins", "Items", "CustomOriginConfig", "OriginReadTimeout"),
            "IllegalUpdate",
            "OriginReadTimeout is required for updates.",
        ),
    ],
)
def test_an_update_requires_more_than_a_creation(
    cf: Bench, path: tuple[str, ...], code: str, words: str
) -> None:
    made = cf.create()
    given = _without(made["DistributionConfig"], *path)
    write = {"Id": made["Id"], "IfMatch": made["ETag"], "DistributionConfig": given}
    assert cf.refused(cf.mail.update_distribution, **write) == (400, code, words)


def test_what_an_update_may_leave_out_is_not_kept_from_before(cf: Bench) -> None:
    made = cf.create(IsIPV6Enabled=True)
    given = _without(made["DistributionConfig"], "IsIPV6Enabled")
    write = {"Id": made["Id"], "IfMatch": made["ETag"], "DistributionConfig": given}
    assert (
        cf.mail.update_distribution(**write)["Distribution"]["DistributionConfig"]["IsIPV6Enabled"] is False
    )


def test_the_edge_follows_an_update_only_once_it_is_deployed(cf: Bench) -> None:
    made = cf.create(HOST)
    now = cf.sandbox.kernel.now
    assert cf.cloud().serving(HOST, now()) is None
    cf.advance(300)
    before = cf.cloud().serving(HOST, now())
    assert before is not None
    assert before.certificate_arn == arn()
    cf.update(made["Id"], Comment="new")
    during = cf.cloud().serving(HOST, now())
    assert during is not None
    assert during.config["Comment"] == ""
    cf.update(made["Id"], Comment="newer")
    cf.advance(300)
    after = cf.cloud().serving(HOST, now())
    assert after is not None
    assert after.config["Comment"] == "newer"


def test_deletion_waits_until_it_is_disabled_and_that_is_deployed(cf: Bench) -> None:
    made = cf.create(HOST)
    cf.advance(300)
    status, code, message = cf.refused(cf.mail.delete_distribution, Id=made["Id"], IfMatch=made["ETag"])
    assert (status, code) == (409, "DistributionNotDisabled")
    assert message == "The distribution you are trying to delete has not been disabled."
    off = cf.update(made["Id"], Enabled=False)
    assert (
        cf.code(cf.mail.delete_distribution, Id=made["Id"], IfMatch=off["ETag"]) == "DistributionNotDisabled"
    )
    cf.advance(300)
    cf.mail.delete_distribution(Id=made["Id"], IfMatch=off["ETag"])
    assert cf.refused(cf.mail.get_distribution, Id=made["Id"])[:2] == (404, "NoSuchDistribution")
    assert cf.mail.list_distributions()["DistributionList"]["Quantity"] == 0


def test_a_caller_reference_makes_one_distribution_and_stays(cf: Bench) -> None:
    made = cf.create()
    again = {"DistributionConfig": config()}
    status, code, message = cf.refused(cf.mail.create_distribution, **again)
    assert (status, code) == (409, "DistributionAlreadyExists")
    assert message.endswith(f"Already exists: {made['Id']}")
    cf.switch("repeated-create", "same-content-returns")
    assert cf.mail.create_distribution(**again)["Distribution"]["Id"] == made["Id"]
    other = {"DistributionConfig": config(Comment="other")}
    assert cf.code(cf.mail.create_distribution, **other) == "DistributionAlreadyExists"
    changed = {"DistributionConfig": config(CallerReference="new"), "IfMatch": made["ETag"]}
    assert cf.code(cf.mail.update_distribution, Id=made["Id"], **changed) == "IllegalUpdate"


def test_a_reference_of_a_deleted_distribution_is_free_or_not(cf: Bench) -> None:
    made = cf.create(Enabled=False)
    cf.advance(300)
    cf.mail.delete_distribution(Id=made["Id"], IfMatch=made["ETag"])
    cf.switch("freed-reference", "taken")
    assert cf.code(cf.mail.create_distribution, DistributionConfig=config()) == "DistributionAlreadyExists"
    cf.switch("freed-reference", "free")
    assert cf.create()["Id"] != made["Id"]


def test_lists_come_in_pages_of_a_hundred_with_all_members_of_a_summary() -> None:
    with bench(world({MAIL: {"distributions": [{"id": f"E{n:013}"} for n in range(250)]}})) as cf:
        pages = list(cf.mail.get_paginator("list_distributions").paginate())
        assert [page["DistributionList"]["Quantity"] for page in pages] == [100, 100, 50]
        rows = [row for page in pages for row in page["DistributionList"]["Items"]]
        assert len({row["Id"] for row in rows}) == 250
        read = cf.mail.get_distribution(Id=rows[0]["Id"])
        assert rows[0]["ETag"] == read["ETag"]
        assert "CallerReference" not in rows[0]
        assert "Logging" not in rows[0]
        assert cf.mail.list_distributions(MaxItems="7")["DistributionList"]["Quantity"] == 7
        assert cf.code(cf.mail.list_distributions, MaxItems="x") == "InvalidArgument"
        first = cf.mail.list_distributions(MaxItems="7")["DistributionList"]
        cf.patch(distributions={first["NextMarker"]: {"delete": True}})
        rest = cf.mail.list_distributions(MaxItems="7", Marker=first["NextMarker"])["DistributionList"]
        assert rest["Items"][0]["Id"] == rows[7]["Id"]


def test_a_list_may_lag_behind_writes(cf: Bench) -> None:
    cf.switch("list-lag", "five-seconds")
    made = cf.create(Enabled=False)
    assert "Items" not in cf.mail.list_distributions()["DistributionList"]
    cf.advance(300)
    cf.update(made["Id"], Comment="new")
    (row,) = cf.mail.list_distributions()["DistributionList"]["Items"]
    assert (row["Comment"], row["ETag"]) == ("", made["ETag"])
    cf.advance(300)
    (row,) = cf.mail.list_distributions()["DistributionList"]["Items"]
    assert row["Comment"] == "new"
    cf.mail.delete_distribution(Id=made["Id"], IfMatch=row["ETag"])
    assert cf.mail.list_distributions()["DistributionList"]["Quantity"] == 1
    cf.advance(6)
    assert cf.mail.list_distributions()["DistributionList"]["Quantity"] == 0


def _behaves(**more: Any) -> dict[str, Any]:
    return {"DefaultCacheBehavior": behavior(**more)}


def _origin(**more: Any) -> dict[str, Any]:
    custom = {
        "HTTPPort": 80,
        "HTTPSPort": 443,
        "OriginProtocolPolicy": "match-viewer",
        **more.pop("custom", {}),
    }
    return {"Origins": listed({"Id": "o", "DomainName": "spgo.io", "CustomOriginConfig": custom, **more})}


def _one(name: str, value: str = "x") -> dict[str, str]:
    return {"HeaderName": name, "HeaderValue": value}


def _header(name: str) -> dict[str, Any]:
    return {"CustomHeaders": listed(_one(name))}


def _long_header() -> dict[str, Any]:
    return {"CustomHeaders": listed(_one("X-A", "x" * 1784))}


S3 = {"DomainName": "logs.s3.amazonaws.com", "S3OriginConfig": {"OriginAccessIdentity": ""}}


LEGACY = {"QueryString": False, "Cookies": {"Forward": "none"}}
UNCACHED = {"CachePolicyId": "", "ForwardedValues": LEGACY}


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"Comment": "x" * 129}, "InvalidArgument"),
        ({"DefaultRootObject": "/index.html"}, "InvalidDefaultRootObject"),
        ({"WebACLId": "nonsense"}, "InvalidWebACLId"),
        ({"Logging": {"Enabled": True}}, "InvalidArgument"),
        ({"Aliases": {"Quantity": 2, "Items": [HOST]}}, "InconsistentQuantities"),
        (_behaves(TargetOriginId="nobody"), "NoSuchOrigin"),
        (_behaves(CachePolicyId="00000000-0000-0000-0000-000000000000"), "NoSuchCachePolicy"),
        (_behaves(CachePolicyId="acba4595-bd28-49b8-b9fe-13317c0390fa"), "NoSuchCachePolicy"),
        (_behaves(OriginRequestPolicyId="00000000-0000-0000-0000-000000000000"), "NoSuchOriginRequestPolicy"),
        (_behaves(ForwardedValues=LEGACY), "InvalidArgument"),
        (_behaves(MinTTL=0), "InvalidArgument"),
        (_behaves(CachePolicyId=""), "InvalidArgument"),
        (
            _behaves(**UNCACHED, OriginRequestPolicyId="acba4595-bd28-49b8-b9fe-13317c0390fa"),
            "InvalidArgument",
        ),
        (_behaves(**UNCACHED, MinTTL=10, DefaultTTL=5, MaxTTL=60), "InvalidTTLOrder"),
        (_behaves(AllowedMethods=listed("GET", "POST")), "InvalidArgument"),
        (_origin(DomainName="192.0.2.1"), "InvalidArgument"),
        (_origin(OriginPath="x/"), "InvalidArgument"),
        (_origin(ConnectionAttempts=4), "InvalidArgument"),
        (_origin(ConnectionTimeout=11), "InvalidArgument"),
        (_origin(custom={"HTTPPort": 81}), "InvalidArgument"),
        (_origin(custom={"OriginReadTimeout": 0}), "InvalidOriginReadTimeout"),
        (_origin(custom={"OriginKeepaliveTimeout": 121}), "InvalidOriginKeepaliveTimeout"),
        (_origin(**_header("Host")), "InvalidArgument"),
        ({"Origins": listed(*({"Id": "o", **S3} for _ in "ab"))}, "InvalidArgument"),
        ({"Origins": listed({"Id": "o", "DomainName": "spgo.io"})}, "InvalidArgument"),
        (_origin(**_long_header()), "InvalidArgument"),
        (_origin(CustomHeaders=listed(*(_one("X-A") for _ in "ab"))), "InvalidArgument"),
        (_origin(CustomHeaders=listed(*(_one(f"X-{n}") for n in range(31)))), "TooManyOriginCustomHeaders"),
        (_origin(**_header("X-Edge-Location")), "InvalidArgument"),
        ({"CallerReference": ""}, "InvalidArgument"),
        ({"Origins": listed()}, "MalformedXML"),
        ({"Enabled": None}, "MalformedXML"),
        ({"PriceClass": "PriceClass_7"}, "MalformedXML"),
    ],
)
def test_a_config_that_may_not_be_is_refused(still: Bench, more: dict[str, Any], code: str) -> None:
    given = {key: value for key, value in config(**more).items() if value is not None}
    assert still.code(still.mail.create_distribution, DistributionConfig=given) == code


def test_the_forwarded_host_is_a_header_that_an_origin_may_have(cf: Bench) -> None:
    made = cf.create(**_origin(**_header("X-Forwarded-Host")))["DistributionConfig"]
    assert made["Origins"]["Items"][0]["CustomHeaders"]["Items"][0]["HeaderName"] == "X-Forwarded-Host"


def test_the_accounts_quotas_hold() -> None:
    quotas = {"distributions": 1, "aliases_per_distribution": 1, "origins": 1, "behaviors": 0}
    with bench(world({MAIL: {"quotas": quotas}})) as cf:
        create = cf.mail.create_distribution
        many = config(HOST, "b.example.com", ViewerCertificate=viewer("w1"))
        assert cf.code(create, DistributionConfig=many) == "TooManyDistributionCNAMEs"
        two = listed(
            *(
                {"Id": each, "DomainName": "spgo.io", "S3OriginConfig": {"OriginAccessIdentity": ""}}
                for each in "ab"
            )
        )
        assert cf.code(create, DistributionConfig=config(Origins=two)) == "TooManyOrigins"
        patterns = listed(behavior(PathPattern="/x*"))
        assert cf.code(create, DistributionConfig=config(CacheBehaviors=patterns)) == "TooManyCacheBehaviors"
        cf.create()
        assert cf.code(create, DistributionConfig=config(CallerReference="2")) == "TooManyDistributions"


def test_tags_are_set_listed_and_taken_away(cf: Bench) -> None:
    tags = {"Items": [{"Key": "tdr:owner", "Value": "acme"}]}
    both = {"DistributionConfig": config(), "Tags": tags}
    made = cf.mail.create_distribution_with_tags(DistributionConfigWithTags=both)["Distribution"]
    cf.mail.tag_resource(Resource=made["ARN"], Tags={"Items": [{"Key": "team", "Value": "mail"}]})
    assert cf.mail.list_tags_for_resource(Resource=made["ARN"])["Tags"]["Items"] == [
        {"Key": "tdr:owner", "Value": "acme"},
        {"Key": "team", "Value": "mail"},
    ]
    cf.mail.untag_resource(Resource=made["ARN"], TagKeys={"Items": ["tdr:owner"]})
    assert [tag["Key"] for tag in cf.mail.list_tags_for_resource(Resource=made["ARN"])["Tags"]["Items"]] == [
        "team"
    ]
    reserved = {"Items": [{"Key": "aws:x", "Value": ""}]}
    assert cf.code(cf.mail.tag_resource, Resource=made["ARN"], Tags=reserved) == "InvalidTagging"
    assert cf.code(cf.mail.list_tags_for_resource, Resource=f"{made['ARN']}X") == "NoSuchResource"


def test_writes_are_throttled_where_the_switch_says_so(cf: Bench) -> None:
    cf.switch("writes", "three-per-minute")
    for n in range(3):
        cf.create(CallerReference=str(n))
    assert cf.refused(cf.mail.create_distribution, DistributionConfig=config()) == (
        400,
        "Throttling",
        "Rate exceeded",
    )
    assert cf.mail.list_distributions()["DistributionList"]["Quantity"] == 3
    cf.advance(61)
    cf.create(CallerReference="4")


def test_an_invalidation_is_done_after_a_while(cf: Bench) -> None:
    made = cf.create(HOST)
    cf.advance(300)
    batch = {"Paths": listed("/a/*"), "CallerReference": "1"}
    at = {"DistributionId": made["Id"]}
    done = cf.mail.create_invalidation(**at, InvalidationBatch=batch)["Invalidation"]
    assert done["Status"] == "InProgress"
    assert cf.mail.get_distribution(Id=made["Id"])["Distribution"]["InProgressInvalidationBatches"] == 1
    cached = cf.sandbox.kernel.now()
    assert cf.mail.create_invalidation(**at, InvalidationBatch=batch)["Invalidation"]["Id"] == done["Id"]
    cf.advance(61)
    assert cf.mail.get_invalidation(**at, Id=done["Id"])["Invalidation"]["Status"] == "Completed"
    assert cf.mail.list_invalidations(**at)["InvalidationList"]["Items"][0]["Id"] == done["Id"]
    served = cf.cloud().serving(HOST, cf.sandbox.kernel.now())
    assert served is not None
    assert served.forgotten("/a/b", cached, cf.sandbox.kernel.now())
    assert not served.forgotten("/b", cached, cf.sandbox.kernel.now())
    other = {"Paths": listed("/b"), "CallerReference": "1"}
    assert cf.code(cf.mail.create_invalidation, **at, InvalidationBatch=other) == "InvalidArgument"
    bad = {"Paths": listed("b"), "CallerReference": "2"}
    assert cf.code(cf.mail.create_invalidation, **at, InvalidationBatch=bad) == "InvalidArgument"
    assert cf.code(cf.mail.get_invalidation, **at, Id="I0") == "NoSuchInvalidation"
    assert cf.code(cf.mail.list_invalidations, DistributionId="E0") == "NoSuchDistribution"
    wild = {"Paths": listed(*(f"/{n}/*" for n in range(16))), "CallerReference": "3"}
    assert (
        cf.code(cf.mail.create_invalidation, **at, InvalidationBatch=wild) == "TooManyInvalidationsInProgress"
    )
