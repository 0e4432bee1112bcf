"""Training: members apart and together, resumed and not, diverged and healthy."""

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from spikefuse.core import library
from spikefuse.core.deadline import Deadline, OutOfTimeError
from spikefuse.core.errors import InputError
from spikefuse.data import Corpus, Selection
from spikefuse.networks import build
from spikefuse.neurons import SHAPES
from spikefuse.neurons.lif import resolve_backend
from spikefuse.noise import NOISES
from spikefuse.results import TrialStore
from spikefuse.results.checkpoints import CHECKPOINT
from spikefuse.training import NoiseCondition, TrialDefinition, evaluate_condition, train_population
from spikefuse.training.checkpoint import read_position
from spikefuse.training.feed import Feed
from spikefuse.training.step import TrainingSteps

Make = Callable[..., TrialDefinition]


class Killed(Exception):
    """Stands in for the end of a process."""


def _numbers(store: TrialStore, definition: TrialDefinition) -> dict:
    """Everything a trial stored, without what a clock decides."""
    record = store.read(definition.name)
    results = {key: value for key, value in record.results.items() if key != "seconds"}
    metrics = [
        {key: value for key, value in row.items() if key != "seconds"} for row in record.metrics
    ]
    return {"results": results, "metrics": metrics}


def _weights(store: TrialStore, definition: TrialDefinition) -> dict[str, torch.Tensor]:
    return store.folder(definition.name).weights()


def _same(one: TrialStore, other: TrialStore, definition: TrialDefinition) -> None:
    assert _numbers(one, definition) == _numbers(other, definition)
    ours, theirs = _weights(one, definition), _weights(other, definition)
    assert ours.keys() == theirs.keys()
    for name, weight in ours.items():
        assert torch.equal(weight, theirs[name]), name


@pytest.mark.parametrize("modality", ["image", "fused"])
def test_a_population_equals_one_by_one(
    corpus: Corpus, trial: Make, tmp_path: Path, modality: str
) -> None:
    members = [
        trial(modality=modality, seed=0),
        trial(modality=modality, seed=1, reset="hard", learning_rate=3e-3),
        trial(modality=modality, seed=2, neuron="if"),
    ]
    together, apart = TrialStore(tmp_path / "together"), TrialStore(tmp_path / "apart")
    assert train_population(members, corpus, together) == ["done"] * 3
    for member in members:
        train_population([member], corpus, apart)
        _same(together, apart, member)


LEARNED: dict[str, Any] = {
    "modality": "fused",
    "fusion": "gated",
    "neuron": "plif",
    "encoder": "rate",
    "threshold": 0.2,
    "budget": 60_000,
    "selection": Selection(images=100, test_images=30),
}
"""Every part that learns something of its own, behind spikes that are drawn anew each epoch."""


def test_learned_parts_are_the_same_alone_and_in_pieces(
    corpus: Corpus, trial: Make, tmp_path: Path
) -> None:
    members = [trial(**LEARNED, seed=0), trial(**LEARNED, seed=1, leak=0.5, learning_rate=3e-3)]
    together, apart = TrialStore(tmp_path / "together"), TrialStore(tmp_path / "apart")
    assert train_population(members, corpus, together) == ["done"] * 2
    positions = _train_in_pieces(members[:1], corpus, apart, 27.0)
    assert any(step > 0 for (_, step), *_ in positions), "never stopped within an epoch"
    train_population(members[1:], corpus, apart)
    for member in members:
        _same(together, apart, member)
        start = build(member.network_spec(), member.seed).member_state(0)
        learned = _weights(together, member)
        assert learned.keys() == start.keys()
        for name in ("fusion.image.weight", "fusion.audio.bias", "audio.conv1.neurons.leak_logit"):
            assert not torch.equal(learned[name], start[name]), name


