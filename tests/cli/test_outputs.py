"""Every option that names a file for us to write keeps away from what a results folder keeps."""

import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from spikefuse.cli import app
from spikefuse.core.errors import InputError

TRAIN = (
    *("train", "--data", "builtin", "--plan", "mlp", "--budget", "20000", "--images", "100"),
    *("--test-images", "50", "--epochs", "1"),
)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("outputs") / "run"
    for seed in ("0", "1"):
        answer = CliRunner().invoke(app, [*TRAIN, "--seed", seed, "--out", str(out)])
        assert answer.exit_code == 0, answer.output
    return out


@pytest.mark.parametrize(
    ("command", "option", "name"),
    [
        (("report", "RUN"), "--out", "trials/FIRST/page.html"),
        (("compare", "FIRST", "SECOND", "--results", "RUN"), "--out", "trials/FIRST/trial.json"),
        (("export", "RUN/trials/FIRST", "--data", "builtin"), "--out", "trials/FIRST/card.md"),
        (("data", "show", "--data", "builtin"), "--out", "trials/FIRST/pairs.png"),
        (("bench",), "--out", "run.json"),
        (("bench",), "--page", "trials/FIRST/page.md"),
        (TRAIN, "--events", "trials/SECOND/metrics.jsonl"),
    ],
    ids=lambda each: each[0] if isinstance(each, tuple) else str(each),
)
def test_no_output_goes_over_what_is_kept(
    trained: Path, command: tuple[str, ...], option: str, name: str
) -> None:
    first, second = sorted(path.name for path in (trained / "trials").iterdir())
    before = {path: path.read_bytes() for path in trained.rglob("*") if path.is_file()}
    words = [*command, option, f"RUN/{name}"]
    told = {"RUN": str(trained), "FIRST": first, "SECOND": second}
    for word, meant in told.items():
        words = [each.replace(word, meant) for each in words]
    answer = CliRunner().invoke(app, words)
    assert isinstance(answer.exception, InputError), answer.output
    assert "must not be what the results folder" in str(answer.exception)
    assert {path: path.read_bytes() for path in trained.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("words", [("--out", ""), ("--out=",), ("--events", "")])
def test_an_empty_path_is_no_place(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, words: tuple[str, ...]
) -> None:
    """What a script with a variable that is not set gives: it would be the working folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["spikefuse", *TRAIN, *words])
    answer = CliRunner().invoke(app, [*TRAIN, *words])
    assert isinstance(answer.exception, InputError), answer.output
    option = words[0].removesuffix("=")
    assert f"{option} must name a path, got an empty one" in str(answer.exception)
    assert not list(tmp_path.iterdir())
