"""Failing senses: what stands in an input's place, for whom, and what the network answers."""

from collections.abc import Callable
from typing import Any

import pytest
import torch

from spikefuse.core.errors import DataError, InputError
from spikefuse.data import Corpus
from spikefuse.networks import PopulationNetwork, build
from spikefuse.noise import NOISES, NoiseCondition
from spikefuse.training import TrialDefinition
from spikefuse.training.evaluate import accuracy, answers_under, classify
from spikefuse.training.feed import Feed
from spikefuse.training.senses import FILLS, _of_another_class, replacements, shown_labels

Make = Callable[..., TrialDefinition]


@pytest.fixture
def feed(corpus: Corpus, trial: Make) -> Feed:
    return Feed(corpus, [trial(modality="fused", seed=s) for s in (0, 1)])


def network_of(feed: Feed) -> PopulationNetwork:
    own = feed.definitions
    return build([d.network_spec() for d in own], [d.seed for d in own]).eval()


def condition(kind: str, severity: float = 1.0, **settings: Any) -> NoiseCondition:
    return NoiseCondition(kind=kind, noise_std=severity, draws=1, **settings)


@pytest.mark.parametrize("kind", [*NOISES])
def test_severity_zero_is_the_identity_bit_for_bit(feed: Feed, kind: str) -> None:
    network = network_of(feed)
    plain = classify(network, feed, "test")
    for position in NOISES[kind].positions:
        none = NoiseCondition(kind=kind, noise_std=0.0, noise_position=position)
        assert torch.equal(classify(network, feed, "test", none), plain)
        some = NoiseCondition(kind=kind, noise_std=1.0, noise_position=position)
        moved = classify(network, feed, "test", some)
        assert torch.isfinite(moved).all()
        assert not torch.equal(moved, plain), position
    assert torch.equal(classify(network, feed, "test"), plain), "nothing of it stays"


def test_weights_carry_noise_of_the_amount_asked_for_and_are_restored(feed: Feed) -> None:
    from spikefuse.training.evaluate import disturbed_weights

    network = network_of(feed)
    before = {name: p.detach().clone() for name, p in network.named_parameters()}
    layer = network.weighted["fused_hidden"]
    for settings, expected in (
        ({"noise_std": 0.02}, 0.02),
        ({"noise_std": 0.5, "unit": "std"}, 0.5 * layer.weight[0].std().item()),
    ):
        noise = NoiseCondition(noise_position="weights", **settings)
        with disturbed_weights(network, feed, noise, 0):
            added = (layer.weight - before["weighted.fused_hidden.weight"])[0]
            assert added.std().item() == pytest.approx(expected, rel=0.02)
            assert torch.equal(layer.bias, before["weighted.fused_hidden.bias"])
    with pytest.raises(RuntimeError), disturbed_weights(network, feed, noise, 0):
        raise RuntimeError
    for name, parameter in network.named_parameters():
        assert torch.equal(parameter, before[name])


def test_a_missing_modality_says_nothing_and_the_other_is_untouched(feed: Feed) -> None:
    network = network_of(feed)
    batch = next(iter(feed.evaluation_batches("test")))
    for kind in ("zeros", "mean"):
        found = replacements(condition(kind, modalities=("audio",)), feed, "test", batch, 0)
        assert list(found) == ["audio"]
        assert (found["audio"] == found["audio"][:, :1]).all(), "the same for every sample"
    assert (replacements(condition("zeros"), feed, "test", batch, 0)["image"] == 0).all()
    gone = classify(network, feed, "test", condition("mean"))
    assert torch.equal(gone, gone[:, :1].expand_as(gone)), "nobody tells samples apart"


def test_the_mean_and_the_noise_are_those_of_the_training_samples(feed: Feed) -> None:
    batch = next(iter(feed.evaluation_batches("test")))
    everything = feed.batch("train", torch.arange(feed.size("train")).expand(2, -1)).inputs
    for name, seen in everything.items():
        mean = replacements(condition("mean"), feed, "test", batch, 0)[name]
        assert mean[:, 0] == pytest.approx(seen.mean(dim=1), abs=1e-5)
        static = replacements(condition("static"), feed, "test", batch, 0)[name]
        for member in range(2):
            own, wanted = static[member], seen[member]
            spread = wanted.std(correction=0).item()
            assert own.mean().item() == pytest.approx(wanted.mean().item(), abs=0.1 * spread)
            assert own.std().item() == pytest.approx(spread, rel=0.05)
        assert not torch.equal(static[0], static[1])


