"""What holds for every test: loopback only, and an environment that names no account."""

import gc
import ipaddress
import os
import re
import signal
import socket
import sys
from collections.abc import Generator, Iterator

import pytest
from hypothesis import HealthCheck, settings

# A slow machine is no fault of a law: only what it claims is judged, not how long its examples take.
settings.register_profile("suite", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")

OURS = re.compile(
    r"(TDR|SPARKPOST|CLOUDFLARE|AWS|GOOGLE|CLOUDSDK|PDNS|RFC2136|TF)_|(https?|all|no)_proxy$|(NO|FORCE)_COLOR$",
    re.IGNORECASE,
)
# Settings of the suite itself: where the vendors' descriptions lie, whether golden files are written anew,
# whether a real server that is not installed fails the tests that need it.
KEPT = {"TDR_API_SPECS", "TDR_REQUIRE_SERVERS", "TDR_REWRITE_GOLDEN"}
GUARDED = {"socket.connect", "socket.sendto", "socket.bind", "socket.getaddrinfo"}


class NotLoopbackError(RuntimeError):
    """A test reached for the network. No OSError, so that nothing takes it for a vendor's fault."""


def is_loopback(host: object) -> bool:
    """Whether `host` (a name, an address, bytes, or nothing) stays on this machine."""
    name = host.decode() if isinstance(host, bytes) else host
    if name in (None, "localhost"):
        return True
    try:
        return ipaddress.ip_address(str(name).partition("%")[0]).is_loopback
    except ValueError:
        return False


def guard(event: str, args: tuple[object, ...]) -> None:
    """Refuse what leaves loopback: an audit hook sees every socket, whoever made it."""
    if event not in GUARDED:
        return
    if event == "socket.getaddrinfo":
        host: object = args[0]
    elif isinstance(args[0], socket.socket) and args[0].family in (socket.AF_INET, socket.AF_INET6):
        host = args[1][0] if isinstance(args[1], tuple) else None
    else:
        return
    if not is_loopback(host):
        message = f"{event}: a test may only talk to loopback, not to {host!r}"
        raise NotLoopbackError(message)


def forget_accounts() -> None:
    """Drop what would point tdr at an account, an endpoint or a proxy of whoever runs the suite."""
    for name in [name for name in os.environ if OURS.match(name) and name not in KEPT]:
        del os.environ[name]


def pytest_configure(config: pytest.Config) -> None:
    """Clean once before any fixture of any scope, and set the guard for good."""
    forget_accounts()
    # A shell has what it starts with `&` ignore interrupts; tests that send one would wait for ever.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.addaudithook(guard)
    # What is kept for the length of the suite (descriptions, SDKs, recordings) is much, and grows: with the
    # interpreter's own thresholds one tenth of the processor's time goes into walking over it.
    gc.set_threshold(20_000, 20, 20)
    # A job in the background of a shell is started deaf to Ctrl-C; the tests send it to themselves.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_unconfigure() -> None:
    """Look for what nobody closed once: pytest does so five times, over all that was kept, in each worker."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(wrapper=True, optionalhook=True)
def pytest_xdist_auto_num_workers() -> Generator[None, int, int]:
    """`-n auto`: one more than there are cores, as tests wait for a process or a socket, too."""
    count = yield
    return count if "PYTEST_XDIST_AUTO_NUM_WORKERS" in os.environ else count + 1


@pytest.fixture(autouse=True)
def clean_environment() -> Iterator[None]:
    """Leave nothing in the environment for the next test."""
    forget_accounts()
    yield
    forget_accounts()
