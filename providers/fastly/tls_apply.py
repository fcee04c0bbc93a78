"""Ordering, changing and deleting certificates, and activating uploaded ones.

docs: Fastly API: TLS subscriptions (a list tells the validation records), TLS activations.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from typing import Any, Final

from providers._outcomes import Outcome, is_idle, stuck
from providers.fastly.names import ACTIVATION, SUBSCRIPTION
from providers.fastly.state import orders_of
from providers.fastly.tls import (
    Activation,
    Subscription,
    activation_resource,
    activations_from,
    subscription_resource,
    subscription_status,
    subscriptions_from,
)
from providers.fastly.tls_api import TlsApi
from reconciler.errors import Conflict, NotReady, ProviderError
from reconciler.model import Action, Change, ResourceId
from reconciler.provider import Done, Failed, Side, Status

UNTOLD: Final = "Fastly has not told the validation record yet"


class Tls:
    """The certificates of one alias. Remembers nothing: a list tells what is there."""

    def __init__(self, api: TlsApi, alias: str, owner: str, together: Side) -> None:
        self._api, self._alias, self._owner, self._together = api, alias, owner, together

    def apply(self, batch: Sequence[Change]) -> dict[ResourceId, Outcome]:
        """Make the changes of the container; each has an outcome of its own."""
        orders = [c for c in batch if c.id.kind == SUBSCRIPTION]
        uploads = [c for c in batch if c.id.kind == ACTIVATION]
        outcomes: dict[ResourceId, Outcome] = {}
        if orders:
            outcomes |= self._order_all(orders)
        if uploads:
            outcomes |= self._activate_all(uploads)
        return outcomes

    def ready(self, ids: Collection[ResourceId]) -> Mapping[ResourceId, Status]:
        """Tell what is issued: one look at all subscriptions, or at a lone one's."""
        found = {id_: Status(ready=True, text="written") for id_ in ids if id_.kind != SUBSCRIPTION}
        asked = [id_ for id_ in ids if id_.kind == SUBSCRIPTION]
        orders = orders_of(self._listed([id_.key for id_ in asked]))
        return {**found, **{id_: subscription_status(orders.get(id_.key)) for id_ in asked}}

    # -- subscriptions
    def _listed(self, hosts: Sequence[str]) -> tuple[Subscription, ...]:
        """Look: a lone host's are one page, however many the account has; several hosts' the list of all."""
        if not hosts:
            return ()
        alone = len(hosts) == 1
        return subscriptions_from(
            self._api.subscriptions_of(hosts[0]) if alone else self._api.subscriptions()
        )

    def _order_all(self, batch: Sequence[Change]) -> dict[ResourceId, Outcome]:
        """Look, write what is not so yet, and look again: only a list tells the validation records."""
        listed, made = self._listed([change.id.key for change in batch]), dict[str, str]()
        live, alone = orders_of(listed), _alone(listed)
        writes = [
            partial(self._write, change, live.get(change.id.key), alone.get(change.id.key, ()), made)
            for change in batch
        ]
        failures = self._tried(writes)
        orders = orders_of(self._listed([change.id.key for change in batch if change.after is not None]))
        self._tried([partial(self._api.unsubscribe, id_, host) for host, id_ in _second(made, orders)])
        return {
            change.id: Failed(_placed(error, change)) if error is not None else self._seen(change, orders)
            for change, error in zip(batch, failures, strict=True)
        }

    def _tried(self, writes: Sequence[Callable[[], None]]) -> list[ProviderError | None]:
        return self._together([partial(_error_of, write) for write in writes])

    def _write(
        self, change: Change, live: Subscription | None, there: Sequence[str], made: dict[str, str]
    ) -> None:
        """Make one change.

        there  the ids of all orders for the host alone
        made   takes the id of a new one, by host
        """
        host = change.id.key
        if is_idle(change):
            return
        if change.after is None or change.action is Action.REPLACE:
            self._delete(change, there)
        if change.after is None:
            return
        if live is not None and live.failed:
            self._api.unsubscribe(live.id, host)
        if live is None or live.failed or change.action is Action.REPLACE:
            wanted = change.after.attrs
            order = self._api.subscribe(host, str(wanted["authority"]), str(wanted["configuration"]))
            made[host] = str(order.get("id"))
        else:
            self._update(change, live)

    def _delete(self, change: Change, there: Sequence[str]) -> None:
        """Delete all that is there for the host alone, and what the plan saw: its record leads elsewhere."""
        planned = change.before.outputs.get("id") if change.before is not None else None
        for id_ in dict.fromkeys([*([str(planned)] if planned else []), *there]):
            self._api.unsubscribe(id_, change.id.key)

    def _update(self, change: Change, live: Subscription) -> None:
        """Write what differs. Raises Conflict where somebody else wrote meanwhile."""
        wanted = change.resource.attrs
        now = {"authority": live.authority, "configuration": live.configuration}
        off = {name: value for name, value in now.items() if value != wanted[name]}
        if not off:
            return
        if change.before is not None:
            _compare(change, {name: (change.before.attrs.get(name), now[name]) for name in off})
        attributes: dict[str, Any] = {}
        relationships: dict[str, Any] = {}
        if "authority" in off:
            attributes["certificate_authority"] = wanted["authority"]
        if "configuration" in off:
            data = {"type": "tls_configuration", "id": wanted["configuration"]}
            relationships["tls_configuration"] = {"data": data}
        self._api.update_subscription(live.id, change.id.key, attributes, relationships)

    def _seen(self, change: Change, now: Mapping[str, Subscription]) -> Outcome:
        """Tell from the second look what became of a change."""
        if change.after is None or is_idle(change):
            return Done(change.after)
        host = change.id.key
        live = now.get(host)
        if live is None:
            return Failed(_placed(NotReady("Fastly does not list the subscription yet"), change))
        if live.challenge is None and not live.issued:
            return Failed(_placed(NotReady(UNTOLD), change))
        seen = subscription_resource(self._alias, host, live, change.after.mark)
        return stuck(change, seen)

    # -- uploaded certificates
    def _activate_all(self, batch: Sequence[Change]) -> dict[ResourceId, Outcome]:
        live = activations_from(self._api.activations())
        writes = [partial(self._activate, change, _exact(live, change.id.key)) for change in batch]
        failures = self._tried(writes)
        now = activations_from(self._api.activations())
        return {
            change.id: Failed(_placed(error, change)) if error is not None else self._active(change, now)
            for change, error in zip(batch, failures, strict=True)
        }

    def _activate(self, change: Change, live: Sequence[Activation]) -> None:
        host = change.id.key
        if is_idle(change):
            return
        if change.after is None:
            gone = change.before.attrs["certificate"] if change.before is not None else None
            for one in live:
                if one.certificate == gone:
                    self._api.deactivate(one.id, host)
            return
        certificate = str(change.after.attrs["certificate"])
        configuration = str(change.after.attrs["configuration"])
        there = next((one for one in live if one.configuration == configuration), None)
        if there is None:
            self._api.activate(host, certificate, configuration)
        elif there.certificate != certificate:
            # The host goes from one certificate to the other without a moment that has none.
            self._api.replace_certificate(there.id, host, certificate)

    def _active(self, change: Change, now: Sequence[Activation]) -> Outcome:
        if change.after is None or is_idle(change):
            return Done(change.after)
        wanted = change.after.attrs
        for one in _exact(now, change.id.key):
            if (one.certificate, one.configuration) == (wanted["certificate"], wanted["configuration"]):
                return Done(activation_resource(self._alias, one, change.after.mark))
        return Failed(_placed(NotReady("Fastly does not list the activation yet"), change))


