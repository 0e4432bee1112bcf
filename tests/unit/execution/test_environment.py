import os
import platform
import subprocess
import sys

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


FAULTS = """
import resource
from spikefuse.execution.environment import keep_memory
{}
for round in range(12):
    if round == 2:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    bytearray(40 * 2**20)  # more than what the allocator learns to keep by itself
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="settings of the GNU allocator")
def test_a_process_that_keeps_its_memory_does_not_fetch_it_again() -> None:
    environment_of_tests = {k: v for k, v in os.environ.items() if k not in environment.MALLOC}

    def faults(first: str) -> int:
        command = [sys.executable, "-c", FAULTS.format(first)]
        told = subprocess.run(
            command, capture_output=True, text=True, check=True, env=environment_of_tests
        )
        return int(told.stdout)

    assert faults("") > 10 * 10_000  # ten times 40 MiB in pages of 4 KiB
    assert faults("keep_memory()") < 10_000
