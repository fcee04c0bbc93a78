"""The garbage collector, kept from walking a large plan over and over while it is built."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collector_off() -> Iterator[None]:
    """Build values without the collector: they are frozen, so they hold no circles to be found."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@contextmanager
def collector_rare() -> Iterator[None]:
    """Let the collector come seldom, for a command: what a run makes that holds circles is little.

    What `stands` meanwhile it never walks.
    """
    thresholds = gc.get_threshold()
    gc.set_threshold(100_000, 20, 100)
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)
        gc.unfreeze()


def stands() -> None:
    """Keep the collector from all that is there now: a plan and what it was made from last to the end."""
    gc.freeze()
