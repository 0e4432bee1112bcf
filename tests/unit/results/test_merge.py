"""Folders of several machines become one; what contradicts itself is named and nothing written."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from spikefuse.core.errors import StoreError
from spikefuse.results import TrialStore
from spikefuse.results.merge import merge, require_results

Finish = Callable[..., None]


@pytest.fixture
def machines(tmp_path: Path) -> list[TrialStore]:
    return [TrialStore(tmp_path / name) for name in ("first", "second")]


def content(store: TrialStore) -> dict[str, bytes]:
    files = sorted(path for path in store.root.rglob("*") if path.is_file())
    return {str(path.relative_to(store.root)): path.read_bytes() for path in files}


def test_all_trials_come_together(
    machines: list[TrialStore], store: TrialStore, finish: Finish
) -> None:
    for seed in range(4):
        folder = machines[seed % 2].open({"seed": seed})
        finish(folder, "diverged" if seed == 3 else "done", 1.0 + seed)
        folder.write_evaluation({"std": 0.1}, {"accuracy": [seed / 10]})
    before = [content(each) for each in machines]
    merged = merge(machines, store)
    assert (merged.copied, merged.begun, merged.known, merged.conflicts) == (4, 0, 0, ())
    assert content(store) == before[0] | before[1]
    assert store.verify() == []
    assert [content(each) for each in machines] == before
    again = merge(machines, store)
    assert (again.copied, again.known, again.evaluations) == (0, 4, 0)
    assert content(store) == before[0] | before[1]


def test_the_furthest_of_a_trial_is_taken(
    machines: list[TrialStore], store: TrialStore, finish: Finish
) -> None:
    begun, further = (each.open({"seed": 1}) for each in machines)
    for folder, epochs in ((begun, 1), (further, 3)):
        for epoch in range(1, epochs + 1):
            folder.append_metrics({"epoch": epoch, "train_loss": 1.0})
        folder.write_checkpoint({"weight": torch.full((2,), float(epochs))}, {"epoch": epochs})
    merged = merge(machines, store)
    assert (merged.copied, merged.begun) == (0, 1)
    checkpoint = store.folder(begun.trial).read_checkpoint()
    assert checkpoint is not None
    assert checkpoint[1] == {"epoch": 3}
    finish(begun)
    merged = merge(machines, store)
    assert (merged.copied, merged.begun) == (1, 0)
    assert store.state(begun.trial) == "done"
    assert store.folder(begun.trial).read_checkpoint() is None
    # What is finished stays, whatever was only begun elsewhere.
    assert merge([machines[1]], store).known == 1
    assert store.state(begun.trial) == "done"


def test_evaluations_are_added_to_a_trial_that_is_there(
    machines: list[TrialStore], store: TrialStore, finish: Finish
) -> None:
    for machine, std in zip(machines, (0.1, 5.0), strict=True):
        folder = machine.open({"seed": 1})
        finish(folder)
        folder.write_evaluation({"std": std}, {"accuracy": [std]})
    merged = merge(machines, store)
    assert (merged.copied, merged.conflicts) == (1, ())
    evaluations = store.read(folder.trial).evaluations.values()
    assert sorted(each["accuracy"] for each in evaluations) == [[0.1], [5.0]]


def test_one_trial_with_two_results_is_a_conflict(
    machines: list[TrialStore], store: TrialStore, finish: Finish
) -> None:
    finish(machines[0].open({"seed": 0}))
    for machine, scale in zip(machines, (1.0, 2.0), strict=True):
        finish(machine.open({"seed": 1}), scale=scale)
    merged = merge(machines, store)
    (told,) = merged.conflicts
    assert "one trial with two results (weights.safetensors differs)" in told
    assert str(machines[0].root) in told
    assert str(machines[1].root) in told
    assert list(store) == []


def test_one_evaluation_with_two_results_is_a_conflict(
    machines: list[TrialStore], store: TrialStore, finish: Finish
) -> None:
    for machine, accuracy in zip(machines, (0.5, 0.6), strict=True):
        folder = machine.open({"seed": 1})
        finish(folder)
        folder.write_evaluation({"std": 0.1}, {"accuracy": [accuracy]})
    (told,) = merge(machines, store).conflicts
    assert "one evaluation with two results" in told
    assert list(store) == []


def test_damage_is_named_and_nothing_is_written(
    machines: list[TrialStore], store: TrialStore, finish: Finish
) -> None:
    for machine, seed in zip(machines, (0, 1), strict=True):
        finish(machine.open({"seed": seed}))
    damaged = machines[1].folder(next(iter(machines[1]))).path / "weights.safetensors"
    bytes_ = bytearray(damaged.read_bytes())
    bytes_[-1] ^= 1
    damaged.write_bytes(bytes(bytes_))
    (told,) = merge(machines, store).conflicts
    assert told == f"{damaged.parent}: weights.safetensors does not match the hash in the manifest"
    assert list(store) == []


def test_a_folder_that_holds_no_results_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="must be an existing results folder"):
        require_results(tmp_path / "none")
    with pytest.raises(StoreError, match="must be a results folder, got one without trials"):
        require_results(tmp_path)


def test_a_damaged_checkpoint_is_named_and_nothing_is_written(
    machines: list[TrialStore], store: TrialStore
) -> None:
    folder = machines[0].open({"seed": 1})
    folder.append_metrics({"epoch": 1, "train_loss": 1.0})
    folder.write_checkpoint({"weight": torch.zeros(2)}, {"epoch": 1})
    (folder.path / "checkpoint.safetensors").write_bytes(b"xx")
    merged = merge(machines, store)
    assert len(merged.conflicts) == 1
    assert "checkpoint.safetensors is damaged" in merged.conflicts[0]
    assert content(store) == {}


def test_equal_weights_with_other_numbers_are_a_conflict(
    machines: list[TrialStore], store: TrialStore
) -> None:
    for accuracy, each in zip((0.5, 0.75), machines, strict=True):
        folder = each.open({"seed": 1})
        results = {"status": "done", "accuracy": {"test_best": accuracy}, "seconds": accuracy}
        folder.finish(results, {"w": torch.zeros(2)}, {"p": torch.zeros(2)}, {})
    merged = merge(machines, store)
    assert len(merged.conflicts) == 1
    assert "two results (results.json differs)" in merged.conflicts[0]
    assert content(store) == {}


def test_an_entry_that_an_earlier_version_lacks_is_no_conflict(
    machines: list[TrialStore], store: TrialStore
) -> None:
    for later, each in zip(({}, {"events": 3}), machines, strict=True):
        folder = each.open({"seed": 1})
        results = {"status": "done", "accuracy": {"test_best": 0.5}, "rates": {"a": 0.1, **later}}
        folder.finish({**results, **later}, {"w": torch.zeros(2)}, {"p": torch.zeros(2)}, {})
    merged = merge(machines, store)
    assert (merged.conflicts, merged.copied) == ((), 1)
