"""What Route 53's words for a refused batch say. Pure.

docs: API reference, ChangeResourceRecordSets, InvalidChangeBatch; the texts as the service has them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from providers.aws.route53_convert import name_from

# "Tried to create resource record set [name='…', type='…'] but it already exists", "Tried to delete … but it
# was not found", "… but the values provided do not match the current values".
_ABOUT_ONE: Final = re.compile(
    r"\[name='([^']+)', type='\w+'[^\]]*\] but "
    r"(?:it already exists|it was not found|the values provided do not match)"
)
# "RRSet of type CNAME with DNS name … is not permitted as it conflicts with other records …", "… is not
# permitted because a conflicting RRSet of type CNAME with the same DNS name already exists …"
_BESIDE: Final = re.compile(
    r"with DNS name (\S+) is not permitted (?:as it conflicts with other|because a conflicting)"
)


def moved_names(text: str) -> frozenset[str]:
    """Give the names at which something else stands than the batch rests on."""
    return frozenset(name_from(name) for name in _names(text))


def _names(text: str) -> Iterator[str]:
    for pattern in (_ABOUT_ONE, _BESIDE):
        yield from (found[1] for found in pattern.finditer(text))
