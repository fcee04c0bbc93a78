"""BIND (`named`) on a free loopback port, without privileges."""

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
