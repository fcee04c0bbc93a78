"""BIND (`named`) on a free loopback port, without privileges; authoritative, or a recursive resolver."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.servers.process import LOOPBACK, STARTS, NotStartedError, binary, free_port, running
from tests.servers.zones import KEY_NAME, READER_NAME, READER_SECRET, SECRET, RealServer, written

_CONF = """\
key "{key}" {{ algorithm hmac-sha256; secret "{secret}"; }};
key "{reader}" {{ algorithm hmac-sha256; secret "{reader_secret}"; }};
options {{
  directory "."; pid-file none; session-keyfile none; lock-file none;
  listen-on port {port} {{ {address}; }}; listen-on-v6 {{ none; }};
  recursion no; dnssec-validation no; notify no;
  allow-transfer {{ {transfer} }};
}};
controls {{ }};
"""
_ZONE = """\
zone "{zone}" {{ type primary; file "{zone}.zone"; update-policy {{ grant "{key}" zonesub ANY; }}; }};
"""
_RESOLVER = """\
options {{
  directory "."; pid-file none; session-keyfile none; lock-file none;
  listen-on port {port} {{ {address}; }}; listen-on-v6 {{ none; }};
  recursion yes; allow-recursion {{ any; }}; dnssec-validation no; empty-zones-enable no; notify no;
}};
controls {{ }};
zone "." {{ type primary; file "root"; }};
"""
#: A root of its own: nothing is asked of the real one, and what is not listed is not there.
_ROOT = """\
$TTL 3600
. SOA . . 1 3600 600 86400 300
. NS ns.invalid.
ns.invalid. A 127.0.0.1
"""
_FORWARD = """\
zone "{zone}" {{ type forward; forward only; forwarders {{ {address} port {port}; }}; }};
"""


@contextmanager
def bind(
    zones: Mapping[str, str], *, transfers: bool = True, port: int | None = None
) -> Iterator[RealServer]:
    """Serve zones, by name with the lines of their files; `transfers`: whether keys may have them whole."""
    named = binary("named", "bind9")
    with TemporaryDirectory(prefix="tdr-bind-") as made:
        folder = Path(made)
        for attempt in range(STARTS):
            at = port or free_port()
            transfer = f'key "{KEY_NAME}"; key "{READER_NAME}";' if transfers else "none;"
            conf = _CONF.format(
                key=KEY_NAME,
                secret=SECRET,
                reader=READER_NAME,
                reader_secret=READER_SECRET,
                port=at,
                address=LOOPBACK,
                transfer=transfer,
            )
            zone_clauses = "".join(_ZONE.format(zone=zone, key=KEY_NAME) for zone in zones)
            (folder / "named.conf").write_text(conf + zone_clauses)
            written(folder, zones)
            argv = (named, "-g", "-n", "1", "-c", "named.conf")
            try:
                with running(argv, folder, at, next(iter(zones))):
                    yield RealServer("bind", at, folder)
                    return
            except NotStartedError:
                if attempt == STARTS - 1:
                    raise


@contextmanager
def resolver(zones: Mapping[str, RealServer]) -> Iterator[RealServer]:
    """Resolve names of these zones, each asked of its server, with a cache, as a recursive resolver does."""
    named = binary("named", "bind9")
    with TemporaryDirectory(prefix="tdr-bind-") as made:
        folder = Path(made)
        for attempt in range(STARTS):
            at = free_port()
            clauses = "".join(
                _FORWARD.format(zone=zone, address=server.address, port=server.port)
                for zone, server in zones.items()
            )
            conf = _RESOLVER.format(port=at, address=LOOPBACK)
            (folder / "named.conf").write_text(conf + clauses)
            delegations = "".join(f"{zone}. NS ns.invalid.\n" for zone in zones)
            (folder / "root").write_text(_ROOT + delegations)
            try:
                with running((named, "-g", "-n", "1", "-c", "named.conf"), folder, at, "."):
                    yield RealServer("bind", at, folder)
                    return
            except NotStartedError:
                if attempt == STARTS - 1:
                    raise
