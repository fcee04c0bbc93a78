"""Cache policies and origin request policies: custom and managed, shared by distributions, in use or not."""

from typing import Any

import pytest

from tests.sandbox.aws.cloudfront_bench import (
    MAIL,
    OPTIMIZED,
    REFERER,
    Bench,
    behavior,
    bench,
    cache_policy,
    config,
    listed,
    request_policy,
    whole_behavior,
    world,
)

NOBODY = "00000000-0000-0000-0000-000000000000"


class Kind:
    """One kind of policy, as a client speaks of it."""

    def __init__(self, noun: str, words: str, managed: str) -> None:
        """Keep the API's name and the client's."""
        self.noun, self.words, self.managed = noun, words, managed
        self.field = f"{noun}Id"

    def config(self, name: str = "ours", **more: Any) -> dict[str, Any]:
        """The guide's."""
        return cache_policy(name, **more) if self.words == "cache_policy" else request_policy(name, **more)

    def call(self, cf: Bench, verb: str, suffix: str = "") -> Any:
        """A method of the client."""
        return getattr(cf.mail, f"{verb}_{self.words}{suffix}")

    def create(self, cf: Bench, name: str = "ours", **more: Any) -> dict[str, Any]:
        """Make one; gives id, ETag and the rest."""
        answer = self.call(cf, "create")(**{f"{self.noun}Config": self.config(name, **more)})
        return {**answer[self.noun], "ETag": answer["ETag"]}

    def attached(self, policy_id: str) -> dict[str, Any]:
        """A behavior that has it."""
        return behavior(**{self.field: policy_id})

    def rows(self, cf: Bench, **params: Any) -> list[dict[str, Any]]:
        """The list's items."""
        plural = self.words.removesuffix("y") + "ies"
        answer = getattr(cf.mail, f"list_{plural}")(**params)
        rows: list[dict[str, Any]] = answer[f"{self.noun}List"].get("Items", [])
        return rows


CACHE = Kind("CachePolicy", "cache_policy", OPTIMIZED)
REQUEST = Kind("OriginRequestPolicy", "origin_request_policy", REFERER)
both = pytest.mark.parametrize("kind", [CACHE, REQUEST], ids=["cache", "request"])


@both
def test_a_policy_is_made_read_replaced_and_deleted(cf: Bench, kind: Kind) -> None:
    made = kind.create(cf)
    read = kind.call(cf, "get", "_config")(Id=made["Id"])
    assert (read["ETag"], read[f"{kind.noun}Config"]["Name"]) == (made["ETag"], "ours")
    assert kind.call(cf, "get")(Id=made["Id"])[kind.noun]["Id"] == made["Id"]
    written = {f"{kind.noun}Config": kind.config(Comment="new")}
    done = kind.call(cf, "update")(Id=made["Id"], IfMatch=made["ETag"], **written)
    assert done["ETag"] != made["ETag"]
    assert done[kind.noun][f"{kind.noun}Config"]["Comment"] == "new"
    update, delete = kind.call(cf, "update"), kind.call(cf, "delete")
    assert cf.code(update, Id=made["Id"], IfMatch=made["ETag"], **written) == "PreconditionFailed"
    assert cf.code(update, Id=made["Id"], **written) == "InvalidIfMatchVersion"
    assert cf.code(delete, Id=made["Id"], IfMatch=made["ETag"]) == "PreconditionFailed"
    delete(Id=made["Id"], IfMatch=done["ETag"])
    assert cf.refused(kind.call(cf, "get"), Id=made["Id"])[:2] == (404, f"NoSuch{kind.noun}")
    assert kind.rows(cf, Type="custom") == []


@both
def test_a_name_is_unique_in_the_account(cf: Bench, kind: Kind) -> None:
    kind.create(cf)
    second = kind.create(cf, "second")
    same = {f"{kind.noun}Config": kind.config()}
    assert cf.refused(kind.call(cf, "create"), **same)[:2] == (409, f"{kind.noun}AlreadyExists")
    renamed = cf.code(kind.call(cf, "update"), Id=second["Id"], IfMatch=second["ETag"], **same)
    assert renamed == f"{kind.noun}AlreadyExists"


@both
def test_managed_policies_are_there_and_cannot_be_written(cf: Bench, kind: Kind) -> None:
    made = kind.create(cf)
    rows = kind.rows(cf)
    assert {row["Type"] for row in rows} == {"managed", "custom"}
    assert [row[kind.noun]["Id"] for row in kind.rows(cf, Type="custom")] == [made["Id"]]
    managed = {row[kind.noun]["Id"]: row for row in kind.rows(cf, Type="managed")}
    assert len(managed) == len(rows) - 1
    name = managed[kind.managed][kind.noun][f"{kind.noun}Config"]["Name"]
    assert name in {"Managed-CachingOptimized", "Managed-UserAgentRefererHeaders"}
    at = {"Id": kind.managed, "IfMatch": kind.call(cf, "get")(Id=kind.managed)["ETag"]}
    assert cf.code(kind.call(cf, "update"), **at, **{f"{kind.noun}Config": kind.config()}) == "IllegalUpdate"
    assert cf.code(kind.call(cf, "delete"), **at) == "IllegalDelete"


