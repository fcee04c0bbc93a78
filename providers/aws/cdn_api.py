"""Every call that the cdn part makes, through the engine's `Calls`; nothing is decided here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from providers.aws.cdn_names import OWNER_TAG
from providers.aws.certificates import ALL_KEYS
from providers.aws.names import (
    ACM_DELETE,
    ACM_DESCRIBE,
    ACM_LIST,
    ACM_REQUEST,
    ACM_TAG,
    CACHE_POLICY,
    CLOUDFRONT_READ,
    CLOUDFRONT_WRITE,
    PRICING,
    TAGGING,
)

if TYPE_CHECKING:
    from providers.aws.session import Clients
    from reconciler.provider import Calls

Native = Mapping[str, Any]
_TAGGED: Final = ("cloudfront:distribution", "acm:certificate")
_PAGE: Final = "100"
_MEMBER: Final = {True: "CachePolicy", False: "OriginRequestPolicy"}


class CdnApi:
    """CloudFront, ACM, the tagging API and the price plans of one account. Thread-safe."""

    def __init__(self, clients: Clients, calls: Calls) -> None:
        self._clients, self._calls = clients, calls

    # -- lists
    def distributions(self) -> list[Native]:
        """List every distribution, a hundred at a time."""
        found: list[Native] = []
        marker: dict[str, str] = {}
        while True:
            page = self._list(
                "ListDistributions", self._cloudfront.list_distributions, MaxItems=_PAGE, **marker
            )
            told = page["DistributionList"]
            found += told.get("Items") or ()
            if not told.get("IsTruncated"):
                return found
            marker = {"Marker": told["NextMarker"]}

    def policies(self, kind: str) -> list[Native]:
        """List every custom policy of a kind."""
        member = _MEMBER[kind == CACHE_POLICY]
        plural = member.replace("Policy", "Policies")
        ask = getattr(self._cloudfront, f"list_{_snake(plural)}")
        found: list[Native] = []
        marker: dict[str, str] = {}
        while True:
            told = self._list(f"List{plural}", ask, Type="custom", **marker)[f"{member}List"]
            found += told.get("Items") or ()
            if not told.get("NextMarker"):
                return found
            marker = {"Marker": told["NextMarker"]}

    def certificates(self) -> tuple[list[Native], datetime | None]:
        """List every certificate of every key type, and tell the vendor's time."""
        found: list[Native] = []
        token: dict[str, str] = {}
        while True:
            ask = partial(self._acm.list_certificates, Includes={"keyTypes": list(ALL_KEYS)}, MaxItems=1000)
            page = self._calls(ACM_LIST, "ListCertificates", partial(ask, **token), repeatable=True)
            found += page.get("CertificateSummaryList") or ()
            if not page.get("NextToken"):
                return found, _time_of(page)
            token = {"NextToken": page["NextToken"]}

    def tags(self) -> dict[str, dict[str, str]]:
        """Return by ARN the tags of every distribution and certificate that tdr marked, whoever's."""
        found: dict[str, dict[str, str]] = {}
        token = ""
        while True:
            ask = partial(
                self._clients.tagging.get_resources,
                TagFilters=[{"Key": OWNER_TAG}],
                ResourceTypeFilters=list(_TAGGED),
                ResourcesPerPage=100,
                PaginationToken=token,
            )
            page = self._calls(TAGGING, "GetResources", ask, repeatable=True)
            for one in page.get("ResourceTagMappingList") or ():
                found[one["ResourceARN"]] = {tag["Key"]: tag["Value"] for tag in one.get("Tags") or ()}
            token = page.get("PaginationToken") or ""
            if not token:
                return found

    def plans(self) -> dict[str, str]:
        """Return by ARN of what is on one the tier of its flat-rate plan."""
        found: dict[str, str] = {}
        token: dict[str, str] = {}
        while True:
            ask = partial(self._clients.pricing.list_subscriptions, **token)
            page = self._calls(PRICING, "ListSubscriptions", ask, repeatable=True)
            for one in page.get("subscriptionSummaries") or ():
                found.update(dict.fromkeys(one.get("resourceArns") or (), one["planTier"]))
            if not page.get("nextToken"):
                return found
            token = {"nextToken": page["nextToken"]}

    def users_of(self, kind: str, id_: str) -> list[str]:
        """Return the ids of the distributions that use a policy."""
        member = _MEMBER[kind == CACHE_POLICY]
        ask = getattr(self._cloudfront, f"list_distributions_by_{_snake(member)}_id")
        page = self._list(f"ListDistributionsBy{member}Id", ask, **{f"{member}Id": id_})
        return list(page["DistributionIdList"].get("Items") or ())

    # -- distributions
    def distribution(self, id_: str, resource: str) -> Native:
        """Return a distribution with its status, its whole configuration and its ETag."""
        return self._read("GetDistribution", self._cloudfront.get_distribution, resource, Id=id_)

    def create_distribution(self, config: Native, tags: Mapping[str, str], resource: str) -> Native:
        """Create a distribution with its tags."""
        wanted = {"DistributionConfig": config, "Tags": {"Items": _pairs(tags)}}
        return self._write(
            "CreateDistributionWithTags",
            self._cloudfront.create_distribution_with_tags,
            resource,
            DistributionConfigWithTags=wanted,
        )

    def update_distribution(self, id_: str, etag: str, config: Native, resource: str) -> Native:
        """Replace a distribution's configuration, if it is still the one with this ETag."""
        return self._write(
            "UpdateDistribution",
            self._cloudfront.update_distribution,
            resource,
            Id=id_,
            IfMatch=etag,
            DistributionConfig=config,
        )

    def tag_distribution(self, arn: str, tags: Mapping[str, str], resource: str) -> None:
        """Mark a distribution."""
        self._calls(
            CLOUDFRONT_WRITE,
            "TagResource",
            lambda: self._cloudfront.tag_resource(Resource=arn, Tags={"Items": _pairs(tags)}),
            repeatable=True,
            resource=resource,
        )

    def delete_distribution(self, id_: str, etag: str, resource: str) -> None:
        """Delete a disabled distribution."""
        self._write(
            "DeleteDistribution", self._cloudfront.delete_distribution, resource, Id=id_, IfMatch=etag
        )

    # -- policies
    def policy(self, kind: str, id_: str, resource: str) -> Native:
        """Return a policy with its ETag."""
        member = _MEMBER[kind == CACHE_POLICY]
        return self._read(f"Get{member}", self._policy_call("get", member), resource, Id=id_)

    def create_policy(self, kind: str, config: Native, resource: str) -> Native:
        """Create a policy."""
        member = _MEMBER[kind == CACHE_POLICY]
        wanted = {f"{member}Config": config}
        return self._write(f"Create{member}", self._policy_call("create", member), resource, **wanted)

    def update_policy(self, kind: str, id_: str, etag: str, config: Native, resource: str) -> Native:
        """Replace a policy's configuration, if it is still the one with this ETag."""
        member = _MEMBER[kind == CACHE_POLICY]
        wanted = {"Id": id_, "IfMatch": etag, f"{member}Config": config}
        return self._write(f"Update{member}", self._policy_call("update", member), resource, **wanted)

    def delete_policy(self, kind: str, id_: str, etag: str, resource: str) -> None:
        """Delete a policy that nothing uses."""
        member = _MEMBER[kind == CACHE_POLICY]
        self._write(f"Delete{member}", self._policy_call("delete", member), resource, Id=id_, IfMatch=etag)

    # -- certificates
    def request_certificate(
        self, host: str, key_algorithm: str, token: str, tags: Mapping[str, str], resource: str
    ) -> str:
        """Ask for a certificate; the same token within an hour gives the same one."""
        told = self._calls(
            ACM_REQUEST,
            "RequestCertificate",
            lambda: self._acm.request_certificate(
                DomainName=host,
                ValidationMethod="DNS",
                IdempotencyToken=token,
                KeyAlgorithm=key_algorithm,
                Tags=_pairs(tags),
            ),
            repeatable=True,
            resource=resource,
        )
        arn: str = told["CertificateArn"]
        return arn

    def certificate(self, arn: str, resource: str = "") -> Native:
        """Describe a certificate."""
        told = self._calls(
            ACM_DESCRIBE,
            "DescribeCertificate",
            lambda: self._acm.describe_certificate(CertificateArn=arn),
            repeatable=True,
            resource=resource,
        )
        return dict(told["Certificate"])

    def certificate_tags(self, arn: str, resource: str) -> dict[str, str]:
        """Return a certificate's tags."""
        told = self._calls(
            ACM_LIST,
            "ListTagsForCertificate",
            lambda: self._acm.list_tags_for_certificate(CertificateArn=arn),
            repeatable=True,
            resource=resource,
        )
        return {tag["Key"]: tag.get("Value", "") for tag in told.get("Tags") or ()}

    def tag_certificate(self, arn: str, tags: Mapping[str, str], resource: str) -> None:
        """Tag a certificate."""
        self._calls(
            ACM_TAG,
            "AddTagsToCertificate",
            lambda: self._acm.add_tags_to_certificate(CertificateArn=arn, Tags=_pairs(tags)),
            repeatable=True,
            resource=resource,
        )

    def delete_certificate(self, arn: str, resource: str) -> None:
        """Delete a certificate that nothing uses."""
        self._calls(
            ACM_DELETE,
            "DeleteCertificate",
            lambda: self._acm.delete_certificate(CertificateArn=arn),
            repeatable=True,
            resource=resource,
        )

    # -- how
    @property
    def _cloudfront(self) -> Any:
        return self._clients.cloudfront

    @property
    def _acm(self) -> Any:
        return self._clients.acm

    def _policy_call(self, verb: str, member: str) -> Callable[..., Native]:
        found: Callable[..., Native] = getattr(self._cloudfront, f"{verb}_{_snake(member)}")
        return found

    def _list(self, operation: str, ask: Callable[..., Native], **params: Any) -> Native:
        return self._read(operation, ask, "", **params)

    def _read(self, operation: str, ask: Callable[..., Native], resource: str, **params: Any) -> Native:
        return self._calls(
            CLOUDFRONT_READ, operation, lambda: ask(**params), repeatable=True, resource=resource
        )

    def _write(self, operation: str, ask: Callable[..., Native], resource: str, **params: Any) -> Native:
        """Write once: what rests on an ETag, or must not be doubled, is looked for before it is repeated."""
        return self._calls(
            CLOUDFRONT_WRITE, operation, lambda: ask(**params), repeatable=False, resource=resource
        )


def _pairs(tags: Mapping[str, str]) -> list[Any]:
    return [{"Key": key, "Value": value} for key, value in sorted(tags.items())]


def _snake(name: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_")


def _time_of(answer: Native) -> datetime | None:
    """Return the time that the vendor gives its answer."""
    headers = (answer.get("ResponseMetadata") or {}).get("HTTPHeaders") or {}
    try:
        return parsedate_to_datetime(headers["date"])
    except (KeyError, TypeError, ValueError):
        return None
