"""Which trials are the default networks, and tensors that may be missing or make no sense."""

from pathlib import Path
from types import ModuleType

import pytest

from spikefuse.report.reading.sources import Run, read_run
from spikefuse.report.reading.stored import Shelf, default_trials


@pytest.fixture(scope="module")
def run(synthetic: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Run:
    root = tmp_path_factory.mktemp("stored")
    synthetic.write_run(
        root,
        seeds=2,
        epochs=1,
        studies=("model-size", "reset", "time-steps"),
        speakers=("a", "b"),
    )
    return read_run(root)


@pytest.mark.parametrize("steps", [4, 16])
def test_default_networks_are_found_by_seed(run: Run, steps: int) -> None:
    found = default_trials(run, "snn", "fused", steps)

    assert list(found) == [0, 1]
    for seed, trial in found.items():
        wanted = {
            **{"network": "snn", "modality": "fused", "size": "S", "reset": "soft"},
            **{"time_steps": steps, "protocol": "disjoint", "seed": seed, "fusion": "early"},
        }
        assert {name: trial.definition[name] for name in wanted} == wanted


def test_rows_of_other_networks_are_left_out(run: Run) -> None:
    """Shuffled audio, another fusion, a held-out speaker and another reading are no defaults."""
    usual = default_trials(run, "dnn", "image")
    other = default_trials(run, "snn", "audio")
    stray = next(iter(other.values()))
    row = next(
        row
        for row in run.rows
        if row["trial"] == usual[0].name
        and (row["metric"], row["split"], row["noise_std"]) == ("accuracy", "test", 0.0)
    )
    usual_levels = {"split": "test", "protocol": "disjoint", "trial": stray.name, "seed": 0}
    counted = Run(run.root, (*run.rows, {**row, **usual_levels}), run.trials)
    assert default_trials(counted, "dnn", "image") == usual, "the first row of a number counts"
    first = Run(run.root, ({**row, **usual_levels}, *run.rows), run.trials)
    assert default_trials(first, "dnn", "image")[0] == stray
    for change in (
        {"pairing": "shuffled"},
        {"held_out": "theo"},
        {"reading": "byte"},
        {"fusion": "late"},
        {"study": "controls"},
        {"protocol": "paper"},
        {"noise_std": 0.1},
        {"size": "S/2"},
    ):
        changed = {**row, **usual_levels, **change}
        again = Run(run.root, (*run.rows, changed), run.trials)
        assert default_trials(again, "dnn", "image") == usual, change


def test_trials_that_are_not_done_are_left_out(run: Run) -> None:
    assert default_trials(Run(run.root, run.rows), "snn", "image") == {}


def test_tensors_of_a_trial(run: Run) -> None:
    trial = default_trials(run, "snn", "image")[0]
    shelf = Shelf(run)

    assert shelf.predictions(trial)["labels"].shape == (200,)
    assert list(shelf.observations(trial)) == sorted(shelf.observations(trial))
    assert shelf.notices == []


def test_a_damaged_file_is_one_notice(synthetic: ModuleType, tmp_path: Path) -> None:
    synthetic.write_run(tmp_path, seeds=1, epochs=1, studies=("reset",))
    run = read_run(tmp_path)
    trial = default_trials(run, "snn", "image")[0]
    path = tmp_path / "trials" / trial.name / "predictions.safetensors"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    shelf = Shelf(run)

    assert shelf.predictions(trial) == {}
    assert shelf.predictions(trial) == {}
    assert len(shelf.notices) == 1
    assert f"predictions of trial {trial.name} could not be read" in shelf.notices[0]
    assert shelf.observations(trial)
