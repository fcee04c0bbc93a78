"""Questions to DNS servers: through recursive resolvers, and to authoritative servers one by one.

A server that misbehaves is a value with an error text. Only a machine without any resolver raises.
"""

from __future__ import annotations

import socket
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from importlib import import_module
from typing import TYPE_CHECKING, Final, TypeVar

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.resolver
from dns.rdtypes.ANY.SOA import SOA
from dns.rdtypes.nsbase import NSBase
from dns.rdtypes.txtbase import TXTBase

from reconciler.answers import Answer, NameServer, ServerAnswer
from reconciler.dns import Delegation
from reconciler.errors import NetworkError
from reconciler.net_settings import (
    DNS_PORT,
    RESOLVERS,
    Address,
    HttpsResolver,
    NetSettings,
    Resolver,
    parse_address,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from dns.rdata import Rdata
    from dns.rrset import RRset

    from reconciler.net_doh import HttpsQuestions

ROUNDS: Final = 2
PARALLEL: Final = 16
PARENT_SERVERS: Final = 4
CHAIN: Final = 16
RESOLVER: Final = "resolver"
_TROUBLE: Final = (dns.exception.DNSException, OSError, EOFError, ValueError)


A = TypeVar("A")
R = TypeVar("R")


class DnsProbe:
    """Asks servers as the settings say. Safe for threads."""

    def __init__(self, settings: NetSettings) -> None:
        self._settings = settings
        self._resolvers: tuple[Resolver, ...] = settings.resolvers
        over_https = [each for each in settings.resolvers if isinstance(each, HttpsResolver)]
        self._https = {each: self._questions(each) for each in over_https}

    def _questions(self, resolver: HttpsResolver) -> HttpsQuestions:
        """Open a resolver over HTTPS, whose own name another resolver has to know."""
        others = replace(self._settings, resolvers=self._settings.plain_resolvers)
        doh = import_module("reconciler.net_doh")  # brings an HTTP client
        found: HttpsQuestions = doh.HttpsQuestions(
            resolver, self._settings, lambda name: DnsProbe(others).addresses(name)
        )
        return found

    def query(self, name: str, rtype: str) -> Answer:
        """Ask the recursive resolvers, one after the other until one is certain."""
        answer = Answer(name, rtype, rcode="", error="no resolver answered")
        for response in self._recurse(name, rtype):
            answer = response if isinstance(response, Answer) else _answer(name, rtype, response)
            if answer.certain:
                return answer
        return answer

    def addresses(self, name: str) -> tuple[str, ...]:
        """Give the IPv4, then the IPv6 addresses of a name."""
        answers = _at_once(lambda rtype: self.query(name, rtype), ("A", "AAAA"))
        return tuple(value for answer in answers for value in answer.values)

    def cname(self, name: str) -> str | None:
        """Give where a name is an alias to, one step."""
        return next(iter(self.query(name, "CNAME").values), None)

    def zone_of(self, name: str) -> str | None:
        """Give the zone that a name lies in; None when it cannot be told."""
        labels = name.split(".")
        for depth in range(len(labels)):
            candidate = ".".join(labels[depth:])
            answer = self.query(candidate, "SOA")
            if not answer.certain:
                return None
            if answer.values and not answer.cnames:
                return candidate
        return None

    def name_servers(self, zone: str) -> tuple[NameServer, ...]:
        """Give every address of every name server of a zone, as the resolver has them.

        Where those cannot be asked (`settings.recursive`) it is the resolvers that answer for them.
        """
        if self._settings.recursive:
            return tuple(NameServer(RESOLVER, str(each), recursive=True) for each in self._recursive())
        return self._servers(self.query(zone, "NS").values)

    def delegation(self, zone: str) -> tuple[str, ...] | None:
        """Give the names of the servers that the parent hands a zone to; None where nobody answers.

        Where no server of the parent answers, it is the resolver's word, which may be the zone's own.
        """
        told = (self._handed(server, zone) for server in self._parent_servers(zone))
        found = next((each for each in told if each is not None), None)
        if found is not None:
            return found.servers
        answer = self.query(zone, "NS")
        return answer.values if answer.certain else None

    def delegated(self, zone: str) -> Delegation | None:
        """Give all servers that any of the parent's servers hands a zone to; None where nobody answers.

        They do not change all at once: a resolver is sent where the one says that it asks. Where none of
        them answers, it is the resolver's word, without a TTL.
        """
        told = _at_once(lambda server: self._handed(server, zone), self._parent_servers(zone))
        found = [each for each in told if each is not None]
        if not found:
            answer = self.query(zone, "NS")
            return Delegation(answer.values) if answer.certain else None
        ttls = [each.ttl_s for each in found if each.ttl_s is not None]
        return Delegation(
            tuple(sorted({name for each in found for name in each.servers})), max(ttls, default=None)
        )

    def _parent_servers(self, zone: str) -> tuple[NameServer, ...]:
        """Give some servers of the zone above; none where they cannot be asked."""
        if self._settings.recursive or "." not in zone:
            return ()
        parent = self.zone_of(zone.partition(".")[2])
        servers = _reachable(self.name_servers(parent), self._settings) if parent else ()
        return tuple(each for each in servers if each.address)[:PARENT_SERVERS]

    def _handed(self, server: NameServer, zone: str) -> Delegation | None:
        """Give what one server of the parent says; None where it does not say."""
        response = self._tell(server, zone, "NS")
        if not isinstance(response, dns.message.Message) or response.rcode() not in (0, 3):
            return None
        found = _find(response, zone, "NS") or _find(response, zone, "NS", authority=True)
        return Delegation(_values(found), found.ttl if found else None)

    def ask(self, server: NameServer | str, name: str, rtype: str) -> ServerAnswer:
        """Ask one server, without recursion unless it is there for that: UDP, then TCP.

        An address may have a port (`192.0.2.1:5353`).
        """
        asked = NameServer(server, server) if isinstance(server, str) else server
        response = self._tell(asked, name, rtype)
        if isinstance(response, str):
            return ServerAnswer(asked, error=response)
        return _server_answer(asked, name, rtype, response)

    def ask_all(self, servers: Iterable[NameServer], name: str, rtype: str) -> tuple[ServerAnswer, ...]:
        """Ask all of these at once. IPv6 addresses are left out on a machine that has no IPv6."""
        reachable = _reachable(servers, self._settings)
        return _at_once(lambda server: self.ask(server, name, rtype), reachable)

    def _servers(self, names: Iterable[str]) -> tuple[NameServer, ...]:
        listed = tuple(names)
        found = _at_once(self.addresses, listed)
        return tuple(
            NameServer(name, address)
            for name, addresses in zip(listed, found, strict=True)
            for address in addresses or ("",)
        )

    def _recurse(self, name: str, rtype: str) -> Iterator[dns.message.Message | Answer]:
        """Yield what each resolver answers; a failure as an Answer with an error."""
        try:
            question = dns.message.make_query(name, rtype)
        except _TROUBLE as error:
            yield Answer(name, rtype, rcode="", error=_why(error))
            return
        for _ in range(ROUNDS):
            for resolver in self._recursive():
                try:
                    yield self._resolved(question, resolver)
                except _TROUBLE as error:
                    yield Answer(name, rtype, rcode="", error=f"{resolver}: {_why(error)}")

    def _resolved(self, question: dns.message.QueryMessage, resolver: Resolver) -> dns.message.Message:
        if isinstance(resolver, HttpsResolver):
            return self._https[resolver].ask(question)
        return self._exchange(question, resolver, self._settings.timeouts.resolver_s)

    def _recursive(self) -> tuple[Resolver, ...]:
        if not self._resolvers:
            self._resolvers = system_resolvers()
        return self._resolvers

    def _tell(self, server: NameServer, name: str, rtype: str) -> dns.message.Message | str:
        """Give a server's answer, or why there is none."""
        if not server.address:
            return "its name has no address"
        try:
            if server.recursive:
                resolver = next(each for each in self._recursive() if str(each) == server.address)
                return self._resolved(dns.message.make_query(name, rtype), resolver)
            question = dns.message.make_query(name, rtype, flags=0)
            return self._exchange(
                question, parse_address(server.address, DNS_PORT), self._settings.timeouts.udp_s
            )
        except _TROUBLE as error:
            return _why(error)

    def _exchange(
        self, question: dns.message.QueryMessage, to: Address, timeout_s: float
    ) -> dns.message.Message:
        """Ask over UDP; over TCP where the answer is cut short or none comes."""
        ip, port = self._settings.route(to)
        tcp_s = self._settings.timeouts.tcp_s
        try:
            answer = dns.query.udp(question, ip, timeout_s, port, ignore_unexpected=True, ignore_errors=True)
        except dns.exception.Timeout:
            return dns.query.tcp(question, ip, tcp_s, port)
        return dns.query.tcp(question, ip, tcp_s, port) if answer.flags & dns.flags.TC else answer


def _answer(name: str, rtype: str, response: dns.message.Message) -> Answer:
    """Follow the chain of aliases inside one answer."""
    rcode = dns.rcode.to_text(response.rcode())
    at = name
    cnames: list[str] = []
    for _ in range(CHAIN):
        found = _find(response, at, rtype)
        alias = None if found else _find(response, at, "CNAME")
        if alias is None:
            ttl = found.ttl if found else 0
            return Answer(name, rtype, _values(found), ttl, rcode, tuple(cnames))
        at = _values(alias)[0]
        cnames.append(at)
    return Answer(name, rtype, rcode="", error="its aliases go round in circles")


def _server_answer(server: NameServer, name: str, rtype: str, response: dns.message.Message) -> ServerAnswer:
    found = _find(response, name, rtype)
    alias = None if found or rtype == "CNAME" else _find(response, name, "CNAME")
    return ServerAnswer(
        server,
        values=_values(found),
        ttl=found.ttl if found else 0,
        aa=bool(response.flags & dns.flags.AA),
        rcode=dns.rcode.to_text(response.rcode()),
        serial=_serial(response),
        cname=next(iter(_values(alias)), None),
        refers=_referral(response),
    )


def _referral(response: dns.message.Message) -> str | None:
    """Give the zone whose servers stand in place of an answer."""
    if response.answer or response.flags & dns.flags.AA:
        return None
    owners = [each.name for each in response.authority if each.rdtype == dns.rdatatype.NS]
    below_root = (owner for owner in owners if owner != dns.name.root)
    return next((owner.to_text(omit_final_dot=True).lower() for owner in below_root), None)


def _find(response: dns.message.Message, name: str, rtype: str, *, authority: bool = False) -> RRset | None:
    section = response.authority if authority else response.answer
    kind = dns.rdatatype.from_text(rtype)
    return response.get_rrset(section, dns.name.from_text(name), dns.rdataclass.IN, kind)


def _serial(response: dns.message.Message) -> int | None:
    sets = (*response.answer, *response.authority)
    return next((each.serial for rrset in sets for each in rrset if isinstance(each, SOA)), None)


def _values(rrset: RRset | None) -> tuple[str, ...]:
    return tuple(sorted(_text(each) for each in rrset or ()))


def _text(value: Rdata) -> str:
    """Spell one value as the engine does."""
    if isinstance(value, TXTBase):
        return b"".join(value.strings).decode("utf-8", "backslashreplace")
    if isinstance(value, NSBase):  # NS, CNAME, PTR
        return value.target.to_text(omit_final_dot=True).lower()
    return value.to_text()


def _reachable(servers: Iterable[NameServer], settings: NetSettings) -> tuple[NameServer, ...]:
    """Leave out the IPv6 addresses where there is no IPv6, but never a whole server."""
    listed = tuple(servers)
    here = tuple(
        each
        for each in listed
        if each.recursive or ":" not in each.address or _has_route(each.address, settings)
    )
    named = {each.name for each in here}
    return tuple(each for each in listed if each in here or each.name not in named)


def with_route(addresses: Iterable[str], settings: NetSettings, port: int) -> tuple[str, ...]:
    """Leave out the IPv6 addresses where there is no IPv6, unless there are no others."""
    listed = tuple(addresses)
    here = tuple(each for each in listed if ":" not in each or _has_route(f"[{each}]:{port}", settings))
    return here or listed


def _has_route(address: str, settings: NetSettings) -> bool:
    """Tell whether a packet could leave for this address; none is sent."""
    try:
        target = settings.route(parse_address(address, DNS_PORT))
        if ":" in target.ip:
            with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
                sock.connect(tuple(target))
    except (OSError, ValueError):
        return False
    return True


def system_resolvers(file: str = "/etc/resolv.conf") -> tuple[Address, ...]:
    """Give the resolvers that the system names; raises NetworkError where it names none."""
    try:
        listed = dns.resolver.Resolver(file).nameservers
        return tuple(parse_address(str(each), DNS_PORT) for each in listed)
    except (dns.exception.DNSException, ValueError) as error:
        raise NetworkError(
            f"this machine names no resolver ({_why(error)}); set {RESOLVERS}=IP:PORT"
        ) from error


def _at_once(call: Callable[[A], R], things: Sequence[A]) -> tuple[R, ...]:
    """Call for all things at once; results in their order."""
    if len(things) < 2:
        return tuple(call(each) for each in things)
    with ThreadPoolExecutor(min(PARALLEL, len(things)), thread_name_prefix="tdr-dns") as pool:
        return tuple(pool.map(call, things))


def _why(error: Exception) -> str:
    """Say in plain words what went wrong."""
    if isinstance(error, dns.exception.Timeout | TimeoutError):
        return "no answer in time"
    if isinstance(error, EOFError):
        return "it closed the connection before it had answered"
    return str(error) or type(error).__name__
