"""What may come over the wire instead of an answer. A server that says whatever a test wants; no real one."""

from __future__ import annotations

import socketserver
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import dns.tsig
import dns.update
import pytest

from providers.rfc2136.primary import Declined, Primary
from providers.rfc2136.reading import asked_names
from providers.rfc2136.server import Server, addresses
from providers.sandbox import started
from reconciler.errors import AuthError, InvalidRequest, ProviderError, Unavailable, UnexpectedResponse
from reconciler.net_settings import NetSettings, settings_from
from tests.servers.zones import RealServer

T = TypeVar("T")
ZONE = "example.test"
Liar = Callable[[dns.message.Message], bytes | None]
KEYRING = {RealServer.key().name: RealServer.key()}


def called(unit: str, operation: str, fn: Callable[[], T], *, repeatable: bool, resource: str = "") -> T:
    """Call at once, never repeat."""
    return fn()


@contextmanager
def primary(says: Liar, answer_s: float = 5.0) -> Iterator[Primary]:
    """A primary that answers each message so; None ends the connection."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            while size := self.rfile.read(2):
                query = dns.message.from_wire(self.rfile.read(struct.unpack("!H", size)[0]), keyring=KEYRING)
                answer = says(query)
                if answer is None:
                    return
                self.wfile.write(answer)
                if len(answer) < 2:
                    return

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            at = Server("127.0.0.1", server.server_address[1])
            yield Primary(at, RealServer.key(), NetSettings(), called, answer_s)
        finally:
            server.shutdown()
            thread.join()


def framed(message: dns.message.Message) -> bytes:
    wire = message.to_wire()
    return struct.pack("!H", len(wire)) + wire


def refused(query: dns.message.Message, rcode: dns.rcode.Rcode) -> dns.message.Message:
    answer = dns.message.make_response(query)
    answer.set_rcode(rcode)
    return answer


def unsigned(query: dns.message.Message, rcode: dns.rcode.Rcode = dns.rcode.NOERROR) -> bytes:
    answer = refused(query, rcode)
    answer.tsig, answer.want_tsig_sign = None, False
    return framed(answer)


def stranger(query: dns.message.Message) -> bytes:
    answer = dns.message.make_response(query)
    answer.id = (query.id + 1) % 65536
    return framed(answer)


def badly_timed(query: dns.message.Message) -> bytes:
    answer = refused(query, dns.rcode.NOTAUTH)
    answer.use_tsig(RealServer.key(), tsig_error=dns.rcode.BADTIME)
    return framed(answer)


def updated(at: Primary) -> None:
    at.update(ZONE, dns.update.UpdateMessage(ZONE))


def short(query: dns.message.Message) -> bytes:
    return b"\x00\x05" + framed(refused(query, dns.rcode.NOERROR))[2:7]


@pytest.mark.parametrize(
    ("says", "meaning", "words"),
    [
        (unsigned, UnexpectedResponse, "not signed"),
        (stranger, UnexpectedResponse, "not asked"),
        (badly_timed, AuthError, "clocks"),
        (lambda _query: None, Unavailable, "closed the connection"),
        (lambda _query: b"\x00", Unavailable, "closed the connection"),
        (lambda _query: b"\x00\x00", UnexpectedResponse, "not asked"),
        (short, UnexpectedResponse, "unreadable"),
        (lambda query: unsigned(query, dns.rcode.REFUSED), AuthError, "REFUSED"),
        (lambda query: unsigned(query, dns.rcode.NOTIMP), InvalidRequest, "NOTIMP"),
        (lambda query: framed(refused(query, dns.rcode.SERVFAIL)), Unavailable, "SERVFAIL"),
    ],
)
def test_only_a_signed_answer_to_what_was_asked_counts(
    says: Liar, meaning: type[ProviderError], words: str
) -> None:
    with primary(says) as at:
        with pytest.raises(meaning, match=words) as told:
            updated(at)
        assert not isinstance(told.value, Unavailable) or told.value.sent


def test_a_server_that_is_silent_is_not_waited_for_for_ever() -> None:
    asked = threading.Event()

    def silent(_query: dns.message.Message) -> None:
        asked.wait(5)

    with primary(silent, answer_s=0.05) as at:
        with pytest.raises(Unavailable, match="no answer in time"):
            updated(at)
        asked.set()


@pytest.mark.parametrize("word", ["REFUSED", "NOTAUTH", "NOTIMP", "FORMERR"])
def test_a_transfer_that_is_not_given_is_a_value(word: str) -> None:
    with primary(lambda query: framed(refused(query, dns.rcode.from_text(word)))) as at:
        assert at.transfer(ZONE) == Declined(word)


def test_a_transfer_that_is_not_signed_is_none() -> None:
    def anybodys(query: dns.message.Message) -> bytes:
        answer = dns.message.make_response(query)
        rows = ((60, "IN", "SOA", "ns1. host. 1 2 3 4 5"), (60, "IN", "NS", "ns1."))
        soa, servers = (dns.rrset.from_text(f"{ZONE}.", *row) for row in rows)
        answer.answer += [soa, servers, soa]
        answer.tsig, answer.want_tsig_sign = None, False
        return framed(answer)

    with primary(anybodys) as at, pytest.raises(UnexpectedResponse, match="missing TSIG"):
        at.transfer(ZONE)


def test_a_transfer_that_ends_in_the_middle_is_none() -> None:
    def half(query: dns.message.Message) -> bytes | None:
        answer = dns.message.make_response(query)
        answer.answer.append(dns.rrset.from_text(f"{ZONE}.", 60, "IN", "SOA", "ns1. host. 1 2 3 4 5"))
        return framed(answer) + b"\x00"

    with primary(half, answer_s=0.05) as at, pytest.raises(Unavailable):
        at.transfer(ZONE)


def served(query: dns.message.Message, rcode: dns.rcode.Rcode, *kinds: str) -> bytes:
    """Answer for the zone, but with this rcode to questions of these types."""
    question = query.question[0]
    answer = dns.message.make_response(query)
    answer.flags |= dns.flags.AA
    if question.rdtype.name == "SOA":
        answer.answer.append(dns.rrset.from_text(f"{ZONE}.", 60, "IN", "SOA", "ns1. host. 1 2 3 4 5"))
    if question.rdtype.name in kinds:
        answer.set_rcode(rcode)
    return framed(answer)


@pytest.mark.parametrize(("word", "meaning"), [("REFUSED", UnexpectedResponse), ("SERVFAIL", Unavailable)])
def test_an_answer_that_tells_nothing_is_no_absence(word: str, meaning: type[ProviderError]) -> None:
    """Else a record that stands would be planned anew."""
    rcode = dns.rcode.from_text(word)
    with primary(lambda query: served(query, rcode, "CNAME")) as at, pytest.raises(meaning, match=word):
        asked_names(at, ZONE, [f"click.{ZONE}"])


def test_an_old_server_need_not_know_late_types() -> None:
    with primary(lambda query: served(query, dns.rcode.NOTIMP, "HTTPS", "SVCB", "CAA")) as at:
        assert dict(asked_names(at, ZONE, [f"click.{ZONE}"]).sets) == {}


def test_a_server_is_found_by_the_resolvers_of_the_environment_or_said_not_to_be() -> None:
    record = {"type": "A", "name": f"ns1.{ZONE}", "content": "192.0.2.53"}
    with started({"dns": [{"zone": ZONE, "records": [record]}]}) as sandbox:
        net = settings_from(sandbox.env)
        assert [str(found) for found in addresses(Server(f"ns1.{ZONE}"), net)] == ["192.0.2.53:53"]
        with pytest.raises(OSError, match=f"ns2.{ZONE} has no address"):
            addresses(Server(f"ns2.{ZONE}"), net)
        sandbox.control("POST", "/dns/outages", {"answer": "SERVFAIL", "server": "resolver"})
        with pytest.raises(OSError, match=f"no resolver of TDR_RESOLVERS has an answer for ns1.{ZONE}"):
            addresses(Server(f"ns1.{ZONE}"), net)
