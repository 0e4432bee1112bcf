"""Gradient modulation: coefficients by hand, and what it does to gradients."""

import math
from collections.abc import Callable

import pytest
import torch

from spikefuse.data import Corpus
from spikefuse.networks import build
from spikefuse.training import TrialDefinition
from spikefuse.training.feed import Feed
from spikefuse.training.modulation import Modulation, _normal, coefficients

Make = Callable[..., TrialDefinition]


def test_the_modality_that_is_ahead_is_slowed() -> None:
    scores = torch.tensor([[6.0, 1.0], [2.0, 1.0], [1.0, 4.0]])
    found = coefficients(scores)
    first = 1 - math.tanh(0.3 * 6 / 1.5)
    last = 1 - math.tanh(0.3 * 4)
    assert found[:, 0].tolist() == pytest.approx([first, 1, 1])
    assert found[:, 1].tolist() == pytest.approx([1, 1, last])


def test_noise_is_normal_and_a_function_of_its_place() -> None:
    keys = torch.tensor([5, 6])
    drawn = _normal(keys, 50_000)
    assert drawn.mean(dim=1).tolist() == pytest.approx([0, 0], abs=0.015)
    assert drawn.std(dim=1).tolist() == pytest.approx([1, 1], abs=0.015)
    assert torch.equal(drawn[:, :100], _normal(keys, 100))
    assert torch.corrcoef(drawn)[0, 1].abs() < 0.015


def test_gradients_of_branches_alone_are_changed(corpus: Corpus, trial: Make) -> None:
    small = {"modality": "fused", "budget": 120_000, "network": "dnn"}
    members = [trial(**small, modulation="ogm-ge"), trial(**small, seed=1)]
    network = build([m.network_spec() for m in members], [0, 1])
    batch = Feed(corpus, members).batch("train", torch.arange(20).expand(2, -1))
    features = network.features(batch.inputs)
    network.answer(network.head_logits(features)).square().sum().backward()
    before = {name: p.grad.clone() for name, p in network.named_parameters()}
    modulation = Modulation(network, members)
    scores = modulation.scores(features, batch.labels)
    alone = {n: x if n == "audio" else x * 0 for n, x in features.items()}
    right = network.answer(network.head_logits(alone)).softmax(-1)
    wanted = right.gather(-1, batch.labels.long().unsqueeze(-1)).sum(dim=(1, 2))
    assert torch.allclose(scores[1], wanted)
    factors = coefficients(scores)
    epoch, step = torch.tensor([1]), torch.tensor([4])
    modulation.apply(features, batch.labels, epoch, step)
    for name, parameter in network.named_parameters():
        old, new = before[name], parameter.grad
        assert torch.equal(new[1], old[1]), "a member that does not ask for it"
        if "conv" not in name:
            assert torch.equal(new[0], old[0])
        elif name.endswith("conv2.weight"):
            factor = factors[0 if "image" in name else 1, 0]
            noise = (new[0] - factor * old[0]) / old[0].std()
            assert noise.std() == pytest.approx(1, abs=0.03)
            assert noise.mean() == pytest.approx(0, abs=0.03)
