"""Which certificates of the load balancer a proxy holds: one list, written whole."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Mapping, Sequence

from providers._outcomes import Outcome, is_idle
from providers.google.compute_api import Compute, Native
from providers.google.compute_apply import Operations
from providers.google.compute_bodies import Links
from providers.google.names import HTTPS_PROXY, PROXY_CERTIFICATE, SSL_CERTIFICATE, key_in, marked
from providers.google.natives import short
from reconciler.errors import Conflict, NotReady, ProviderError, UnexpectedResponse
from reconciler.model import Action, Change, Resource, ResourceId
from reconciler.provider import Done, Failed, Outcomes


class Members:
    """The certificates on the owner's HTTPS proxies.

    Thread-safe: keeps which proxy serves which origin, and which places each certificate has.
    """

    def __init__(self, api: Compute, operations: Operations, owner: str) -> None:
        self._api, self._operations, self._owner = api, operations, owner
        self._links = Links(api.project)
        self._lock = threading.Lock()
        self._proxies: dict[str, str] = {}
        self._places: dict[ResourceId, Resource] = {}

    def remember(self, proxies: Mapping[str, str], live: Iterable[Resource] = ()) -> None:
        """Keep by origin the name of the HTTPS proxy that counts, and of what is live the places on them."""
        with self._lock:
            self._proxies = dict(proxies)
            self._places = {one.id: one for one in live if one.id.kind == PROXY_CERTIFICATE}

    def apply(self, batch: Sequence[Change]) -> Outcomes:
        """Bring the certificates of one proxy on it or off it, all in one write."""
        outcomes: dict[ResourceId, Outcome] = {c.id: Done(c.after) for c in batch if is_idle(c)}
        left = [c for c in batch if c.id not in outcomes]
        for _ in range(2):
            held = self._operations.waiting([c.id for c in left])
            outcomes |= {id_: Failed(error) for id_, error in held.items()}
            left = [c for c in left if c.id not in held]
            if not left:
                break
            made = self._round(left)
            outcomes |= made
            left = [c for c in left if c.id not in made]
        outcomes |= {c.id: Failed(UnexpectedResponse("the write did not stick")) for c in left}
        self._note(outcomes)
        for id_, outcome in outcomes.items():
            if not (isinstance(outcome, Failed) and isinstance(outcome.error, NotReady)):
                self._operations.end(id_)
        return outcomes

    def _note(self, outcomes: Outcomes) -> None:
        with self._lock:
            for id_, outcome in outcomes.items():
                if not isinstance(outcome, Done):
                    continue
                if outcome.resource is None:
                    self._places.pop(id_, None)
                else:
                    self._places[id_] = outcome.resource

    def _others(self, changes: Sequence[Change]) -> frozenset[str]:
        """Return the certificates that other hosts rest on, on the proxy of these: those stay."""
        mine, container = {c.id for c in changes}, changes[0].container
        with self._lock:
            places = [p for i, p in self._places.items() if p.container == container and i not in mine]
        return frozenset(str(place.attrs["certificate"]) for place in places)

    def _round(self, changes: Sequence[Change]) -> dict[ResourceId, Outcome]:
        """Look, and write the list that is to be where it is not; what is right is done."""
        key = key_in(changes[0].container, "https-proxy") or ""
        proxy = self._proxy(key)
        if proxy is None:
            return {c.id: _without_proxy(c, key) for c in changes}
        now = [short(link, self._api.project) for link in proxy.get("sslCertificates") or ()]
        want = wanted_list(changes, now, self._others(changes))
        if not want and not proxy.get("certificateMap"):
            want = now[:1]  # a proxy is never without: the last one goes with it
        outcomes: dict[ResourceId, Outcome] = {}
        outcomes |= {c.id: Done(c.after) for c in changes if _holds(c, now) == _holds(c, want)}
        if want != now:
            left = [c for c in changes if c.id not in outcomes]
            outcomes |= self._write(left, str(proxy.get("name")), want)
        return outcomes

    def _write(self, changes: Sequence[Change], proxy: str, want: Sequence[str]) -> dict[ResourceId, Outcome]:
        links = [self._links.to(SSL_CERTIFICATE, name) for name in want]
        ids = [c.id for c in changes]
        try:
            done = self._api.change(HTTPS_PROXY, "setSslCertificates", proxy, {"sslCertificates": links})
            self._operations.begin(ids, done)
        except NotReady as error:
            return {id_: Failed(NotReady(error.message)) for id_ in ids}
        except ProviderError as error:
            if len(changes) > 1:
                raise  # the engine asks for its halves
            return {id_: Failed(error) for id_ in ids}
        return {}

    def _proxy(self, key: str) -> Native | None:
        """Return the proxy of an origin: the one that was read, else the one that its mark tells."""
        listed = self._api.listed(HTTPS_PROXY)
        with self._lock:
            name = self._proxies.get(key)
        named = (n for n in listed if n.get("name") == name)
        mine = (n for n in listed if marked(str(n.get("description") or "")) == (self._owner, key))
        return next(named, None) or next(mine, None)


def wanted_list(changes: Sequence[Change], now: Sequence[str], others: Collection[str] = ()) -> list[str]:
    """Return the whole list: what is to go is left out, what is new comes last. The order stays: it counts.

    `others`: what hosts beside these rest on, as one uploaded certificate can be for several.

    docs: TargetHttpsProxy.sslCertificates: the first is the one for clients that name no host.
    """
    gone = {_certificate(c) for c in changes if c.action is Action.DELETE}
    gone |= {str(c.before.attrs["certificate"]) for c in changes if c.before is not None}
    new = [_certificate(c) for c in changes if c.action is not Action.DELETE]
    kept = [name for name in now if name not in gone or name in new or name in others]
    return [*kept, *(name for name in dict.fromkeys(new) if name not in kept)]


def _holds(change: Change, names: Sequence[str]) -> tuple[bool, bool]:
    """Tell of the certificate that is to be there, and of the one before it, whether they are."""
    before = str(change.before.attrs["certificate"]) if change.before is not None else None
    return _certificate(change) in names, before in names


def _certificate(change: Change) -> str:
    return str(change.resource.attrs["certificate"])


def _without_proxy(change: Change, key: str) -> Outcome:
    if change.action is Action.DELETE:
        return Done(None)
    return Failed(Conflict(f"the HTTPS proxy for {key} is gone", resource=change.id.address))
