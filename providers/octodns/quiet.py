"""What octoDNS's classes say on the side stays away from the user, who reads tdr."""

from __future__ import annotations

import logging
import threading
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Final

_SHARED: Final = ("Zone", "Record", "Plan", "Validator", "octodns")


class _Filters:
    """Python's filters of warnings, which are the process's, and how many threads need them set aside."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._away = ExitStack()
        self._threads = 0

    def enter(self) -> None:
        """Set them aside, where nobody has yet."""
        with self._lock:
            if not self._threads:
                self._away.enter_context(warnings.catch_warnings())
                warnings.simplefilter("ignore")
            self._threads += 1

    def leave(self) -> None:
        """Put them back, where nobody else needs them away."""
        with self._lock:
            self._threads -= 1
            if not self._threads:
                self._away.close()


_FILTERS: Final = _Filters()


def hush(*names: str) -> None:
    """Keep loggers from stderr, the last resort of a program without logging; where it is set up it hears."""
    for name in (*_SHARED, *names):
        logger = logging.getLogger(name)
        if not any(isinstance(handler, logging.NullHandler) for handler in logger.handlers):
            logger.addHandler(logging.NullHandler())


@contextmanager
def unwarned() -> Iterator[None]:
    """Let no warning of a class out, nor turn one into an error."""
    _FILTERS.enter()
    try:
        yield
    finally:
        _FILTERS.leave()
