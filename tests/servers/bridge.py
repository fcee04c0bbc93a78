"""A real BIND in a sandbox's world: a hidden primary, behind a documentation address.

To the sandbox it is an emulator like any other, named `rfc2136`: what passes its port is recorded as a call
and may be struck by faults; but what becomes of an update is BIND's own doing. The sandbox's name servers
show its zones as secondaries do.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from typing import Any

import dns.message
import dns.opcode
import dns.rcode
import dns.rdatatype
import dns.tsig

from providers.sandbox.calls import Call
from providers.sandbox.contract import Vendor
from providers.sandbox.faults import Fault
from providers.sandbox.kernel import Kernel
from providers.sandbox.listener import bind as bound
from providers.sandbox.listener import delay, reset
from providers.sandbox.tree import PLAIN
from providers.sandbox.zone import Record, Zone
from tests.servers.bind import bind
from tests.servers.zones import SECRET, RealServer

VENDOR = "rfc2136"
ADDRESS = "192.0.2.40:53"
#: What the nearest refusal of a name server is to a status of HTTP.
RCODES = {
    400: dns.rcode.FORMERR,
    401: dns.rcode.NOTAUTH,
    403: dns.rcode.REFUSED,
    404: dns.rcode.NXDOMAIN,
    409: dns.rcode.NXRRSET,
    422: dns.rcode.NOTZONE,
}
START = "$TTL 3600\n@ SOA ns1.nameservers.example. hostmaster 1 3600 600 86400 300\n" + "".join(
    f"@ NS {server.host}.\n" for server in PLAIN
)
NOBODY = "nobody.invalid"  # BIND is ready once it answers for a zone, and a world may have none


@dataclass(frozen=True, slots=True)
class Bridge:
    """The emulator: what a world's section `rfc2136` starts."""

    name: str = VENDOR

    def start(self, kernel: Kernel, section: Any) -> Vendor:
        """Start BIND with the section's zones, and stand before it."""
        return Primary(kernel, [zone for each in section or () for zone in each.get("zones", ())])


