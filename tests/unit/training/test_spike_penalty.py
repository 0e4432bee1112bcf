"""The penalty on spikes: its gradient, what it leaves of them, and what it must not touch."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

from spikefuse.core.deadline import Deadline, OutOfTimeError
from spikefuse.core.errors import InputError
from spikefuse.data import Corpus
from spikefuse.encoders import Moment
from spikefuse.networks import build
from spikefuse.neurons.lif.eager import pool_spikes
from spikefuse.results import TrialStore
from spikefuse.training import TrialDefinition, train_population
from spikefuse.training.feed import Feed
from spikefuse.training.optimiser import PopulationAdam
from spikefuse.training.step import TrainingSteps

Make = Callable[..., TrialDefinition]


def test_its_gradient_is_that_of_the_share_that_fires(corpus: Corpus, trial: Make) -> None:
    weights = [0.5, 2.0]
    members = [trial(seed=seed, spike_penalty=each) for seed, each in enumerate(weights)]
    feed = Feed(corpus, members)

    def network():
        specs = [each.network_spec() for each in members]
        return build(specs, [0, 1], backend="reference", products="dense").train()

    ours, theirs = network(), network()
    steps = TrainingSteps(ours, feed, PopulationAdam(ours, [0.0, 0.0]))
    steps.begin(1, 0, [0.0, 0.0], [0.0, 0.0])
    batch = feed.batch("train", feed.training_order(1)[:, : members[0].batch_size])
    steps.run(0, 1)

    seen: list[torch.Tensor] = []
    for activation in theirs.activations.values():
        activation.neurons.register_forward_hook(lambda _, __, output: seen.append(output))
        own = activation.forward  # pools behind the neurons, so that all their spikes are seen
        activation.forward = lambda x, pool, noise, meters, own=own: (
            pool_spikes(own(x, False)) if pool else own(x, False)
        )
    logits = theirs(batch.inputs, moment=Moment(batch.samples, torch.ones(1)))
    for member, weight in enumerate(weights):
        spikes = sum(each[member].sum() for each in seen)
        share = spikes / sum(each[member].numel() for each in seen)
        loss = F.cross_entropy(logits[member], batch.labels[member]) + weight * share
        loss.backward(retain_graph=True)
    for (name, one), other in zip(ours.named_parameters(), theirs.parameters(), strict=True):
        assert torch.allclose(one.grad, other.grad, rtol=1e-4, atol=1e-7), name


def test_it_takes_spikes_away(corpus: Corpus, trial: Make, tmp_path: Path) -> None:
    store = TrialStore(tmp_path)
    rates = {}
    for weight in (0.0, 0.1, 1.0):
        definition = trial(spike_penalty=weight, epochs=3, learning_rate=3e-3)
        train_population([definition], corpus, store)
        last = store.read(definition.name).metrics[-1]["rates"].values()
        rates[weight] = sum(last) / len(last)

    assert rates[1.0] < 0.5 * rates[0.0]
    assert rates[1.0] < rates[0.1] < rates[0.0]


def test_members_with_other_weights_are_as_if_alone(
    corpus: Corpus, trial: Make, tmp_path: Path
) -> None:
    members = [trial(seed=seed, spike_penalty=weight) for seed, weight in ((0, 0.5), (1, 5.0))]
    assert members[0].population_key() == members[1].population_key()
    together, apart = TrialStore(tmp_path / "together"), TrialStore(tmp_path / "apart")
    train_population(members, corpus, together)
    for each in members:
        train_population([each], corpus, apart)
        ours, theirs = (store.folder(each.name).weights() for store in (together, apart))
        assert all(torch.equal(ours[name], theirs[name]) for name in ours)


def test_it_goes_on_exactly_where_it_was_stopped(
    corpus: Corpus, trial: Make, tmp_path: Path
) -> None:
    definition = trial(spike_penalty=2.0)
    whole, parts = TrialStore(tmp_path / "whole"), TrialStore(tmp_path / "parts")
    train_population([definition], corpus, whole)

    class Late(Deadline):
        """Stops once, after so many steps."""

        left = 3

        def check(self, kind: str, times: int = 1) -> None:
            if kind.endswith("step"):
                self.left -= 1
            if self.left < 0:
                raise OutOfTimeError("out of time")

    with pytest.raises(OutOfTimeError):
        train_population([definition], corpus, parts, deadline=Late())
    assert parts.state(definition.name) == "partial"
    train_population([definition], corpus, parts)
    ours, theirs = (store.folder(definition.name).weights() for store in (whole, parts))
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)


def test_names_and_populations(trial: Make) -> None:
    assert trial(spike_penalty=0.0).name == trial().name
    assert "spike_penalty" not in trial().naming()
    assert trial(spike_penalty=0.5).name != trial().name
    assert trial(spike_penalty=0.5).population_key() != trial().population_key()
    assert trial(network="dnn", spike_penalty=0.5).name == trial(network="dnn").name


def test_events_carry_no_gradient_of_a_count(corpus: Corpus, trial: Make, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="products must be auto or dense with a spike penalty"):
        train_population(
            [trial(spike_penalty=0.5)], corpus, TrialStore(tmp_path), products="events"
        )
