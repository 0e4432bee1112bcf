"""The dense twin with few bits: rounding by hand, its accuracy, and a network left as it was."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from spikefuse.analysis.energy_rows import quantised_shares
from spikefuse.data import Corpus
from spikefuse.networks import build
from spikefuse.results import TrialStore
from spikefuse.training import TrialDefinition, train_population
from spikefuse.training.evaluate import classify
from spikefuse.training.feed import Feed
from spikefuse.training.quantise import (
    PAIRS,
    add_quantised,
    best_step,
    rounded,
    rounded_activations,
    rounded_weights,
)

Make = Callable[..., TrialDefinition]


def test_rounding_is_to_the_nearest_step_inside_the_ends() -> None:
    values = torch.tensor([[-9.0, -0.6, 0.4, 0.6, 2.4, 9.0]])

    assert rounded(values, torch.tensor([[1.0]]), -3, 3).tolist() == [[-3, -1, 0, 1, 2, 3]]
    assert rounded(values, torch.tensor([[1.0]]), 0, 7).tolist() == [[0, 0, 0, 1, 2, 7]]


def test_the_step_has_the_least_error_of_all_that_are_tried() -> None:
    values = torch.randn(3, 200, generator=torch.Generator().manual_seed(0))
    found = best_step(values, -3, 3)

    for row, step in zip(values, found, strict=True):
        largest = row.abs().max()
        errors = {
            share: float((rounded(row, largest * share / 30, -3, 3) - row).square().sum())
            for share in range(1, 11)
        }
        best = min(errors, key=errors.get)
        assert float(step) == pytest.approx(float(largest * best / 30))
        assert best < 10  # to clip is better than to reach the largest value


def test_what_fits_the_bits_stays_as_it_is() -> None:
    values = torch.tensor([[0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5]])

    assert torch.equal(rounded(values, best_step(values, 0, 7), 0, 7), values)
    assert torch.equal(rounded(0 * values, best_step(0 * values, 0, 7), 0, 7), 0 * values)


def test_a_network_has_few_levels_meanwhile_and_is_itself_again(
    corpus: Corpus, trial: Make
) -> None:
    members = [trial(network="dnn", modality="fused", seed=seed) for seed in (0, 1)]
    feed = Feed(corpus, members)
    network = build([each.network_spec() for each in members], [0, 1]).eval()
    before = {name: each.clone() for name, each in network.state_dict().items()}
    logits = classify(network, feed, "test")
    seen = {str(a.name): torch.rand(2, 50) for a in network.activations.values()}
    with rounded_weights(network, 3), rounded_activations(network, seen, 2):
        weight = network.weighted["image_conv2"].weight
        assert all(len(each.unique()) <= 7 for each in weight[0])
        hidden: list[torch.Tensor] = []
        neurons = network.activations["fused_hidden"].neurons
        neurons.register_forward_hook(lambda _, __, output: hidden.append(output))
        classify(network, feed, "test")
        assert len(hidden[0][0].unique()) <= 4
    assert all(torch.equal(before[name], each) for name, each in network.state_dict().items())
    assert torch.equal(classify(network, feed, "test"), logits)


def test_many_bits_answer_as_none_do(corpus: Corpus, trial: Make) -> None:
    definition = trial(network="dnn")
    feed, network = Feed(corpus, [definition]), build(definition.network_spec(), 0).eval()
    plain = classify(network, feed, "test")
    with rounded_weights(network, 20):
        assert torch.allclose(classify(network, feed, "test"), plain, atol=1e-3)


def test_a_trained_twin_stores_right_answers_of_every_pair(
    corpus: Corpus, trial: Make, tmp_path: Path
) -> None:
    store, definition = TrialStore(tmp_path), trial(network="dnn", epochs=4)
    train_population([definition], corpus, store)
    folder = store.folder(definition.name)
    kept = folder.observations()
    found = quantised_shares(kept)

    assert kept["quantised/bits"].tolist() == [list(pair) for pair in PAIRS]
    assert list(found) == ["w8a8", "w8a3", "w3a3", "w8a4", "w4a4"]
    plain = store.read(definition.name).results["accuracy"]["test_best"]
    assert plain > 0.4  # chance is 0.1
    assert found["w8a8"] == pytest.approx(plain, abs=0.06)  # 3 of 50 answers
    assert found["w3a3"] > 0.2


def test_a_spiking_network_has_none(corpus: Corpus, trial: Make) -> None:
    definition = trial()
    own: dict[str, torch.Tensor] = {}
    add_quantised(build(definition.network_spec(), 0).eval(), Feed(corpus, [definition]), [own])

    assert own == {}
    assert quantised_shares(own) == {}
