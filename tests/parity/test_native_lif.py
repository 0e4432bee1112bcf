"""The C++ neuron equals the definition: spikes exactly, gradients within float32's own rounding."""

import functools
import itertools
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import torch
from neuron_cases import Case, Outcome, by_kernel, check
from torch import Tensor

from spikefuse.core import library
from spikefuse.core.errors import InputError
from spikefuse.neurons import SHAPES, Surrogate
from spikefuse.neurons.lif import lif_population as dispatched
from spikefuse.neurons.lif import native, resolve_backend
from spikefuse.neurons.lif.call import DTYPES, Settings, run

pytestmark = pytest.mark.skipif(not native.available(), reason=f"native neuron: {native.why_not()}")

lif_population = functools.partial(dispatched, backend="native")


def _by_native(case: Case) -> Outcome:
    return by_kernel(case, lif_population)


def _check(case: Case) -> None:
    check(case, _by_native(case))


@pytest.fixture
def nan_filled_memory() -> Iterator[None]:
    torch.use_deterministic_algorithms(True)  # new memory is then filled with NaN
    yield
    torch.use_deterministic_algorithms(False)


MIXED = ("soft", "hard", "none")


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("static", [False, True])
@pytest.mark.parametrize(("resets", "detach"), [((r,), d) for r in MIXED for d in (False, True)])
def test_every_variant(
    instructions: str, resets: tuple[str, ...], detach: bool, static: bool, dtype: torch.dtype
) -> None:
    for surrogate, pool in itertools.product(SHAPES, [False, True]):
        shape = (1, 5, 2, 4, 6, 33) if pool else (1, 5, 3, 37)
        _check(Case(shape, resets, detach, surrogate, None, static, pool, dtype))


@pytest.mark.parametrize("use", ["spikes", "membrane", "both"])
@pytest.mark.parametrize("pool", [False, True])
@pytest.mark.parametrize("dtype", DTYPES)
def test_whatever_the_loss_sees(use: str, pool: bool, dtype: torch.dtype) -> None:
    shape = (3, 4, 2, 5, 5, 20)
    for static in (False, True):
        _check(Case(shape, MIXED, static=static, pool=pool, dtype=dtype, use=use))


@pytest.mark.parametrize(
    "shape",
    [
        (1, 1, 1),
        (3, 1, 5),
        (1, 2, 1, 1, 1),
        (2, 4, 67),
        (1, 3, 2, 1100),
        (1, 2, 4500),
        (1, 70, 130),
    ],
)
def test_odd_shapes(instructions: str, nan_filled_memory: None, shape: tuple[int, ...]) -> None:
    for dtype, static in itertools.product(DTYPES, [False, True]):
        _check(Case(shape, MIXED, static=static, dtype=dtype))


@pytest.mark.parametrize("channels", [1, 3, 7, 8, 17, 32, 50])
@pytest.mark.parametrize("size", [(2, 2), (3, 5), (6, 7)])
def test_odd_maps(
    instructions: str, nan_filled_memory: None, channels: int, size: tuple[int, int]
) -> None:
    for dtype, use in itertools.product(DTYPES, ["spikes", "both"]):
        _check(Case((3, 3, 1, *size, channels), MIXED, pool=True, dtype=dtype, use=use))


@pytest.mark.parametrize("shape", [(1, 4, 0), (0, 4, 5), (1, 3, 0, 4)])
def test_empty(shape: tuple[int, ...]) -> None:
    _check_empty(shape, pool=False)


@pytest.mark.parametrize("shape", [(1, 2, 0, 4, 4, 8), (1, 2, 3, 0, 4, 8), (0, 2, 3, 4, 4, 8)])
def test_empty_maps(shape: tuple[int, ...]) -> None:
    _check_empty(shape, pool=True)


