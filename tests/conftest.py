"""What every test relies on: few threads, no network, a cache of its own, real data when there."""

import errno
import ipaddress
import os
import random
import signal
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from _pytest.doctest import DoctestModule

THREADS = 2

# Before torch is imported, and for the processes that tests start.
os.environ.setdefault("OMP_NUM_THREADS", str(THREADS))
os.environ.setdefault("MPLBACKEND", "Agg")
# Before Triton is imported: its kernels then run on the CPU, one program after the other.
os.environ.setdefault("TRITON_INTERPRET", "1")


@pytest.hookimpl(wrapper=True)
def pytest_collect_file() -> Iterator[None]:
    """Look for examples in `src` alone.

    Looking in a test file first imports it and forgives what cannot be imported, which then stays
    half imported: its tests would be missing in silence.
    """
    found = yield
    return [each for each in found if not isinstance(each, DoctestModule)]


def is_local(address: Any) -> bool:
    """Whether a socket address stays on this machine: a loopback address or a file's path."""
    if not isinstance(address, tuple):
        return True
    host = address[0].decode() if isinstance(address[0], bytes) else address[0]
    if host in (None, "", "localhost"):
        return True
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False


def refuse(address: Any) -> None:
    """Answer like a machine without network, so that a fallback can be tested as well."""
    if not is_local(address):
        raise OSError(errno.ENETUNREACH, f"tests have no network, {address!r} was asked for")


def offline(method: str) -> Any:
    """`socket.socket.method` whose last argument, the address, must be on this machine."""
    original = getattr(socket.socket, method)

    def guarded(self: socket.socket, *arguments: Any) -> Any:
        if method != "sendto" or len(arguments) > 1:
            refuse(arguments[-1])
        return original(self, *arguments)

    return guarded


@pytest.fixture(autouse=True, scope="session")
def no_network() -> Iterator[None]:
    """Forbid sockets beyond loopback, and the look-up of names."""
    look_up = socket.getaddrinfo

    def guarded_look_up(host: Any, *arguments: Any, **options: Any) -> Any:
        if not is_local((host,)):
            raise socket.gaierror(socket.EAI_AGAIN, f"tests have no network, got {host!r}")
        return look_up(host, *arguments, **options)

    with pytest.MonkeyPatch.context() as patch:
        for method in ("connect", "connect_ex", "sendto"):
            patch.setattr(socket.socket, method, offline(method))
        patch.setattr(socket, "getaddrinfo", guarded_look_up)
        yield


@pytest.fixture(autouse=True, scope="session")
def own_cache() -> Iterator[Path]:
    """A user cache of this run's own: what a user has downloaded must not decide a test."""
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", folder)
        yield Path(folder)


@pytest.fixture(autouse=True, scope="session")
def interruptible() -> None:
    """Signals as in a terminal: in the background, or under nohup, some are ignored by heritage."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.fixture(autouse=True, scope="module")
def own_data_forgotten() -> Iterator[None]:
    """Forget the folders that a module's tests asked about: a message lists what is known."""
    yield
    from spikefuse.data.own.source import PREFIX
    from spikefuse.data.sources.registry import SOURCES

    for name in [name for name in SOURCES if name.startswith(PREFIX)]:
        del SOURCES[name]


@pytest.fixture(autouse=True, scope="session")
def few_threads() -> None:
    """As many threads as CI has cores, so that times and sums are alike everywhere."""
    import torch

    torch.set_num_threads(THREADS)


@pytest.fixture(autouse=True)
def own_randomness() -> None:
    """Weights and numbers that a test draws do not depend on the tests before it.

    SPIKEFUSE_TEST_SEED=N draws others: a test that passes by luck is found by a few of them.
    """
    import torch

    seed = int(os.environ.get("SPIKEFUSE_TEST_SEED", "0"))
    random.seed(seed)
    torch.manual_seed(seed)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder with mnist/ and fsdd/: SPIKEFUSE_DATA, or shared/data beside the checkout."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    folder = Path(os.environ.get("SPIKEFUSE_DATA") or beside)
    if not all((folder / name).is_dir() for name in ("mnist", "fsdd")):
        pytest.skip(f"no real data: {folder} has no mnist/ and fsdd/")
    return folder
