"""The eager neuron equals the definition: spikes exactly, gradients within rounding."""

import functools
import itertools

import pytest
import torch
from neuron_cases import Case, by_kernel, check
from torch import Tensor

from spikefuse.neurons import SHAPES, Surrogate
from spikefuse.neurons.lif import RESETS, lif_population

CASES = list(itertools.product(["soft", "hard", "none", "mixed"], [False, True], SHAPES))
DOUBLE_TOLERANCE = 1e-12


def _run(
    backend: str, current: Tensor, time_steps: int, reset: Tensor, detach: bool, surrogate: str
) -> tuple[Tensor, Tensor, Tensor]:
    members = current.shape[0]
    leaf = current.clone().requires_grad_()
    spikes, v = lif_population(
        leaf,
        time_steps=time_steps,
        leak=torch.linspace(0.7, 1.0, members),
        threshold=torch.linspace(0.8, 1.1, members),
        reset=reset,
        surrogate=Surrogate(surrogate),
        detach_reset=detach,
        backend=backend,
    )
    assert v is not None
    generator = torch.Generator().manual_seed(3)
    weights = torch.randn(spikes.shape, generator=generator).to(spikes.dtype)
    v_weights = torch.randn(v.shape, generator=generator).to(v.dtype)
    ((spikes * weights).sum() + (v * v_weights).sum()).backward()
    assert leaf.grad is not None
    return spikes.detach(), v.detach(), leaf.grad


@pytest.mark.parametrize(("reset", "detach", "surrogate"), CASES)
@pytest.mark.parametrize("static", [False, True])
def test_eager_is_the_reference(reset: str, detach: bool, surrogate: str, static: bool) -> None:
    names = ["soft", "hard", "none"] if reset == "mixed" else [reset] * 3
    modes = torch.tensor([RESETS[name] for name in names], dtype=torch.int8)
    generator = torch.Generator().manual_seed(7)
    current = torch.randn(3, 1 if static else 6, 5, 3, generator=generator).double() + 0.4
    expected = _run("reference", current, 6, modes, detach, surrogate)
    got = _run("eager", current, 6, modes, detach, surrogate)
    assert torch.equal(got[0], expected[0]), "spikes"
    assert torch.equal(got[1], expected[1]), "membrane"
    torch.testing.assert_close(
        got[2], expected[2], atol=DOUBLE_TOLERANCE, rtol=0, msg="gradient of the current"
    )


def test_a_wrong_backward_would_be_caught() -> None:
    """The comparison above tells attached from detached reset."""
    generator = torch.Generator().manual_seed(7)
    current = torch.randn(3, 6, 5, 3, generator=generator).double() + 0.4
    soft = torch.ones(3, dtype=torch.int8)
    attached = _run("reference", current, 6, soft, False, "atan")[2]
    detached = _run("eager", current, 6, soft, True, "atan")[2]
    assert (attached - detached).abs().max() > 1e-3


def test_odd_shapes() -> None:
    soft = torch.ones(1, dtype=torch.int8)
    for shape in [(1, 1, 1), (1, 1, 0), (1, 3, 0, 4), (1, 2, 1, 1, 1)]:
        expected = _run("reference", torch.ones(shape), shape[1], soft, False, "boxcar")
        got = _run("eager", torch.ones(shape), shape[1], soft, False, "boxcar")
        for a, b in zip(got, expected, strict=True):
            assert torch.equal(a, b)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("use", ["spikes", "membrane", "both"])
@pytest.mark.parametrize("static", [False, True])
@pytest.mark.parametrize("backend", ["eager", "reference"])
def test_the_membrane_is_float32_beside_half_precision(
    backend: str, static: bool, use: str, dtype: torch.dtype
) -> None:
    """Over 64 steps a membrane in half precision fires elsewhere; the gradient is rounded once."""
    run = functools.partial(lif_population, backend=backend)
    for resets, detach, pool in (
        (("soft",), False, False),
        (("soft", "hard", "none"), False, True),
        (("hard",), True, False),
    ):
        shape = (3, 64, 2, 4, 5, 3) if pool else (3, 64, 21)
        case = Case(shape, resets, detach, static=static, pool=pool, dtype=dtype, use=use)
        check(case, by_kernel(case, run))
