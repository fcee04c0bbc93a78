"""The protocol's methods, and nothing else: services, domains and TLS, joined."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from providers._http import Client, credential
from providers._outcomes import placed
from providers.fastly.api import BASE, Transport
from providers.fastly.composing import compose_edges
from providers.fastly.domains_apply import Domains
from providers.fastly.names import DOMAINS, SERVICE, TLS, identity_of, provider_of, service_container
from providers.fastly.options import wishes_from
from providers.fastly.reading import read_state
from providers.fastly.service_api import ServiceApi
from providers.fastly.service_outcomes import version_text
from providers.fastly.state import FastlyState
from providers.fastly.tls_api import TlsApi
from providers.fastly.tls_apply import Tls
from providers.fastly.versions import Versions
from reconciler.model import Change, ResourceId
from reconciler.provider import Composition, Live, Outcomes, Parts, Scope, Setting, Status

if TYPE_CHECKING:
    import httpx

ENDPOINT: Final = "FASTLY_API_URL"


class FastlyProvider:
    """One alias of type fastly. Thread-safe. `transport` replaces the network, for tests."""

    def __init__(self, setting: Setting, *, transport: httpx.BaseTransport | None = None) -> None:
        """Raises AuthError for a token that cannot be one."""
        token = credential(setting.secrets.get("API_TOKEN", ""), "the Fastly API token")
        client = Client(
            setting.environ.get(ENDPOINT) or BASE,
            headers={"Fastly-Key": token},
            secrets=[token],
            ca_file=setting.environ.get("TDR_CA_FILE"),
            transport=transport,
        )
        self._alias, self._owner, self._together = setting.alias, setting.owner, setting.together
        self._wishes = wishes_from(setting.options)
        self._transport = Transport(client, setting.calls)
        self._services, self._tls_api = ServiceApi(self._transport), TlsApi(self._transport)
        self._versions = Versions(self._services, setting.alias, setting.owner)
        self._domains = Domains(
            self._services, self._versions, setting.alias, setting.owner, setting.together
        )
        self._tls = Tls(self._tls_api, setting.alias, setting.owner, setting.together)

    def close(self) -> None:
        """End all connections."""
        self._transport.close()

    def read(self, scope: Scope) -> Live:
        """Return what the account holds that concerns the scope: lists, and the details of own services."""
        state = read_state(
            self._services,
            self._tls_api,
            scope,
            alias=self._alias,
            owner=self._owner,
            wishes=self._wishes,
            together=self._together,
        )
        self._versions.remember(state.services)
        return Live(
            resources=state.resources(),
            accounts=frozenset({identity_of(state.customer)}),
            facts=state,
        )

    def compose(self, parts: Parts, live: Live) -> Composition:
        """Return what should exist for the hosts of the cdn part. Pure."""
        state = _state(live)
        composed = compose_edges(parts.cdn, state, self._wishes) if parts.cdn else Composition()
        origins = {w.origin for w in parts.cdn} | {r.id.key for r in live.resources if r.id.kind == SERVICE}
        told = {service_container(key): version_text(state.own_service(key)) for key in sorted(origins)}
        return replace(composed, versions=told)

    def apply(self, batch: Sequence[Change]) -> Outcomes:
        """Make the changes of one container: a version of a service, versionless domains, or TLS."""
        match batch[0].container:
            case container if container == DOMAINS:
                outcomes = self._domains.apply(batch)
            case container if container == TLS:
                outcomes = self._tls.apply(batch)
            case _:
                outcomes = self._versions.apply(batch)
        return placed(outcomes, provider_of(self._alias))

    def ready(self, ids: Collection[ResourceId]) -> Mapping[ResourceId, Status]:
        """Tell what is issued: one list of all subscriptions."""
        return self._tls.ready(ids)


def _state(live: Live) -> FastlyState:
    if not isinstance(live.facts, FastlyState):
        raise TypeError("not what this provider read")
    return live.facts
