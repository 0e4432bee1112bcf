"""A run without the fused kernels of its device says so once, with what to do."""

import io
from typing import Any

import pytest
import torch
from rich.console import Console

from spikefuse.cli.checked import executor_of
from spikefuse.cli.request import Request
from spikefuse.cli.workflow import tell_slow_neurons
from spikefuse.core import library
from spikefuse.execution import PoolExecutor
from spikefuse.neurons.lif import triton


def _told(backend: str, device: str = "cpu") -> str:
    console = Console(file=io.StringIO(), width=200)
    tell_slow_neurons(console, backend, device)
    return console.file.getvalue()  # type: ignore[attr-defined]


def test_slow_neurons_are_told_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    reason = "the C++ library was not built. Install GCC or Clang, then install spikefuse again"
    monkeypatch.setattr(library, "_find", lambda: (None, reason))
    assert _told("auto") == (
        f"neurons  PyTorch operations, several times slower than C++: {reason}.\n"
    )
    assert _told("eager") == ""  # asked for by name


@pytest.mark.skipif(not library.available(), reason=f"native: {library.why_not()}")
def test_fast_neurons_are_not_worth_a_line() -> None:
    assert _told("auto") == ""


@pytest.mark.parametrize(
    ("device", "has_triton", "told"),
    [
        (
            "cuda",
            False,
            "neurons  PyTorch operations, slower than Triton's kernels: Triton is not installed. "
            'Install it with: pip install "spikefuse[gpu]".\n',
        ),
        (
            "mps",
            True,
            "neurons  PyTorch operations, slower than Triton's kernels: it runs on CUDA and ROCm "
            "devices, not on mps. The C++ kernels of --device cpu may be faster.\n",
        ),
        ("cuda", True, ""),
    ],
)
def test_an_accelerator_without_fused_kernels_is_told(
    monkeypatch: pytest.MonkeyPatch, device: str, has_triton: bool, told: str
) -> None:
    monkeypatch.setattr("spikefuse.core.device.resolve_device", torch.device)
    monkeypatch.setattr(triton.importlib.util, "find_spec", lambda name: has_triton or None)
    assert _told("auto", device) == told
    assert _told("eager", device) == ""


@pytest.mark.parametrize(
    ("options", "workers"),
    [({}, 3), ({"workers": 2}, 2), ({"device": "cuda:1"}, 1), ({"device": "cpu"}, 8)],
)
def test_a_request_for_cuda_has_a_worker_a_gpu(
    monkeypatch: pytest.MonkeyPatch, options: dict[str, Any], workers: int
) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 3)
    monkeypatch.setattr("spikefuse.execution.pool.usable_cores", lambda: 8)
    executor = executor_of(Request(**{"executor": "pool", "device": "cuda"} | options))
    assert isinstance(executor, PoolExecutor)
    assert executor.workers == workers
