"""A run with a time limit of seconds, called again until done, equals one without a limit."""

import csv
import time
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from spikefuse.cli import app, workflow
from spikefuse.core.errors import InputError
from spikefuse.results import TrialStore

CALLS = 60
STUDY = (
    "run", "reset", "--profile", "smoke", "--seeds", "1", "--protocols", "disjoint",
    "--data", "builtin", "--executor", "process", "--threads", "1",
)  # fmt: skip
NETWORK = (
    "train", "--data", "builtin", "--plan", "mlp", "--budget", "20000", "--modality", "image",
    "--images", "1000", "--epochs", "3", "--threads", "1",
)  # fmt: skip


def call(*arguments: str) -> Result:
    """The command line in this process, so that seconds do not go into loading libraries."""
    return CliRunner().invoke(app, list(arguments))


def call_until_done(*arguments: str) -> list[int]:
    """Exit codes of one call after the other, with a limit that lets some of the work be done."""
    codes, limit = [], 1.0
    for _ in range(CALLS):
        begin = time.monotonic()
        result = call(*arguments, "--time-limit", f"{limit:.1f}s")
        if isinstance(result.exception, InputError):
            assert "--time-limit must leave time for one piece of work" in str(result.exception)
            limit *= 1.5  # a slow or busy machine
            continue
        codes.append(result.exit_code)
        if result.exit_code != workflow.STOPPED:
            assert result.exit_code == 0, result.output
            return codes
        assert "the same command goes on" in " ".join(result.output.split())
        assert time.monotonic() - begin < 10 * limit
    raise AssertionError(codes)


def numbers(store: TrialStore) -> dict[str, Any]:
    """What the trials of a store say, without what a clock decides."""
    found = {}
    for name in store:
        record = store.read(name)
        results = {key: value for key, value in record.results.items() if key != "seconds"}
        epochs = [{k: v for k, v in row.items() if k != "seconds"} for row in record.metrics]
        found[name] = (results, epochs, record.evaluations)
    return found


def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "results.csv").open(encoding="utf-8", newline="") as file:
        return [row for row in csv.DictReader(file) if row["metric"] != "seconds"]


def test_a_study_in_pieces_equals_the_whole(tmp_path: Path) -> None:
    whole, pieces = tmp_path / "whole", tmp_path / "pieces"
    assert call(*STUDY, "--out", str(whole)).exit_code == 0
    codes = call_until_done(*STUDY, "--out", str(pieces))
    assert codes.count(workflow.STOPPED) >= 2
    assert len(numbers(TrialStore(whole))) == 6
    assert numbers(TrialStore(pieces)) == numbers(TrialStore(whole))
    assert rows(pieces) == rows(whole)


def test_a_network_in_pieces_equals_the_whole(tmp_path: Path) -> None:
    whole, pieces = tmp_path / "whole", tmp_path / "pieces"
    assert call(*NETWORK, "--out", str(whole)).exit_code == 0
    call_until_done(*NETWORK, "--out", str(pieces))
    assert len(numbers(TrialStore(whole))) == 1
    assert numbers(TrialStore(pieces)) == numbers(TrialStore(whole))


@pytest.mark.parametrize("command", [("run", "reset"), ("reproduce",), ("train",)])
def test_a_wrong_limit_is_refused(command: tuple[str, ...], tmp_path: Path) -> None:
    result = call(*command, "--data", "builtin", "--time-limit", "soon", "--out", str(tmp_path))
    assert isinstance(result.exception, InputError)
    assert str(result.exception).startswith("spikefuse: --time-limit must be a time above 0 like")
    assert list(tmp_path.iterdir()) == []


def test_a_limit_in_which_nothing_fits_is_told(tmp_path: Path) -> None:
    result = call(*STUDY, "--time-limit", "0.001", "--out", str(tmp_path / "out"))
    assert isinstance(result.exception, InputError)
    assert "Name a longer one" in str(result.exception)
