"""`spikefuse compare`: the sentence first, exit codes for scripts, JSON, hostile text."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from spikefuse.cli.compare import compare
from spikefuse.core.errors import InputError, StoreError
from spikefuse.results import write_tidy

ROW = {
    **{"study": "reset", "network": "snn", "modality": "image", "size": "S", "neuron": "lif"},
    **{"reset": "soft", "time_steps": 4, "fusion": "none", "protocol": "disjoint"},
    **{"noise_std": 0.0, "noise_position": "before", "split": "test", "metric": "accuracy"},
}


def invoke(*arguments: object) -> Result:
    app = typer.Typer()
    app.command()(compare)
    return CliRunner().invoke(
        app, [str(argument) for argument in arguments], env={"COLUMNS": "200"}
    )


def write(folder: Path, gain: float = 0.01, **levels: str) -> Path:
    rows = [
        {**ROW, **levels, "modality": modality, "trial": f"{modality}{seed}", "seed": seed}
        | {"value": 0.97 + 1e-3 * seed + (gain + 1e-4 * seed if modality == "audio" else 0)}
        for modality in ("image", "audio")
        for seed in range(3)
    ]
    write_tidy(rows, folder / "results.csv")
    return folder


@pytest.mark.parametrize(
    ("gain", "options", "code"),
    [
        (0.01, (), 0),
        (-0.01, (), 3),
        (-1e-4, (), 4),
        (-1e-4, ("--margin", "0.3"), 0),
        (0.01, ("--margin", "0.3"), 3),
        (0.0029, ("--margin", "0.3"), 4),
    ],
)
def test_exit_codes(tmp_path: Path, gain: float, options: tuple[str, ...], code: int) -> None:
    folder = write(tmp_path / "run", gain)
    result = invoke("modality=audio", "modality=image", "--results", folder, *options)
    assert result.exit_code == code, result.output


def test_sentence_comes_first_then_the_test_and_its_reason(tmp_path: Path) -> None:
    result = invoke("modality=audio", "modality=image", "--results", write(tmp_path / "run"))
    first = result.output.splitlines()[0]
    assert first.startswith("modality=audio is better than modality=image by +1.01 pp (95 % ")
    assert "paired t: the two share 3 seeds" in result.output
    assert "errors for each of B's" in result.output


def test_json_and_file_agree(tmp_path: Path) -> None:
    folder, out = write(tmp_path / "run"), tmp_path / "new" / "answer.json"
    words = ("modality=audio", "modality=image", "--results", folder, "--json", "--out", out)
    result = invoke(*words)
    document = json.loads(result.stdout)
    assert document == json.loads(out.read_text(encoding="utf-8"))
    assert document["format"] == "spikefuse compare 1"
    assert document["reply"] == "yes"


def test_two_folders_need_no_results_option(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = invoke(write(tmp_path / "a"), write(tmp_path / "b"), "--margin", 20)
    assert result.exit_code == 0, result.exception
    assert "Of 2 shared cells" in result.output
    assert "2 cells do not differ beyond chance; --all lists them." in result.output
    result = invoke(tmp_path / "a", tmp_path / "b", "--margin", 20, "--all")
    assert "audio" in result.output


def test_errors_are_spikefuses_own(tmp_path: Path, monkeypatch) -> None:
    folder = write(tmp_path / "runs" / "one")
    monkeypatch.chdir(tmp_path)
    assert invoke("modality=audio", "modality=image").exit_code == 0
    for a, b in (
        ("modality=adio", "modality=image"),
        ("modalty=audio", "modality=image"),
        ("runs/on", "runs/one"),
    ):
        error = invoke(a, b).exception
        assert isinstance(error, InputError)
        assert "Did you mean" in str(error)
    split = invoke("modality=audio", "modality=image", "--split", "tests").exception
    assert isinstance(split, InputError)
    out = invoke("modality=audio", "modality=image", "--out", folder / "results.csv" / "x.json")
    assert isinstance(out.exception, StoreError)


def test_usage_errors_end_with_two_and_one_line(tmp_path: Path) -> None:
    folder = write(tmp_path / "run")
    words = ["spikefuse", "compare", "modality=fusd", "modality=image", "--results", str(folder)]
    code = f"import sys; sys.argv = {words!r}\nfrom spikefuse.cli import main\nmain()"
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert answer.returncode == 2
    assert answer.stderr.startswith("spikefuse: compare: modality must be one of image, audio")
    assert answer.stderr.count("\n") == 1


@pytest.mark.parametrize("text", ["[red]x[/red]", "[/]", "\x1b[31mx", "{}", "%s"])
def test_hostile_text_is_shown_as_text(tmp_path: Path, text: str) -> None:
    first, second = (write(tmp_path / name) for name in "ab")
    for folder in (first, second):
        lines = (folder / "results.csv").read_text().splitlines()
        lines[1:4] = [line.replace(",S,", f",{text},") for line in lines[1:4]]
        (folder / "results.csv").write_text("\n".join(lines))
    result = invoke(first, second, "--all")
    assert result.exit_code == 4, result.exception
    assert text.replace("\x1b", "?") in result.output
    assert "\x1b[31m" not in result.output


def test_what_differs_comes_alone_largest_first_and_one_line_a_cell(tmp_path: Path) -> None:
    first, second = write(tmp_path / "a"), write(tmp_path / "b")
    for name, lost in (("image", 0.1), ("audio", 0.2)):
        lines = (second / "results.csv").read_text().splitlines()
        columns = lines[0].split(",")
        value, modality = columns.index("value"), columns.index("modality")
        for number, line in enumerate(lines[1:], start=1):
            cells = line.split(",")
            if cells[modality] == name:
                cells[value] = repr(float(cells[value]) - lost)
            lines[number] = ",".join(cells)
        (second / "results.csv").write_text("\n".join(lines) + "\n")
    result = invoke(first, second)

    found = [line for line in result.output.splitlines() if "+20.00" in line or "+10.00" in line]
    assert ["+20.00" in line for line in found] == [True, False]
    assert found[0].split()[-1] == "audio"
    assert found[1].split()[-1] == "image"
    assert "do not differ" not in result.output


@pytest.mark.parametrize("words", ["compare here nowhere", "compare a b"])
def test_what_is_neither_cell_nor_folder_is_named_before_any_run_is_looked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "here").mkdir()
    refused = invoke(*words.split()[1:]).exception
    assert isinstance(refused, InputError)
    assert "A and B must be cells" in str(refused)