@both
def test_a_policy_in_use_stays(cf: Bench, kind: Kind) -> None:
    policy = kind.create(cf)
    made = cf.create(DefaultCacheBehavior=kind.attached(policy["Id"]))
    listing = getattr(cf.mail, f"list_distributions_by_{kind.words}_id")
    users = listing(**{kind.field: policy["Id"]})["DistributionIdList"]
    assert (users["Quantity"], users["Items"]) == (1, [made["Id"]])
    gone = {"Id": policy["Id"], "IfMatch": policy["ETag"]}
    assert cf.refused(kind.call(cf, "delete"), **gone)[:2] == (409, f"{kind.noun}InUse")
    cf.update(made["Id"], DefaultCacheBehavior=whole_behavior())
    assert listing(**{kind.field: policy["Id"]})["DistributionIdList"]["Quantity"] == 0
    kind.call(cf, "delete")(**gone)
    assert cf.code(listing, **{kind.field: policy["Id"]}) == f"NoSuch{kind.noun}"


@both
def test_a_policy_has_so_many_distributions_and_no_more(kind: Kind) -> None:
    with bench(world({MAIL: {"quotas": {f"distributions_per_{kind.words}": 2}}})) as cf:
        policy = kind.create(cf)
        made = [
            cf.create(CallerReference=each, DefaultCacheBehavior=kind.attached(policy["Id"])) for each in "ab"
        ]
        third = config(CallerReference="c", DefaultCacheBehavior=kind.attached(policy["Id"]))
        code = cf.code(cf.mail.create_distribution, DistributionConfig=third)
        assert code == f"TooManyDistributionsAssociatedTo{kind.noun}"
        cf.update(made[0]["Id"], Comment="one that has it may be written")
        managed = [
            cf.create(CallerReference=each, DefaultCacheBehavior=kind.attached(kind.managed))
            for each in "def"
        ]
        cf.switch("managed-policy-limit", "limited")
        fourth = config(CallerReference="g", DefaultCacheBehavior=kind.attached(kind.managed))
        code = cf.code(cf.mail.create_distribution, DistributionConfig=fourth)
        assert (code, len(managed)) == (f"TooManyDistributionsAssociatedTo{kind.noun}", 3)


def test_a_hundred_distributions_share_a_policy_and_the_next_is_refused() -> None:
    policy = {
        "id": "11111111-2222-3333-4444-555555555555",
        "config": {"Name": "full", "MaxTTL": 10, "DefaultTTL": 10},
    }
    used = {"DefaultCacheBehavior": {"CachePolicyId": policy["id"]}}
    distributions = [{"config": used} for _ in range(100)]
    with bench(world({MAIL: {"cache_policies": [policy], "distributions": distributions}})) as cf:
        given = config(DefaultCacheBehavior=behavior(CachePolicyId=policy["id"]))
        status, code, _ = cf.refused(cf.mail.create_distribution, DistributionConfig=given)
        assert (status, code) == (400, "TooManyDistributionsAssociatedToCachePolicy")


@both
def test_an_account_has_twenty_policies_of_a_kind(cf: Bench, kind: Kind) -> None:
    for n in range(20):
        kind.create(cf, f"p{n}")
    full = {f"{kind.noun}Config": kind.config("p20")}
    plural = kind.noun.removesuffix("y") + "ies"
    assert cf.refused(kind.call(cf, "create"), **full)[:2] == (400, f"TooMany{plural}")
    assert len(kind.rows(cf, Type="custom")) == 20
    assert len(kind.rows(cf, Type="custom", MaxItems="5")) == 5
    rows = kind.rows(cf, Type="custom", Marker=kind.rows(cf, Type="custom")[17][kind.noun]["Id"])
    assert [row[kind.noun][f"{kind.noun}Config"]["Name"] for row in rows] == ["p18", "p19"]


def test_ttls_that_are_left_out_follow_the_least_one(cf: Bench) -> None:
    def made(name: str, least: int) -> tuple[int, int]:
        given = {k: v for k, v in cache_policy(name).items() if k not in {"DefaultTTL", "MaxTTL"}}
        answer = cf.mail.create_cache_policy(CachePolicyConfig={**given, "MinTTL": least})
        config = answer["CachePolicy"]["CachePolicyConfig"]
        return config["DefaultTTL"], config["MaxTTL"]

    assert made("a", 1) == (86400, 31536000)
    assert made("b", 100_000) == (100_000, 31536000)
    assert made("c", 40_000_000) == (40_000_000, 40_000_000)


