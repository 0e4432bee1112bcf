"""The eager neuron equals the definition: spikes exactly, gradients within rounding."""

import functools
import itertools

import pytest
import torch
from neuron_cases import Case, by_kernel, check
from torch import Tensor

from spikefuse.neurons import SHAPES, Surrogate
from spikefuse.neurons.lif import RESETS, eager, lif_population

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


def _constants_gradients(
    backend: str, current: Tensor, case: tuple[str, bool, str], members: slice, dtype: torch.dtype
) -> list[Tensor]:
    """Gradients of current, leak and threshold."""
    reset, detach, surrogate = case
    names = ["soft", "hard", "none"] if reset == "mixed" else [reset] * 3
    count = 3
    leaves = [
        current[members].clone().requires_grad_(),
        torch.linspace(0.7, 1.0, count).to(dtype)[members].requires_grad_(),
        torch.linspace(0.8, 1.1, count).to(dtype)[members].requires_grad_(),
    ]
    spikes, v = lif_population(
        leaves[0],
        time_steps=6,
        leak=leaves[1],
        threshold=leaves[2],
        reset=torch.tensor([RESETS[name] for name in names], dtype=torch.int8)[members],
        surrogate=Surrogate(surrogate, 0.8),
        detach_reset=detach,
        backend=backend,
    )
    assert v is not None
    weights = torch.linspace(-1, 2, spikes[0].numel()).view(spikes[0].shape).to(dtype)
    loss = (spikes * weights).sum() + (v * v).sum()
    return list(torch.autograd.grad(loss, leaves))


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("static", [False, True])
def test_leak_and_threshold_get_the_references_gradient(
    case: tuple[str, bool, str], static: bool
) -> None:
    generator = torch.Generator().manual_seed(7)
    current = torch.randn(3, 1 if static else 6, 5, 3, generator=generator).double() + 0.4
    everyone = slice(None)
    expected = _constants_gradients("reference", current, case, everyone, torch.float64)
    got = _constants_gradients("auto", current, case, everyone, torch.float64)
    for ours, theirs, name in zip(got, expected, ("current", "leak", "threshold"), strict=True):
        assert theirs.abs().max() > 0, name
        torch.testing.assert_close(ours, theirs, atol=1e-11, rtol=0, msg=f"gradient of the {name}")


def test_a_members_constants_get_the_same_gradient_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bit for bit, although more members mean smaller blocks."""
    monkeypatch.setattr(eager, "BLOCK", 48)
    current = torch.randn(3, 6, 41, 7, generator=torch.Generator().manual_seed(7)) + 0.4
    case = ("mixed", False, "atan")
    together = _constants_gradients("eager", current, case, slice(None), torch.float32)
    for member in range(3):
        one = slice(member, member + 1)
        alone = _constants_gradients("eager", current, case, one, torch.float32)
        for ours, own in zip(together, alone, strict=True):
            assert torch.equal(ours[one], own)


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
