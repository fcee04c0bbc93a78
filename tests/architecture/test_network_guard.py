"""The guard of tests/conftest.py itself."""

import os
import socket

import pytest


@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM])
def test_no_test_can_reach_beyond_loopback(kind: int) -> None:
    with socket.socket(socket.AF_INET, kind) as sock, pytest.raises(RuntimeError, match="loopback"):
        sock.connect(("192.0.2.1", 9))


def test_no_test_can_look_a_name_up() -> None:
    with pytest.raises(RuntimeError, match="loopback"):
        socket.getaddrinfo("example.com", 443)


def test_no_test_can_listen_to_the_world() -> None:
    with socket.socket() as sock, pytest.raises(RuntimeError, match="loopback"):
        sock.bind(("0.0.0.0", 0))  # noqa: S104 - the very thing that is refused


def test_loopback_is_open() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname()) as client,
    ):
        assert client.getpeername() == server.getsockname()


def test_no_account_stands_in_the_environment() -> None:
    named = ("TDR_SP_API_KEY", "SPARKPOST_API_KEY", "CLOUDFLARE_API_TOKEN", "TDR_SANDBOX_URL", "HTTPS_PROXY")
    assert [name for name in named if name in os.environ] == []
