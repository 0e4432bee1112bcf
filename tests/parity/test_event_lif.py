"""The neuron that writes bits and events equals the one that writes floats, number by number."""

import itertools

import pytest
import torch
from torch import Tensor

from spikefuse.core import library
from spikefuse.core.errors import InputError
from spikefuse.neurons import Surrogate
from spikefuse.neurons.lif import RESETS, lif_population
from spikefuse.neurons.lif import events as event_lif
from spikefuse.neurons.lif.call import Settings
from spikefuse.neurons.lif.events import lif_events
from spikefuse.neurons.spikes import EventGradient, SpikeTensor

pytestmark = pytest.mark.skipif(not library.available(), reason=f"native: {library.why_not()}")

SHAPES = ((1, 1, 1, 1, 1, 1), (2, 4, 3, 5, 6, 33), (1, 7, 2, 4, 4, 70), (1, 3, 1, 7, 3, 5))


def constants(members: int, reset: str, leak: float = 0.9) -> dict[str, Tensor]:
    return {
        "leak": torch.full((members,), leak),
        "threshold": torch.linspace(1.0, 1.2, members),
        "reset": torch.full((members,), RESETS[reset], dtype=torch.int8),
    }


def make_current(shape: tuple[int, ...], static: bool = False) -> Tensor:
    generator = torch.Generator().manual_seed(5)
    values = torch.randn((shape[0], 1 if static else shape[1], *shape[2:]), generator=generator)
    # On a grid potentials tie, with the threshold and with the surrogate's edges.
    return (values + 0.4).mul(8).round().div(8)


def events_of(
    current: Tensor, gradient: Tensor, reset: str, surrogate: Surrogate, detach: bool, pool: bool
) -> tuple[SpikeTensor, EventGradient]:
    """Spikes and the events of the current's gradient, without a layer before."""
    of_members = constants(len(current), reset)
    settings = Settings(current.shape[1], surrogate, detach, pool, need_membrane=False)
    three = (of_members["leak"], of_members["threshold"], of_members["reset"])
    spikes = event_lif._forward(current, three, settings, wants_need=True)
    assert spikes.needed is not None
    return spikes, event_lif._backward(current, three, settings, spikes.needed, gradient)


def by_floats(
    current: Tensor, gradient: Tensor, reset: str, surrogate: Surrogate, detach: bool, pool: bool
) -> tuple[Tensor, Tensor]:
    current = current.clone().requires_grad_()
    spikes, _ = lif_population(
        current,
        time_steps=gradient.shape[1],
        surrogate=surrogate,
        detach_reset=detach,
        pool=pool,
        need_membrane=False,
        backend="native",
        **constants(len(current), reset),
    )
    (result,) = torch.autograd.grad(spikes, current, gradient)
    return spikes.detach(), result


