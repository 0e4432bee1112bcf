import importlib
import importlib.util
import json
import logging
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from spikefuse.core.errors import InputError, MissingExtraError, SpikefuseError
from spikefuse.execution import Job, RayExecutor, ray
from spikefuse.execution.gpus import device_environments

SOURCE = Path(__file__).parents[3] / "src"

needs_ray = pytest.mark.skipif(
    importlib.util.find_spec("ray") is None, reason="ray is not installed"
)


class FakeRay(SimpleNamespace):
    """Stands for Ray where only the way to it is tested."""

    def __init__(self, **changes: Any) -> None:
        self.inits: list[dict[str, Any]] = []
        self.ended = 0
        super().__init__(**changes)

    def is_initialized(self) -> bool:
        return False

    def init(self, **options: Any) -> None:
        self.inits.append(options)
        raise Exception("stop\nhere")  # Ray's own habit

    def shutdown(self) -> None:
        self.ended += 1


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> FakeRay:
    fake = FakeRay()
    monkeypatch.setattr(ray, "_import_ray", lambda local: fake)
    return fake


def test_import_is_quiet_and_local(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RAY_USAGE_STATS_ENABLED", "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"):
        monkeypatch.delenv(name, raising=False)
    seen = []

    def pretend(name: str) -> object:
        seen.append((name, os.environ.get("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER")))
        assert os.environ["RAY_USAGE_STATS_ENABLED"] == "0"
        return object()

    monkeypatch.setattr(importlib, "import_module", pretend)
    addresses = ("192.0.2.7:6379", "auto", "127.0.0.1:6379", "localhost:6379", "[::1]:6379", None)
    for address in addresses:
        monkeypatch.delenv("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", raising=False)
        RayExecutor(address=address)
    assert seen == [("ray", local) for local in (None, None, "0", "0", "0", "0")]


def test_ray_is_imported_by_nobody_but_its_executor() -> None:
    program = (
        "import sys; from spikefuse.execution import make_executor; make_executor('pool')\n"
        "print('ray' in sys.modules, 'torch' in sys.modules)"
    )
    output = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONPATH": str(SOURCE)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert output.split() == ["False", "False"]


def test_missing_ray_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingExtraError, match=r'pip install "spikefuse\[ray\]"'):
        RayExecutor()


@pytest.mark.parametrize("address", ["somewhere", "ray://host:10001", "host:", ":6379", "host:x"])
def test_malformed_addresses_are_refused(address: str) -> None:
    with pytest.raises(InputError, match="ray_address must be 'host:port' or 'auto', got"):
        RayExecutor(address=address)


def test_numbers_must_be_positive() -> None:
    with pytest.raises(InputError, match="workers must be 1 or more"):
        RayExecutor(workers=0)
    with pytest.raises(InputError, match="threads must be 1 or more"):
        RayExecutor(threads=0)


def test_no_jobs_need_no_ray(fake: FakeRay) -> None:
    assert RayExecutor().run([], lambda event: None) == []
    assert fake.inits == []


def test_local_ray_is_as_large_as_asked_for_and_shows_nothing(
    fake: FakeRay, job: Callable[..., Job]
) -> None:
    with pytest.raises(SpikefuseError, match="Ray must be able to start here, got: stop here"):
        RayExecutor(workers=3, threads=2).run([job("a")], lambda event: None)
    (options,) = fake.inits
    assert options["address"] == "local"
    assert options["num_cpus"] == 6
    assert options["num_gpus"] == 0
    assert options["include_dashboard"] is False
    # The lines of its workers, and its own, stay out of the terminal.
    assert options["log_to_driver"] is False
    assert options["logging_level"] == logging.ERROR
    assert options["_node_ip_address"] == "127.0.0.1"
    assert fake.ended == 1


def test_local_ray_has_the_gpus_and_a_job_a_gpu_at_a_time(
    fake: FakeRay, job: Callable[..., Job]
) -> None:
    with pytest.raises(SpikefuseError, match="Ray must be able to start here"):
        RayExecutor(devices=device_environments("cuda", 3)).run([job("a")], lambda event: None)
    (options,) = fake.inits
    assert (options["num_cpus"], options["num_gpus"]) == (3, 3)


