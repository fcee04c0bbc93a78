"""The command line on a sandbox, in this process and as a process of its own."""

from tests.scenarios.conftest import open_town

__all__ = ["open_town"]
