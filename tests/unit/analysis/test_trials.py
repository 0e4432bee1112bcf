"""Rows of single networks are what their folders say, told apart by what differs."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from spikefuse.analysis.stored_rows import rows_of
from spikefuse.analysis.trials import trial_rows
from spikefuse.core.errors import StoreError
from spikefuse.noise import NoiseCondition
from spikefuse.results import TrialStore
from spikefuse.training import TrialDefinition

AUDIT = {"splits": [{"split": name, "samples": 20} for name in ("train", "validation", "test")]}
COMMON = {"parameters": 7, "macs": 9, "audit": AUDIT}
DONE = {
    "status": "done",
    "accuracy": {
        **{"validation_best": 0.5, "validation_last": 0.4},
        **{"test_best": 0.3, "test_last": 0.2},
    },
    "rates": {"image.conv1": 0.25},
    "meters": {"silent.image.conv1": 0.125},
    **COMMON,
}


def stored(store: TrialStore, results: dict[str, Any] = DONE, **settings: Any) -> str:
    """The name of a trial that has these results."""
    definition = TrialDefinition.of_base(**settings)
    folder = store.open(definition.naming())
    folder.finish(results, {"w": torch.zeros(1)}, {}, {})
    return definition.name


def value(rows: list[dict[str, Any]], **levels: Any) -> Any:
    (found,) = [row["value"] for row in rows if levels.items() <= row.items()]
    return found


def test_every_number_of_a_trial_is_a_row(tmp_path: Path) -> None:
    name = stored(TrialStore(tmp_path), modality="fused", seed=3, reset="hard")
    rows = rows_of(tmp_path)

    assert {row["trial"] for row in rows} == {name}
    assert {(row["study"], row["seed"], row["reset"], row["reading"]) for row in rows} == {
        ("trials", 3, "hard", "base")
    }
    assert value(rows, metric="accuracy", split="test") == 0.3
    assert value(rows, metric="accuracy_last", split="validation") == 0.4
    assert value(rows, metric="rate.image.conv1") == 0.25
    assert value(rows, metric="silent.image.conv1") == 0.125
    assert value(rows, metric="parameters") == 7


def test_settings_that_differ_stand_in_the_reading_and_shared_ones_do_not(tmp_path: Path) -> None:
    store = TrialStore(tmp_path)
    usual = stored(store, epochs=7)
    other = stored(store, epochs=7, encoder="rate", leak=0.5)
    readings = {row["trial"]: row["reading"] for row in trial_rows(store)}

    assert readings == {usual: "base", other: "encoder=rate,leak=0.5"}


def test_initial_weights_and_surrogate_are_always_told(tmp_path: Path) -> None:
    """What all have in common is named too: the base is one network, whoever trains it."""
    lab = {"surrogate": "boxcar", "init": "plain"}
    first, second = TrialStore(tmp_path / "one"), TrialStore(tmp_path / "both")
    name = stored(first, **lab)
    assert {row["reading"] for row in trial_rows(first)} == {"lab"}
    assert stored(second, **lab) == name
    usual, further = stored(second), stored(second, network="dnn")
    readings = {row["trial"]: row["reading"] for row in trial_rows(second)}
    assert readings == {usual: "base", further: "base", name: "lab"}
    longer = stored(second, **lab, epochs=7)
    assert {row["reading"] for row in trial_rows(second) if row["trial"] == longer} == {
        "lab,epochs=7"
    }
    third = TrialStore(tmp_path / "third")
    stored(third, init="calibrated", surrogate="boxcar")
    assert {row["reading"] for row in trial_rows(third)} == {"calibrated"}
    dense = TrialStore(tmp_path / "dense")
    stored(dense, network="dnn", init="plain")
    assert {row["reading"] for row in trial_rows(dense)} == {"lab"}
    two = TrialStore(tmp_path / "two")
    first_of, other = stored(two, **lab), stored(two, **lab | {"surrogate": "triangle"})
    readings = {row["trial"]: row["reading"] for row in trial_rows(two)}
    assert readings == {first_of: "lab", other: "triangle"}
    fourth = TrialStore(tmp_path / "fourth")
    stored(fourth, surrogate_width=0.7)
    assert {row["reading"] for row in trial_rows(fourth)} == {"surrogate_width=0.7"}


def test_noise_is_told_by_kind_and_strength(tmp_path: Path) -> None:
    store = TrialStore(tmp_path)
    name = stored(store)
    for std, kind, share in ((0.1, "gaussian", 0.25), (0.2, "deletion", 0.5)):
        condition = NoiseCondition(noise_std=std, kind=kind).naming()
        accuracy = {"validation": [share, share], "test": [share, share + 0.25]}
        document = {"condition": condition, "accuracy": accuracy}
        store.folder(name).write_evaluation(condition, document)
    rows = rows_of(tmp_path)

    plain = {"noise_std": 0.1, "noise_position": "before", "reading": "base", "split": "test"}
    assert value(rows, **plain) == 0.375
    lost = {"noise_std": 0.2, "noise_position": "after", "reading": "noise=deletion"}
    assert value(rows, **lost, split="test", samples=40) == 0.625


def test_versions_of_a_plugin_are_two_readings_of_networks_and_of_noise(tmp_path: Path) -> None:
    """Other code behind one name: their numbers are never one number twice."""
    store = TrialStore(tmp_path)
    plain = stored(store, epochs=7)
    labels = ("mine.py:0123456789abcdef", "mine.py:fedcba9876543210")
    names = []
    for label in labels:
        folder = store.open({**TrialDefinition.of_base(epochs=7).naming(), "plugins": [label]})
        folder.finish(DONE, {"w": torch.zeros(1)}, {}, {})
        names.append(folder.trial)
    for label, share in zip(labels, (0.25, 0.5), strict=True):
        condition = {**NoiseCondition(noise_std=0.1).naming(), "plugins": [label]}
        document = {"condition": condition, "accuracy": {"validation": [share], "test": [share]}}
        store.folder(plain).write_evaluation(condition, document)
    rows = rows_of(tmp_path)
    accuracies = {"metric": "accuracy", "split": "test"}

    for name, label, share in zip(names, labels, (0.25, 0.5), strict=True):
        reading = f"plugins={label}"
        assert value(rows, trial=name, reading=reading, **accuracies) == 0.3
        assert value(rows, trial=plain, noise_std=0.1, reading=reading, **accuracies) == share


def test_a_diverged_trial_has_no_accuracy_and_says_so(tmp_path: Path) -> None:
    stored(TrialStore(tmp_path), {"status": "diverged", "reason": "loss", **COMMON})
    rows = rows_of(tmp_path)

    assert value(rows, metric="diverged") == 1
    assert not any(row["metric"].startswith("accuracy") for row in rows)


def test_a_damaged_trial_is_an_error_and_an_empty_folder_has_no_rows(tmp_path: Path) -> None:
    assert rows_of(tmp_path) == []
    store = TrialStore(tmp_path)
    name = stored(store)
    (store.trials / name / "results.json").write_text(json.dumps({}))
    with pytest.raises(StoreError):
        rows_of(tmp_path)


def test_constants_of_a_neuron_are_no_reading_of_a_dense_network(tmp_path: Path) -> None:
    store = TrialStore(tmp_path)
    spiking = stored(store, threshold=0.2)
    dense = stored(store, network="dnn")
    readings = {row["trial"]: row["reading"] for row in rows_of(tmp_path)}

    assert readings == {spiking: "threshold=0.2", dense: "base"}
