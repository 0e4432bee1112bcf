"""Training that ends at its plateau: each network by its own curve, alone or beside others."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from spikefuse.analysis.effort import effort_columns
from spikefuse.analysis.tabulate import plain_rows
from spikefuse.data import Corpus, Selection
from spikefuse.results import TrialStore
from spikefuse.training import TrialDefinition, train_population
from spikefuse.training.feed import Feed
from spikefuse.training.fit import Fit
from spikefuse.workbench.modules import train_one
from tests.unit.training.test_fit import _same, _train_in_pieces, _weights

Make = Callable[..., TrialDefinition]
MOST = 3


def early(fit: Fit, member: int) -> bool:
    """A rule that ends small trainings at different epochs: after one more than their seed."""
    at_all = fit.definitions[member].stop == "plateau"
    return at_all and len(fit.folders[member].own_metrics()) > fit.definitions[member].seed


@pytest.fixture
def members(trial: Make, monkeypatch: pytest.MonkeyPatch) -> list[TrialDefinition]:
    monkeypatch.setattr(Fit, "_has_settled", early)
    few = Selection(images=100, test_images=20)
    small = {"budget": 60_000, "time_steps": 2, "epochs": MOST, "stop": "plateau"}
    return [trial(seed=seed, selection=few, **small) for seed in range(2)]


def epochs_of(store: TrialStore, definition: TrialDefinition) -> int:
    return len(store.read_final(definition.name).metrics)


def test_each_stops_at_its_own_epoch_and_as_it_would_alone(
    corpus: Corpus, members: list[TrialDefinition], tmp_path: Path
) -> None:
    together, apart = TrialStore(tmp_path / "together"), TrialStore(tmp_path / "apart")
    assert train_population(members, corpus, together) == ["done"] * len(members)
    assert [epochs_of(together, each) for each in members] == [1, 2]
    for member in members:
        train_population([member], corpus, apart)
        _same(together, apart, member)


def test_it_is_the_network_of_so_many_epochs(
    corpus: Corpus, members: list[TrialDefinition], tmp_path: Path
) -> None:
    store = TrialStore(tmp_path)
    train_population(members[:1], corpus, store)
    found = store.read_final(members[0].name)
    plain = members[0].model_copy(update={"stop": "epochs", "epochs": len(found.metrics)})
    train_population([plain], corpus, store)
    wanted = store.read_final(plain.name)
    assert found.results["accuracy"] == wanted.results["accuracy"]
    assert found.results["best_epoch"] == wanted.results["best_epoch"]
    ours, theirs = _weights(store, members[0]), _weights(store, plain)
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)

    assert found.results.keys() == wanted.results.keys()
    told = plain_rows(
        found, lambda split, metric, value, samples="": {"metric": metric, "value": value}
    )
    rows = {row["metric"]: row["value"] for row in told}
    assert rows["epochs"] == len(found.metrics)
    assert effort_columns(found)["steps"] == effort_columns(wanted)["steps"] > 0


def test_stopped_anywhere_it_ends_as_uninterrupted(
    corpus: Corpus, members: list[TrialDefinition], tmp_path: Path
) -> None:
    whole, pieces = TrialStore(tmp_path / "whole"), TrialStore(tmp_path / "pieces")
    train_population(members, corpus, whole)
    stops = _train_in_pieces(members, corpus, pieces, 30.0)
    assert stops, "never stopped"
    for member in members:
        _same(whole, pieces, member)


def test_the_rule_is_the_one_of_the_verdicts(
    corpus: Corpus, trial: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Accuracy as good as from the first epoch on: eight epochs, the fewest that have a slope."""
    monkeypatch.setattr("spikefuse.training.fit.accuracy", lambda answers, labels: [0.8])
    store, definition = (
        TrialStore(tmp_path),
        trial(epochs=12, network="dnn", stop="plateau", budget=60_000),
    )
    train_population([definition], corpus, store)
    assert epochs_of(store, definition) == 8
    assert effort_columns(store.read_final(definition.name))["steps"] == 8 * 4


def test_a_module_of_ones_own_stops_there_too(
    corpus: Corpus, trial: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Flat(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = torch.nn.Linear(64, 10)

        def forward(self, inputs: dict[str, torch.Tensor]) -> torch.Tensor:
            return self.layer(inputs["image"].flatten(1))

    seen: list[int] = []
    orders = Feed.training_order

    def counted(feed: Feed, epoch: int) -> torch.Tensor:
        seen.append(epoch)
        return orders(feed, epoch)

    monkeypatch.setattr(Feed, "training_order", counted)
    monkeypatch.setattr(
        "spikefuse.workbench.modules.reached_plateau", lambda curve: len(curve) == 3
    )
    for stop, last in (("plateau", 3), ("epochs", 5)):
        seen.clear()
        train_one(Flat, Feed(corpus, [trial(epochs=5, stop=stop)]), 10)
        assert max(seen) == last


def test_what_another_process_writes_stops_nobody(
    corpus: Corpus, trial: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two may train one trial; each has its own view of the epochs."""
    monkeypatch.setattr("spikefuse.training.fit.accuracy", lambda answers, labels: [0.8])
    store = TrialStore(tmp_path)
    definition = trial(epochs=12, network="dnn", stop="plateau", budget=60_000)
    path = store.root / "trials" / definition.name / "metrics.jsonl"
    epoch = Fit._epoch

    def beside(fit: Fit, number: int) -> None:
        epoch(fit, number)
        if number == 3:  # somebody else is further
            lines = path.read_text().splitlines()
            rows = [json.loads(lines[0]) | {"epoch": place} for place in range(1, 10)]
            path.write_text("".join(json.dumps(row) + "\n" for row in rows))

    monkeypatch.setattr(Fit, "_epoch", beside)
    train_population([definition], corpus, store)
    assert epochs_of(store, definition) == 8


def test_time_beside_one_that_has_ended_is_the_others(
    corpus: Corpus, members: list[TrialDefinition], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter(range(0, 10**6, 6))  # six seconds between two looks
    monkeypatch.setattr("spikefuse.training.fit.time.perf_counter", lambda: float(next(clock)))
    store = TrialStore(tmp_path)
    train_population(members, corpus, store)
    (first,) = store.read_final(members[0].name).metrics
    both, alone = store.read_final(members[1].name).metrics
    assert first["seconds"] == both["seconds"]
    assert alone["seconds"] == 2 * both["seconds"]
