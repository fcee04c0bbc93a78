"""Values: the wire's records and the engine's texts, both ways. Pure.

TXT is one text to the engine and strings of at most 255 bytes on the wire: reading what was written gives
the text back, whatever bytes it has. Names are lower case without a final dot; the rest is spelt as master
files spell it, as a server would print it.
"""

from __future__ import annotations

import ipaddress
from functools import lru_cache
from typing import Final

import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
from dns.rdtypes.ANY.TXT import TXT
from dns.rdtypes.nsbase import NSBase
from dns.rdtypes.txtbase import TXTBase

from providers._records import ADDRESSES, type_of, types_of

_TEXT_BYTES: Final = 255
_IN: Final = dns.rdataclass.IN


@lru_cache(maxsize=65_536)
def name_from(text: str) -> dns.name.Name:
    """Give the wire's name."""
    return dns.name.from_text(text)


def name_text(name: dns.name.Name) -> str:
    """Give the engine's name: lower case, no final dot."""
    return name.to_text(omit_final_dot=True).lower()


def value_from(rdata: dns.rdata.Rdata) -> str:
    """Give the engine's text of one value."""
    if isinstance(rdata, TXTBase):
        return b"".join(rdata.strings).decode("utf-8", "surrogateescape")
    if isinstance(rdata, NSBase):  # NS, CNAME, PTR
        return name_text(rdata.target)
    return rdata.to_text()


def rdata_from(kind: str, value: str) -> dns.rdata.Rdata:
    """Give the wire's record for one value of a set; `A+AAAA` is told apart by the value.

    Raises ValueError or DNSException for what is no value of the type.
    """
    one = type_of(kind, value)
    if one == "TXT":
        octets = value.encode("utf-8", "surrogateescape")
        parts = [octets[at : at + _TEXT_BYTES] for at in range(0, len(octets), _TEXT_BYTES)] or [b""]
        return TXT(_IN, dns.rdatatype.TXT, parts)
    return dns.rdata.from_text(_IN, one, value, origin=dns.name.root, relativize=False)


def spelt_value(kind: str, value: str) -> str:
    """Spell a value just as it is read back."""
    if kind == "TXT":
        return value
    if types_of(kind) <= ADDRESSES:
        return str(ipaddress.ip_address(value))
    return value_from(rdata_from(kind, value))
