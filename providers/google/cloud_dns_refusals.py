"""What Cloud DNS's words for a refused change say. Pure.

A change is refused whole, and the text points at what it stumbled over: by its place in the request, as in
"Precondition not met for 'entity.change.deletions[0]'" (412: it stands there otherwise), "The resource
'entity.change.additions[0]' named 'click.example.com. (A)' already exists" (409), "The
'entity.change.deletions[0]' resource named 'click.example.com. (A)' does not exist." (404); or by name and
type, as in "The resource record set 'entity.change.additions[click.example.com.][CNAME]' is invalid because
the DNS name 'click.example.com.' has a resource record set of the type 'TXT'. A DNS name may have either one
CNAME resource record set or …" (400, cnameResourceRecordSetConflict).
docs: the texts as users of the API report them (external-dns 467 and 3885, certbot 8523).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from providers._records import plain
from providers.google.cloud_dns_convert import Native

_BY_PLACE: Final = re.compile(r"'entity\.change\.(additions|deletions)\[(\d+)\]'")
_BY_NAME: Final = re.compile(r"'entity\.change\.(?:additions|deletions)\[([^\]]+)\]\[\w+\]'")
_MOVED: Final = re.compile(
    r"Precondition not met for|already exists|does not exist|either one CNAME resource record set"
)


def moved_names(text: str, additions: Sequence[Native], deletions: Sequence[Native]) -> frozenset[str]:
    """Give the names at which something else stands than the change rests on; none: it is no such thing."""
    return frozenset(_names(text, additions, deletions)) if _MOVED.search(text) else frozenset()


def _names(text: str, additions: Sequence[Native], deletions: Sequence[Native]) -> Iterator[str]:
    for found in _BY_PLACE.finditer(text):
        rows, at = additions if found[1] == "additions" else deletions, int(found[2])
        if at < len(rows):
            yield plain(str(rows[at]["name"]))
    yield from (plain(found[1]) for found in _BY_NAME.finditer(text))