def gradient_of(shape: tuple[int, ...], pool: bool) -> Tensor:
    generator = torch.Generator().manual_seed(6)
    members, steps, batch, height, width, channels = shape
    size = (height // 2, width // 2) if pool else (height, width)
    return torch.randn((members, steps, batch, *size, channels), generator=generator)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("reset", RESETS)
def test_spikes_and_events_are_the_same_numbers(
    instructions: str, nan_filled_memory: None, reset: str, shape: tuple[int, ...]
) -> None:
    current = make_current(shape)
    surrogates = (Surrogate("boxcar", 0.5), Surrogate("triangle", 1.0), Surrogate("boxcar", 0.1))
    for surrogate, detach, pool in itertools.product(surrogates, (False, True), (False, True)):
        gradient = gradient_of(shape, pool)
        spikes, events = events_of(current, gradient, reset, surrogate, detach, pool)
        wanted_spikes, wanted = by_floats(current, gradient, reset, surrogate, detach, pool)
        assert torch.equal(spikes.floats(), wanted_spikes)
        if shape[-1] >= 16:
            assert torch.equal(events.floats(), wanted)
        else:
            # Without pooling the other kernel takes neighbouring pixels together, in longer vectors
            # than five channels fill: with a fused multiply-add, which rounds once.
            torch.testing.assert_close(events.floats(), wanted, rtol=1e-6, atol=1e-6)
        assert events.totals == wanted.flatten(1).count_nonzero(dim=1).tolist()
        assert events.broken == [False] * len(current)


@pytest.mark.parametrize("surrogate", ["boxcar", "triangle"])
def test_what_is_not_needed_changes_nothing(surrogate: str) -> None:
    """Gradients that are left out are those that the surrogate multiplies by zero."""
    shape = (2, 4, 3, 6, 6, 20)
    current, gradient = make_current(shape), gradient_of(shape, pool=True)
    chosen = Surrogate(surrogate)
    spikes, events = events_of(current, gradient, "soft", chosen, False, True)
    assert spikes.needed is not None
    needed = SpikeTensor(spikes.needed, shape[-1]).floats()
    _, masked = by_floats(current, gradient * needed, "soft", chosen, False, True)
    assert 0 < needed.mean() < 1
    assert torch.equal(events.floats(), masked)


def run(current: Tensor, **keywords: object) -> SpikeTensor:
    arguments = {
        "time_steps": 4,
        "surrogate": Surrogate("boxcar"),
        **constants(len(current), "soft"),
    }
    return lif_events(current, **(arguments | keywords))  # type: ignore[arg-type]


@pytest.mark.parametrize("surrogate", ["boxcar", "triangle", "atan", "fast_sigmoid"])
@pytest.mark.parametrize("static", [False, True])
def test_gradients_through_the_function(surrogate: str, static: bool) -> None:
    shape = (2, 4, 3, 6, 5, 12)
    current = make_current(shape, static).requires_grad_()
    gradient = gradient_of(shape, pool=True)
    spikes = run(current, surrogate=Surrogate(surrogate), pool=True)
    (got,) = torch.autograd.grad(spikes, current, gradient)
    _, wanted = by_floats(
        current.detach(), gradient, "soft", Surrogate(surrogate), detach=False, pool=True
    )
    assert torch.equal(got, wanted)


@pytest.mark.parametrize("pool", [False, True])
@pytest.mark.parametrize("channels", [3, 8, 12, 33, 41, 70])
def test_windows_that_repeat_the_one_before_fire_as_it_does(
    instructions: str, nan_filled_memory: None, channels: int, pool: bool
) -> None:
    """An image's background is run through time once a row; one neuron apart is another window."""
    shape = (2, 5, 3, 7, 12, channels)
    current = make_current(shape, static=True)
    current[..., 2:10, :] = current[..., :1, :1, :]
    current[..., 6, channels // 2] += 0.375
    current[0, 0, 0, 0, 4, -1] = torch.nan
    spikes = run(current, time_steps=5, pool=pool)
    wanted, _ = lif_population(
        current,
        time_steps=5,
        surrogate=Surrogate("boxcar"),
        pool=pool,
        need_membrane=False,
        backend="native",
        **constants(2, "soft"),
    )
    assert torch.equal(spikes.floats(), wanted)
    across = 3 if pool else 6
    assert not torch.equal(wanted[..., across - 1, :], wanted[..., across, :])


@pytest.mark.parametrize("static", [False, True])
@pytest.mark.parametrize("reset", RESETS)
@pytest.mark.parametrize("channels", [3, 8, 12, 33, 70])
def test_what_fires_before_pooling_is_counted(
    instructions: str, nan_filled_memory: None, channels: int, reset: str, static: bool
) -> None:
    """Windows that repeat, a neuron apart and channels that no vector ends at included."""
    current = make_current((2, 5, 3, 6, 12, channels), static)
    current[..., 2:10, :] = current[..., :1, :1, :]
    current[..., 6, channels // 2] += 0.375
    settings = {"time_steps": 5, **constants(2, reset)}
    counted = run(current, pool=True, counts_fired=True, **settings)
    alone = run(current, pool=True, **settings)
    whole = run(current, pool=False, **settings).floats()
    assert counted.fired is not None
    assert alone.fired is None
    assert torch.equal(counted.bits, alone.bits)
    assert torch.equal(counted.fired, whole.sum(dim=(3, 4, 5)).long())


@pytest.mark.parametrize("size", [(5, 4), (4, 5)])
def test_what_fires_where_no_window_reaches_is_not_counted(size: tuple[int, int]) -> None:
    """Whoever wants to know lets the neurons fire again."""
    current = make_current((1, 3, 2, *size, 8))
    assert run(current, time_steps=3, pool=True, counts_fired=True).fired is None


@pytest.mark.parametrize("name", ["leak", "threshold"])
def test_constants_that_want_a_gradient_are_refused(name: str) -> None:
    settings = constants(1, "soft")
    learned = settings | {name: settings[name].clone().requires_grad_()}
    current = make_current((1, 3, 2, 4, 4, 8))
    with pytest.raises(InputError, match="leak and threshold must need no gradient on the native"):
        run(current, time_steps=3, **learned)
    with torch.no_grad():
        run(current, time_steps=3, **learned)


@pytest.mark.parametrize("bad", [torch.nan, torch.inf, -torch.inf])
@pytest.mark.parametrize("reset", RESETS)
@pytest.mark.parametrize("surrogate", ["boxcar", "triangle"])
@pytest.mark.parametrize("pixel", [(0, 0), (1, 1), (4, 2)])
def test_a_membrane_that_is_not_finite_shows_in_the_gradient(
    bad: float, reset: str, surrogate: str, pixel: tuple[int, int]
) -> None:
    """As in the neuron that writes floats, though no gradient enters; (4, 2) is left out."""
    shape = (1, 4, 2, 5, 4, 9)
    current = torch.full(shape, -3.0)
    current[0, 1, 1, pixel[0], pixel[1], 4] = bad
    gradient = torch.zeros_like(gradient_of(shape, pool=True))
    chosen = Surrogate(surrogate)
    _, events = events_of(current, gradient, reset, chosen, False, True)
    _, wanted = by_floats(current, gradient, reset, chosen, False, True)
    assert torch.equal(events.floats().isnan(), wanted.isnan())
    assert events.broken == [not bool(wanted.isfinite().all())]
    if bad != bad or surrogate == "boxcar":
        assert events.broken == [True]


def test_a_gradient_of_nothing_but_nan_reaches_every_neuron() -> None:
    shape = (1, 4, 2, 4, 4, 8)
    current = torch.full(shape, -3.0)  # far from the threshold: needed nowhere
    gradient = torch.full_like(gradient_of(shape, pool=True), torch.nan)
    spikes, events = events_of(current, gradient, "soft", Surrogate("boxcar"), False, True)
    assert spikes.needed is not None
    assert not spikes.needed.count_nonzero()
    assert events.floats()[:, :, :, ::2, ::2].isnan().all()
    assert events.broken == [True]


def test_numbers_do_not_depend_on_the_threads() -> None:
    shape = (1, 4, 8, 12, 12, 32)
    current, gradient = make_current(shape), gradient_of(shape, pool=True)
    before = torch.get_num_threads()
    results = []
    try:
        for threads in (1, 2, 3):
            torch.set_num_threads(threads)
            spikes, events = events_of(current, gradient, "soft", Surrogate("boxcar"), False, True)
            results.append((spikes.floats(), spikes.needed, events.floats()))
    finally:
        torch.set_num_threads(before)
    for other in results[1:]:
        assert all(torch.equal(a, b) for a, b in zip(results[0], other, strict=True))  # type: ignore[arg-type]


@pytest.mark.parametrize("shape", [(2, 4, 0, 6, 6, 8), (2, 4, 3, 1, 1, 8), (0, 4, 3, 6, 6, 8)])
def test_empty_maps(shape: tuple[int, ...]) -> None:
    current = make_current(shape).requires_grad_()
    spikes = run(current, pool=True)
    assert spikes.floats().shape == (*shape[:3], shape[3] // 2, shape[4] // 2, 8)
    (gradient,) = torch.autograd.grad(spikes, current, torch.ones_like(spikes.floats()))
    assert gradient.shape == shape
    assert not gradient.count_nonzero()


def test_half_precision_is_refused() -> None:
    assert "float32" in (event_lif.why_not(torch.zeros(1, 1, 1, 8, dtype=torch.bfloat16)) or "")
    with pytest.raises(InputError, match="float32"):
        run(torch.zeros(1, 4, 2, 8, dtype=torch.float64))
