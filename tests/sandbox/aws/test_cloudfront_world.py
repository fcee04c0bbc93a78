"""CloudFront as the world writes it, as others edit it, as it is kept on disk, and as the edge asks of it."""

import json
from typing import Any

import pytest

from providers.sandbox import started
from providers.sandbox.aws import EMULATOR
from providers.sandbox.aws.cloudfront import serving
from providers.sandbox.aws.cloudfront_serving import fits
from providers.sandbox.contract import ControlError, WorldError
from tests.sandbox.aws.cloudfront_bench import (
    HOST,
    MAIL,
    OPTIMIZED,
    OTHER,
    Bench,
    arn,
    bench,
    cache_policy,
    config,
    listed,
    request_policy,
    viewer,
    whole_behavior,
    world,
)

ACL = f"arn:aws:wafv2:us-east-1:{MAIL}:global/webacl/ours/0a1b"
POLICY = "11111111-2222-3333-4444-555555555555"
HELD = {
    "id": "E0000000000001",
    "domain_name": "d111111abcdef8.cloudfront.net",
    "aliases": [HOST],
    "tags": {"team": "mail"},
    "config": {
        "Comment": "by hand",
        "Origins": {
            "Items": [
                {
                    "Id": "sp",
                    "DomainName": "spgo.io",
                    "CustomOriginConfig": {
                        "HTTPPort": 80,
                        "HTTPSPort": 443,
                        "OriginProtocolPolicy": "match-viewer",
                    },
                }
            ]
        },
    },
}


def of_mail(**section: Any) -> dict[str, Any]:
    """A world whose first account has this."""
    return world({MAIL: section})


def test_a_distribution_of_the_world_is_deployed_and_has_a_certificate_that_covers_it() -> None:
    with bench(of_mail(distributions=[HELD])) as cf:
        found = cf.mail.get_distribution(Id=HELD["id"])["Distribution"]
        read = found["DistributionConfig"]
        assert found["DomainName"] == HELD["domain_name"]
        assert (found["Status"], read["Comment"], read["Enabled"]) == ("Deployed", "by hand", True)
        assert read["ViewerCertificate"]["ACMCertificateArn"] == arn()
        assert read["DefaultCacheBehavior"]["TargetOriginId"] == "sp"
        assert read["DefaultCacheBehavior"]["CachePolicyId"] == OPTIMIZED
        assert cf.mail.list_tags_for_resource(Resource=found["ARN"])["Tags"]["Items"][0]["Key"] == "team"
        served = serving([cf.cloud(OTHER), cf.cloud()], f"{HOST}.", cf.sandbox.kernel.now())
        assert served is not None
        assert (served.account, served.id, served.certificate_arn) == (MAIL, HELD["id"], arn())
        assert cf.update(HELD["id"], Comment="ours")["DistributionConfig"]["Comment"] == "ours"


def test_policies_of_the_world_have_the_ids_that_it_gives_them() -> None:
    cache = {"id": POLICY, "config": {"Name": "guide", "MinTTL": 1, "DefaultTTL": 10, "MaxTTL": 10}}
    agent = {"HeaderBehavior": "whitelist", "Headers": {"Items": ["User-Agent"]}}
    request = {"config": {"Name": "agent", "HeadersConfig": agent}}
    used = {"config": {"DefaultCacheBehavior": {"CachePolicyId": POLICY}}}
    given = of_mail(cache_policies=[cache], origin_request_policies=[request], distributions=[used])
    with bench(given) as cf:
        read = cf.mail.get_cache_policy(Id=POLICY)["CachePolicy"]["CachePolicyConfig"]
        assert (read["Name"], read["MaxTTL"]) == ("guide", 10)
        (row,) = cf.mail.list_origin_request_policies(Type="custom")["OriginRequestPolicyList"]["Items"]
        headers = row["OriginRequestPolicy"]["OriginRequestPolicyConfig"]["HeadersConfig"]["Headers"]
        assert headers == {"Quantity": 1, "Items": ["User-Agent"]}
        users = cf.mail.list_distributions_by_cache_policy_id(CachePolicyId=POLICY)
        assert users["DistributionIdList"]["Quantity"] == 1


