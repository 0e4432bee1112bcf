"""Observations: the spikes behind an answer, and rates over time, as a trial stores them."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from spikefuse.data import Corpus
from spikefuse.meters.rasters import OUTCOMES, SHOWN_NEURONS
from spikefuse.meters.stored_counts import mean_counts
from spikefuse.networks import PopulationNetwork, build
from spikefuse.results import TrialStore
from spikefuse.training import TrialDefinition, train_population
from spikefuse.training.evaluate import classify
from spikefuse.training.feed import Feed
from spikefuse.training.observe import firing_rates, observe
from tests.support.noises import Undisturbed

Make = Callable[..., TrialDefinition]


class Spy(Undisturbed):
    """Keeps everything that leaves the hidden activations; see `spikefuse.networks.Noise`."""

    def __init__(self) -> None:
        self.seen: dict[str, torch.Tensor] = {}

    def reaches_output(self, site: str) -> bool:
        return True

    def after(self, site: str, output: torch.Tensor) -> torch.Tensor:
        self.seen[site] = output
        return output


def untrained(members: list[TrialDefinition], corpus: Corpus) -> tuple[PopulationNetwork, Feed]:
    """Networks with weights drawn three times too large, so that every layer spikes."""
    network = build([d.network_spec() for d in members], [d.seed for d in members]).eval()
    with torch.no_grad():
        for weight in network.parameters():
            weight *= 3
    return network, Feed(corpus, members)


def look(network: PopulationNetwork, feed: Feed, split: str, number: int) -> dict:
    """What leaves every hidden activation in one batch."""
    spy = Spy()
    with torch.no_grad():
        network(list(feed.evaluation_batches(split))[number].inputs, noise=spy)
    return spy.seen


@pytest.mark.parametrize("modality", ["image", "audio", "fused"])
def test_rates_by_step_have_the_mean_of_the_firing_rates(
    corpus: Corpus, trial: Make, modality: str
) -> None:
    members = [trial(modality=modality, seed=0), trial(modality=modality, seed=1, reset="hard")]
    network, feed = untrained(members, corpus)

    observed = observe(network, feed, classify(network, feed, "test"))

    for found, means in zip(observed, firing_rates(network, feed), strict=True):
        assert {name for name in found if name.startswith("rate/")} == {
            f"rate/{site}" for site in network.sites
        }
        for site, mean in means.items():
            rate = found[f"rate/{site}"]
            assert rate.shape == (4,)
            assert rate.mean().item() == pytest.approx(mean, abs=1e-12)


def test_rates_by_step_are_shares_of_spikes(corpus: Corpus, trial: Make) -> None:
    network, feed = untrained([trial(modality="fused", seed=0)], corpus)

    (found,) = observe(network, feed, classify(network, feed, "test"), most=30)

    for site, output in look(network, feed, "validation", 0).items():
        share = output[0, :, :30].double().flatten(1).mean(dim=1)
        assert share.std() > 0
        torch.testing.assert_close(found[f"rate/{site}"], share, rtol=0, atol=1e-12)


def test_samples_are_the_first_right_and_the_first_wrong_one(corpus: Corpus, trial: Make) -> None:
    definition = trial(modality="fused")
    network, feed = untrained([definition], corpus)
    logits = classify(network, feed, "test")

    (found,) = observe(network, feed, logits)

    labels, predicted = feed.labels("test")[0], logits[0].argmax(dim=-1)
    for outcome, mask in zip(OUTCOMES, (predicted == labels, predicted != labels), strict=True):
        position = int(found[f"{outcome}/position"])
        assert position == int(mask.nonzero()[0])
        assert int(found[f"{outcome}/label"]) == labels[position]
        assert int(found[f"{outcome}/predicted"]) == predicted[position]
        for pool, name in ((corpus.image, "image"), (corpus.audio, "audio")):
            assert pool.labels[int(found[f"{outcome}/{name}"])] == labels[position]


def test_spikes_are_those_of_the_tested_sample(corpus: Corpus, trial: Make) -> None:
    definition = trial(modality="fused")
    network, feed = untrained([definition], corpus)
    logits = classify(network, feed, "test")

    (found,) = observe(network, feed, logits)

    seen = look(network, feed, "test", 0)
    outcome = max(OUTCOMES, key=lambda name: int(found[f"{name}/position"]))
    position = int(found[f"{outcome}/position"])
    assert position > 0
    for site, output in seen.items():
        spikes = output[0, :, position]
        assert not torch.equal(spikes, output[0, :, 0])
        if "hidden" in site:
            chosen = found[f"{outcome}/neurons/{site}"].long()
            assert torch.equal(found[f"{outcome}/spikes/{site}"].float(), spikes[:, chosen])
            continue
        counts = found[f"{outcome}/counts/{site}"]
        assert counts.shape == (4, spikes.shape[-1])
        for step in range(4):
            for channel in (0, spikes.shape[-1] - 1):
                assert counts[step, channel] == spikes[step, ..., channel].sum()


def test_shown_neurons_are_spread_evenly(corpus: Corpus, trial: Make) -> None:
    definition = trial(budget=1_600_000)
    network, feed = untrained([definition], corpus)
    hidden = network.width.hidden
    assert hidden > 2 * SHOWN_NEURONS

    (found,) = observe(network, feed, classify(network, feed, "test"))

    neurons = found["wrong/neurons/image.hidden"]
    assert len(neurons) == SHOWN_NEURONS
    assert found["wrong/spikes/image.hidden"].shape == (4, SHOWN_NEURONS)
    steps = neurons.diff()
    assert neurons[0] == 0
    assert int(steps.max() - steps.min()) <= 1
    assert hidden - int(neurons[-1]) <= int(steps.max())


def test_the_sample_may_lie_in_a_later_batch(corpus: Corpus, trial: Make) -> None:
    """Members are served from different batches, and a faultless one has no wrong sample."""
    members = [trial(seed=0, selection={"images": 300, "test_images": 230}), trial(seed=1)]
    members[1] = members[1].model_copy(update={"selection": members[0].selection})
    network, feed = untrained(members, corpus)
    labels = feed.labels("test")
    logits = torch.nn.functional.one_hot(labels, 10).float()
    logits[0, 217] = logits[0, 217].roll(1)

    first, second = observe(network, feed, logits)

    assert int(first["wrong/position"]) == 217
    assert int(first["wrong/predicted"]) == (int(labels[0, 217]) + 1) % 10
    assert not any(name.startswith("wrong") for name in second)
    assert int(second["correct/position"]) == 0
    chosen = first["wrong/neurons/image.hidden"].long()
    wanted = look(network, feed, "test", 2)["image.hidden"][0, :, 17][:, chosen]
    assert wanted.any()
    assert torch.equal(first["wrong/spikes/image.hidden"].float(), wanted)


def test_a_dense_network_has_rates_and_operations_alone(corpus: Corpus, trial: Make) -> None:
    network, feed = untrained([trial(network="dnn")], corpus)

    (found,) = observe(network, feed, classify(network, feed, "test"))

    rates = {name: each for name, each in found.items() if not name.startswith("synops/")}
    assert rates.keys() == {f"rate/{site}" for site in network.sites}
    assert all(rate.shape == (1,) for rate in rates.values())
    counts = mean_counts(found)
    assert [layer.source for layer in counts.layers] == ["real"] * 4
    assert counts.neurons == ()
    assert 0 < found["rate/image.hidden"].item() < 1


def test_trials_store_the_same_alone_and_in_a_population(
    corpus: Corpus, trial: Make, tmp_path: Path
) -> None:
    members = [
        trial(modality="fused", seed=0),
        trial(modality="fused", seed=1, reset="hard", learning_rate=3e-3),
        trial(modality="fused", seed=2, neuron="if"),
    ]
    together, apart = TrialStore(tmp_path / "together"), TrialStore(tmp_path / "apart")
    train_population(members, corpus, together)
    for member in members:
        train_population([member], corpus, apart)
        ours, theirs = (store.folder(member.name).observations() for store in (together, apart))
        assert ours.keys() == theirs.keys()
        for name, tensor in ours.items():
            assert torch.equal(tensor, theirs[name]), name
        # What is observed is what was tested.
        predictions = together.folder(member.name).predictions()
        for outcome in OUTCOMES:
            position = int(ours[f"{outcome}/position"])
            assert ours[f"{outcome}/predicted"] == predictions["predicted"][position]
            assert ours[f"{outcome}/image"] == predictions["image"][position]
            assert ours[f"{outcome}/audio"] == predictions["audio"][position]
    assert together.verify() == []
