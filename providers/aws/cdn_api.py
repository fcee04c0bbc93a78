"""Every call that the cdn part makes, through the engine's `Calls`; nothing is decided here."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from providers.aws.cdn_names import OWNER_TAG, POLICY_WORD
from providers.aws.certificates import ALL_KEYS
from providers.aws.names import (
    ACM_DELETE,
    ACM_DESCRIBE,
    ACM_LIST,
    ACM_REQUEST,
    ACM_TAG,
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


class CdnApi:
    """CloudFront, ACM, the tagging API and the price plans of one account. Thread-safe."""

    def __init__(self, clients: Clients, calls: Calls) -> None:
        self._clients, self._calls = clients, calls

    # -- lists
    def distributions(self) -> list[Native]:
        """List every distribution, a hundred at a time."""
        ask = partial(self._read, "ListDistributions", MaxItems=_PAGE)
        lists = _pages(lambda **at: ask(**at)["DistributionList"], "Marker", "NextMarker")
        return [native for one in lists for native in one.get("Items") or ()]

    def policies(self, kind: str) -> list[Native]:
        """List every custom policy of a kind."""
        word = POLICY_WORD[kind]
        ask = partial(self._read, f"List{word.replace('Policy', 'Policies')}", Type="custom")
        lists = _pages(lambda **at: ask(**at)[f"{word}List"], "Marker", "NextMarker")
        return [native for one in lists for native in one.get("Items") or ()]

    def certificates(self) -> tuple[list[Native], datetime | None]:
        """List every certificate of every key type, and tell the vendor's time."""
        includes = {"keyTypes": list(ALL_KEYS)}
        ask = partial(self._acm, ACM_LIST, "ListCertificates", Includes=includes, MaxItems=1000)
        pages = list(_pages(ask, "NextToken", "NextToken"))
        found = [native for page in pages for native in page.get("CertificateSummaryList") or ()]
        return found, _time_of(pages[-1])

    def tags(self) -> dict[str, dict[str, str]]:
        """Return by ARN the tags of every distribution and certificate that tdr marked, whoever's."""
        ask = partial(
            self._send,
            TAGGING,
            self._clients.tagging,
            "GetResources",
            TagFilters=[{"Key": OWNER_TAG}],
            ResourceTypeFilters=list(_TAGGED),
            ResourcesPerPage=100,
        )
        rows = (
            row
            for page in _pages(ask, "PaginationToken", "PaginationToken")
            for row in page.get("ResourceTagMappingList") or ()
        )
        return {row["ResourceARN"]: {t["Key"]: t["Value"] for t in row.get("Tags") or ()} for row in rows}

    def plans(self) -> dict[str, str]:
        """Return by ARN of what is on one the tier of its flat-rate plan."""
        ask = partial(self._send, PRICING, self._clients.pricing, "ListSubscriptions")
        return {
            arn: one["planTier"]
            for page in _pages(ask, "nextToken", "nextToken")
            for one in page.get("subscriptionSummaries") or ()
            for arn in one.get("resourceArns") or ()
        }

    def users_of(self, kind: str, id_: str) -> list[str]:
        """Return the ids of distributions that use a policy, at most a hundred of them."""
        word = POLICY_WORD[kind]
        page = self._read(f"ListDistributionsBy{word}Id", **{f"{word}Id": id_})
        return list(page["DistributionIdList"].get("Items") or ())

    # -- distributions
    def distribution(self, id_: str, resource: str) -> Native:
        """Return a distribution with its status, its whole configuration and its ETag."""
        return self._read("GetDistribution", resource, Id=id_)

    def create_distribution(self, config: Native, tags: Mapping[str, str], resource: str) -> Native:
        """Create a distribution with its tags."""
        wanted = {"DistributionConfig": config, "Tags": {"Items": _pairs(tags)}}
        return self._write("CreateDistributionWithTags", resource, DistributionConfigWithTags=wanted)

    def update_distribution(self, id_: str, etag: str, config: Native, resource: str) -> Native:
        """Replace a distribution's configuration, if it is still the one with this ETag."""
        return self._write("UpdateDistribution", resource, Id=id_, IfMatch=etag, DistributionConfig=config)

    def tag_distribution(self, arn: str, tags: Mapping[str, str], resource: str) -> None:
        """Mark a distribution."""
        client, wanted = self._clients.cloudfront, {"Items": _pairs(tags)}
        self._send(CLOUDFRONT_WRITE, client, "TagResource", resource, Resource=arn, Tags=wanted)

    def delete_distribution(self, id_: str, etag: str, resource: str) -> None:
        """Delete a disabled distribution."""
        self._write("DeleteDistribution", resource, Id=id_, IfMatch=etag)

    # -- policies
    def policy(self, kind: str, id_: str, resource: str) -> Native:
        """Return a policy with its ETag."""
        return self._read(f"Get{POLICY_WORD[kind]}", resource, Id=id_)

    def create_policy(self, kind: str, config: Native, resource: str) -> Native:
        """Create a policy."""
        word = POLICY_WORD[kind]
        return self._write(f"Create{word}", resource, **{f"{word}Config": config})

    def update_policy(self, kind: str, id_: str, etag: str, config: Native, resource: str) -> Native:
        """Replace a policy's configuration, if it is still the one with this ETag."""
        word = POLICY_WORD[kind]
        return self._write(f"Update{word}", resource, Id=id_, IfMatch=etag, **{f"{word}Config": config})

    def delete_policy(self, kind: str, id_: str, etag: str, resource: str) -> None:
        """Delete a policy that nothing uses."""
        self._write(f"Delete{POLICY_WORD[kind]}", resource, Id=id_, IfMatch=etag)

    # -- certificates
    def request_certificate(
        self, host: str, key_algorithm: str, token: str, tags: Mapping[str, str], resource: str
    ) -> str:
        """Ask for a certificate; the same token within an hour gives the same one."""
        told = self._acm(
            ACM_REQUEST,
            "RequestCertificate",
            resource,
            DomainName=host,
            ValidationMethod="DNS",
            IdempotencyToken=token,
            KeyAlgorithm=key_algorithm,
            Tags=_pairs(tags),
        )
        arn: str = told["CertificateArn"]
        return arn

    def certificate(self, arn: str, resource: str = "") -> Native:
        """Describe a certificate."""
        told = self._acm(ACM_DESCRIBE, "DescribeCertificate", resource, CertificateArn=arn)
        return dict(told["Certificate"])

    def certificate_tags(self, arn: str, resource: str) -> dict[str, str]:
        """Return a certificate's tags."""
        told = self._acm(ACM_LIST, "ListTagsForCertificate", resource, CertificateArn=arn)
        return {tag["Key"]: tag.get("Value", "") for tag in told.get("Tags") or ()}

    def tag_certificate(self, arn: str, tags: Mapping[str, str], resource: str) -> None:
        """Tag a certificate."""
        self._acm(ACM_TAG, "AddTagsToCertificate", resource, CertificateArn=arn, Tags=_pairs(tags))

    def delete_certificate(self, arn: str, resource: str) -> None:
        """Delete a certificate that nothing uses."""
        self._acm(ACM_DELETE, "DeleteCertificate", resource, CertificateArn=arn)

    # -- how
    def _read(self, operation: str, resource: str = "", **params: Any) -> Native:
        return self._send(CLOUDFRONT_READ, self._clients.cloudfront, operation, resource, **params)

    def _write(self, operation: str, resource: str, **params: Any) -> Native:
        """Write once: what rests on an ETag, or must not be doubled, is looked for before it is repeated."""
        client = self._clients.cloudfront
        return self._send(CLOUDFRONT_WRITE, client, operation, resource, repeatable=False, **params)

    def _acm(self, unit: str, operation: str, resource: str = "", **params: Any) -> Native:
        return self._send(unit, self._clients.acm, operation, resource, **params)

    def _send(
        self,
        unit: str,
        client: object,
        operation: str,
        resource: str = "",
        *,
        repeatable: bool = True,
        **params: Any,
    ) -> Native:
        """Call the method of a client that bears an operation's name."""
        ask: Callable[..., Native] = getattr(client, _snake(operation))
        return self._calls(unit, operation, partial(ask, **params), repeatable=repeatable, resource=resource)


def _pages(ask: Callable[..., Native], asked: str, told: str) -> Iterator[Native]:
    """Ask for one page after the other: the token that a page tells is what the next is asked with."""
    page = ask()
    yield page
    while token := page.get(told):
        page = ask(**{asked: token})
        yield page


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
