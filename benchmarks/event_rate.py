"""How much of the practical rate of additions the products by events reach; for `event_steps.py`.

An event costs one load and one addition a vector of outputs. The most a core can do of these, with
table and lists in its first cache, is measured by a bare loop (`gather_add.cpp`); what a step's
products do is counted from their events and divided by the time they took.
"""

import ctypes
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from spikefuse.core import library
from spikefuse.networks.population import events
from spikefuse.networks.population.events import Operation, Shape
from spikefuse.neurons.spikes import expand_bits
from spikefuse.training.fit import Fit

LANES = {"avx512_bf16": 16, "avx512": 16, "avx2": 8, "portable": 4, "scalar": 1}
SOURCE = Path(__file__).with_name("gather_add.cpp")
ROWS, ENTRIES, ROUNDS = 96, 256, 20_000


def additions_per_second(lanes: int) -> float | None:
    """The bare loop's rate, in vectors; None where there is no compiler."""
    compiler = shutil.which("c++") or shutil.which("g++")
    if compiler is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        built = Path(folder) / "gather_add.so"
        options = ["-O3", "-march=native", "-shared", "-fPIC", f"-DLANES={lanes}"]
        subprocess.run([compiler, *options, str(SOURCE), "-o", str(built)], check=True)
        run = ctypes.CDLL(str(built)).gather_add
    run.argtypes = [*[ctypes.c_void_p] * 2, *[ctypes.c_int64] * 2, ctypes.c_void_p]
    table, out = torch.rand(ROWS, 64), torch.empty(64)
    entry = torch.randint(0, ROWS, (ENTRIES,), dtype=torch.int32)
    rates = []
    for _ in range(7):
        begin = time.thread_time()
        run(table.data_ptr(), entry.data_ptr(), ENTRIES, ROUNDS, out.data_ptr())
        rates.append(ENTRIES * ROUNDS * (64 // lanes) / (time.thread_time() - begin))
    return max(rates)


def additions(is_conv: bool, shape: Shape, operation: Operation, given: dict[str, Any]) -> int:
    """Vectors that a product adds, each loaded for one event."""
    lanes = LANES[library.build_info()["instructions"]]
    to_outputs, to_inputs = -(-shape.outputs // lanes), -(-shape.inputs // lanes)
    if operation == Operation.FORWARD:
        return to_outputs * _reached(given["spikes"], shape, is_conv)
    if operation == Operation.WEIGHT_BY_SPIKES:
        spikes = int(expand_bits(given["spikes"], shape.inputs).count_nonzero())
        return to_outputs * spikes * (9 if is_conv else 1)
    if not is_conv:
        return to_inputs * int(given["gradient"].count_nonzero())
    if operation == Operation.WEIGHT_BY_EVENTS:
        return to_inputs * 9 * int(given["count"].long().sum())
    return to_inputs * _wanted(given, shape)


def _reached(bits: Tensor, shape: Shape, is_conv: bool) -> int:
    """Pairs of a spike and a pixel of the output that it reaches."""
    counts = expand_bits(bits, shape.inputs).sum(dim=-1)
    if not is_conv:
        return int(counts.sum())
    counts = counts.view(shape.maps, shape.height, shape.width)
    return int((counts.double() * _neighbours(torch.ones_like(counts[:1]))).sum())


def _wanted(given: dict[str, Any], shape: Shape) -> int:
    """Pairs of an event and a needed pixel of the input."""
    rows = (shape.maps, shape.height, shape.width)
    counts = given["count"].view(rows).float()
    needed = given.get("needed")
    if needed is None:
        wanted = torch.ones(rows)
    else:
        wanted = expand_bits(needed, shape.inputs).view(*rows, -1).any(dim=-1).float()
    return int((counts.double() * _neighbours(wanted)).sum())


def _neighbours(wanted: Tensor) -> Tensor:
    """How many of the nine pixels around each are wanted."""
    kernel = torch.ones(1, 1, 3, 3)
    return torch.nn.functional.conv2d(wanted.unsqueeze(1), kernel, padding=1).squeeze(1)


def share_of_rate(fit: Fit, steps: int = 5) -> dict[str, object]:
    """The rate that a step's products reach, and the bare loop's, in 1e9 vectors a second."""
    plain, taken, added = events._run, [0.0], [0]

    def counted(is_conv: bool, shape: Shape, operation: Operation, **given: Any) -> None:
        begin = time.thread_time()
        plain(is_conv, shape, operation, **given)
        taken[0] += time.thread_time() - begin
        added[0] += additions(is_conv, shape, operation, given)

    events._run = counted
    try:
        for _ in range(steps):
            fit.steps.rewind()
            fit.steps.run(0, 1)
    finally:
        events._run = plain
    best = additions_per_second(LANES[library.build_info()["instructions"]])
    reached = added[0] / taken[0] if taken[0] else 0.0
    return {
        "products_ms": round(1e3 * taken[0] / steps, 2),
        "additions": added[0] // steps,
        "rate": round(reached / 1e9, 3),
        "bare_rate": None if best is None else round(best / 1e9, 3),
        "share": None if best is None else round(reached / best, 3),
    }
