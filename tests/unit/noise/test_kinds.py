"""Kinds and places of noise: their amounts are measured."""

import pytest
import torch
from torch import Tensor, nn

from spikefuse.core.errors import InputError
from spikefuse.networks import NetworkSpec, build
from spikefuse.neurons import NeuronSpec
from spikefuse.neurons.lif.reference import lif_reference
from spikefuse.neurons.lif.resets import RESETS
from spikefuse.noise import NoiseCondition, NoiseDraw

SITES = ("image.conv1", "image.conv2", "fused.hidden")
SITE = SITES[0]


def draw(key: tuple = ("test", 0, 0), seeds: tuple[int, ...] = (0,), **condition) -> NoiseDraw:
    settings = {"noise_std": 0.5} | condition
    return NoiseDraw(NoiseCondition(**settings), SITES, seeds, key)


class Constants(nn.Module):
    """Neurons with a leak and a threshold, of two members."""

    threshold = torch.tensor([1.0, 3.0])

    def leaks(self) -> Tensor:
        return torch.tensor([0.9, 0.5])


def test_multiplicative_noise_has_the_spread_of_each_value_and_leaves_zero_alone() -> None:
    values = torch.full((1, 2, 200, 50), 4.0)
    values[:, :, :100] = 0
    found = draw(kind="multiplicative").before(SITE, values, 2)
    assert found[:, :, 100:].std().item() == pytest.approx(2.0, rel=0.03)
    assert found[:, :, 100:].mean().item() == pytest.approx(4.0, abs=0.06)
    assert (found[:, :, :100] == 0).all()


@pytest.mark.parametrize("kind", ["gaussian", "multiplicative"])
def test_common_noise_is_one_number_for_a_layer_of_a_sample(kind: str) -> None:
    added = draw(kind=kind, common=True).before(SITE, torch.ones(1, 1, 4000, 7, 3), 2) - 1
    assert added.shape == (1, 2, 4000, 7, 3)
    assert (added == added[..., :1, :1]).all()
    own = added[..., 0, 0]
    assert own.std().item() == pytest.approx(0.5, rel=0.04)
    assert abs(torch.corrcoef(own[0])[0, 1].item()) < 0.06, "fresh at every step"


@pytest.mark.parametrize(
    ("varies", "steps", "samples", "batches"),
    [("step", False, False, False), ("sample", True, False, False), ("draw", True, True, True)],
)
def test_frozen_noise_repeats_over_steps_samples_and_batches(
    varies: str, steps: bool, samples: bool, batches: bool
) -> None:
    x = torch.zeros(1, 1, 3, 5000)
    first = draw(varies=varies).before(SITE, x, 2).expand(-1, 2, -1, -1)
    assert first.std().item() == pytest.approx(0.5, rel=0.03)
    assert torch.equal(first[:, 0], first[:, 1]) == steps
    assert torch.equal(first[:, :, 0], first[:, :, 1]) == samples
    other = draw(("validation", 0, 7), varies=varies).before(SITE, x, 2)
    assert torch.equal(first, other.expand(-1, 2, -1, -1)) == batches
    again = draw(("test", 1, 0), varies=varies).before(SITE, x, 2)
    assert not torch.equal(first, again.expand(-1, 2, -1, -1)), "another draw is another pattern"


def test_units_are_the_threshold_of_each_member_and_the_samples_own_spread() -> None:
    x = torch.zeros(2, 1, 10, 2000)
    added = draw(seeds=(0, 1), unit="threshold").before(SITE, x, 1, Constants())
    assert added[0].std().item() == pytest.approx(0.5, rel=0.03)
    assert added[1].std().item() == pytest.approx(1.5, rel=0.03)

    spread = torch.randn(1, 1, 2, 20_000) * torch.tensor([1.0, 8.0]).view(1, 1, 2, 1)
    added = draw(unit="std").before(SITE, spread, 1) - spread
    assert added[:, :, 0].std().item() == pytest.approx(0.5, rel=0.03)
    assert added[:, :, 1].std().item() == pytest.approx(4.0, rel=0.03)
    alone = draw(unit="std").before(SITE, spread[:, :, :1], 1)
    assert alone.shape == (1, 1, 1, 20_000)
    with pytest.raises(InputError, match="no threshold here"):
        draw(unit="threshold").before(SITE, x, 1)


def test_decibels_are_measured() -> None:
    signal = torch.randn(1, 1, 4, 20_000) * 3
    condition = NoiseCondition.at_snr(14.0)
    noisy = NoiseDraw(condition, SITES, (0,), ("test", 0, 0)).input(
        "image", signal, 1, lambda raw: raw
    )
    ratio = signal.square().mean() / (noisy - signal).square().mean()
    assert (10 * ratio.log10()).item() == pytest.approx(14.0, abs=0.1)


