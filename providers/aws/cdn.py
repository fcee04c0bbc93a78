"""The cdn part: CloudFront with certificates from ACM."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING, cast

from providers.aws.cdn_api import CdnApi, Native
from providers.aws.cdn_names import CERTIFICATES, DISTRIBUTIONS
from providers.aws.cdn_options import wishes_from
from providers.aws.cdn_state import CdnState, distribution_from
from providers.aws.certificates import (
    HOPELESS,
    Certificate,
    certificate_from,
    certificate_status,
    with_validation,
)
from providers.aws.certificates_apply import Certificates
from providers.aws.composing import compose_edges
from providers.aws.distributions_apply import Distributions
from providers.aws.names import CACHE_POLICY, CERTIFICATE, DISTRIBUTION, REQUEST_POLICY
from providers.aws.policies import policy_from
from providers.aws.policies_apply import Policies
from reconciler.errors import AuthError
from reconciler.model import Change, Resource, ResourceId
from reconciler.provider import Composition, Outcomes, Scope, Setting, Status, Wanted

if TYPE_CHECKING:
    from datetime import datetime

    from providers.aws.session import Clients


class Cdn:
    """CloudFront and ACM as one alias sees them. Thread-safe: keeps which vendor id stands for which id."""

    def __init__(self, setting: Setting, clients: Clients) -> None:
        alias, owner = setting.alias, setting.owner
        self._alias, self._owner, self._together = alias, owner, setting.together
        self._wishes = wishes_from(alias, owner, setting.options)
        self._api = CdnApi(clients, setting.calls)
        self._certificates = Certificates(self._api, alias, owner, setting.together)
        self._policies = Policies(self._api, alias, owner, setting.together)
        self._distributions = Distributions(self._api, alias, owner, setting.together)

    # -- reading
    def read(self, scope: Scope, account: str) -> tuple[tuple[Resource, ...], CdnState]:
        """Return what exists: a list for each hundred distributions, and a constant few besides.

        Where the alias serves no host, one look for the owner's marks tells whether it once did.
        """
        if not (scope.parts.cdn or scope.everything or self._api.tags()):
            return (), CdnState(self._alias, self._owner, account)
        natives, listed, caches, requests, tags = self._lists()
        certificates, at = listed
        distributions = tuple(distribution_from(n, tags.get(n["ARN"], {})) for n in natives)
        state = CdnState(
            alias=self._alias,
            owner=self._owner,
            account=account,
            distributions=distributions,
            certificates=self._told(
                [certificate_from(n, tags.get(n["CertificateArn"], {})) for n in certificates]
            ),
            policies=(
                *(policy_from(CACHE_POLICY, native) for native in caches),
                *(policy_from(REQUEST_POLICY, native) for native in requests),
            ),
            origins={w.host: w.origin for w in scope.parts.cdn},
            at=at,
        )
        state = self._with_plans(state, [w.host for w in scope.parts.cdn if not w.absent])
        resources = state.resources()
        self._remember(state, resources)
        return resources, state

    def _lists(
        self,
    ) -> tuple[
        list[Native],
        tuple[list[Native], datetime | None],
        list[Native],
        list[Native],
        dict[str, dict[str, str]],
    ]:
        calls: Sequence[Callable[[], object]] = (
            self._api.distributions,
            self._api.certificates,
            partial(self._api.policies, CACHE_POLICY),
            partial(self._api.policies, REQUEST_POLICY),
            self._api.tags,
        )
        one, two, three, four, five = self._together(calls)
        return (
            cast("list[Native]", one),
            cast("tuple[list[Native], datetime | None]", two),
            cast("list[Native]", three),
            cast("list[Native]", four),
            cast("dict[str, dict[str, str]]", five),
        )

    def _told(self, certificates: Sequence[Certificate]) -> tuple[Certificate, ...]:
        """Ask for the validation records of the owner's certificates whose tags do not tell them."""
        unknown = [c for c in certificates if c.owner == self._owner and c.alive and c.validation is None]
        described = self._together([partial(self._api.certificate, c.arn) for c in unknown])
        told = {c.arn: with_validation(c, d) for c, d in zip(unknown, described, strict=True)}
        return tuple(told.get(c.arn, c) for c in certificates)

    def _with_plans(self, state: CdnState, hosts: Sequence[str]) -> CdnState:
        """Ask for the flat-rate plans, where a host is served by what tdr did not make."""
        live = (state.serving(host) for host in hosts)
        if all(one is None or one.owner == self._owner for one in live):
            return state
        try:
            return replace(state, plans=self._api.plans())
        except AuthError as error:
            return replace(state, unseen=error.message)

    def _remember(self, state: CdnState, resources: Sequence[Resource]) -> None:
        arns = {r.id: str(r.outputs["arn"]) for r in resources if r.id.kind == CERTIFICATE}
        self._certificates.remember(state.certificates, arns)
        self._distributions.remember(
            {r.id: str(r.outputs["id"]) for r in resources if r.id.kind == DISTRIBUTION}
        )

    # -- the rest of the protocol
    def compose(self, wanted: Sequence[Wanted], state: CdnState) -> Composition:
        """Return what should exist for the hosts of the cdn part. Pure."""
        return compose_edges(wanted, state, self._wishes)

    def apply(self, batch: Sequence[Change]) -> Outcomes:
        """Make the changes of one container; every change has an outcome of its own."""
        match batch[0].container:
            case container if container == CERTIFICATES:
                return self._certificates.apply(batch)
            case container if container == DISTRIBUTIONS:
                return self._distributions.apply(batch)
            case _:
                return self._policies.apply(batch)

    def ready(self, ids: Collection[ResourceId]) -> Mapping[ResourceId, Status]:
        """Tell what is issued and deployed: one list for all certificates, one for all distributions."""
        found = {id_: Status(ready=True, text="written") for id_ in ids}
        for kind, mine in groupby(sorted(ids, key=lambda id_: id_.kind), key=lambda id_: id_.kind):
            if kind == CERTIFICATE:
                found |= self._issued(list(mine))
            elif kind == DISTRIBUTION:
                found |= self._deployed(list(mine))
        return found

    def _issued(self, ids: Sequence[ResourceId]) -> dict[ResourceId, Status]:
        listed, _ = self._api.certificates()
        by_arn = {native["CertificateArn"]: certificate_from(native, {}) for native in listed}
        found = {id_: by_arn.get(self._certificates.arn_of(id_) or "") for id_ in ids}
        return {id_: certificate_status(one, self._reason(one)) for id_, one in found.items()}

    def _reason(self, certificate: Certificate | None) -> str:
        if certificate is None or certificate.status not in HOPELESS:
            return ""
        return str(self._api.certificate(certificate.arn).get("FailureReason") or "")

    def _deployed(self, ids: Sequence[ResourceId]) -> dict[ResourceId, Status]:
        by_id = {native["Id"]: distribution_from(native, {}) for native in self._api.distributions()}
        found: dict[ResourceId, Status] = {}
        for id_ in ids:
            one = by_id.get(self._distributions.id_of(id_) or "")
            if one is None:
                found[id_] = Status(ready=False, text="CloudFront does not list it")
            elif not self._distributions.is_listed_as_written(one):
                found[id_] = Status(ready=False, text="CloudFront does not list the change")
            else:
                found[id_] = Status(one.deployed and one.enabled, one.status if one.enabled else "disabled")
        return found