def test_shuffling_keeps_all_samples_and_a_conflict_changes_every_class(feed: Feed) -> None:
    labels = feed.labels("test")
    shown = shown_labels(condition("shuffle", modalities=("audio",)), feed, "test", 0)
    assert shown is not None
    assert torch.equal(shown.sort(dim=1).values, labels.sort(dim=1).values)
    agree = (shown == labels).double().mean().item()
    assert 0.0 < agree < 0.3
    for draw in range(3):
        shown = shown_labels(condition("conflict", modalities=("audio",)), feed, "test", draw)
        assert shown is not None
        assert not (shown == labels).any()
        assert len(torch.unique(shown[labels == 3])) > 2, "of any other class"
    assert shown_labels(condition("zeros"), feed, "test", 0) is None


def test_other_classes_are_equally_likely() -> None:
    labels = torch.tensor([0] * 10 + [1] * 30 + [2] * 60)
    generator = torch.Generator().manual_seed(0)
    chosen = torch.cat([_of_another_class(labels, generator)[:10] for _ in range(2000)])
    counts = torch.bincount(chosen, minlength=100)
    assert counts[:10].sum() == 0
    assert counts[10:].min() > 0.7 * 20_000 / 90
    assert counts[10:].max() < 1.3 * 20_000 / 90
    with pytest.raises(DataError, match="samples of two classes"):
        _of_another_class(torch.zeros(5), generator)


def test_what_is_shown_is_what_the_network_sees(feed: Feed) -> None:
    """A network that answers by audio alone follows the shown class, whatever the image says."""
    network = network_of(feed)
    swapped = condition("conflict", modalities=("audio",))
    logits = classify(network, feed, "test", swapped)
    by_hand = []
    for batch in feed.evaluation_batches("test"):
        instead = replacements(swapped, feed, "test", batch, 0)
        by_hand.append(network(batch.inputs | instead))
    assert torch.equal(logits, torch.cat(by_hand, dim=1))
    (first, _) = answers_under(network, feed, swapped)
    shown = shown_labels(swapped, feed, "test", 0)
    assert shown is not None
    predicted = logits.argmax(dim=-1)
    assert first.follows["test"] == [accuracy(predicted, shown)[0]]
    assert first.accuracy["test"] == [accuracy(predicted, feed.labels("test"))[0]]
    assert answers_under(network, feed, condition("zeros"))[0].follows == {}


def test_severity_is_the_share_of_samples_that_lose_the_modality(feed: Feed) -> None:
    network = network_of(feed)
    plain = classify(network, feed, "validation")
    half = classify(network, feed, "validation", condition("zeros", 0.5, modalities=("image",)))
    gone = classify(network, feed, "validation", condition("zeros", modalities=("image",)))
    same, lost = (half == plain).all(dim=-1), (half == gone).all(dim=-1)
    assert (same | lost).all()
    can_change = (gone != plain).any(dim=-1)
    assert can_change.sum() >= 10
    assert 0.2 < lost[can_change].double().mean().item() < 0.8


def test_a_part_of_the_steps_is_the_last_ones(feed: Feed) -> None:
    network = network_of(feed)
    seen = {}

    def keep(name: str) -> Callable[..., None]:
        def hook(module: Any, inputs: Any, output: Any) -> None:
            seen[name] = inputs[0]

        return hook

    handle = network.weighted["image_conv1"].register_forward_hook(keep("image"))
    late = condition("zeros", modalities=("image",), steps_share=0.5)
    classify(network, feed, "test", late)
    handle.remove()
    image = seen["image"]
    assert image.shape[1] == 4
    assert (image[:, 2:] == 0).all()
    assert (image[:, :2] != 0).any()
    assert torch.equal(image[:, 0], image[:, 1])


def test_what_cannot_be_done_is_refused(corpus: Corpus, trial: Make, feed: Feed) -> None:
    with pytest.raises(InputError, match="modality must be one of image, audio"):
        classify(network_of(feed), feed, "test", condition("zeros", modalities=("touch",)))
    dense = Feed(corpus, [trial(modality="fused", network="dnn")])
    late = condition("zeros", steps_share=0.5)
    with pytest.raises(InputError, match="at least one of them and not all"):
        classify(network_of(dense), dense, "test", late)
    membrane = NoiseCondition(noise_std=0.1, noise_position="membrane")
    with pytest.raises(InputError, match="no membrane with a leak"):
        classify(network_of(dense), dense, "test", membrane)


def test_every_fill_has_a_maker() -> None:
    assert {kind.fill for kind in NOISES.values()} - {""} == set(FILLS)