def test_training_learns(corpus: Corpus, trial: Make, tmp_path: Path) -> None:
    store = TrialStore(tmp_path)
    for network in ("dnn", "snn"):
        definition = trial(
            network=network,
            budget=1_600_000,
            epochs=4,
            selection=Selection(images=600, test_images=100),
        )
        train_population([definition], corpus, store)
        results = store.read(definition.name).results
        assert results["accuracy"]["test_best"] > 0.6, definition.network
        assert results["best_epoch"] >= 1


@pytest.mark.parametrize("event", [1, 3, 5])
def test_killed_and_resumed_equals_uninterrupted(
    corpus: Corpus, trial: Make, tmp_path: Path, event: int
) -> None:
    members = [trial(seed=0, epochs=3), trial(seed=1, epochs=3)]
    whole, broken = TrialStore(tmp_path / "whole"), TrialStore(tmp_path / "broken")
    train_population(members, corpus, whole)
    seen = 0

    def kill(_: dict) -> None:
        nonlocal seen
        seen += 1
        if seen == event:
            raise Killed

    with pytest.raises(Killed):
        train_population(members, corpus, broken, kill)
    train_population(members, corpus, broken)
    for member in members:
        _same(whole, broken, member)


@pytest.mark.skipif(not library.available(), reason=f"native: {library.why_not()}")
def test_killed_and_resumed_by_events_equals_uninterrupted(
    corpus: Corpus, trial: Make, tmp_path: Path
) -> None:
    """Alone or beside others, too: the way of a product never depends on who else is there."""
    small: dict[str, Any] = {
        "plan": "pool-twice",
        "budget": 60_000,
        "epochs": 2,
        "selection": Selection(images=100, test_images=30),
        "precision": "float32",
    }
    members = [trial(**small, seed=0), trial(**small, seed=1, reset="hard")]
    whole, broken = TrialStore(tmp_path / "whole"), TrialStore(tmp_path / "broken")
    train_population(members, corpus, whole, products="events")
    seen = 0

    def kill(_: dict) -> None:
        nonlocal seen
        seen += 1
        if seen == 2:
            raise Killed

    with pytest.raises(Killed):
        train_population(members, corpus, broken, kill, products="events")
    for member in members:
        train_population([member], corpus, broken, products="events")
        _same(whole, broken, member)
        shares = whole.read(member.name).provenance["products_by_events"]
        assert shares == {"forward": 1.0, "weight": 1.0, "input": 1.0}


class Ticks:
    """A clock that moves on by one at each look."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 1.0
        return self.now


def _train_in_pieces(
    members: list[TrialDefinition], corpus: Corpus, store: TrialStore, limit: float
) -> list[list[tuple[int, int]]]:
    """Call again until done; the positions of the members' checkpoints after each stop."""
    positions: list[list[tuple[int, int]]] = []
    for _ in range(30):
        advanced = _train_until(members, corpus, store, limit)
        if advanced is None:
            return positions
        assert advanced > 0
        positions.append([read_position(store.folder(member.name)) for member in members])
    raise AssertionError(positions)


def _train_until(
    members: list[TrialDefinition], corpus: Corpus, store: TrialStore, limit: float
) -> int | None:
    """How many pieces of work were done when the deadline came; None when it came too late."""
    try:
        train_population(members, corpus, store, deadline=Deadline(limit, Ticks()))
    except OutOfTimeError as stop:
        return stop.advanced
    return None


@pytest.mark.parametrize("limit", [16.0, 22.0, 37.0])
def test_stopped_by_deadlines_anywhere_equals_uninterrupted(
    corpus: Corpus, trial: Make, tmp_path: Path, limit: float
) -> None:
    """In the middle of an epoch, before validation, before the test: bit for bit the same."""
    members = [
        trial(seed=0, modality="fused"),
        trial(seed=1, modality="fused", reset="hard"),
    ]
    whole, pieces = TrialStore(tmp_path / "whole"), TrialStore(tmp_path / "pieces")
    train_population(members, corpus, whole)
    positions = _train_in_pieces(members, corpus, pieces, limit)
    assert any(step > 0 for (_, step), _ in positions), "never stopped within an epoch"
    assert all(first == second for first, second in positions)
    assert positions == sorted(positions)
    for member in members:
        _same(whole, pieces, member)
        ours, theirs = (s.folder(member.name).predictions() for s in (whole, pieces))
        assert all(torch.equal(ours[key], theirs[key]) for key in ours)


