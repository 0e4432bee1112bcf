"""Every kind, place, unit and manner that is allowed: nothing at 0, else the amount asked for."""

import math
from itertools import product
from typing import get_args

import pytest
import torch
from torch import Tensor, nn

from spikefuse.core.errors import InputError
from spikefuse.networks import NetworkSpec, build
from spikefuse.neurons import NeuronSpec
from spikefuse.noise import NOISES, NoiseCondition, NoiseDraw
from spikefuse.noise.contract import Position, Unit, Varies

SITE = "image.conv1"
PLACES, UNITS, MANNERS = get_args(Position), get_args(Unit), get_args(Varies)


def allowed(severity: float) -> list[NoiseCondition]:
    """All combinations that a condition takes."""
    found = []
    for kind, place, unit, common, varies in product(NOISES, PLACES, UNITS, (False, True), MANNERS):
        settings = {"unit": unit, "common": common, "varies": varies, "noise_position": place}
        try:
            found.append(NoiseCondition(kind=kind, noise_std=severity, **settings))
        except (InputError, ValueError):
            continue
    return found


def words(condition: NoiseCondition) -> str:
    parts = (condition.kind, condition.noise_position, condition.unit, condition.varies)
    return "-".join(parts) + "-common" * condition.common


INSIDE = ("before", "after", "pooled", "membrane")


@pytest.mark.parametrize(
    "condition", [c for c in allowed(0.0) if c.noise_position in INSIDE], ids=words
)
def test_severity_zero_changes_no_bit_of_a_networks_answer(condition: NoiseCondition) -> None:
    spec = NetworkSpec(
        input_shapes={"image": (1, 8, 8)},
        budget=20_000,
        classes=3,
        neuron=NeuronSpec(reset="soft"),
        time_steps=3,
    )
    network = build([spec], [0]).eval()
    x = {"image": torch.rand(1, 4, 1, 8, 8, generator=torch.Generator().manual_seed(1)) * 2}
    noise = NoiseDraw(condition, tuple(network.sites), (0,), ("test", 0, 0))
    with torch.no_grad():
        plain, noisy = network(x), network(x, noise=noise)
    assert torch.equal(plain, noisy)


@pytest.mark.parametrize("condition", allowed(0.0), ids=words)
def test_severity_zero_hands_every_place_back_what_it_gave(condition: NoiseCondition) -> None:
    """Inputs and weights too, and kinds that replace: no bit changes, nothing is even copied."""
    draw = NoiseDraw(condition, (SITE,), (0,), ("test", 0, 0))
    x = torch.randn(1, 2, 4, 6)
    assert draw.input("image", x, 2, lambda raw: raw) is x
    assert draw.before(SITE, x, 2, Neurons()) is x
    assert draw.after(SITE, x) is x
    assert draw.pooled(SITE, x) is x
    assert draw.weights(SITE, x) is x
    assert not draw.reaches_output(SITE)
    assert not draw.reaches_pooled(SITE)


class Neurons(nn.Module):
    """What noise in units of the threshold and on the membrane asks of neurons."""

    threshold = torch.tensor([3.0])

    def leaks(self) -> Tensor:
        return torch.tensor([0.5])


STEPS, SEVERITY = 3, 0.25
NUMBERS = 1000
"""Independent numbers behind every measured spread, at least; four standard errors are 9 %."""


def added(condition: NoiseCondition, x: Tensor, number: int) -> Tensor:
    """What one draw adds to x [1, T, B, n], as normal numbers times the severity asked for."""
    draw = NoiseDraw(condition, (SITE,), (0,), ("test", number, 0))
    place, unit = condition.noise_position, {"absolute": 1.0, "threshold": 3.0, "std": 2.0}
    scale = unit[condition.unit]
    if place == "membrane":
        nothing = torch.zeros_like(x)
        return draw.before(SITE, nothing, STEPS, Neurons())[:, 1:] / Neurons().leaks() / scale
    if place == "weights":
        return (draw.weights(SITE, x[:, 0]) - x[:, 0])[:, None] / _scale(condition, x[:, :1], scale)
    out = {
        "before": lambda: draw.before(SITE, x, STEPS, Neurons()),
        "after": lambda: draw.after(SITE, x),
        "pooled": lambda: draw.pooled(SITE, x),
        "input": lambda: draw.input("image", x, STEPS, lambda raw: raw),
    }[place]()
    return (out - x) / _scale(condition, x, scale)


def _scale(condition: NoiseCondition, x: Tensor, scale: float) -> Tensor | float:
    return x if condition.kind == "multiplicative" else scale


NORMAL = [c for c in allowed(SEVERITY) if c.kind in ("gaussian", "multiplicative")]