def test_insertion_adds_the_share_asked_for_where_nothing_was() -> None:
    spikes = (torch.rand(1, 4, 100, 60) < 0.2).float()
    more = draw(kind="insertion", noise_std=0.1).after(SITE, spikes)
    assert (more >= spikes).all()
    assert more.unique().tolist() == [0, 1]
    added = (more - spikes).sum() / (spikes == 0).sum()
    assert added.item() == pytest.approx(0.1, abs=0.01)


def test_jitter_moves_the_share_asked_for_by_one_step() -> None:
    spikes = torch.zeros(1, 5, 100, 400)
    spikes[:, 2] = 1
    moved = draw(kind="jitter", noise_std=0.4).after(SITE, spikes)
    shares = moved.mean(dim=(0, 2, 3)).tolist()
    assert shares == pytest.approx([0, 0.2, 0.6, 0.2, 0], abs=0.01)
    assert moved.sum() == spikes.sum(), "none is lost where none can meet"
    edge = torch.zeros(1, 3, 100, 400)
    edge[:, 0] = 1
    shares = draw(kind="jitter", noise_std=0.4).after(SITE, edge).mean(dim=(0, 2, 3)).tolist()
    assert shares == pytest.approx([0.8, 0.2, 0], abs=0.01)
    one = torch.ones(1, 1, 3, 3)
    assert torch.equal(draw(kind="jitter", noise_std=1.0).after(SITE, one), one)


@pytest.mark.parametrize("reset", ["soft", "hard", "none"])
def test_membrane_noise_is_that_of_a_membrane_disturbed_after_every_step(reset: str) -> None:
    """Against a neuron whose membrane is disturbed by hand, with the same numbers."""
    current = torch.rand(2, 1, 3, 40) * 2
    noise = draw(seeds=(4, 5), noise_position="membrane", noise_std=0.3)
    changed = noise.before(SITE, current, 4, Constants())
    steps = draw(seeds=(4, 5), noise_std=0.3).before(SITE, torch.zeros_like(current), 4)
    leak, theta = (each.view(2, 1, 1) for each in (Constants().leaks(), Constants.threshold))
    amount = {"soft": lambda h: theta, "hard": lambda h: h, "none": lambda h: 0 * h}[reset]
    v, expected = torch.zeros(2, 3, 40), []
    for t in range(4):
        h = leak * v + current[:, 0]
        s = (h > theta).float()
        v = h - s * amount(h) + steps[:, t]
        expected.append(s)
    code = torch.full((2,), RESETS[reset], dtype=torch.int8)
    surrogate = NeuronSpec(model="lif").surrogate_function()
    found, _ = lif_reference(changed, 4, Constants().leaks(), Constants.threshold, code, surrogate)
    assert (found == torch.stack(expected, dim=1)).float().mean().item() > 0.999
    assert torch.equal(changed[:, 0], current[:, 0]), "nothing was on the membrane before"
    with pytest.raises(InputError, match="no membrane with a leak"):
        noise.before(SITE, current, 4)


def test_noise_after_pooling_takes_no_maximum_of_noise() -> None:
    """Of four silent neurons the greatest of four noises is +1.03 std: a shift, not noise."""
    network = build(
        NetworkSpec(input_shapes={"image": (1, 28, 28)}, budget=120_000, time_steps=2)
    ).eval()
    activation = network.activations["image_conv1"]
    silent = torch.full((1, 1, 20, 28, 28, 32), -5.0)
    shifted = {
        place: activation(silent, True, draw(noise_position=place, noise_std=0.1)).mean().item()
        for place in ("after", "pooled")
    }
    assert shifted["after"] == pytest.approx(0.103, abs=0.001)
    assert shifted["pooled"] == pytest.approx(0.0, abs=0.001)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"kind": "deletion", "common": True}, "common must be left out"),
        ({"kind": "multiplicative", "unit": "std"}, "unit must be absolute"),
        ({"noise_position": "after", "unit": "threshold"}, "unit must be absolute or std"),
        ({"noise_position": "membrane", "unit": "std"}, "unit must be absolute or threshold"),
        ({"modalities": ("image",)}, "modalities must be left out"),
        ({"steps_share": 0.5}, "steps_share must be 1"),
        ({"noise_position": "input", "sites": "first"}, "sites must be all"),
        ({"noise_position": "weights", "varies": "sample"}, "weights are disturbed once"),
        ({"kind": "zeros", "noise_position": "before"}, "must be input"),
    ],
)
def test_options_that_a_kind_or_place_does_not_have_are_refused(settings: dict, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        NoiseCondition(noise_std=0.1, **settings)


def test_further_fields_name_a_condition_only_where_they_are_used() -> None:
    plain = NoiseCondition(noise_std=0.1)
    assert set(plain.naming()) == NoiseCondition.first_fields
    told = NoiseCondition(noise_std=0.1, varies="draw", common=True).naming()
    assert (told["varies"], told["common"]) == ("draw", True)
