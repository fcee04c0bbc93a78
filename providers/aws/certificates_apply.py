"""Requesting, tagging and deleting certificates.

docs: ACM API, RequestCertificate, DescribeCertificate, AddTagsToCertificate, DeleteCertificate.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain, zip_longest
from typing import Any, Final

from providers._outcomes import Outcome, each, vendor_id
from providers.aws.cdn_api import CdnApi
from providers.aws.cdn_names import HOST_TAG, NAME_TAG, OWNER_TAG, VALUE_TAG, token
from providers.aws.certificates import (
    HOPELESS,
    Certificate,
    certificate_from,
    certificate_resource,
    newest_first,
    validation_of,
)
from providers.aws.errors import code_of
from reconciler.errors import InvalidRequest, NotReady, ProviderError
from reconciler.model import Change, ResourceId
from reconciler.provider import Done, Failed, Side

AT_ONCE: Final = 30
"""How many are requested before those of the turn before last are asked for their records: some seconds, in
which ACM comes to tell them. Requests and tags have a rate of their own each, and so go side by side."""
LOST_AFTER: Final = 3
"""How often ACM may not know what it just gave the ARN of, before another certificate is requested."""
UNTOLD: Final = "ACM has not told the validation record yet"
IN_USE: Final = "AWS still counts it as in use (ResourceInUseException)"


class Certificates:
    """The certificates of one alias; remembers which ARN stands for which id."""

    def __init__(self, api: CdnApi, alias: str, owner: str, together: Side) -> None:
        self._api, self._alias, self._owner, self._together = api, alias, owner, together
        self._arns: dict[ResourceId, str] = {}
        self._generations: dict[str, tuple[str, ...]] = {}
        self._known: frozenset[str] = frozenset()
        self._misses: dict[str, int] = {}
        self._in_use: frozenset[str] = frozenset()

    def remember(self, certificates: Sequence[Certificate], chosen: Mapping[ResourceId, str]) -> None:
        """Take note of what was read: the ARN of each id, and what there was before."""
        read = set(chosen.values())
        self._arns = {**{id_: arn for id_, arn in self._arns.items() if arn not in read}, **chosen}
        self._known = frozenset(c.arn for c in certificates)
        ours: dict[str, tuple[str, ...]] = {}
        for arn, host in sorted((c.arn, c.host) for c in certificates if c.owner == self._owner and c.host):
            ours[host] = (*ours.get(host, ()), arn)
        self._generations = ours

    def arn_of(self, id_: ResourceId) -> str | None:
        """Return the ARN that stands for an id."""
        return self._arns.get(id_)

    def apply(self, batch: Sequence[Change]) -> dict[ResourceId, Outcome]:
        """Make the changes of the container; one that ACM is not done with is told as not ready."""
        self._look(batch)
        outcomes: dict[ResourceId, Outcome] = {}
        new = [c for c in batch if c.after is not None and self._arn(c) is None]
        for requests, looks in _turns(batch, new):
            told = [c for c in looks if c.after is None or self._arn(c) is not None]
            side_by_side = [c for pair in zip_longest(requests, told) for c in pair if c is not None]
            outcomes |= each(self._together, side_by_side, self._make)
        return outcomes

    def _arn(self, change: Change) -> str | None:
        return vendor_id(change, "arn") or self._arns.get(change.id)

    def _look(self, batch: Sequence[Change]) -> None:
        """List once for all that is to be requested or deleted: what is there, and what is in use."""
        new = [c for c in batch if c.after is not None and self._arn(c) is None]
        if not new and all(c.after is not None for c in batch):
            return
        natives, _ = self._api.certificates()
        listed = [certificate_from(native, {}) for native in natives]
        self._in_use = frozenset(c.arn for c in listed if c.in_use)
        for change in new:
            self._find(change, listed)

    def _find(self, change: Change, listed: Sequence[Certificate]) -> None:
        """Find what an earlier run requested and did not live to tag or to tell of."""
        host = change.resource.host or ""
        candidates = [c for c in listed if c.names == {host} and c.alive and c.arn not in self._known]
        for candidate in newest_first(candidates):
            tags = self._api.certificate_tags(candidate.arn, change.id.address)
            if (tags.get(OWNER_TAG), tags.get(HOST_TAG)) == (self._owner, host):
                self._arns[change.id] = candidate.arn
                break

    def _make(self, change: Change) -> Outcome:
        if change.after is None:
            return self._delete(change)
        arn = self._arn(change)
        if arn is None:
            return self._request(change)
        try:
            native = self._api.certificate(arn, change.id.address)
        except ProviderError as error:
            if code_of(error) != "ResourceNotFoundException":
                raise
            return self._unknown(change, arn)
        return self._told(change, arn, native)

    def _request(self, change: Change) -> Outcome:
        host = change.resource.host or ""
        algorithm = str(change.resource.attrs["key_algorithm"])
        tags = {OWNER_TAG: self._owner, HOST_TAG: host}
        generation = token(self._owner, host, algorithm, *self._generations.get(host, ()))
        self._arns[change.id] = self._api.request_certificate(
            host, algorithm, generation, tags, change.id.address
        )
        return Failed(NotReady(UNTOLD))

    def _unknown(self, change: Change, arn: str) -> Outcome:
        """ACM does not know an ARN: not yet, or the token was that of one that was deleted meanwhile."""
        host = change.resource.host or ""
        self._misses[arn] = self._misses.get(arn, 0) + 1
        if self._misses[arn] >= LOST_AFTER:
            self._generations[host] = (*self._generations.get(host, ()), arn)
            self._arns.pop(change.id, None)
        return Failed(NotReady("ACM does not know the new certificate yet"))

    def _told(self, change: Change, arn: str, native: Mapping[str, Any]) -> Outcome:
        """Tag a certificate with the record that proves it, once ACM tells that."""
        host = change.resource.host or ""
        if native.get("Status") in HOPELESS:
            reason = native.get("FailureReason") or "no reason was given"
            return Failed(InvalidRequest(f"ACM says {native['Status']}: {reason}"))
        validation = validation_of(native, host)
        if validation is None:
            return Failed(NotReady(UNTOLD))
        tags = dict(zip((NAME_TAG, VALUE_TAG), validation, strict=True))
        marks = {OWNER_TAG: self._owner, HOST_TAG: host, **tags}
        self._api.tag_certificate(arn, marks, change.id.address)
        summary = {"SubjectAlternativeNameSummaries": native.get("SubjectAlternativeNames"), **native}
        certificate = certificate_from(summary, marks)
        made = certificate_resource(self._alias, certificate, spare=False)
        return Done(replace(made, id=change.id))

    def _delete(self, change: Change) -> Outcome:
        arn = self._arn(change)
        if arn is None:
            return Done(None)
        if arn in self._in_use:
            return Failed(NotReady(IN_USE))
        try:
            self._api.delete_certificate(arn, change.id.address)
        except ProviderError as error:
            if code_of(error) == "ResourceInUseException":
                return Failed(NotReady(IN_USE))
            if code_of(error) != "ResourceNotFoundException":
                raise
        self._arns.pop(change.id, None)
        return Done(None)


def _turns(
    batch: Sequence[Change], new: Sequence[Change]
) -> Iterator[tuple[Sequence[Change], Sequence[Change]]]:
    """Yield what is requested at a time, and what is looked at meanwhile: each request some turns later."""
    fresh = {change.id for change in new}
    requests = [new[start : start + AT_ONCE] for start in range(0, len(new), AT_ONCE)]
    looks = chain(([c for c in batch if c.id not in fresh], ()), requests)
    yield from zip_longest(requests, looks, fillvalue=())
