"""How a population's products are launched, and that their kernels compile for a GPU."""

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from product_cases import by_triton, leaves, outcome
from torch import Tensor

from spikefuse.networks.population import blocks, triton
from spikefuse.networks.population.triton import conv3x3
from spikefuse.neurons.lif.call import DTYPES

pytestmark = [
    pytest.mark.skipif(
        not triton.available("cpu"), reason=f"Triton products: {triton.why_not('cpu')}"
    ),
]


class _Kernel:
    def __init__(self, name: str, seen: list[Any]) -> None:
        self.name, self.seen = name, seen

    def __getitem__(self, grid: tuple[int, ...]) -> Any:
        return lambda *arguments, **named: self.seen.append((self.name, grid, arguments, named))


@pytest.fixture
def launches(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What would be launched: kernel, grid, arguments, constants. Nothing is multiplied."""
    seen: list[Any] = []
    names = ("product", "weight_gradient", "sum_parts")
    kernels = SimpleNamespace(**{name: _Kernel(name, seen) for name in names})
    monkeypatch.setattr(triton, "_kernels", lambda: kernels)
    return seen


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("shape", "outputs"),
    [
        ((4, 100, 9, 9, 1), 32),
        ((4, 20, 9, 9, 2), 32),  # the population has rows enough for larger blocks, a member not
        ((4, 3, 5, 7, 3), 10),
        ((4, 25, 49), 77),
        ((4, 140_001, 1), 1),  # and for longer parts
    ],
)
def test_a_member_is_launched_as_its_population_is(
    launches: list[Any], shape: tuple[int, ...], outputs: int, dtype: torch.dtype
) -> None:
    """On a GPU, what decides the order of sums is the code that is compiled: constants, integers
    and the alignment of arrays.
    """
    given = leaves(shape, outputs, dtype)
    outcome(by_triton, given)
    together = launches.copy()
    launches.clear()
    outcome(by_triton, [each[1:2] for each in given])
    assert len(launches) == len(together) >= 3
    for ours, theirs in zip(launches, together, strict=True):
        name, grid, arguments, constants = ours
        _, all_grid, all_arguments, all_constants = theirs
        assert constants == all_constants, name
        assert (grid[0], *grid[2:]) == (all_grid[0], *all_grid[2:]), name
        assert (grid[1], all_grid[1]) == (1, 4), name
        for one, every in zip(arguments, all_arguments, strict=True):
            if isinstance(one, Tensor):
                is_bias = name == "product" and one is arguments[2]  # it takes part in no sum
                assert is_bias or one.data_ptr() % 16 == 0, name
            else:
                assert one == every, name


def test_only_wanted_gradients_are_computed(launches: list[Any]) -> None:
    x, weight, bias, _ = leaves((2, 3, 5, 7, 3), 10, torch.float32)
    with torch.no_grad():
        conv3x3(x.requires_grad_(), weight.requires_grad_(), bias)
    assert [name for name, *_ in launches] == ["product"]
    for wanted, kernels in (
        ((x,), ["product", "product"]),
        ((weight,), ["product", "weight_gradient"]),
        ((x, weight), ["product", "product", "weight_gradient"]),
    ):
        launches.clear()
        inputs = x if any(leaf is x for leaf in wanted) else x.detach()
        weights = weight if any(leaf is weight for leaf in wanted) else weight.detach()
        conv3x3(inputs, weights, bias).sum().backward()
        assert [name for name, *_ in launches] == kernels


@pytest.mark.parametrize("rows", [0, 1, 64, 400, 4097, 78_400, 313_600, 10**7])
def test_parts_hold_all_rows_in_whole_blocks(rows: int) -> None:
    each = blocks.part_rows(rows)
    assert each % 64 == 0
    assert -(-rows // each) <= 32
    assert each >= 4096


def test_compiles_for_a_gpu(tmp_path: Path) -> None:
    """Nothing is spilled, shared memory fits, bf16 goes through tensor cores and float32 does not,
    and the large products read ahead, 16 bytes at a time.
    """
    script = Path(__file__).with_name("compiled_products.py")
    running = {
        name: subprocess.Popen(
            [sys.executable, str(script), name],
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"TRITON_INTERPRET": "0", "TRITON_CACHE_DIR": str(tmp_path / name)},
        )
        for name in ("float32", "bfloat16")
    }
    for name, process in running.items():
        answer, _ = process.communicate(timeout=400)
        assert process.returncode == 0
        kernels = json.loads(answer)
        assert len([each for each in kernels if each["kernel"] != "sum_parts"]) == 14
        for each in kernels:
            assert each["spilled"] == 0, each
            assert each["shared memory"] <= 227 * 1024, each
            assert each["tf32"] == 0, each
            if each["kernel"] != "sum_parts":
                assert (each["tensor core"] > 0) == (name == "bfloat16"), each
                assert (each["fused"] > 0) == (name == "float32"), each
            channels, _, columns, _ = each["layer"]
            if each["kernel"] == "product" and min(channels or 0, columns or 0) >= 32:
                assert each["ahead"] > 0, each
