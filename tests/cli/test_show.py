"""`spikefuse show` and `spikefuse report`."""

import json
from pathlib import Path

import pytest
import synthetic
import typer
from typer.testing import CliRunner, Result

from spikefuse.analysis.figures import figure, figure_table
from spikefuse.cli.report import report
from spikefuse.cli.show import show
from spikefuse.core.errors import InputError, StoreError
from spikefuse.results import read_tidy

app = typer.Typer()
app.command()(show)
app.command()(report)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A made-up run of three experiments, under a folder `runs`."""
    folder = tmp_path_factory.mktemp("work") / "runs" / "quick"
    studies = ("model-size", "reset", "neuron")
    made: Path = synthetic.write_run(
        folder, seeds=3, epochs=1, studies=studies, speakers=("a", "b")
    )
    return made


def run(*arguments: object, columns: int = 80) -> Result:
    words = [str(argument) for argument in arguments]
    return CliRunner().invoke(app, words, env={"COLUMNS": str(columns), "NO_COLOR": "1"})


def test_shows_the_answer_and_every_measured_figure(root: Path) -> None:
    result = run("show", root)

    assert result.exit_code == 0
    assert "SNN: fused minus the better single modality" in result.output
    words = " ".join(result.output.split())
    assert "and multiplied, joint training brings the SNN" in words
    assert "With audio shuffled between pairs, the fused SNN stands" in words
    for number in (3, 4, 5, 11, 12):
        assert f"Figure {number}. {figure(number).title}" in result.output
    assert "Figure 13" not in result.output
    assert "Student-t interval" in result.output


@pytest.mark.parametrize("number", [4, 5, 11])
def test_numbers_are_whole_in_eighty_columns(root: Path, number: int) -> None:
    lines = run("show", root, "--figure", number).output.splitlines()

    assert max(map(len, lines)) <= 80
    for protocol, split in (("paper", "validation"), ("disjoint", "test")):
        bars = figure_table(figure(number), read_tidy(root / "results.csv"), protocol, split)
        for bar in bars:
            assert bar.mean is not None
            assert bar.high is not None
            written = f"{100 * bar.mean:.2f} \u00b1 {100 * (bar.high - bar.mean):.2f}"
            assert any(written in line for line in lines), written


def test_study_and_figure_choose(root: Path) -> None:
    output = run("show", root, "--study", "reset").output

    assert "Figure 11" in output
    assert "Figure 12" not in output
    assert "minus the better single modality" not in output


def test_protocol_and_split_choose(root: Path) -> None:
    output = run("show", root, "--figure", 11, "--protocol", "paper", "--split", "test").output

    assert "paper, test" in output
    assert "disjoint" not in output


def test_json_has_every_seed_and_the_paper_value(root: Path) -> None:
    result = run("show", root, "--figure", 11, "--json")

    document = json.loads(result.output)
    (shown,) = document["figures"]
    assert shown["figure"] == 11
    assert len(shown["rows"]) == 12
    wanted = {"protocol": "disjoint", "reset": "soft", "modality": "fused"}
    (row,) = [row for row in shown["rows"] if wanted.items() <= row.items()]
    bars = figure_table(figure(11), read_tidy(root / "results.csv"), "disjoint", "test")
    bar = next(bar for bar in bars if (bar.x, bar.hue) == ("soft", "fused"))
    assert row["mean"] == bar.mean
    assert row["values"] == {str(seed): value for seed, value in bar.values.items()}
    assert (row["low"], row["high"], row["n"], row["paper"]) == (bar.low, bar.high, 3, 0.99)
    assert document["headline"]["quantities"][0]["n"] == 3


def test_nothing_measured_says_so(root: Path) -> None:
    result = run("show", root, "--figure", 13)

    assert result.exit_code == 0
    assert "No results for this choice" in result.output


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--study", "resett"), "Did you mean reset?"),
        (("--figure", "14"), "one of 3, 4"),
        (("--protocol", "disjunct"), "Did you mean disjoint?"),
        (("--split", "tests"), "Did you mean test?"),
    ],
)
def test_a_typo_is_answered_with_the_nearest(
    root: Path, options: tuple[str, str], message: str
) -> None:
    error = run("show", root, *options).exception

    assert isinstance(error, InputError)
    assert message in str(error)


def test_a_folder_without_results_is_one_clear_error(tmp_path: Path) -> None:
    for command in ("show", "report"):
        error = run(command, tmp_path).exception
        assert isinstance(error, StoreError)
        assert "results.csv" in str(error)


def test_without_a_folder_the_newest_run_is_taken(
    root: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(root.parents[1])
    assert "Figure 11" in run("show", "--figure", 11).output

    monkeypatch.chdir(tmp_path)
    error = run("show").exception
    assert isinstance(error, StoreError)
    assert "Name the folder" in str(error)


def test_report_is_built_again(root: Path, tmp_path: Path) -> None:
    path = tmp_path / "new" / "page.html"

    result = run("report", root, "--out", path, columns=400)

    assert result.exit_code == 0
    assert str(path) in result.output
    assert path.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert (path.parent / "figures" / "figure-04.png").is_file()
