import pytest

from spikefuse.execution import environment
from spikefuse.execution.environment import worker_environment


def test_threads_and_allocator(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in environment.MALLOC:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OMP_NUM_THREADS", "64")
    assert worker_environment(3) == {
        "MALLOC_MMAP_MAX_": "0",
        "MALLOC_TRIM_THRESHOLD_": "1099511627776",
        "MALLOC_TOP_PAD_": "104857600",
        "OMP_NUM_THREADS": "3",
        "MKL_NUM_THREADS": "3",
        "OPENBLAS_NUM_THREADS": "3",
    }


def test_what_the_user_set_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MALLOC_MMAP_MAX_", "65536")
    assert "MALLOC_MMAP_MAX_" not in worker_environment(1)
    assert "MALLOC_TOP_PAD_" in worker_environment(1)
