"""The primary over TCP: transfers, questions, updates, every message signed, every call through `calls`."""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, TypeVar

import dns.exception
import dns.message
import dns.rcode
import dns.rdatatype
import dns.tsig
import dns.update
import dns.xfr
import dns.zone

from providers.rfc2136.convert import name_from
from providers.rfc2136.errors import from_exception, from_rcode
from providers.rfc2136.names import QUERY, TRANSFER, UNIT, UPDATE
from providers.rfc2136.server import Server, addresses
from reconciler.errors import ProviderError, Unavailable, UnexpectedResponse
from reconciler.net_settings import NetSettings
from reconciler.provider import Calls

T = TypeVar("T")
Question = tuple[str, str]
Message = dns.message.Message
Answers = Mapping[Question, Message]
Further = Callable[[Answers], Sequence[Question]]

CONNECT_S: Final = 10.0
ANSWER_S: Final = 30.0
ASKED_AT_ONCE: Final = 50
"""Questions on their way at a time: more may fill the buffers of both ends, each waiting for the other."""
REFUSALS: Final = frozenset((dns.rcode.REFUSED, dns.rcode.NOTAUTH, dns.rcode.NOTIMP, dns.rcode.FORMERR))


def _nothing(_answers: Answers) -> Sequence[Question]:
    """Ask nothing more."""
    return ()


@dataclass(frozen=True, slots=True)
class Declined:
    """A transfer that the server does not give: an answer like another. `why` is its word."""

    why: str


