"""Every kind, place, unit and manner that is allowed: nothing at 0, else the amount asked for."""

from itertools import product
from typing import get_args

import pytest
import torch

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


ADDED = [
    condition
    for condition in allowed(0.25)
    if condition.kind in ("gaussian", "multiplicative")
    and condition.noise_position in ("before", "after", "pooled")
    and condition.unit != "threshold"
]


@pytest.mark.parametrize("condition", ADDED, ids=words)
def test_the_spread_of_what_is_added_is_the_severity(condition: NoiseCondition) -> None:
    """Values are 2 and -2, whose own standard deviation is 2; so many draws tell 3 %."""
    x = torch.tensor([2.0, -2.0]).repeat(1, 2, 400, 40)
    sites = (SITE,)
    found = []
    for number in range(40 if condition.common or condition.varies != "step" else 4):
        draw = NoiseDraw(condition, sites, (0,), ("test", number, 0))
        place = condition.noise_position
        if place == "before":
            out = draw.before(SITE, x, 2)
        else:
            out = draw.after(SITE, x) if place == "after" else draw.pooled(SITE, x)
        found.append(out - x)
    unit = 2.0 if condition.kind == "multiplicative" or condition.unit == "std" else 1.0
    tolerance = 0.25 if condition.common and condition.varies == "draw" else 0.05
    spread = torch.stack(found).square().mean().sqrt().item()
    assert spread == pytest.approx(0.25 * unit, rel=tolerance)