@pytest.mark.parametrize(
    ("section", "place"),
    [
        (
            {"distributions": [{"domain_name": "cdn.example.com"}]},
            "domain_name: write the distribution's own name",
        ),
        ({"distributions": {}}, "distributions: must be a list"),
        ({"distributions": [{"config": {"Origins": {"Items": []}}}]}, "distributions[0].config: "),
        ({"distributions": [{"config": {"Origins": {"Items": "x"}}}]}, ".Origins.Items: must be a list"),
        ({"distributions": [{"config": {"Origins": {"Items": [{"Id": "x"}]}}}]}, "domainName"),
        ({"distributions": [{"config": {"Enabled": "yes"}}]}, "config.Enabled: 'yes' is no boolean"),
        ({"distributions": [{"config": {"PriceClass": "All"}}]}, "PriceClass_100"),
        ({"distributions": [{"config": {"Comment": True}}]}, "config.Comment: True is no string"),
        ({"cache_policies": [{"config": {"MaxTTL": "1"}}]}, "config.MaxTTL: '1' is no long"),
        ({"cache_policies": [{"config": {}}]}, "'name'"),
        ({"distributions": [{"name": "x"}]}, "distributions[0].name: unknown key"),
        ({"distributions": [{"config": {"Coment": "x"}}]}, "distributions[0].config.Coment: unknown key"),
        (
            {"distributions": [{"config": {"Origins": {"Items": [{"Name": 1}]}}}]},
            ".Origins.Items[0].Name: unknown",
        ),
        (
            {"distributions": [{"config": {"Comment": "x" * 129}}]},
            "distributions[0].config: The parameter Comment",
        ),
        ({"distributions": [{"aliases": [HOST]}, {"aliases": [HOST]}]}, "distributions[1].aliases: another"),
        (
            {"distributions": [{"plan": {"tier": "GOLD"}}]},
            "distributions[0].plan.tier: unknown value 'GOLD'; write one of FREE",
        ),
        ({"cache_policies": [{"config": {"Name": "a b"}}]}, "cache_policies[0].config: The parameter Name"),
        ({"deployment_s": "soon"}, "deployment_s: write how many seconds"),
    ],
)
def test_a_mistake_in_the_world_is_named_with_its_place(section: dict[str, Any], place: str) -> None:
    with pytest.raises(WorldError) as caught, started(of_mail(**section), emulators=[EMULATOR]):
        pass
    assert str(caught.value).startswith("aws[0].")
    assert place in str(caught.value)


def test_the_world_says_how_long_a_deployment_takes() -> None:
    with bench(of_mail(deployment_s=0)) as cf:
        made = cf.create(HOST)
        assert made["Status"] == "Deployed"
        cf.patch(deployment_s=3600)
        assert cf.update(made["Id"], Comment="x")["Status"] == "InProgress"
        cf.advance(3500)
        assert cf.mail.get_distribution(Id=made["Id"])["Distribution"]["Status"] == "InProgress"


def test_others_edit_a_distribution_as_an_api_call_would() -> None:
    with bench(of_mail(distributions=[HELD])) as cf:
        before = cf.mail.get_distribution(Id=HELD["id"])["ETag"]
        change = {"web_acl": ACL, "config": {"Comment": "edited"}, "tags": {"team": "web"}}
        assert cf.patch(distributions={HOST: change})[MAIL] == {"cloudfront": {HOST: HELD["id"]}}
        after = cf.mail.get_distribution(Id=HELD["id"])
        read = after["Distribution"]["DistributionConfig"]
        assert (read["WebACLId"], read["Comment"], after["Distribution"]["Status"]) == (
            ACL,
            "edited",
            "InProgress",
        )
        assert after["ETag"] != before
        stale = {"Id": HELD["id"], "IfMatch": before, "DistributionConfig": config(HOST)}
        assert cf.code(cf.mail.update_distribution, **stale) == "PreconditionFailed"
        cf.patch(distributions={HELD["id"]: {"enabled": False, "aliases": [], "deployed": True}})
        read = cf.mail.get_distribution(Id=HELD["id"])["Distribution"]
        assert (read["Status"], read["DistributionConfig"]["Enabled"]) == ("Deployed", False)
        assert read["DistributionConfig"]["Aliases"] == {"Quantity": 0}
        cf.patch(distributions={HELD["id"]: {"delete": True}})
        assert cf.code(cf.mail.get_distribution, Id=HELD["id"]) == "NoSuchDistribution"