@dataclass(frozen=True, slots=True)
class Primary:
    """One server with the key to it. Safe for threads: each call has a connection of its own."""

    server: Server
    key: dns.tsig.Key
    net: NetSettings
    calls: Calls
    answer_s: float = ANSWER_S

    @property
    def key_name(self) -> str:
        """Name the key."""
        return self.key.name.to_text(omit_final_dot=True)

    def transfer(self, zone: str) -> dns.zone.Zone | Declined:
        """Give the whole zone. Raises ProviderError; that the key may not have it is a value."""
        return self._call(TRANSFER, zone, lambda: self._transferred(zone), repeatable=True)

    def ask(self, zone: str, questions: Sequence[Question], further: Further = _nothing) -> Answers:
        """Ask for names in one zone, and then what the answers call for, all over one connection.

        Any rcode but SERVFAIL is an answer.
        """

        def asked() -> Answers:
            with self._connection() as sock:
                answers = self._answered(sock, zone, questions)
                return {**answers, **self._answered(sock, zone, further(answers))}

        return self._call(QUERY, zone, asked, repeatable=True)

    def _answered(self, sock: socket.socket, zone: str, questions: Sequence[Question]) -> Answers:
        messages = [dns.message.make_query(name_from(n), kind, flags=0) for n, kind in questions]
        answers = self._converse(sock, messages)
        if any(answer.rcode() == dns.rcode.SERVFAIL for answer in answers):
            raise from_rcode(dns.rcode.SERVFAIL, str(self.server), zone, self.key_name)
        return dict(zip(questions, answers, strict=True))

    def update(self, zone: str, message: dns.update.UpdateMessage) -> None:
        """Send one update. Raises Conflict where a prerequisite does not hold: then nothing was written.

        Never repeated by itself: the repeat of an update that took effect is refused by its prerequisites.
        """

        def sent() -> None:
            with self._connection() as sock:
                (answer,) = self._converse(sock, [message])
            if answer.rcode() != dns.rcode.NOERROR:
                raise from_rcode(answer.rcode(), str(self.server), zone, self.key_name)

        self._call(UPDATE, zone, sent, repeatable=False)

    def signed_size(self, message: dns.update.UpdateMessage) -> int:
        """Give the bytes of a message on the wire. Raises dns.exception.TooBig beyond 65,535."""
        message.use_tsig(self.key)
        return len(message.to_wire())

    def _call(self, operation: str, zone: str, fn: Callable[[], T], *, repeatable: bool) -> T:
        def told() -> T:
            try:
                return fn()
            except ProviderError:
                raise
            except Exception as error:
                meaning = from_exception(error, str(self.server), self.key_name)
                if meaning is None:
                    raise
                raise meaning from error

        return self.calls(UNIT, operation, told, repeatable=repeatable, resource=zone)

    # -- on the wire
    def _transferred(self, zone: str) -> dns.zone.Zone | Declined:
        found = dns.zone.Zone(name_from(zone), relativize=False)
        query, _ = dns.xfr.make_query(found, serial=None, keyring=self.key)
        with self._connection() as sock:
            _send(sock, [query.to_wire()])
            try:
                self._received_zone(sock, query, found)
            except dns.tsig.PeerBadKey:
                # Knot's word for a key that it knows and that may not transfer: a question tells them apart.
                return Declined("BADKEY")
            except dns.xfr.TransferError as error:
                if error.rcode in REFUSALS:
                    return Declined(dns.rcode.to_text(error.rcode))
                raise from_rcode(error.rcode, str(self.server), zone, self.key_name) from error
        return found

    def _received_zone(self, sock: socket.socket, query: Message, found: dns.zone.Zone) -> None:
        """Read messages until the zone is whole, and the last one signed. Raises DNSException, EOFError."""
        context, done = None, False
        with dns.xfr.Inbound(found, dns.rdatatype.AXFR) as inbound:
            while not done:
                part = dns.message.from_wire(
                    _received(sock),
                    keyring=self.key,
                    request_mac=query.mac,
                    xfr=True,
                    origin=found.from_wire_origin(),
                    tsig_ctx=context,
                    multi=True,
                )
                done, context = inbound.process_message(part), part.tsig_ctx

    def _converse(self, sock: socket.socket, messages: Sequence[Message]) -> list[Message]:
        """Send messages over one connection and give their answers in order."""
        answers: list[Message] = []
        for at in range(0, len(messages), ASKED_AT_ONCE):
            answers += self._exchanged(sock, messages[at : at + ASKED_AT_ONCE])
        return answers

    def _exchanged(self, sock: socket.socket, messages: Sequence[Message]) -> list[Message]:
        asked: dict[int, Message] = {}
        for number, message in enumerate(messages):
            message.id = (messages[0].id + number) % 65536
            message.use_tsig(self.key)
            asked[message.id] = message
        _send(sock, [message.to_wire() for message in messages])
        found: dict[int, Message] = {}
        while len(found) < len(asked):
            answer = self._answer(_received(sock), asked)
            found[answer.id] = answer
        return [found[message.id] for message in messages]

    def _answer(self, wire: bytes, asked: Mapping[int, Message]) -> Message:
        """Read one answer and see that it is one, signed with our key. Raises DNSException."""
        question = asked.get(struct.unpack("!H", wire[:2])[0]) if len(wire) > 1 else None
        if question is None:
            raise UnexpectedResponse(f"{self.server} answered what it was not asked")
        answer = self._verified(wire, question)
        if not question.is_response(answer):
            raise UnexpectedResponse(f"{self.server} answered what it was not asked")
        return answer

    def _verified(self, wire: bytes, question: Message) -> Message:
        """Check the signature. A refusal may come without one: servers that know no TSIG give such."""
        try:
            answer = dns.message.from_wire(wire, keyring=self.key, request_mac=question.mac)
        except dns.exception.FormError:
            answer = dns.message.from_wire(wire, keyring=False)
            if answer.had_tsig:
                raise
        if not answer.had_tsig and answer.rcode() in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
            raise UnexpectedResponse(f"the answer of {self.server} is not signed: it may be anybody's")
        return answer

    @contextmanager
    def _connection(self) -> Iterator[socket.socket]:
        """Connect to the first address that answers. Raises Unavailable: nothing was sent then."""
        trouble: OSError = OSError("no address")
        try:
            places = addresses(self.server, self.net)
        except OSError as error:
            text = f"{self.server} cannot be found: {error.strerror or error}"
            raise Unavailable(text, sent=False) from error
        for place in places:
            try:
                sock = socket.create_connection(place, CONNECT_S)
            except OSError as error:
                trouble = error
                continue
            with sock:
                sock.settimeout(self.answer_s)
                yield sock
            return
        text = f"no connection to {self.server}: {trouble.strerror or trouble}"
        raise Unavailable(text, sent=False) from trouble


def _send(sock: socket.socket, wires: Sequence[bytes]) -> None:
    sock.sendall(b"".join(struct.pack("!H", len(wire)) + wire for wire in wires))


def _received(sock: socket.socket) -> bytes:
    """Read one message. Raises EOFError where the connection ends before."""
    return _read(sock, struct.unpack("!H", _read(sock, 2))[0])


def _read(sock: socket.socket, count: int) -> bytes:
    """Read so many bytes. Raises EOFError where the connection ends before."""
    read = bytearray()
    while len(read) < count:
        more = sock.recv(count - len(read))
        if not more:
            raise EOFError
        read += more
    return bytes(read)