@pytest.mark.parametrize("condition", NORMAL, ids=words)
def test_the_measured_spread_is_the_severity_in_its_unit(condition: NoiseCondition) -> None:
    """Values are 2 and -2, whose own standard deviation is 2; the threshold is 3, the leak 0.5."""
    x = torch.tensor([2.0, -2.0]).repeat(1, STEPS, 50, 10)
    first = added(condition, x, 0)
    is_layer = condition.noise_position == "weights"  # disturbed once, and its rows are one layer's
    differs = {
        1: condition.varies == "step" and not is_layer,
        2: not condition.common if is_layer else condition.varies != "draw",
        3: not condition.common,
    }
    for axis, fresh in differs.items():
        if first.shape[axis] > 1:
            one, other = (first.select(axis, place) for place in (0, 1))
            assert torch.allclose(one, other, atol=1e-6) != fresh, axis
    kept = [first.shape[axis] if fresh else 1 for axis, fresh in differs.items()]
    numbers = math.prod(kept)
    draws = [added(condition, x, number) for number in range(-(-NUMBERS // numbers))]
    values = torch.stack([each[:, : kept[0], : kept[1], : kept[2]] for each in draws])
    spread = values.square().mean().sqrt().item()
    assert spread == pytest.approx(SEVERITY, rel=4 / (2 * values.numel()) ** 0.5)
    assert abs(values.mean().item()) < 4 * SEVERITY / values.numel() ** 0.5


@pytest.mark.parametrize("place", ["after", "pooled"])
@pytest.mark.parametrize("severity", [0.1, 0.4])
def test_the_measured_share_of_spikes_is_the_severity(place: str, severity: float) -> None:
    """Before and after pooling: lost of those that were, added where none was, moved by one."""
    spikes = (torch.rand(1, 5, 200, 40, generator=torch.Generator().manual_seed(1)) < 0.3).float()
    alone = torch.zeros_like(spikes)
    alone[:, 2] = spikes[:, 2]

    def of(kind: str, x: Tensor) -> Tensor:
        condition = NoiseCondition(kind=kind, noise_std=severity, noise_position=place)
        draw = NoiseDraw(condition, (SITE,), (0,), ("test", 0, 0))
        return draw.after(SITE, x) if place == "after" else draw.pooled(SITE, x)

    kept, more, moved = of("deletion", spikes), of("insertion", spikes), of("jitter", alone)
    error = 4 * (severity * (1 - severity) / alone.sum().item()) ** 0.5
    assert (1 - kept.sum() / spikes.sum()).item() == pytest.approx(severity, abs=error)
    assert ((kept == 1) & (spikes == 0)).sum() == 0
    gained = ((more - spikes).sum() / (spikes == 0).sum()).item()
    assert gained == pytest.approx(severity, abs=error)
    assert ((more == 0) & (spikes == 1)).sum() == 0
    assert moved.sum() == alone.sum()
    early, stays, late = ((moved[:, step].sum() / alone.sum()).item() for step in (1, 2, 3))
    assert 1 - stays == pytest.approx(severity, abs=error)
    assert (early, late) == pytest.approx((severity / 2, severity / 2), abs=error)


REPLACING = sorted(name for name, kind in NOISES.items() if kind.fill)


@pytest.mark.parametrize("kind", REPLACING)
@pytest.mark.parametrize("severity", [0.2, 1.0])
def test_the_measured_share_of_replaced_samples_is_the_severity(kind: str, severity: float) -> None:
    condition = NoiseCondition(kind=kind, noise_std=severity)
    x, other = torch.zeros(1, 2, 4000, 3), torch.ones(1, 2, 4000, 3)
    draw = NoiseDraw(condition, (SITE,), (0,), ("test", 0, 0), replacements={"image": other})
    found = draw.input("image", x, 2, lambda raw: raw)
    assert (found == found[:, :1, :, :1]).all(), "a sample is replaced whole"
    error = 4 * (severity * (1 - severity) / 4000) ** 0.5
    assert found.mean().item() == pytest.approx(severity, abs=error)


@pytest.mark.parametrize("share", [0.25, 0.75])
def test_noise_at_the_input_lasts_the_share_of_the_steps_asked_for(share: float) -> None:
    condition = NoiseCondition(noise_std=1.0, noise_position="input", steps_share=share)
    draw = NoiseDraw(condition, (SITE,), (0,), ("test", 0, 0))
    found = draw.input("image", torch.zeros(1, 1, 5, 7), 4, lambda raw: raw)
    assert (found != 0).flatten(2).any(dim=2)[0].tolist() == [
        step >= 4 * (1 - share) for step in range(4)
    ]


@pytest.mark.parametrize("decibels", [-6.0, 0.0, 20.0])
def test_decibels_at_the_input_are_those_of_each_sample(decibels: float) -> None:
    signal = torch.randn(1, 1, 3, 20_000) * torch.tensor([0.1, 1.0, 7.0]).view(1, 1, 3, 1) + 5
    draw = NoiseDraw(NoiseCondition.at_snr(decibels), (SITE,), (0,), ("test", 0, 0))
    noise = draw.input("image", signal, 1, lambda raw: raw) - signal
    for sample in range(3):
        ratio = signal[0, 0, sample].var() / noise[0, 0, sample].square().mean()
        assert (10 * ratio.log10()).item() == pytest.approx(decibels, abs=0.15)