def test_the_seconds_of_an_epoch_in_pieces_add_up(
    corpus: Corpus, trial: Make, tmp_path: Path
) -> None:
    store, member = TrialStore(tmp_path), trial()
    begin = time.perf_counter()
    _train_in_pieces([member], corpus, store, 24.0)
    took = time.perf_counter() - begin
    record = store.read(member.name)
    epochs = [row["seconds"] for row in record.metrics]
    assert record.results["seconds"] == pytest.approx(sum(epochs))
    assert 0 < sum(epochs) < took


def test_a_deadline_does_not_wake_the_dead(
    corpus: Corpus, trial: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A member that broke down in the middle of an epoch leaves the others' batches as they are."""
    sick, healthy = trial(network="dnn", seed=1), trial(network="dnn", seed=0)
    alone = TrialStore(tmp_path / "alone")
    train_population([healthy], corpus, alone)
    original = TrainingSteps.run

    def poison(self: TrainingSteps, first: int, count: int) -> None:
        if first == 2 and self.feed.definitions[0] == sick:
            with torch.no_grad():
                next(self.network.parameters())[0].fill_(float("nan"))
        original(self, first, count)

    monkeypatch.setattr(TrainingSteps, "run", poison)
    store = TrialStore(tmp_path / "pair")
    assert train_population([sick, healthy], corpus, store) == ["diverged", "done"]
    _same(alone, store, healthy)


def test_a_checkpoint_within_an_epoch_is_small_enough_to_move(
    corpus: Corpus, trial: Make, tmp_path: Path
) -> None:
    store = TrialStore(tmp_path)
    member = trial(plan="mlp", budget=1_600_000, epochs=3)
    folder = store.open(member.model_dump(mode="json"))
    while read_position(folder) < (1, 1):  # in the second epoch, so with the first's best weights
        assert _train_until([member], corpus, store, 22.0)
    tensors, _ = folder.read_checkpoint() or ({}, {})
    assert {name.partition("/")[0] for name in tensors} == {"weights", "best", "optimiser"}
    size = (folder.path / CHECKPOINT).stat().st_size
    assert 4 * 4 * 1_580_000 < size < 50e6


def test_members_stopped_at_different_epochs_go_on(
    corpus: Corpus, trial: Make, tmp_path: Path
) -> None:
    """A kill between two checkpoints leaves members at different epochs."""
    members = [trial(seed=0, epochs=3), trial(seed=1, epochs=3)]
    whole, broken = TrialStore(tmp_path / "whole"), TrialStore(tmp_path / "broken")
    train_population(members, corpus, whole)

    def kill(event: dict) -> None:
        if event["epoch"] == 2:
            raise Killed

    with pytest.raises(Killed):
        train_population(members[:1], corpus, broken, kill)
    train_population(members, corpus, broken)
    for member in members:
        _same(whole, broken, member)


def test_what_is_done_is_not_trained_again(corpus: Corpus, trial: Make, tmp_path: Path) -> None:
    store, member = TrialStore(tmp_path), trial()
    train_population([member], corpus, store)

    def fail(event: dict) -> None:
        raise AssertionError(event)

    assert train_population([member], corpus, store, fail) == ["done"]


def test_divergence_is_found_in_its_step_and_harms_nobody(
    corpus: Corpus, trial: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    healthy, sick = trial(network="dnn", seed=0), trial(network="dnn", seed=1)
    alone = TrialStore(tmp_path / "alone")
    train_population([healthy], corpus, alone)

    from spikefuse.training import fit

    original = fit.Fit._train_epoch

    def poison(self: fit.Fit, epoch: int):
        if epoch == 2 and len(self.definitions) > 1:
            with torch.no_grad():
                next(self.network.parameters())[1].fill_(float("nan"))
        return original(self, epoch)

    monkeypatch.setattr(fit.Fit, "_train_epoch", poison)
    store = TrialStore(tmp_path / "pair")
    assert train_population([healthy, sick], corpus, store) == ["done", "diverged"]
    reason = store.read(sick.name).results["reason"]
    assert reason == "loss not finite in epoch 2, step 0"
    _same(alone, store, healthy)


def test_best_weights_are_those_of_the_best_validation_epoch(
    corpus: Corpus, trial: Make, tmp_path: Path
) -> None:
    store, member = TrialStore(tmp_path), trial(epochs=4)
    train_population([member], corpus, store)
    record = store.read(member.name)
    validation = [row["validation_accuracy"] for row in record.metrics]
    best = record.results["best_epoch"]
    assert validation[best - 1] == max(validation)
    assert record.results["accuracy"]["validation_best"] == max(validation)
    assert record.results["accuracy"]["validation_last"] == validation[-1]
    feed = Feed(corpus, [member])
    network = build(member.network_spec()).eval()
    network.load_member(0, store.folder(member.name).weights())
    clean = evaluate_condition(network, feed, NoiseCondition(noise_std=0.0))[0]
    assert clean["validation"] == [max(validation)]
    assert clean["test"] == [record.results["accuracy"]["test_best"]]


def test_noise_that_leaves_no_numbers_is_refused_and_a_broken_member_stays_as_it_is(
    corpus: Corpus, trial: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The largest of no numbers is the first class, right by chance."""
    broken = replace(NOISES["gaussian"], disturb=lambda x, steps, strength: x * float("nan"))
    monkeypatch.setitem(NOISES, "gaussian", broken)
    members = [trial(network="dnn", seed=seed) for seed in (0, 1)]
    network = build([each.network_spec() for each in members], [0, 1]).eval()
    noise = NoiseCondition(noise_std=0.5, draws=1)
    with pytest.raises(InputError, match=r"noise: gaussian of 0\.5 before must be such that"):
        evaluate_condition(network, Feed(corpus, members), noise)
    with torch.no_grad():
        for weight in network.parameters():
            weight.fill_(float("nan"))
    assert len(evaluate_condition(network, Feed(corpus, members), noise)) == 2


def test_strong_noise_brings_a_network_to_chance(
    corpus: Corpus, trial: Make, tmp_path: Path
) -> None:
    store = TrialStore(tmp_path)
    member = trial(network="dnn", epochs=6, selection=Selection(images=1000, test_images=200))
    train_population([member], corpus, store)
    feed = Feed(corpus, [member])
    network = build(member.network_spec()).eval()
    network.load_member(0, store.folder(member.name).weights())
    mild, strong = (
        evaluate_condition(network, feed, NoiseCondition(noise_std=std, draws=3))[0]["test"]
        for std in (0.01, 50.0)
    )
    assert len(mild) == 3
    assert min(mild) > 0.6
    assert max(strong) < 0.35


def test_order_is_a_function_of_seed_and_epoch(corpus: Corpus, trial: Make) -> None:
    feed = Feed(corpus, [trial(seed=0), trial(seed=1)])
    first, again, other = (feed.training_order(epoch) for epoch in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert not torch.equal(first[0], first[1])


def test_every_training_sample_is_seen_once_an_epoch(corpus: Corpus, trial: Make) -> None:
    feed = Feed(corpus, [trial(), trial(seed=1)])
    everyone = torch.arange(feed.size("train")).expand(2, -1)
    assert torch.equal(feed.training_order(1).sort(dim=1).values, everyone)


def test_stored_definition_is_readable(corpus: Corpus, trial: Make, tmp_path: Path) -> None:
    store, member = TrialStore(tmp_path), trial()
    train_population([member], corpus, store)
    assert TrialDefinition.model_validate(store.read(member.name).definition) == member


@pytest.mark.parametrize(
    "changes",
    [{"surrogate": "bell", "surrogate_width": 0.5}, {"neuron": "plif"}, {"network": "dnn"}],
)
def test_provenance_says_what_computed_the_neurons(
    corpus: Corpus,
    trial: Make,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    changes: dict[str, Any],
) -> None:
    monkeypatch.setitem(SHAPES, "bell", replace(SHAPES["triangle"], code=None))
    store, usual, other = TrialStore(tmp_path), trial(epochs=1), trial(epochs=1, **changes)
    for member in (usual, other):
        train_population([member], corpus, store)
    said = [store.read(member.name).provenance["backend"] for member in (usual, other)]
    assert said == [resolve_backend(), "eager"]


def test_predictions_say_what_was_answered_to_which_sample(
    corpus: Corpus, trial: Make, tmp_path: Path
) -> None:
    definition = trial(modality="fused", epochs=2)
    store = TrialStore(tmp_path)
    train_population([definition], corpus, store)
    folder = store.folder(definition.name)
    stored, feed = folder.predictions(), Feed(corpus, [definition])
    network = build(definition.network_spec(), definition.seed)
    network.load_member(0, folder.weights())
    with torch.no_grad():
        logits = torch.cat(
            [network.eval()(batch.inputs)[0] for batch in feed.evaluation_batches("test")]
        )
    assert torch.equal(stored["logits"], logits)
    assert torch.equal(stored["predicted"].long(), logits.argmax(dim=-1))
    assert torch.equal(stored["labels"].long(), feed.labels("test")[0])
    assert torch.equal(corpus.image.labels[stored["image"].long()], stored["labels"].long())
    assert torch.equal(corpus.audio.labels[stored["audio"].long()], stored["labels"].long())
    right = (stored["predicted"] == stored["labels"]).double().mean()
    assert store.read(definition.name).results["accuracy"]["test_best"] == pytest.approx(right)


def test_a_killed_run_goes_on_with_the_epoch_it_was_in(
    corpus: Corpus, trial: Make, tmp_path: Path
) -> None:
    member, store = trial(epochs=3), TrialStore(tmp_path)

    def kill(event: dict) -> None:
        if event["epoch"] == 3:
            raise Killed

    with pytest.raises(Killed):
        train_population([member], corpus, store, kill)
    seen: list[int] = []
    train_population([member], corpus, store, lambda event: seen.append(event["epoch"]))
    assert set(seen) == {3}


@pytest.mark.parametrize(("rule", "chosen"), [("first", 1), ("lower-loss", 3)])
def test_of_equal_validation_accuracies(
    corpus: Corpus,
    trial: Make,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    rule: str,
    chosen: int,
) -> None:
    """Four epochs, all right equally often; the loss falls, then rises."""
    losses = iter([0.5, 0.4, 0.3, 0.6])
    monkeypatch.setattr("spikefuse.training.fit.accuracy", lambda answers, labels: [0.8])
    monkeypatch.setattr("spikefuse.training.fit.mean_losses", lambda logits, labels: [next(losses)])
    definition = trial(epochs=4, best_epoch=rule)
    store = TrialStore(tmp_path)
    train_population([definition], corpus, store)
    record = store.read_final(definition.name)
    assert record.results["best_epoch"] == chosen
    assert [row["validation_loss"] for row in record.metrics] == [0.5, 0.4, 0.3, 0.6]


def test_validation_answers_are_stored(corpus: Corpus, trial: Make, tmp_path: Path) -> None:
    """A temperature for the product of experts is then a line, without training."""
    store, definition = TrialStore(tmp_path), trial()
    train_population([definition], corpus, store)
    stored = store.folder(definition.name).observations()
    logits, labels = stored["validation/logits"], stored["validation/labels"]
    right = (logits.argmax(dim=-1) == labels).double().mean()
    best = store.read_final(definition.name).results["accuracy"]["validation_best"]
    assert float(right) == pytest.approx(best)
