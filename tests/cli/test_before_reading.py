"""What is wrong without a look at the data is said before a file of it is read."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from own_files import class_folders, snapshot
from typer.testing import CliRunner

import spikefuse as sf
from spikefuse.cli import app
from spikefuse.core.errors import SpikefuseError
from spikefuse.data import own
from spikefuse.workbench import questions

WRONG_QUESTIONS = {
    "--profile quik": "Did you mean quick?",
    "--network nowhere.py:make": "--network must name a file that is there",
    "--network no_such_module:make": "must run, got ModuleNotFoundError",
    "--network json:nothing": "json has none of that name",
    "--network json": "--network must be SNN or MODULE:FUNCTION",
    "--network json:dumps --workers 2": "--workers has no effect on a network of yours",
    "--out pets/answers": "--out must lie outside the data",
    "--events pets/told.jsonl": "--events must lie outside the data",
    "--out notes.txt": "--out must be a folder, got notes.txt, which is a file",
}
WRONG_COMMANDS = {
    **{f"ask pets {words}": said for words, said in WRONG_QUESTIONS.items()},
    "ask builtin --profile quik": "Did you mean quick?",
    "data show pets --out pets/seen.png": "--out must lie outside the data",
    "data show pets --out seen.gif": "must be one of",
    "run reset --data pets --out pets/runs": "--out must lie outside the data",
    "run reset --data pets --images 0": "--images must be at least 1, got 0",
    "run reset --data pets --epochs sight=0.5": "must be a whole number",
    "run reset --data pets --events pets/told.jsonl": "--events must lie outside the data",
    "train --data pets --modality sight --out pets": "--out must lie outside the data",
    "train --data pets --modality sight --device abacus": "abacus",
    "train --data pets --modality sight --backend fpga": "--backend must be one of",
    "export 0123456789abcdef --data pets --out pets/net": "--out must lie outside the data",
}


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the folder "pets" is; whoever reads it fails."""

    def read(*_: Any, **__: Any) -> None:
        raise AssertionError("the data was read")

    class_folders(tmp_path / "pets")
    (tmp_path / "notes.txt").write_text("a file")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(own, "read_own", read)
    monkeypatch.setattr(questions, "read_own", read)
    return tmp_path


@pytest.mark.parametrize("words", WRONG_COMMANDS)
def test_a_command_refuses_before_it_reads(place: Path, words: str) -> None:
    before = snapshot(place)
    error = CliRunner().invoke(app, words.split()).exception
    assert isinstance(error, SpikefuseError), error
    assert WRONG_COMMANDS[words] in str(error)
    assert snapshot(place) == before


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda: sf.ask("pets", profile="quik"), "Did you mean quick"),
        (lambda: sf.ask("pets", network="json:nothing"), "json has none of that name"),
        (lambda: sf.ask("pets", out="pets/answers"), "out must lie outside the data"),
        (
            lambda: sf.ask("pets", out="notes.txt"),
            "out must be a folder, got notes.txt, which is a file",
        ),
    ],
)
def test_python_refuses_before_it_reads(place: Path, ask: Callable[[], object], said: str) -> None:
    before = snapshot(place)
    with pytest.raises(SpikefuseError, match=said):
        ask()
    assert snapshot(place) == before
