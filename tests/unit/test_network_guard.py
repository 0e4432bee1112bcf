"""The guard of conftest.py: no test reaches beyond this machine."""

import errno
import os
import socket
from pathlib import Path

import pytest


@pytest.mark.parametrize(
    ("family", "address"),
    [
        (socket.AF_INET, ("192.0.2.1", 80)),  # an address reserved for documentation
        (socket.AF_INET6, ("2001:db8::1", 80)),
        (socket.AF_INET, ("example.org", 80)),
    ],
)
def test_the_network_is_out_of_reach(family: int, address: tuple[str, int]) -> None:
    with socket.socket(family, socket.SOCK_STREAM) as stream:
        stream.settimeout(0.1)
        with pytest.raises(OSError, match="tests have no network") as caught:
            stream.connect(address)
    with socket.socket(family, socket.SOCK_DGRAM) as datagram:
        with pytest.raises(OSError, match="tests have no network"):
            datagram.sendto(b"", address)
        with pytest.raises(OSError, match="tests have no network"):
            datagram.connect_ex(address)
    assert caught.value.errno == errno.ENETUNREACH


def test_names_are_not_looked_up() -> None:
    with pytest.raises(socket.gaierror, match="tests have no network"):
        socket.create_connection(("example.org", 80), timeout=0.1)


def test_this_machine_is_within_reach() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection(("localhost", port), timeout=2) as client:
            assert client.getpeername()[1] == port


def test_the_cache_is_this_run_s_own(own_cache: Path) -> None:
    assert os.environ["XDG_CACHE_HOME"] == str(own_cache)
    assert own_cache.is_dir()