def _key(**more: Any) -> dict[str, Any]:
    return {"ParametersInCacheKeyAndForwardedToOrigin": {**_plain(), **more}}


def _plain() -> dict[str, Any]:
    found: dict[str, Any] = cache_policy()["ParametersInCacheKeyAndForwardedToOrigin"]
    return found


def _headers(*names: str, behavior: str = "whitelist") -> dict[str, Any]:
    return {"HeadersConfig": {"HeaderBehavior": behavior, "Headers": listed(*names)}}


UNCACHED: dict[str, Any] = {"MinTTL": 0, "DefaultTTL": 0, "MaxTTL": 0}
CACHE_MISTAKES: list[tuple[dict[str, Any], str]] = [
    ({"MinTTL": 11}, "InvalidArgument"),
    ({"DefaultTTL": 11}, "InvalidArgument"),
    ({"Name": "not a name"}, "InvalidArgument"),
    ({"Comment": "x" * 129}, "InvalidArgument"),
    (UNCACHED, "InvalidArgument"),  # with compression
    (_key(**_headers("Accept-Encoding")), "InvalidArgument"),
    (_key(**_headers(*(f"X-{n}" for n in range(11)))), "TooManyHeadersInCachePolicy"),
    (_key(HeadersConfig={"HeaderBehavior": "whitelist"}), "InvalidArgument"),
    (_key(HeadersConfig={"HeaderBehavior": "none", "Headers": listed("X-A")}), "InvalidArgument"),
    (
        _key(HeadersConfig={"HeaderBehavior": "whitelist", "Headers": {"Quantity": 3, "Items": ["a"]}}),
        "InconsistentQuantities",
    ),
]
REQUEST_MISTAKES: list[tuple[dict[str, Any], str]] = [
    (_headers("Authorization"), "InvalidArgument"),
    (_headers("Accept-Encoding"), "InvalidArgument"),
    (_headers("Cookie"), "InvalidArgument"),
    (_headers("X-Amz-Cf-Id"), "InvalidArgument"),
    (_headers("User-Agent", behavior="allViewerAndWhitelistCloudFront"), "InvalidArgument"),
    (_headers(*(f"X-{n}" for n in range(11))), "TooManyHeadersInOriginRequestPolicy"),
    (
        {
            "QueryStringsConfig": {
                "QueryStringBehavior": "whitelist",
                "QueryStrings": listed(*map(str, range(11))),
            }
        },
        "TooManyQueryStringsInOriginRequestPolicy",
    ),
]


@pytest.mark.parametrize(("more", "code"), CACHE_MISTAKES)
def test_a_cache_policy_that_may_not_be_is_refused(still: Bench, more: dict[str, Any], code: str) -> None:
    assert still.code(still.mail.create_cache_policy, CachePolicyConfig={**cache_policy(), **more}) == code


@pytest.mark.parametrize(("more", "code"), REQUEST_MISTAKES)
def test_a_request_policy_that_may_not_be_is_refused(still: Bench, more: dict[str, Any], code: str) -> None:
    given = {**request_policy(), **more}
    assert still.code(still.mail.create_origin_request_policy, OriginRequestPolicyConfig=given) == code


def test_what_a_policy_without_caching_says_of_a_cache_key_is_named(still: Bench) -> None:
    given = {**cache_policy(), **UNCACHED}
    message = still.refused(still.mail.create_cache_policy, CachePolicyConfig=given)[2]
    assert message == "The parameter EnableAcceptEncodingGzip is invalid for policy with caching disabled."


def test_the_guides_policies_of_today_are_taken(cf: Bench) -> None:
    target = {"QueryStringBehavior": "whitelist", "QueryStrings": listed("target")}
    made = cf.mail.create_origin_request_policy(
        OriginRequestPolicyConfig=request_policy("today", "User-Agent", "Host", QueryStringsConfig=target)
    )["OriginRequestPolicy"]["OriginRequestPolicyConfig"]
    assert made["QueryStringsConfig"] == target
    assert made["HeadersConfig"]["Headers"]["Items"] == ["User-Agent", "Host"]


def test_the_edge_follows_a_policys_update_once_it_is_deployed(cf: Bench) -> None:
    policy = CACHE.create(cf)
    made = cf.create(DefaultCacheBehavior=CACHE.attached(policy["Id"]))
    cf.advance(300)

    def most() -> int:
        served = cf.cloud().serving(made["DomainName"], cf.sandbox.kernel.now())
        assert served is not None
        found = served.cache_policy(served.behavior("/"))
        assert found is not None
        return int(found["MaxTTL"])

    written = {"CachePolicyConfig": cache_policy(MaxTTL=60)}
    cf.mail.update_cache_policy(Id=policy["Id"], IfMatch=policy["ETag"], **written)
    assert most() == 10
    cf.advance(300)
    assert most() == 60
