"""Reading the account: pages of lists, `details` of the owner's services; never a call for each host."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, cast

from providers.fastly.api import Documents
from providers.fastly.errors import has_no_versionless
from providers.fastly.state import Domain, FastlyState, Service, domain_from, is_own, service_from
from providers.fastly.tls import (
    Subscription,
    activations_from,
    certificates_from,
    configurations_from,
    subscriptions_from,
)
from reconciler.errors import AuthError, InvalidRequest

if TYPE_CHECKING:
    from providers.fastly.api import Native
    from providers.fastly.options import Wishes
    from providers.fastly.service_api import ServiceApi
    from providers.fastly.tls_api import TlsApi
    from reconciler.provider import Scope, Side


@dataclass(frozen=True, slots=True)
class Reader:
    """How one alias's account is read."""

    services: ServiceApi
    tls: TlsApi
    alias: str
    owner: str
    wishes: Wishes
    together: Side

    def read(self, scope: Scope) -> FastlyState:
        """Return what exists. Where the alias serves no host, one list tells whether it once did."""
        natives = self.services.services()
        listed = tuple(service_from(native) for native in natives)
        blank = FastlyState(
            self.alias,
            self.owner,
            self._customer(natives),
            named=self.wishes.certificates,
            served_by=self.wishes.tls_configuration,
            origins={w.host: w.origin for w in scope.parts.cdn},
        )
        if not (scope.parts.cdn or scope.everything or any(is_own(s, self.owner) for s in listed)):
            return blank
        (domains, unread), found = self._lists()
        services = self._looked_at(listed, domains or (), blank.origins)
        orders, configurations, activations, certificates = found
        state = replace(
            blank,
            services=services,
            domains=domains,
            unread=unread,
            subscriptions=subscriptions_from(orders),
            configurations=configurations_from(configurations),
            activations=activations_from(activations),
            certificates=certificates_from(certificates),
        )
        return replace(state, subscriptions=self._told(state))

    def _customer(self, natives: Sequence[Native]) -> str:
        """Return whose account it is. Raises AuthError where the alias names another one."""
        told = (natives[0] if natives else self.services.token()).get("customer_id")
        customer = str(told or self.services.customer().get("id") or "")
        wanted = self.wishes.customer
        if wanted is not None and wanted != customer:
            raise AuthError(f"the API token is of the customer {customer}, the alias names {wanted}")
        return customer

    def _lists(self) -> tuple[tuple[tuple[Domain, ...] | None, str], list[Documents]]:
        certificates: Callable[[], Documents] = (
            self.tls.certificates if self.wishes.certificates else Documents
        )
        calls: Sequence[Callable[[], object]] = (
            self._domains,
            self.tls.subscriptions,
            self.tls.configurations,
            self.tls.activations,
            certificates,
        )
        first, *rest = self.together(calls)
        return cast("tuple[tuple[Domain, ...] | None, str]", first), cast("list[Documents]", rest)

    def _domains(self) -> tuple[tuple[Domain, ...] | None, str]:
        """Return the versionless domains; None, and why, where the account has no such thing."""
        try:
            return tuple(domain_from(native) for native in self.services.domains()), ""
        except (AuthError, InvalidRequest) as error:
            if not has_no_versionless(error):
                raise
            return None, error.message

    def _looked_at(
        self, listed: Collection[Service], domains: Iterable[Domain], hosts: Collection[str]
    ) -> tuple[Service, ...]:
        """Look at the owner's services, and at those of others that serve a host of the scope."""
        serving = {d.service for d in domains if d.host in hosts}
        asked = [s for s in listed if is_own(s, self.owner) or s.id in serving]
        found = self.together([partial(self.services.details, s.id, s.name) for s in asked])
        details = {s.id: _with(s, native) for s, native in zip(asked, found, strict=True)}
        return tuple(one for s in listed if (one := details.get(s.id, s)) is not None)

    def _told(self, state: FastlyState) -> tuple[Subscription, ...]:
        """Ask for the validation records of the hosts' subscriptions where the list does not tell them."""
        asked = list(_untold(state))
        found = self.together([partial(self.tls.subscription, s.id, min(s.domains)) for s in asked])
        told = {s.id: s for documents in found for s in subscriptions_from(documents)}
        return tuple(told.get(s.id, s) for s in state.subscriptions)


def _with(listed: Service, native: Native | None) -> Service | None:
    """Return a service as its details tell of it; None where it went meanwhile."""
    return (
        None if native is None else service_from({"name": listed.name, "comment": listed.comment, **native})
    )


def _untold(state: FastlyState) -> Iterator[Subscription]:
    for host in state.hosts:
        order = state.order(host)
        if order is not None and order.challenge is None and not order.failed:
            yield order


def read_state(
    services: ServiceApi,
    tls: TlsApi,
    scope: Scope,
    *,
    alias: str,
    owner: str,
    wishes: Wishes,
    together: Side,
) -> FastlyState:
    """Return what the account holds that concerns the scope, and all of the owner's. Never writes."""
    return Reader(services, tls, alias, owner, wishes, together).read(scope)