@dataclass(eq=False)
class Primary:
    """BIND and the port before it: the vendor, and a server of the kernel's."""

    kernel: Kernel
    world: list[Mapping[str, Any]]
    server: RealServer = field(init=False)
    changes: int = 0
    _on_close: ExitStack = field(default_factory=ExitStack)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _listening: asyncio.Server | None = None

    def __post_init__(self) -> None:
        """Begin: BIND runs at once, the port is served when the kernel starts."""
        texts = {
            zone["name"]: START + "\n".join(_line(r) for r in zone.get("records", ())) for zone in self.world
        }
        self.server = self._on_close.enter_context(bind({NOBODY: START, **texts}))
        self.socket = bound()
        self.kernel.net_map[ADDRESS] = f"127.0.0.1:{self.socket.getsockname()[1]}"
        self.kernel._servers.append(self)
        for name in texts:
            self.kernel.add_zone(self._public(name))

    def _public(self, name: str) -> Zone:
        return Zone(name, PLAIN, lambda: self.records(name), revision=lambda: self.changes)

    def records(self, zone: str) -> tuple[Record, ...]:
        """All that BIND has of a zone."""
        rows = (line.split(maxsplit=3) for line in self.server.content(zone))
        return tuple(Record(name, kind, int(ttl), content) for name, ttl, kind, content in rows)

    # -- as the sandbox's vendor
    def env(self) -> Mapping[str, str]:
        """The key's secret."""
        return {"RFC2136_TSIG_SECRET": SECRET}

    def dump(self) -> Any:
        """All zones."""
        names = [zone["name"] for zone in self.world]
        return {name: {"records": [_shown(record) for record in self.records(name)]} for name in names}

    def load(self, state: Any) -> None:
        """BIND keeps its own."""
        raise NotImplementedError

    def patch(self, changes: Mapping[str, Any]) -> Any:
        """Add records as a person does."""
        for zone, change in changes["zones"].items():
            assert self.server.nsupdate(zone, *map(_line, change["add_records"])) == "NOERROR"
        self.changes += 1
        return {}

    # -- as a server of the kernel's
    async def start(self) -> None:
        """Serve."""
        self._listening = await asyncio.start_server(self._serve, sock=self.socket)

    async def stop(self) -> None:
        """End what is under way."""
        if self._listening:
            self._listening.close()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def close(self) -> None:
        """Give the port back, and stop BIND."""
        self.socket.close()
        self._on_close.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            with suppress(asyncio.IncompleteReadError, ConnectionError):
                await self._connection(reader, writer)
        except asyncio.CancelledError:
            pass
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection is one call: a transfer, an update, or questions."""
        wire = await _read(reader)
        kernel, asked = self.kernel, _asked(wire)
        kernel.touch()
        fault = kernel.faults.strike("api", VENDOR, "primary", asked.method, asked.path)
        number, at = kernel.calls.next_id(), kernel.clock.now()
        if fault and fault.kind == "delay":
            await delay(fault, kernel.clock)
        handled = not fault or fault.kind not in ("status", "reset") or fault.after
        status = 200 if fault is None else fault.status if fault.kind == "status" else None
        # Known before the answer goes out, as the client may end with it; one that is gone changes nothing.
        told = asyncio.Event()
        behind = asyncio.create_task(self._behind(wire, reader, writer, fault, told)) if handled else None
        if behind is not None:
            await told.wait()
        kernel.calls.add(
            Call(
                number, at, "api", VENDOR, "primary", asked.method, asked.path, "", (), asked.text, "",
                status=status, handled=handled, fault=fault.id if fault else None,
            )
        )  # fmt: skip
        if behind is not None:
            await behind
        elif fault is not None:
            await self._instead(wire, reader, writer, fault)

    async def _behind(
        self,
        wire: bytes,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        fault: Fault | None,
        told: asyncio.Event,
    ) -> None:
        """Pass messages on to BIND and its answers back, the first answer as the fault has it."""
        theirs, ours = await asyncio.open_connection("127.0.0.1", self.server.port)
        try:
            ours.write(_framed(wire))
            answer = await _read(theirs)
            if _is_update(wire):
                self.changes += 1
                self.kernel.touch()
            told.set()
            if fault is not None and fault.kind != "delay":
                await self._instead(wire, reader, writer, fault, answer)
                return
            writer.write(_framed(answer))
            await _both_ways(reader, writer, theirs, ours)
        finally:
            told.set()
            ours.close()

    async def _instead(
        self,
        wire: bytes,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        fault: Fault,
        answer: bytes = b"",
    ) -> None:
        """Answer as the fault has it; questions that come along fare alike."""
        if fault.kind == "reset":
            reset(writer.transport)
            return
        if fault.kind == "malformed":
            writer.write(_framed(answer[: len(answer) // 2]))
        elif fault.kind == "truncated":
            writer.write(_framed(answer)[: len(answer) // 2])
        else:
            while wire:
                writer.write(_framed(_forged(wire, fault)))
                wire = await _read(reader)
        await writer.drain()


@dataclass(frozen=True, slots=True)
class _Asked:
    method: str
    path: str
    text: str


def _asked(wire: bytes) -> _Asked:
    """Put a message into HTTP's words: what it does, and to what."""
    message = dns.message.from_wire(wire, keyring=False)
    name = message.question[0].name.to_text(omit_final_dot=True)
    if _is_update(wire):
        return _Asked("POST", f"/{name}/update", message.to_text())
    is_transfer = message.question[0].rdtype == dns.rdatatype.AXFR
    return _Asked("GET", f"/{name}/{'axfr' if is_transfer else 'query'}", "")


def _is_update(wire: bytes) -> bool:
    return dns.opcode.from_flags(int.from_bytes(wire[2:4], "big")) == dns.opcode.UPDATE


def _forged(wire: bytes, fault: Fault) -> bytes:
    """Make the answer that a fault asks for: a refusal, signed; a signed lie; or no DNS at all."""
    if fault.status == 200 and isinstance(fault.body, str):
        return fault.body.encode()
    query = dns.message.from_wire(wire, keyring={RealServer.key().name: RealServer.key()})
    answer = dns.message.make_response(query)
    if fault.status != 200:
        answer.set_rcode(RCODES.get(fault.status, dns.rcode.SERVFAIL))
    return answer.to_wire()


def _framed(wire: bytes) -> bytes:
    return len(wire).to_bytes(2, "big") + wire


async def _read(reader: asyncio.StreamReader) -> bytes:
    return await reader.readexactly(int.from_bytes(await reader.readexactly(2), "big"))


async def _both_ways(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    theirs: asyncio.StreamReader,
    ours: asyncio.StreamWriter,
) -> None:
    async def flow(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await source.read(65536):
                sink.write(data)
                await sink.drain()
            sink.write_eof()

    await asyncio.gather(flow(reader, ours), flow(theirs, writer))


def _line(record: Mapping[str, Any]) -> str:
    """Write a record of a world as a line of a zone file."""
    content = str(record["content"])
    if record["type"] == "TXT" and not content.startswith('"'):
        content = f'"{content}"'
    if record["type"] in ("CNAME", "NS"):
        content = f"{content.rstrip('.')}."
    return f"{record['name'].rstrip('.')}. {record['ttl']} {record['type']} {content}"


def _shown(record: Record) -> dict[str, Any]:
    return {"name": record.name, "type": record.type, "ttl": record.ttl, "content": record.content}