def _alone(listed: Sequence[Subscription]) -> dict[str, tuple[str, ...]]:
    """Give by host the ids of all subscriptions for it alone."""
    found: dict[str, tuple[str, ...]] = {}
    for one in listed:
        if len(one.domains) == 1:
            (host,) = one.domains
            found[host] = (*found.get(host, ()), one.id)
    return found


def _second(made: Mapping[str, str], orders: Mapping[str, Subscription]) -> list[tuple[str, str]]:
    """Give the orders just made where another run ordered at the same time: the older one stays."""
    return [
        (host, id_)
        for host, id_ in made.items()
        if host in orders and orders[host].id != id_ and not orders[host].failed
    ]


def _exact(found: Sequence[Activation], host: str) -> list[Activation]:
    return [one for one in found if one.domain == host]


def _error_of(write: Callable[[], None]) -> ProviderError | None:
    """Make a write; what is refused is the outcome of its own change and of no other."""
    try:
        write()
    except ProviderError as error:
        return error
    return None


def _placed(error: ProviderError, change: Change) -> ProviderError:
    error.resource = error.resource or change.id.address
    return error


def _compare(change: Change, values: Mapping[str, tuple[object, object]]) -> None:
    moved = ", ".join(f"{name} is now {now}" for name, (planned, now) in values.items() if planned != now)
    if moved:
        raise Conflict(f"{change.id.key} changed since it was planned: {moved}")
