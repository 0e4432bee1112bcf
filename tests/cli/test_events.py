"""`--events` and `--track` of train and run: what is told is what is stored."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from spikefuse.cli import app
from spikefuse.core.errors import InputError, SpikefuseError
from spikefuse.results import TrialStore
from spikefuse.studies.profiles import SIZES
from spikefuse.training import fit

TRAIN = (
    *("train", "--data", "builtin", "--modality", "image", "--plan", "mlp", "--budget", "20000"),
    *("--time-steps", "2", "--epochs", "2", "--images", "200", "--test-images", "40"),
)


def called(*words: object) -> None:
    CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=False)


def lines(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_train_tells_its_epochs_once_and_as_they_are_stored(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    words = (*TRAIN, "--out", tmp_path / "out", "--events", path)
    called(*words)
    begun, started, first, second, ended, over = lines(path)

    (folder,) = (tmp_path / "out" / "trials").iterdir()
    record = TrialStore(tmp_path / "out").read(folder.name)
    assert [each["event"] for each in (started, first, ended)] == [
        *("trial_started", "epoch", "trial_ended")
    ]
    assert {each["trial"] for each in (started, first, second, ended)} == {folder.name}
    assert (begun["event"], begun["trials"]) == ("run_started", 1)
    assert (over["event"], over["ended"], over["stopped"]) == ("run_ended", 1, 0)
    metrics = lines(folder / "metrics.jsonl")
    for told, stored in zip((first, second), metrics, strict=True):
        for name in ("train_loss", "train_accuracy", "validation_loss", "validation_accuracy"):
            assert told[name] == stored[name], name
    assert (first["epoch"], second["epoch"], second["epochs"]) == (1, 2, 2)
    assert ended["test_accuracy"] == record.results["accuracy"]["test_best"]
    assert ended["state"] == "done"
    called(*words)  # it is stored: nothing happens
    again = lines(path)[6:]
    assert [each["event"] for each in again] == ["run_started", "run_ended"]
    assert [again[0]["trials"], again[1]["ended"]] == [0, 0]


def test_a_training_that_fails_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*arguments: object) -> None:
        raise SpikefuseError("train: the disk is full.")

    monkeypatch.setattr(fit.Fit, "_finish", broken)
    path = tmp_path / "events.jsonl"
    with pytest.raises(SpikefuseError):
        called(*TRAIN, "--out", tmp_path / "out", "--events", path)
    last, over = lines(path)[-2:]
    assert (last["event"], last["error"]) == ("trial_failed", "train: the disk is full.")
    assert (over["event"], over["error"]) == ("run_stopped", "train: the disk is full.")


def test_workers_tell_of_every_trial(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SIZES, "S", 60_000)
    path, out = tmp_path / "events.jsonl", tmp_path / "out"
    called(
        *("run", "reset", "--profile", "smoke", "--data", "builtin", "--seeds", 1),
        *("--protocols", "disjoint", "--executor", "pool", "--workers", 2, "--out", out),
        *("--events", path),
    )
    told = lines(path)
    assert (told[0]["event"], told[-1]["event"]) == ("run_started", "run_ended")
    told = told[1:-1]
    names = {folder.name for folder in (out / "trials").iterdir()}
    for kind in ("trial_started", "trial_ended"):
        assert sorted(e["trial"] for e in told if e["event"] == kind) == sorted(names)
    for name in names:
        stored = lines(out / "trials" / name / "metrics.jsonl")
        own = [each for each in told if each["trial"] == name and each["event"] == "epoch"]
        assert [each["epoch"] for each in own] == [each["epoch"] for each in stored]
        assert [e["train_loss"] for e in own] == [e["train_loss"] for e in stored]


@pytest.mark.parametrize("command", [TRAIN, ("run", "reset", "--data", "builtin")])
def test_a_mirror_that_is_not_known_is_refused_before_anything(tmp_path: Path, command) -> None:
    with pytest.raises(InputError, match="--track must be one of tensorboard, mlflow, got 'wandb'"):
        called(*command, "--out", tmp_path / "out", "--track", "wandb")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "command", [TRAIN, ("run", "reset", "--data", "builtin"), ("ask", "builtin"), ("reproduce",)]
)
def test_a_file_that_cannot_be_written_is_refused_before_anything_is_read(
    tmp_path: Path, command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(*arguments: object, **more: object) -> None:
        raise AssertionError("data was looked for")

    monkeypatch.chdir(tmp_path)
    for module in ("cli.single", "data"):
        monkeypatch.setattr(f"spikefuse.{module}.locate", read)
    with pytest.raises(InputError, match="--events must be a file that can be written, got"):
        called(*command, "--out", "out", "--events", "no/events.jsonl")
    assert list(tmp_path.iterdir()) == []


def test_a_module_of_ones_own_is_asked_about_without_events(tmp_path: Path) -> None:
    words = ("ask", "builtin", "--network", "some.module:make", "--events", tmp_path / "e.jsonl")
    with pytest.raises(InputError, match="--events has no effect on a network of yours"):
        called(*words, "--out", tmp_path / "out")
    assert list(tmp_path.iterdir()) == []
