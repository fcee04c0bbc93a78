"""Writing the shared policies.

docs: CloudFront API, CreateCachePolicy, UpdateCachePolicy, DeleteCachePolicy, and the same three for origin
request policies.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from providers._outcomes import Outcome, differing, each, stuck, vendor_id
from providers.aws.cdn_api import CdnApi
from providers.aws.cdn_names import policy_name
from providers.aws.cdn_outcomes import MISSED, moved
from providers.aws.errors import code_of
from providers.aws.policies import Policy, native_of, policy_from, policy_resource
from reconciler.errors import Conflict, NotReady, ProviderError
from reconciler.model import Change, ResourceId
from reconciler.provider import Done, Failed, Side

_THERE: Final = frozenset({"CachePolicyAlreadyExists", "OriginRequestPolicyAlreadyExists"})
_GONE: Final = frozenset({"NoSuchCachePolicy", "NoSuchOriginRequestPolicy"})
_IN_USE: Final = frozenset({"CachePolicyInUse", "OriginRequestPolicyInUse"})


class Policies:
    """The shared policies of one alias."""

    def __init__(self, api: CdnApi, alias: str, owner: str, together: Side) -> None:
        self._api, self._alias, self._owner, self._together = api, alias, owner, together

    def apply(self, batch: Sequence[Change]) -> dict[ResourceId, Outcome]:
        """Make the changes of the container: looks by name before it creates."""
        kinds = sorted({c.id.kind for c in batch if c.after is not None and vendor_id(c, "id") is None})
        listed = {kind: self._by_name(kind) for kind in kinds}
        return each(self._together, batch, lambda change: self._make(change, listed))

    def _by_name(self, kind: str) -> dict[str, Policy]:
        found = (policy_from(kind, native) for native in self._api.policies(kind))
        return {policy.name: policy for policy in found}

    def _make(self, change: Change, listed: Mapping[str, Mapping[str, Policy]]) -> Outcome:
        if change.after is None:
            return self._delete(change)
        id_ = vendor_id(change, "id")
        if id_ is not None:
            return self._update(change, id_)
        there = listed[change.id.kind].get(self._name(change))
        return self._update(change, there.id) if there is not None else self._create(change)

    def _name(self, change: Change) -> str:
        return policy_name(self._owner, change.id.key)

    def _native(self, change: Change) -> dict[str, Any]:
        comment = f"tdr {self._owner}: shared by tracking hosts, named by its settings"
        return native_of(change.id.kind, self._name(change), change.resource.attrs, comment)

    def _create(self, change: Change) -> Outcome:
        try:
            told = self._api.create_policy(change.id.kind, self._native(change), change.id.address)
        except ProviderError as error:
            if code_of(error) not in _THERE:
                raise
            there = self._by_name(change.id.kind).get(self._name(change))
            if there is None:
                raise
            return self._update(change, there.id)
        return self._done(change, told)

    def _update(self, change: Change, id_: str) -> Outcome:
        """Write what differs, if the policy is still as planned; look twice at one that moves."""
        for last in (False, True):
            told = self._api.policy(change.id.kind, id_, change.id.address)
            now = self._resource(change, told)
            if not differing(now.attrs, change.resource.attrs):
                return Done(now)
            if change.before is not None and (off := differing(now.attrs, change.before.attrs)):
                return Failed(Conflict(moved(change, off)))
            try:
                written = self._api.update_policy(
                    change.id.kind, id_, told["ETag"], self._native(change), change.id.address
                )
            except ProviderError as error:
                if code_of(error) not in MISSED or last:
                    raise
                continue
            return self._done(change, written)
        raise AssertionError("unreachable: the last look returns or raises")

    def _resource(self, change: Change, told: Mapping[str, Any]) -> Any:
        policy = policy_from(change.id.kind, told)
        return policy_resource(self._alias, self._owner, change.id.kind, change.id.key, policy)

    def _done(self, change: Change, told: Mapping[str, Any]) -> Outcome:
        return stuck(change, self._resource(change, told))

    def _delete(self, change: Change) -> Outcome:
        id_ = vendor_id(change, "id")
        if id_ is None:
            return Done(None)
        try:
            users = self._api.users_of(change.id.kind, id_)
            if users:
                return Failed(NotReady(f"still used by {', '.join(sorted(users)[:5])}"))
            etag = self._api.policy(change.id.kind, id_, change.id.address)["ETag"]
            self._api.delete_policy(change.id.kind, id_, etag, change.id.address)
        except ProviderError as error:
            if code_of(error) in _IN_USE:
                return Failed(NotReady(error.message))
            if code_of(error) not in _GONE:
                raise
        return Done(None)
