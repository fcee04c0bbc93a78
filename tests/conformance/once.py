"""What takes long to find out and is the same for every worker of the suite: one does, the others read it."""

from __future__ import annotations

import fcntl
import pickle
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar, cast

T = TypeVar("T")


@dataclass(slots=True)
class Board:
    """Where the workers of one run of the suite leave things for each other; nowhere if there is one only."""

    folder: Path | None = None


BOARD = Board()


def once(name: str, make: Callable[[], T]) -> T:
    """Give what `make` makes, or what another worker has made under this name; waits for one who is at it.

    A worker whose `make` raises leaves nothing: the next one tries for itself.
    """
    if BOARD.folder is None:
        return make()
    with (BOARD.folder / name).open("a+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        if found := file.read():
            return cast("T", pickle.loads(found))  # noqa: S301 - written below, by this run of the suite
        made = make()
        file.write(pickle.dumps(made))
        return made