def test_address_without_a_cluster_is_told_at_once(fake: FakeRay, job: Callable[..., Job]) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{unused.getsockname()[1]}"
        begin = time.monotonic()
        with pytest.raises(InputError, match="must be the address of a running Ray") as caught:
            RayExecutor(address=address).run([job("a")], lambda event: None)
    assert time.monotonic() - begin < 6
    assert "\n" not in str(caught.value)
    assert fake.inits == []


def test_cluster_that_ray_refuses_is_told(fake: FakeRay, job: Callable[..., Job]) -> None:
    with pytest.raises(InputError, match=r"running Ray cluster, got 'auto' \(stop here\)"):
        RayExecutor(address="auto").run([job("a")], lambda event: None)


def test_search_path_is_what_is_not_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = Path(sys.prefix) / "lib"
    monkeypatch.setattr(sys, "path", [str(tmp_path), str(installed), str(tmp_path / "missing")])
    expected = os.pathsep.join([str(tmp_path), "${PYTHONPATH}"])
    assert ray._search_path() == {"PYTHONPATH": expected}
    monkeypatch.setattr(sys, "path", [str(installed)])
    assert ray._search_path() == {}


def test_node_too_small_for_a_job_is_logged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    nodes = [{"Resources": {"CPU": 2.0}}, {"Resources": {}}]
    monkeypatch.setattr(ray, "_import_ray", lambda local: FakeRay(nodes=lambda: nodes))
    RayExecutor(threads=2)._warn_if_too_small()
    assert caplog.text == ""
    RayExecutor(threads=3)._warn_if_too_small()
    assert "no node of the Ray cluster has 3 processors for a job now" in caplog.text
    nodes[0]["Resources"]["GPU"] = 1.0
    caplog.clear()
    RayExecutor(threads=2, devices=device_environments("cuda", 1))._warn_if_too_small()
    assert caplog.text == ""
    nodes[0]["Resources"]["GPU"] = 0.0
    RayExecutor(threads=2, devices=device_environments("cuda", 1))._warn_if_too_small()
    assert "no node of the Ray cluster has 2 processors and a GPU" in caplog.text


DRIVER = """
import json, os, sys
sys.path[:0] = {path!r}
from spikefuse.execution import Job, RayExecutor
names = ["RAY_USAGE_STATS_ENABLED", "OMP_NUM_THREADS", "MALLOC_TRIM_THRESHOLD_"]
jobs = [
    Job("listeners", "executor_jobs:listeners", {{"ancestor": os.getpid()}}),
    Job("surroundings", "executor_jobs:surroundings", {{"names": names}}),
    Job("chatter", "executor_jobs:chatter", {{}}),
]
results = RayExecutor(workers=1).run(jobs, lambda event: None)
import ray
print(json.dumps([ray.is_initialized(), [(result.value, result.error) for result in results]]))
"""


@needs_ray
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_local_ray_starts_stays_on_loopback_and_ends(tmp_path: Path) -> None:
    # A process of its own, because what Ray listens on is decided when it is imported.
    path = [str(SOURCE), str(Path(__file__).parents[2] / "contracts")]
    ended = subprocess.run(
        [sys.executable, "-c", DRIVER.format(path=path)],
        env=os.environ | {"HOME": str(tmp_path)},  # Ray keeps a token there
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ended.returncode == 0, ended.stderr
    connected, results = json.loads(ended.stdout)
    assert not connected
    assert [error for _, error in results] == [None, None, None]
    (listeners, _), (surroundings, _), _ = results
    assert listeners == {"addresses": ["127.0.0.1"]}
    assert surroundings["threads"] == 1
    assert surroundings["environment"] == {
        "RAY_USAGE_STATS_ENABLED": "0",
        "OMP_NUM_THREADS": "1",
        "MALLOC_TRIM_THRESHOLD_": str(2**40),
    }