def test_others_add_and_edit_policies_and_distributions() -> None:
    with bench() as cf:
        made = cf.mail.create_cache_policy(CachePolicyConfig=cache_policy())["CachePolicy"]["Id"]
        cf.patch(cache_policies={"ours": {"MaxTTL": 60}})
        read = cf.mail.get_cache_policy_config(Id=made)["CachePolicyConfig"]
        assert (read["MinTTL"], read["MaxTTL"]) == (1, 60)
        added = {"distributions": [HELD], "cache_policies": [{"config": {"Name": "theirs"}}]}
        cf.patch(add=added)
        assert cf.mail.get_distribution(Id=HELD["id"])["Distribution"]["Status"] == "Deployed"
        assert cf.mail.list_cache_policies(Type="custom")["CachePolicyList"]["Quantity"] == 2
        cf.patch(cache_policies={"theirs": None})
        assert cf.mail.list_cache_policies(Type="custom")["CachePolicyList"]["Quantity"] == 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"distributions": {"nobody": {}}}, "there is no distribution nobody: there are none"),
        ({"cache_policies": {"nobody": {}}}, "there is no cache policy nobody: there are none"),
        ({"zones": {}}, "unknown key"),
        ({"deployment_s": -1}, "write how many seconds"),
    ],
)
def test_a_change_that_cannot_be_is_named(change: dict[str, Any], words: str) -> None:
    with bench() as cf:
        with pytest.raises(ControlError) as caught:
            cf.patch(**change)
        assert words in str(caught.value)


@pytest.fixture
def planned() -> Any:
    """A distribution with a free plan and its web ACL."""
    plan = {"family": "CLOUDFRONT", "tier": "FREE"}
    with bench(of_mail(distributions=[{**HELD, "plan": plan, "config": {"WebACLId": ACL}}])) as running:
        yield running


def test_a_free_plan_has_no_policies_of_ones_own(planned: Bench) -> None:
    policy = planned.mail.create_cache_policy(CachePolicyConfig=cache_policy())["CachePolicy"]["Id"]
    read = planned.mail.get_distribution_config(Id=HELD["id"])
    at = {"Id": HELD["id"], "IfMatch": read["ETag"]}
    kept = read["DistributionConfig"]
    origin = kept["Origins"]["Items"][0]["Id"]
    custom = {**kept, "DefaultCacheBehavior": whole_behavior(CachePolicyId=policy, TargetOriginId=origin)}
    status, code, message = planned.refused(planned.mail.update_distribution, **at, DistributionConfig=custom)
    assert (status, code) == (400, "InvalidArgument")
    assert message == "You're using configuration not available in this tier: custom cache policy"
    bare = {**kept, "WebACLId": ""}
    message = planned.refused(planned.mail.update_distribution, **at, DistributionConfig=bare)[2]
    assert "Distributions with a pricing plan subscription must have a web ACL resource." in message
    planned.patch(distributions={HOST: {"plan": {"tier": "business"}}})
    planned.mail.update_distribution(**at, DistributionConfig=custom)


def test_what_no_plan_has_and_what_a_free_one_lacks_is_told_together(planned: Bench) -> None:
    policy = planned.mail.create_origin_request_policy(OriginRequestPolicyConfig=request_policy())
    read = planned.mail.get_distribution_config(Id=HELD["id"])
    kept, origin = read["DistributionConfig"], read["DistributionConfig"]["Origins"]["Items"][0]["Id"]
    legacy = {"QueryString": False, "Cookies": {"Forward": "none"}}
    old = whole_behavior(TargetOriginId=origin, CachePolicyId="", ForwardedValues=legacy)
    custom = whole_behavior(OriginRequestPolicyId=policy["OriginRequestPolicy"]["Id"], TargetOriginId=origin)
    patterns = listed({**old, "PathPattern": "/old*"})
    written = {**kept, "CacheBehaviors": patterns, "DefaultCacheBehavior": custom}
    write = {"Id": HELD["id"], "IfMatch": read["ETag"], "DistributionConfig": written}
    message = planned.refused(planned.mail.update_distribution, **write)[2]
    assert message.partition(": ")[2] == (
        "legacy forwarded values, legacy minimum TTL, legacy maximum TTL, custom origin request policy"
    )


def test_a_subscribed_distribution_cannot_be_deleted(planned: Bench) -> None:
    off = planned.update(HELD["id"], Enabled=False)
    planned.advance(300)
    gone = {"Id": HELD["id"], "IfMatch": off["ETag"]}
    status, code, message = planned.refused(planned.mail.delete_distribution, **gone)
    assert (status, code) == (412, "PreconditionFailed")
    assert message.startswith("You can't delete this distribution while it's subscribed to a pricing plan.")
    assert [plan.tier for plan in planned.cloud().plans()] == ["FREE"]
    planned.patch(distributions={HOST: {"plan": None}})
    planned.mail.delete_distribution(**gone)


