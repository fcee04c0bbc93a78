"""Creating, updating and deleting distributions: look, merge, write under the ETag that was read.

docs: CloudFront API, CreateDistributionWithTags, UpdateDistribution ("use the value of the ETag header that
you received"), DeleteDistribution (disabled and deployed first).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from providers._outcomes import Outcome, differing, each, stuck, vendor_id
from providers.aws.cdn_api import CdnApi
from providers.aws.cdn_names import HOST_TAG, OWNER_TAG, comment, token
from providers.aws.cdn_outcomes import MISSED, moved
from providers.aws.cdn_state import Distribution, distribution_from
from providers.aws.distributions import fresh, merged, settings
from providers.aws.errors import code_of
from reconciler.errors import Conflict, NotReady, ProviderError
from reconciler.model import Attrs, Change, Resource, ResourceId, attrs
from reconciler.provider import Done, Failed, Side

GENERATIONS: Final = 3
"""How many caller references are tried: one may be used up by what was deleted since."""
_OURS: Final = frozenset({"tags"})
_ON_THE_WAY_OUT: Final = frozenset({"tags", "enabled"})


class Distributions:
    """The distributions of one alias; remembers which vendor id stands for which id.

    And the ETag that each had before the last write: a list may lag behind it.
    """

    def __init__(self, api: CdnApi, alias: str, owner: str, together: Side) -> None:
        self._api, self._alias, self._owner, self._together = api, alias, owner, together
        self._ids: dict[ResourceId, str] = {}
        self._before: dict[str, str] = {}

    def remember(self, chosen: Mapping[ResourceId, str]) -> None:
        """Take note of the vendor's id of each id that was read."""
        read = set(chosen.values())
        self._ids = {**{id_: one for id_, one in self._ids.items() if one not in read}, **chosen}

    def id_of(self, id_: ResourceId) -> str | None:
        """Return the vendor's id that stands for an id."""
        return self._ids.get(id_)

    def is_listed_as_written(self, one: Distribution) -> bool:
        """Tell whether a line of the list is no older than what was written last."""
        return one.etag is None or self._before.get(one.id) != one.etag

    def apply(self, batch: Sequence[Change]) -> dict[ResourceId, Outcome]:
        """Make the changes of the container: one list for all of them."""
        listed = self._listed() if any(self._needs_list(change) for change in batch) else ()
        return each(self._together, batch, lambda change: self._make(change, listed))

    def _needs_list(self, change: Change) -> bool:
        return change.after is None or vendor_id(change, "id") is None

    def _listed(self) -> tuple[Distribution, ...]:
        return tuple(distribution_from(native, {}) for native in self._api.distributions())

    def _make(self, change: Change, listed: Sequence[Distribution]) -> Outcome:
        id_ = vendor_id(change, "id")
        if change.after is None:
            return self._delete(change, next((d for d in listed if d.id == id_), None))
        return self._update(change, id_) if id_ is not None else self._create(change, listed)

    # -- creating
    def _create(self, change: Change, listed: Sequence[Distribution]) -> Outcome:
        """Create, unless an earlier attempt did; a caller reference that is used up gives way to the next."""
        if (there := self._there(change, listed)) is not None:
            return self._found(change, there)
        host = change.resource.host or ""
        tags = {OWNER_TAG: self._owner, HOST_TAG: host}
        generation = ""
        for _ in range(GENERATIONS):
            reference = f"tdr-{token(self._owner, host, generation)}"
            config = fresh(reference, comment(self._owner, host), change.resource.attrs)
            try:
                told = self._api.create_distribution(config, tags, change.id.address)
            except ProviderError as error:
                outcome = self._refused(change, error)
                if outcome is not None:
                    return outcome
                generation = error.request_id or f"{generation}+"
                continue
            return self._done(change, told)
        text = f"{GENERATIONS} caller references for {host} went with what was deleted since: apply again"
        return Failed(Conflict(text))

    def _refused(self, change: Change, error: ProviderError) -> Outcome | None:
        """Judge a refusal to create; None: the caller reference is used up."""
        match code_of(error):
            case "DistributionAlreadyExists":
                there = self._there(change, self._listed())
                return self._found(change, there) if there is not None else None
            case "CNAMEAlreadyExists":
                there = self._there(change, self._listed())
                return self._found(change, there) if there is not None else Failed(held(change, error))
            case "InvalidViewerCertificate":
                # What ACM has issued reaches CloudFront a little later.
                return Failed(NotReady(error.message))
            case _:
                raise error

    def _there(self, change: Change, listed: Sequence[Distribution]) -> Distribution | None:
        host = change.resource.host or ""
        by_alias = next((d for d in listed if host in d.aliases), None)
        mine = (d for d in listed if (d.owner, d.host) == (self._owner, host) and not d.aliases)
        return by_alias or next(mine, None)

    def _found(self, change: Change, there: Distribution) -> Outcome:
        if (there.owner, there.host) == (self._owner, change.resource.host):
            return self._update(change, there.id)
        text = f"distribution {there.id} has the alias {change.resource.host} since this was planned"
        return Failed(Conflict(f"{text}: plan again"))

    # -- updating
    def _update(self, change: Change, id_: str) -> Outcome:
        """Write what differs, if the distribution is still as planned; look twice at one that moves."""
        for last in (False, True):
            told = self._api.distribution(id_, change.id.address)
            now = self._now(change, told)
            if differing(now, change.resource.attrs, _OURS):
                if change.before is not None and (off := differing(now, change.before.attrs, _OURS)):
                    return Failed(Conflict(moved(change, off)))
                try:
                    told = self._write(change, told)
                except ProviderError as error:
                    if code_of(error) in MISSED and not last:
                        continue
                    return self._refused_update(change, error)
            self._mark(change, told)
            return self._done(change, told)
        raise AssertionError("unreachable: the last look returns")

    def _now(self, change: Change, told: Mapping[str, Any]) -> Attrs:
        owner = change.before.mark if change.before is not None else self._owner
        return settings(told["Distribution"]["DistributionConfig"], owner)

    def _write(self, change: Change, told: Mapping[str, Any]) -> Mapping[str, Any]:
        one = told["Distribution"]
        config = merged(one["DistributionConfig"], change.resource.attrs)
        # Noted before the write, which may take effect although its answer is lost.
        self._before[one["Id"]] = told["ETag"]
        return self._api.update_distribution(one["Id"], told["ETag"], config, change.id.address)

    def _refused_update(self, change: Change, error: ProviderError) -> Outcome:
        match code_of(error):
            case "CNAMEAlreadyExists":
                return Failed(held(change, error))
            case "InvalidViewerCertificate":
                return Failed(NotReady(error.message))
            case code if code in MISSED:
                text = f"{change.id.key} is being changed by someone else: it moved twice while tdr wrote"
                return Failed(Conflict(text))
            case _:
                raise error

    def _mark(self, change: Change, told: Mapping[str, Any]) -> None:
        """Mark what is adopted, or lost its mark."""
        if change.before is None or change.before.mark != self._owner:
            tags = {OWNER_TAG: self._owner, HOST_TAG: change.resource.host or ""}
            self._api.tag_distribution(told["Distribution"]["ARN"], tags, change.id.address)

    def _done(self, change: Change, told: Mapping[str, Any]) -> Outcome:
        one = told["Distribution"]
        self._ids[change.id] = one["Id"]
        now = Resource(
            id=change.id,
            attrs=settings(one["DistributionConfig"], self._owner),
            host=change.resource.host,
            container=change.resource.container,
            after=change.resource.after,
            outputs=attrs(id=one["Id"], arn=one["ARN"], domain_name=one["DomainName"], status=one["Status"]),
            mark=self._owner,
        )
        return stuck(change, now)

    # -- deleting
    def _delete(self, change: Change, live: Distribution | None) -> Outcome:
        """Disable, wait until that is deployed, delete: each step is one attempt of the engine's."""
        if live is None:
            self._ids.pop(change.id, None)
            return Done(None)
        planned = change.resource.attrs
        if off := differing(settings(live.config, None), planned, _ON_THE_WAY_OUT):
            return Failed(Conflict(moved(change, off)))
        others = [alias for alias in live.aliases if alias != change.resource.host]
        if others:
            text = f"distribution {live.id} serves {', '.join(others)} too: remove the alias there by hand"
            return Failed(Conflict(text))
        if live.enabled:
            return self._disable(change, live)
        if not live.deployed:
            return Failed(NotReady(f"distribution {live.id} is disabled, which is not deployed yet"))
        return self._remove(change, live)

    def _disable(self, change: Change, live: Distribution) -> Outcome:
        told = self._api.distribution(live.id, change.id.address)
        config = told["Distribution"]["DistributionConfig"]
        if config.get("Enabled"):
            off = {**config, "Enabled": False}
            try:
                self._api.update_distribution(live.id, told["ETag"], off, change.id.address)
            except ProviderError as error:
                if code_of(error) not in MISSED:
                    raise
        return Failed(NotReady(f"distribution {live.id} is being disabled"))

    def _remove(self, change: Change, live: Distribution) -> Outcome:
        etag = live.etag or self._api.distribution(live.id, change.id.address)["ETag"]
        try:
            self._api.delete_distribution(live.id, etag, change.id.address)
        except ProviderError as error:
            match code_of(error):
                case "NoSuchDistribution":
                    pass
                case "DistributionNotDisabled":
                    return Failed(NotReady(error.message))
                case code if code in MISSED:
                    return self._remove_once_more(change, live, error)
                case _:
                    raise
        self._ids.pop(change.id, None)
        return Done(None)

    def _remove_once_more(self, change: Change, live: Distribution, error: ProviderError) -> Outcome:
        """Delete by the newest ETag; a flat-rate plan holds what is subscribed to it.

        docs: "CloudFront flat-rate pricing plans": cancel the plan; it ends with the billing cycle.
        """
        told = self._api.distribution(live.id, change.id.address)
        if told["ETag"] == live.etag:
            raise error
        self._api.delete_distribution(live.id, told["ETag"], change.id.address)
        self._ids.pop(change.id, None)
        return Done(None)


def held(change: Change, error: ProviderError) -> Conflict:
    """Say that CloudFront serves a host elsewhere, and what frees it; or what its record keeps it from.

    docs: CloudFront Developer Guide, "Move an alternate domain name to a different distribution"; "Alternate
    domain names that already point to a distribution".
    """
    host = change.resource.host
    told = (
        f"CloudFront finds the record of {host} pointing at another distribution: point it at SparkPost's "
        "tracking host, and apply again once the old answer has left the caches"
        if "DNS record" in error.message
        else f"CloudFront serves {host} elsewhere already, in another account or as a distribution tenant: "
        f"remove the alias there and apply again, or move it with AssociateAlias, for which a TXT record at "
        f"_{host} names the distribution that it moves to"
    )
    return Conflict(
        f"{told} ({error.message})",
        operation=error.operation,
        request_id=error.request_id,
        status=error.status,
    )
