"""An option that would change nothing is refused, by every command, with what it needs."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from spikefuse.cli import app
from spikefuse.core.errors import InputError
from spikefuse.data import ENVIRONMENT

TABLE = str(Path(__file__).resolve().parents[3] / "docs" / "results" / "quick")
CELLS = ("modality=fused", "modality=image")


def refused(*words: str, **environment: str) -> str:
    result = CliRunner().invoke(app, list(words), env=environment)
    assert isinstance(result.exception, InputError), result.output
    return str(result.exception)


@pytest.mark.parametrize(
    "words",
    [
        ("train", "--data", "builtin"),
        ("run", "neuron", "--profile", "smoke"),
        ("plan", "neuron", "--data", "builtin"),
        ("reproduce", "--profile", "smoke", "--data", "builtin"),
    ],
    ids=" ".join,
)
def test_a_folder_needs_data_that_is_read_from_one(
    words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    said = refused(*words, "--data-dir", str(tmp_path))
    assert "--data-dir needs data that is read from a folder, got source 'builtin'" in said
    assert list(tmp_path.iterdir()) == [], "nothing is written"


def test_the_environment_is_meant_for_all_commands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    words = ["plan", "neuron", "--profile", "smoke", "--out", "run"]
    result = CliRunner().invoke(app, words, env={ENVIRONMENT: str(tmp_path)})
    assert result.exit_code == 0, result.exception


@pytest.mark.parametrize("study", ["speakers", "sensitivity"])
def test_protocols_need_a_study_that_leaves_the_pairing_open(study: str) -> None:
    said = refused("run", study, "--profile", "smoke", "--protocols", "disjoint")
    assert f"--protocols needs a study that leaves the pairing open, got {study}." in said


def test_what_json_holds_anyhow_is_not_asked_for() -> None:
    needs = "needs --json to be left out"
    assert f"--all {needs} (it holds every cell)" in refused(
        "compare", TABLE, TABLE, "--all", "--json"
    )
    assert f"--rules {needs} (it holds every rule)" in refused("claims", TABLE, "--rules", "--json")


def test_all_needs_two_folders_and_a_folder_cells() -> None:
    assert "--all needs two result folders" in refused(
        "compare", *CELLS, "--results", TABLE, "--all"
    )
    assert "--results needs cells, or trials by name" in refused(
        "compare", TABLE, TABLE, "--results", TABLE
    )


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--constants", "leak=0.5"), "constants must be left out: it has no further ones"),
        (("--train", "audio=5"), "--train needs"),
        (("--train", "sound=5"), "--train (modality) must be one of image, audio, got 'sound'"),
        (("--train", "image"), "--train: must be NAME=NUMBER"),
        (("--threads", "0"), "--threads must be 1 or more, got 0"),
        (("--neuron", "plf"), "train: --neuron must be one of"),
        (("--leak", "7"), "train: --leak must be at most 1, got 7.0."),
    ],
)
def test_settings_of_a_network(words: tuple[str, ...], told: str) -> None:
    assert told in refused("train", "--data", "builtin", *words)