def test_all_of_it_outlives_a_restart() -> None:
    with bench() as cf:
        made = cf.create(HOST)
        cf.advance(300)
        cf.update(made["Id"], Comment="on its way")
        batch = {"Paths": listed("/a"), "CallerReference": "1"}
        cf.mail.create_invalidation(DistributionId=made["Id"], InvalidationBatch=batch)
        cf.mail.create_cache_policy(CachePolicyConfig=cache_policy())
        gone = cf.create(CallerReference="gone", Enabled=False)
        cf.advance(300)
        cf.mail.delete_distribution(Id=gone["Id"], IfMatch=gone["ETag"])
        cf.update(made["Id"], Comment="again")
        data = json.loads(json.dumps(cf.cloud().as_data()))
        now = cf.sandbox.kernel.now()
    with bench() as cf:
        cf.cloud().from_data(data)
        assert cf.cloud().as_data() == data
        served = cf.cloud().serving(HOST, now)
        assert served is not None
        assert (served.config["Comment"], len(served.invalidations)) == ("on its way", 1)
        assert cf.mail.get_distribution_config(Id=made["Id"])["DistributionConfig"]["Comment"] == "again"
        assert cf.create(CallerReference="another")["Id"] not in {made["Id"], gone["Id"]}


def test_the_tagging_api_lists_distributions() -> None:
    with bench(of_mail(distributions=[HELD])) as cf:
        (row,) = cf.cloud().tagged()
        assert (row.kind, row.tags) == ("cloudfront:distribution", {"team": "mail"})
        assert row.arn.endswith(f":distribution/{HELD['id']}")


def test_the_edge_finds_behavior_origin_and_policies_of_a_path() -> None:
    second = {"Id": "b", "DomainName": "eu.spgo.io", "S3OriginConfig": {"OriginAccessIdentity": ""}}
    first = {"Id": "o", "DomainName": "spgo.io", "S3OriginConfig": {"OriginAccessIdentity": ""}}
    failover = {"StatusCodes": listed(500)}
    members = listed({"OriginId": "b"}, {"OriginId": "o"})
    group = listed({"Id": "g", "FailoverCriteria": failover, "Members": members})
    legacy = {"QueryString": False, "Cookies": {"Forward": "none"}}
    image = {"TargetOriginId": "g", "ViewerProtocolPolicy": "https-only", "PathPattern": "img/*.gif"}
    with bench() as cf:
        made = cf.create(
            Origins=listed(first, second),
            OriginGroups=group,
            CacheBehaviors=listed({**image, "ForwardedValues": legacy}),
        )
        cf.advance(300)
        served = cf.cloud().serving(made["DomainName"].upper(), cf.sandbox.kernel.now())
        assert served is not None
        click, picture = served.behavior("/f/a/x"), served.behavior("/img/a.gif")
        assert (served.origin(click)["DomainName"], served.origin(picture)["DomainName"]) == (
            "spgo.io",
            "eu.spgo.io",
        )
        assert served.cache_policy(picture) is None
        assert served.origin_request_policy(click) is None
        assert served.cache_policy(click) is not None
        assert served.enabled


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("*", "/", True),
        ("/a?c", "/abc", True),
        ("a?c", "/ac", False),
        ("*.gif", "/x/y.gif", True),
        ("*.gif", "/x/y.GIF", False),
        ("/a.b", "/aXb", False),
    ],
)
def test_a_path_pattern_fits_as_cloudfront_reads_it(pattern: str, path: str, expected: bool) -> None:
    assert fits(pattern, path) is expected


def test_a_distribution_of_old_has_aliases_without_a_certificate() -> None:
    old = {"id": "E0000000000009", "aliases": ["old.example.net"]}
    with bench(of_mail(distributions=[old])) as cf:
        read = cf.mail.get_distribution_config(Id=old["id"])
        assert read["DistributionConfig"]["ViewerCertificate"]["CloudFrontDefaultCertificate"] is True
        write = {"Id": old["id"], "IfMatch": read["ETag"], "DistributionConfig": read["DistributionConfig"]}
        assert cf.code(cf.mail.update_distribution, **write) == "InvalidViewerCertificate"


def test_a_certificate_that_the_config_names_is_not_replaced() -> None:
    named = {**HELD, "config": {"ViewerCertificate": viewer("w1")}}
    with bench(of_mail(distributions=[named])) as cf:
        read = cf.mail.get_distribution_config(Id=HELD["id"])["DistributionConfig"]
        assert read["ViewerCertificate"]["ACMCertificateArn"] == arn("w1")
