"""The network as tdr sees it: DNS and edges, from outside, as the environment says.

Import this module only where something is probed: it loads a DNS library.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Final

from reconciler.dns import Delegation
from reconciler.errors import NetworkError
from reconciler.net_dns import DnsProbe, with_route
from reconciler.net_http import PORTS, HttpProbe
from reconciler.net_settings import CA_FILE, NetSettings, settings_from
from reconciler.probe import CLICK_PATH, ROOT_PATH, Probe
from reconciler.proof import Evidence

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from reconciler.answers import Answer, NameServer, ServerAnswer

PARALLEL: Final = 8


class Network:
    """Every look that tdr takes at the outside. Safe for threads.

    Remote misbehaviour is never raised: it is a value with an `error`. NetworkError means that this
    machine's own settings are off.
    """

    def __init__(self, settings: NetSettings) -> None:
        self.settings = settings
        self._dns = DnsProbe(settings)
        self._http = HttpProbe(settings)

    def announcements(self) -> tuple[str, ...]:
        """Give one line for stderr for each setting that bends the network."""
        return self.settings.announcements()

    def query(self, name: str, rtype: str) -> Answer:
        """Ask the recursive resolver."""
        return self._dns.query(name, rtype)

    def addresses(self, name: str) -> tuple[str, ...]:
        """Give the IPv4, then the IPv6 addresses of a name, as the resolver has them."""
        return self._dns.addresses(name)

    def reachable(self, addresses: Iterable[str]) -> tuple[str, ...]:
        """Give those that this machine has a way to: without IPv6 the others, or all if there are none."""
        return with_route(addresses, self.settings, PORTS["https"])

    def cname(self, name: str) -> str | None:
        """Give where a name is an alias to, one step; None when it is none."""
        return self._dns.cname(name)

    def zone_of(self, name: str) -> str | None:
        """Give the zone that a name lies in; None when it cannot be told."""
        return self._dns.zone_of(name)

    def delegation(self, zone: str) -> tuple[str, ...] | None:
        """Give the names of the servers that the parent hands a zone to; none: it is not delegated; None: it
        cannot be told."""
        return self._dns.delegation(zone)

    def delegated(self, zone: str) -> Delegation | None:
        """Give all that the parent's servers say of a zone, and for how long; None: it cannot be told."""
        return self._dns.delegated(zone)

    def name_servers(self, zone: str) -> tuple[NameServer, ...]:
        """Give every address of every name server of a zone."""
        return self._dns.name_servers(zone)

    def ask(self, server: NameServer | str, name: str, rtype: str) -> ServerAnswer:
        """Ask one server without recursion."""
        return self._dns.ask(server, name, rtype)

    def ask_all(self, servers: Iterable[NameServer], name: str, rtype: str) -> tuple[ServerAnswer, ...]:
        """Ask these servers at once, without recursion."""
        return self._dns.ask_all(servers, name, rtype)

    def authoritative(self, name: str, rtype: str, zone: str) -> tuple[ServerAnswer, ...]:
        """Ask all servers of a zone, at all their addresses, at once."""
        return self._dns.ask_all(self._dns.name_servers(zone), name, rtype)

    def probe(
        self, host: str, scheme: str, path: str = CLICK_PATH, *, address: str | None = None, port: int = 0
    ) -> Probe:
        """GET one URL from the edge at `address`, or from wherever the host name leads."""
        asked = Probe(host, scheme, path, port=port)
        return self._http.probe(asked, self.addresses(host) if address is None else (address,))

    def probes(self, host: str, scheme: str, path: str, addresses: Iterable[str]) -> tuple[Probe, ...]:
        """GET one URL from each of these addresses at once: an edge may be deployed by halves."""
        asked = Probe(host, scheme, path)
        return self._all([(asked, (address,)) for address in addresses])

    def evidence(self, host: str, address: str | None = None) -> Evidence:
        """Take the four GETs that prove a tracking domain: both paths over https and http."""
        where = self.addresses(host) if address is None else (address,)
        asked = [
            (Probe(host, scheme, path), where)
            for scheme in ("https", "http")
            for path in (ROOT_PATH, CLICK_PATH)
        ]
        return Evidence(host, self._all(asked))

    def _all(self, asked: list[tuple[Probe, tuple[str, ...]]]) -> tuple[Probe, ...]:
        if not asked:
            return ()
        with ThreadPoolExecutor(min(PARALLEL, len(asked)), thread_name_prefix="tdr-probe") as pool:
            return tuple(pool.map(lambda each: self._http.probe(*each), asked))


def from_environment(environ: Mapping[str, str]) -> Network:
    """Give the network as the environment says; raises NetworkError with everything malformed."""
    settings = settings_from(environ)
    if settings.ca_file and not Path(settings.ca_file).is_file():
        raise NetworkError(f"{CA_FILE}: there is no file {settings.ca_file}")
    return Network(settings)
