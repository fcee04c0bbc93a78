"""What happens in a run, as progress displays are told of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from reconciler.plan import Node


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a node.

    `what` is "start", "progress", or the outcome that the node ended with.
    """

    what: str
    node: Node
    elapsed_s: float = 0.0
    text: str = ""


Emit = Callable[[Event], None]
