"""The list of a folder's networks: few as a table, very many as lines, and nothing read in vain."""

import json
from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner

from spikefuse.analysis.stored_trials import stored_trials
from spikefuse.cli import app
from spikefuse.core import untrusted
from spikefuse.results import TrialStore, manifest
from spikefuse.training import TrialDefinition


def finished(root: Path, seeds: int) -> TrialStore:
    store = TrialStore(root)
    tensors = {"weight": torch.zeros(1)}
    for seed in range(seeds):
        folder = store.open(TrialDefinition(seed=seed).naming())
        folder.append_metrics({"epoch": 1, "train_loss": 0.5})
        results = {"status": "done", "accuracy": {"test_best": 0.25 * seed}}
        folder.finish(results, tensors, tensors, {})
    return store


def told(root: Path) -> list[str]:
    result = CliRunner().invoke(app, ["trials", str(root)])
    assert result.exit_code == 0, result.output
    return result.stdout.splitlines()


def test_very_many_are_a_line_each(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = finished(tmp_path, 3)
    assert any("settings that differ" in line for line in told(tmp_path))
    monkeypatch.setattr("spikefuse.cli.trials.MOST_TABLED", 2)
    head, *lines = told(tmp_path)
    assert head.startswith("3 of 3 trials in")
    by_name = {line.split()[0]: line for line in lines}
    assert list(by_name) == list(store)
    for name, line in by_name.items():
        seed = store.read(name).definition.get("seed", 0)
        reached = f"{25 * seed}.00\u00a0%"
        assert line == f"{name}  done      {reached:>8}  seed={seed}"


def test_no_file_is_read_that_is_not_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = finished(tmp_path, 1)
    read, original = [], untrusted.read_regular

    def counted(path: Path | str, most: int) -> bytes:
        read.append(Path(path).name)
        return original(path, most)

    monkeypatch.setattr("spikefuse.results.manifest.read_regular", counted)
    monkeypatch.setattr("spikefuse.results.atomic.read_regular", counted)
    (only,) = stored_trials(store)
    assert only.accuracy == 0.0
    assert sorted(read) == [manifest.MANIFEST, manifest.RESULTS, manifest.TRIAL]


@pytest.mark.parametrize("name", [manifest.METRICS, manifest.WEIGHTS])
def test_a_file_that_is_too_short_makes_it_unfinished(tmp_path: Path, name: str) -> None:
    store = finished(tmp_path, 1)
    (path,) = store.trials.iterdir()
    (path / name).write_bytes((path / name).read_bytes()[:-1])
    (only,) = stored_trials(store)
    assert (only.state, only.accuracy) == ("partial", None)


def test_levels_that_are_equal_keep_their_types(tmp_path: Path) -> None:
    """Equal entries are kept once: 1, 1.0 and True must not become one another."""
    store = TrialStore(tmp_path)
    for own in ({"x": 1}, {"x": 1.0}, {"x": True}):
        store.open(TrialDefinition().naming() | own)
    found = [json.dumps(each.settings["x"]) for each in stored_trials(store)]
    assert sorted(found) == ["1", "1.0", "true"]