def _check_empty(shape: tuple[int, ...], pool: bool) -> None:
    leaf = torch.zeros(shape, requires_grad=True)
    members = shape[0]
    spikes, membrane = lif_population(
        leaf,
        time_steps=shape[1],
        leak=torch.ones(members),
        threshold=torch.ones(members),
        reset=torch.ones(members, dtype=torch.int8),
        surrogate=Surrogate(),
        pool=pool,
    )
    assert membrane is not None
    spikes.sum().backward()
    rest = (shape[2], shape[3] // 2, shape[4] // 2, shape[5]) if pool else shape[2:]
    assert spikes.shape == (*shape[:2], *rest)
    assert membrane.shape == (members, *shape[2:])
    assert leaf.grad is not None
    assert leaf.grad.shape == leaf.shape


def test_maps_without_a_whole_window_get_zero_gradient(nan_filled_memory: None) -> None:
    case = Case((1, 2, 3, 1, 4, 16), pool=True, use="spikes")
    leaf = case.current().requires_grad_()
    spikes, _ = lif_population(leaf, **case.constants, pool=True, need_membrane=False)
    assert spikes.numel() == 0
    spikes.sum().backward()
    assert leaf.grad is not None
    assert torch.equal(leaf.grad, torch.zeros_like(leaf))


@pytest.mark.parametrize("surrogate", SHAPES)
@pytest.mark.parametrize("width", [0.1, 3.0])
def test_widths(surrogate: str, width: float) -> None:
    _check(Case((2, 6, 90), ("soft", "hard"), surrogate=surrogate, width=width))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("pool", [False, True])
def test_gradients_larger_than_the_cache(
    instructions: str, nan_filled_memory: None, dtype: torch.dtype, pool: bool
) -> None:
    batch = 4 * 4 // dtype.itemsize // 2  # 4 MiB and a little more
    _check(Case((1, 4, batch, 61, 35, 64), pool=pool, dtype=dtype, use="spikes"))


@pytest.mark.parametrize("pool", [False, True])
def test_members_and_threads_do_not_matter(pool: bool) -> None:
    case = Case((3, 4, 6, 14, 14, 64), MIXED, pool=pool, dtype=torch.bfloat16)
    threads = torch.get_num_threads()
    outcomes = []
    try:
        for count in (1, 2, 3):
            torch.set_num_threads(count)
            outcomes.append(_by_native(case))
    finally:
        torch.set_num_threads(threads)
    for other in outcomes[1:]:
        assert torch.equal(other.spikes, outcomes[0].spikes)
        assert torch.equal(other.gradient, outcomes[0].gradient)
    current = case.current()
    together, _ = lif_population(current, **case.constants, pool=pool)
    for member in range(3):
        one = slice(member, member + 1)
        constants = {
            key: value[one] if isinstance(value, Tensor) else value
            for key, value in case.constants.items()
        }
        alone, _ = lif_population(current[one], **constants, pool=pool)
        assert torch.equal(alone, together[one])


def test_non_contiguous_arguments() -> None:
    case = Case((2, 4, 3, 6, 6, 32), pool=True)
    leaf = case.current().permute(0, 1, 2, 5, 3, 4).contiguous().permute(0, 1, 2, 4, 5, 3)
    assert not leaf.is_contiguous()
    constants = case.constants
    constants["leak"] = torch.tensor([0.9]).expand(2)
    constants["reset"] = torch.ones(2, dtype=torch.int64)
    results = []
    for current in (leaf.detach().requires_grad_(), leaf.detach().contiguous().requires_grad_()):
        spikes, _ = lif_population(current, **constants, pool=True)
        weights = torch.rand(spikes.shape[:-1], generator=torch.Generator().manual_seed(1))
        (gradient,) = torch.autograd.grad((spikes.sum(-1) * weights).sum(), current)
        results.append((spikes, gradient))
    assert torch.equal(results[0][0], results[1][0])
    assert torch.equal(results[0][1], results[1][1])


def test_a_tie_does_not_fire(instructions: str) -> None:
    case = Case((1, 3, 40))
    constants = case.constants | {"leak": torch.ones(1)}
    spikes, membrane = lif_population(torch.full((1, 3, 40), 0.5), **constants)
    assert membrane is not None
    assert spikes[0, :, 0].tolist() == [0.0, 0.0, 1.0]
    assert membrane.unique().tolist() == [0.5]


@pytest.mark.parametrize("surrogate", SHAPES)
@pytest.mark.parametrize("resets", [("soft",), ("hard",), ("none",)])
@pytest.mark.parametrize("dtype", DTYPES)
def test_nan_shows_where_it_is_and_nowhere_else(
    instructions: str, surrogate: str, resets: tuple[str, ...], dtype: torch.dtype
) -> None:
    case = Case((1, 3, 1, 4, 4, 37), resets, surrogate=surrogate, pool=True, dtype=dtype)
    broken = torch.zeros(case.shape, dtype=torch.bool)
    broken[0, 0, 0, 1, 2, 35] = True
    leaf = case.current().masked_fill(broken, float("nan")).requires_grad_()
    spikes, membrane = lif_population(leaf, **case.constants, pool=True)
    assert membrane is not None
    (gradient,) = torch.autograd.grad(spikes.sum().float() + membrane.sum(), leaf)
    assert torch.equal(membrane.isnan(), broken[:, 0])
    assert torch.equal(gradient.isnan(), broken[:, :1].expand(case.shape))
    assert not spikes.isnan().any()


@pytest.mark.parametrize("dtype", DTYPES)
def test_nothing_is_written_outside_the_outputs(instructions: str, dtype: torch.dtype) -> None:
    for case in (
        Case((2, 3, 2, 5, 3, 19), pool=True, dtype=dtype),
        Case((2, 3, 45), dtype=dtype),
        Case((2, 3, 45), dtype=dtype, static=True),
    ):
        current, constants = case.current(), case.constants
        spikes, membrane = lif_population(current, **constants, pool=case.pool)
        assert membrane is not None
        guarded = {
            "spikes": _guarded(spikes),
            "membrane": _guarded(membrane),
            "current_gradient": _guarded(current),
        }
        vectors = (constants["leak"], constants["threshold"], constants["reset"])
        settings = Settings(constants["time_steps"], constants["surrogate"], False, case.pool, True)
        inner = {name: view for name, (_, view) in guarded.items()}
        native._run(current, vectors, settings, spikes=inner["spikes"], membrane=inner["membrane"])
        native._run(
            current,
            vectors,
            settings,
            spike_gradient=torch.ones_like(spikes),
            membrane_gradient=torch.ones_like(membrane),
            current_gradient=inner["current_gradient"],
        )
        for name, (whole, view) in guarded.items():
            assert not (view == 77).any(), f"{name} is not filled"
            assert int((whole == 77).sum()) == whole.numel() - view.numel(), f"around {name}"
        assert torch.equal(inner["spikes"], spikes)


def _guarded(like: Tensor) -> tuple[Tensor, Tensor]:
    whole = torch.full((like.numel() + 256,), 77.0, dtype=like.dtype)
    return whole, whole[128 : 128 + like.numel()].view(like.shape)


@pytest.mark.parametrize(
    "change",
    [
        {"resets": ("hard",)},
        {"resets": ("none",)},
        {"detach": True},
        {"surrogate": "triangle"},
        {"width": 0.51},
        {"use": "spikes"},
    ],
)
def test_a_broken_kernel_would_be_caught(
    monkeypatch: pytest.MonkeyPatch, change: dict[str, Any]
) -> None:
    """Each change stands for a mistake in the kernel; the checks above must see it."""
    right = _by_native
    monkeypatch.setitem(globals(), "_by_native", lambda case: right(replace(case, **change)))
    with pytest.raises(AssertionError):
        _check(Case((1, 5, 400)))


def test_wrong_arguments_are_refused() -> None:
    case = Case((2, 4, 5))
    current, constants = case.current(), case.constants
    settings = Settings(4, Surrogate(), False, False, True)
    vectors = (constants[name] for name in ("leak", "threshold", "reset"))
    with pytest.raises(InputError, match="current must be float32 or bfloat16"):
        run(native.KERNELS, current.double(), *vectors, settings)
    with pytest.raises(InputError, match=r"current must be \[P, T, B, H, W, C\]"):
        lif_population(current, **constants, pool=True)
    with pytest.raises(InputError, match="current must be 1 or 3 steps long, got 4"):
        lif_population(current, **(constants | {"time_steps": 3}))
    with pytest.raises(InputError, match="time_steps must be 1 or more, got 0"):
        lif_population(current, **(constants | {"time_steps": 0}))
    with pytest.raises(InputError, match="leak must be a vector of the 2 members"):
        lif_population(current, **(constants | {"leak": torch.ones(3)}))


def test_other_types_take_the_eager_path() -> None:
    case = Case((1, 4, 5))
    spikes, _ = dispatched(case.current().double(), **case.constants, backend="native")
    assert spikes.dtype == torch.float64


def test_without_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library, "_load", lambda: None)
    monkeypatch.setattr(library, "_find", lambda: (None, "the C++ library was not built"))
    assert not native.available()
    assert library.build_info() == {"native": "no", "reason": "the C++ library was not built"}
    assert resolve_backend("auto") == "eager"
    with pytest.raises(InputError, match="the C\\+\\+ library was not built"):
        resolve_backend("native")
