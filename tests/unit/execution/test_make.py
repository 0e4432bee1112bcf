import importlib
from typing import Any

import pytest

from spikefuse.core.errors import InputError, MissingExtraError
from spikefuse.execution import (
    EXECUTORS,
    AutoExecutor,
    InProcessExecutor,
    PoolExecutor,
    RayExecutor,
    make,
    make_executor,
)


def test_executors_by_name() -> None:
    assert list(EXECUTORS) == ["auto", "process", "pool", "ray"]
    assert isinstance(make_executor("auto"), AutoExecutor)
    assert isinstance(make_executor("process", workers=1), InProcessExecutor)
    pool = make_executor("pool", workers=3, threads=2)
    assert isinstance(pool, PoolExecutor)
    assert (pool.workers, pool.threads) == (3, 2)


def test_ray_gets_its_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spikefuse.execution.ray._import_ray", lambda local: None)
    executor = make_executor("ray", workers=3, threads=2, ray_address="auto")
    assert isinstance(executor, RayExecutor)
    assert (executor.workers, executor.threads, executor.address) == (3, 2, "auto")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"spec": "pol"}, "executor must be one of auto, process, pool, ray, got 'pol'. Did you"),
        ({"spec": "pool", "workers": 0}, "workers must be 1 or more, got 0"),
        ({"spec": "auto", "threads": -1}, "threads must be 1 or more, got -1"),
        ({"spec": "auto", "threads": 100_000}, "threads must be at most 4,096, got 100000"),
        ({"spec": "process", "workers": 2}, "workers must be 1 for executor 'process', got 2"),
        ({"spec": "pool", "ray_address": "auto"}, "ray_address must be absent for executor 'pool'"),
    ],
)
def test_options_that_do_not_fit_are_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        make_executor(**arguments)


@pytest.mark.parametrize(
    ("device", "gpus", "workers", "expected"),
    [
        ("cuda", 3, None, 3),
        ("cuda", 3, 2, 2),
        ("cuda", 3, 6, 6),
        ("cuda", 1, None, 1),
        ("cuda:1", 1, None, 1),
        ("mps", 1, None, 1),
        ("cpu", 1, None, 8),
    ],
)
@pytest.mark.parametrize("spec", ["auto", "pool"])
def test_one_job_a_gpu_at_a_time(
    monkeypatch: pytest.MonkeyPatch,
    spec: str,
    device: str,
    gpus: int,
    workers: int | None,
    expected: int,
) -> None:
    monkeypatch.setattr("spikefuse.execution.pool.usable_cores", lambda: 8)
    executor = make_executor(spec, workers, device=device, gpus=gpus)
    pool = executor.pool if isinstance(executor, AutoExecutor) else executor
    assert isinstance(pool, PoolExecutor)
    assert pool.workers == expected


def test_auto_takes_this_process_for_one_gpu_and_the_pool_for_several(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(make, "usable_cores", lambda: 1)
    several, one = (make_executor("auto", device="cuda", gpus=gpus) for gpus in (2, 1))
    assert isinstance(several, AutoExecutor)
    assert isinstance(one, AutoExecutor)
    assert isinstance(several.choose(5), PoolExecutor)
    assert isinstance(several.choose(1), InProcessExecutor)
    assert isinstance(one.choose(5), InProcessExecutor)


def test_ray_takes_gpus_of_cuda_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spikefuse.execution.ray._import_ray", lambda local: None)
    counts = []
    for device in ("cuda", "cpu", "mps"):
        executor = make_executor("ray", device=device, gpus=2)
        assert isinstance(executor, RayExecutor)
        counts.append(executor.gpus)
    assert counts == [2, 0, 0]
    with pytest.raises(InputError, match="device must be 'cuda' for executor 'ray', got 'cuda:1'"):
        make_executor("ray", device="cuda:1")


def test_missing_ray_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise ModuleNotFoundError(f"No module named {name!r}")

    monkeypatch.setattr(importlib, "import_module", missing)
    with pytest.raises(MissingExtraError, match=r'pip install "spikefuse\[ray\]"'):
        make_executor("ray")


@pytest.mark.parametrize(
    ("cores", "jobs", "workers", "kind"),
    [
        (4, 2, None, PoolExecutor),
        (4, 1, None, InProcessExecutor),
        (4, 0, None, InProcessExecutor),
        (1, 9, None, InProcessExecutor),
        (4, 9, 1, InProcessExecutor),
    ],
)
def test_auto_takes_the_pool_for_two_jobs_on_two_cores(
    monkeypatch: pytest.MonkeyPatch, cores: int, jobs: int, workers: int | None, kind: type
) -> None:
    monkeypatch.setattr(make, "usable_cores", lambda: cores)
    monkeypatch.setattr("spikefuse.execution.pool.usable_cores", lambda: cores)
    executor = AutoExecutor(workers).choose(jobs)
    assert isinstance(executor, kind)
    assert executor.threads == 1  # the same numbers either way
