"""Products by events equal dense ones within float32's rounding, whatever shape and density."""

from dataclasses import dataclass

import pytest
import torch
import torch.nn.functional as F
from event_cases import as_bits, as_events
from torch import Tensor

from spikefuse.core import library
from spikefuse.networks.population.choice import KINDS, Choice, limits
from spikefuse.networks.population.events import event_product
from spikefuse.neurons.spikes import EventGradient

pytestmark = pytest.mark.skipif(not library.available(), reason=f"native: {library.why_not()}")

# The rule of the project: at most twice the error that plain float32 makes against float64.
ERROR_FACTOR = 2.0
ROUNDING = 4 * torch.finfo(torch.float32).eps  # of the largest: sums of nearly equal numbers


@dataclass(frozen=True)
class Case:
    """One layer: maps [P, T, B, H, W, C] and a convolution, or rows [P, T, B, F] and no taps."""

    shape: tuple[int, ...]
    outputs: int
    spikes: float = 0.2
    events: float = 0.1

    def tensors(self) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Spikes, weight, bias, and the gradient of the output."""
        generator = torch.Generator().manual_seed(3)

        def some(shape: tuple[int, ...], density: float) -> Tensor:
            return (torch.rand(shape, generator=generator) < density).float()

        members, channels = self.shape[0], self.shape[-1]
        kernel = (3, 3) if len(self.shape) == 6 else ()
        weight = torch.randn((members, self.outputs, channels, *kernel), generator=generator)
        bias = torch.randn((members, self.outputs), generator=generator)
        out = (*self.shape[:-1], self.outputs)
        gradient = torch.randn(out, generator=generator) * some(out, self.events)
        return some(self.shape, self.spikes), weight, bias, gradient


def dense(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """The layer of every member by PyTorch, in the type of its arguments."""
    if x.dim() == 4:
        return torch.einsum("ptbi,poi->ptbo", x, weight) + bias[:, None, None]
    maps = [
        F.conv2d(each.flatten(0, 1).permute(0, 3, 1, 2), w, b, padding=1).permute(0, 2, 3, 1)
        for each, w, b in zip(x, weight, bias, strict=True)
    ]
    return torch.stack(maps).view(*x.shape[:-1], weight.shape[1])


def by_pytorch(case: Case, dtype: torch.dtype) -> list[Tensor]:
    x, weight, bias, gradient = (each.to(dtype) for each in case.tensors())
    arguments = [each.requires_grad_() for each in (x, weight, bias)]
    output = dense(*arguments)
    return [output, *torch.autograd.grad(output, arguments, gradient)]


def by_events(case: Case, as_lists: bool, products: str = "events") -> list[Tensor]:
    spikes, weight, bias, gradient = case.tensors()
    x = as_bits(spikes).requires_grad_()
    parameters = [weight.requires_grad_(), bias.requires_grad_()]
    choice = Choice(products)
    output = event_product(x, *parameters, choice)
    given = as_events(gradient) if as_lists else gradient
    result = [output, *torch.autograd.grad(output, [x, *parameters], given)]
    if products == "events" and (as_lists or len(case.shape) == 4):
        assert not any("dense" in name for name in choice.taken), choice.taken
    return result


def check(case: Case, got: list[Tensor]) -> None:
    plain, exact = by_pytorch(case, torch.float32), by_pytorch(case, torch.float64)
    names = ("output", "gradient of x", "gradient of weight", "gradient of bias")
    for name, ours, theirs, wanted in zip(names, got, plain, exact, strict=True):
        largest = wanted.abs().max().item() if wanted.numel() else 0.0
        if largest == 0.0:
            assert not ours.count_nonzero(), name
            continue
        error = (ours.double() - wanted).abs().max().item() / largest
        allowed = (theirs.double() - wanted).abs().max().item() / largest
        assert error <= ERROR_FACTOR * allowed + ROUNDING, (name, error, allowed)
        assert error <= 5e-6, (name, error)


CASES = (
    Case((1, 1, 1, 1, 1, 1), 1, spikes=1.0, events=1.0),
    Case((1, 4, 2, 5, 3, 8), 16),
    Case((3, 2, 2, 4, 7, 33), 70),
    Case((1, 1, 3, 1, 6, 5), 9, spikes=0.5, events=0.5),
    Case((1, 2, 1, 6, 1, 40), 130),
    Case((1, 2, 3, 9, 8, 32), 64, spikes=1.0, events=1.0),
    Case((2, 2, 2, 6, 6, 16), 24, spikes=0.0, events=0.3),
    Case((2, 2, 2, 6, 6, 16), 24, spikes=0.3, events=0.0),
    Case((1, 1, 1, 1), 1, spikes=1.0, events=1.0),
    Case((1, 4, 5, 100), 33),
    Case((3, 2, 3, 97), 10),
    Case((1, 3, 70, 530), 200, spikes=0.1, events=0.08),
    Case((1, 2, 60, 64), 64, spikes=1.0, events=1.0),
    Case((2, 1, 9, 31), 7, spikes=0.0, events=0.0),
)


def names(case: Case) -> str:
    return f"{case.shape}-{case.outputs}-{case.spikes}-{case.events}"


@pytest.mark.parametrize("case", CASES, ids=names)
def test_events_equal_dense_products(
    instructions: str, nan_filled_memory: None, case: Case
) -> None:
    for as_lists in (True, False) if len(case.shape) == 6 else (False,):
        check(case, by_events(case, as_lists))


@pytest.mark.parametrize("case", CASES[1:3] + CASES[9:11], ids=names)
def test_a_member_that_goes_densely_gets_the_same_numbers_within_rounding(case: Case) -> None:
    for as_lists in (True, False) if len(case.shape) == 6 else (False,):
        check(case, by_events(case, as_lists, products="dense"))


@pytest.mark.parametrize("case", [Case((1, 2, 30, 9, 9, 24), 40), Case((1, 4, 100, 700), 300)])
def test_numbers_do_not_depend_on_the_threads(case: Case) -> None:
    before = torch.get_num_threads()
    results = []
    try:
        for threads in (1, 2, 5):
            torch.set_num_threads(threads)
            results.append(by_events(case, as_lists=len(case.shape) == 6))
    finally:
        torch.set_num_threads(before)
    for other in results[1:]:
        assert all(torch.equal(a, b) for a, b in zip(results[0], other, strict=True))


@pytest.mark.parametrize("case", [Case((3, 2, 4, 6, 5, 12), 20), Case((3, 2, 4, 50), 20)])
def test_a_member_does_not_depend_on_its_neighbours(case: Case) -> None:
    spikes, weight, bias, gradient = case.tensors()
    together = by_events(case, as_lists=False)
    x = as_bits(spikes[1:2]).requires_grad_()
    alone = [weight[1:2].requires_grad_(), bias[1:2].requires_grad_()]
    output = event_product(x, *alone, Choice("events"))
    results = [output, *torch.autograd.grad(output, [x, *alone], gradient[1:2])]
    for ours, theirs in zip(together, results, strict=True):
        assert torch.equal(ours[1:2], theirs)


@pytest.mark.parametrize("shape", [(1, 2, 3, 4, 4, 8), (1, 2, 3, 30)])
@pytest.mark.parametrize("bad", [torch.nan, torch.inf])
def test_a_gradient_that_is_not_finite_is_nan_at_every_input(
    shape: tuple[int, ...], bad: float
) -> None:
    spikes, weight, bias, gradient = Case(shape, 16).tensors()
    gradient.view(-1)[5] = bad
    # Needed nowhere: the layers before would not see it.
    x = as_bits(spikes, torch.zeros_like(spikes)).requires_grad_()
    weight.requires_grad_()
    output = event_product(x, weight, bias, Choice("events"))
    given = as_events(gradient) if len(shape) == 6 else gradient
    to_x, to_weight = torch.autograd.grad(output, [x, weight], given)
    assert to_x.isnan().all()
    assert not to_weight.isfinite().all()


def test_a_gradient_that_is_needed_nowhere_is_zero() -> None:
    spikes, weight, bias, gradient = Case((1, 2, 3, 4, 4, 8), 16, events=0.5).tensors()
    needed = torch.zeros_like(spikes)
    needed[0, 1, 2, 3, 0, 5] = 1
    x = as_bits(spikes, needed).requires_grad_()
    output = event_product(x, weight, bias, Choice("events"))
    (to_x,) = torch.autograd.grad(output, [x], as_events(gradient))
    pixels = to_x.count_nonzero(dim=-1)
    assert pixels[0, 1, 2, 3, 0] == 8
    assert pixels.count_nonzero() == 1


@pytest.mark.parametrize("shape", [(2, 0, 3, 4, 4, 8), (2, 3, 0, 30), (1, 2, 2, 0, 4, 8)])
def test_empty_layers(shape: tuple[int, ...]) -> None:
    spikes, weight, bias, _ = Case(shape, 16).tensors()
    x, weight = as_bits(spikes).requires_grad_(), weight.requires_grad_()
    output = event_product(x, weight, bias, Choice("events"))
    assert output.shape == (*shape[:-1], 16)
    to_x, to_weight = torch.autograd.grad(output.sum(), [x, weight])
    assert to_x.shape == shape
    assert not to_weight.count_nonzero()


needs_limits = pytest.mark.skipif(
    library.available() and not limits(), reason="nothing was measured on this instruction set"
)


@needs_limits
def test_the_choice_is_a_comparison_with_the_limit() -> None:
    kind = "conv.forward"
    limit = limits()[kind]
    choice = Choice("auto")
    assert choice.cheapest("forward", {kind: limit * 0.99}) == kind
    assert choice.cheapest("forward", {kind: limit * 1.01}) is None
    assert dict(choice.taken) == {"forward events": 1, "forward dense": 1}
    assert Choice("dense").cheapest("forward", {kind: 0.0}) is None
    assert Choice("events").cheapest("forward", {kind: 1.0}) == kind


@needs_limits
def test_the_cheaper_way_to_the_weight_is_taken() -> None:
    known = limits()
    spikes, events = "conv.weight_by_spikes", "conv.weight_by_events"
    few, many = (
        {spikes: known[spikes] * 0.2, events: known[events] * 0.1},
        {spikes: 0.0, events: 0.9},
    )
    assert Choice("auto").cheapest("weight", few) == events
    assert Choice("auto").cheapest("weight", many) == spikes


def test_auto_is_dense_where_nothing_was_measured(instructions: str) -> None:
    known, kind = limits(), "conv.forward"
    assert set(known) in (set(KINDS), set())
    assert all(0 < limit <= 1 for limit in known.values())
    assert Choice("auto").cheapest("forward", {kind: 1e-6}) == (kind if known else None)
    assert Choice("events").cheapest("forward", {kind: 1.0}) == kind


def test_event_lists_hold_what_the_gradient_held() -> None:
    *_, gradient = Case((2, 2, 3, 4, 5, 9), 11, events=0.3).tensors()
    events = as_events(gradient)
    assert isinstance(events, EventGradient)
    assert torch.equal(events.floats(), gradient)
    assert torch.equal(events + 1, gradient + 1)
    assert events.density(1) == gradient[1].count_nonzero().item() / gradient[1].numel()
