"""`spikefuse verify`: a results folder that fits together, and ones that do not."""

import json
import shutil
from pathlib import Path

import pytest
import synthetic
import typer
from typer.testing import CliRunner, Result

from spikefuse.cli.verify import verify
from spikefuse.core.errors import InputError
from spikefuse.results import TrialStore

app = typer.Typer()
app.command()(verify)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    made: Path = synthetic.write_run(tmp_path / "runs" / "quick", epochs=1, studies=("reset",))
    return made


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def first_two(root: Path) -> tuple[Path, Path]:
    first, second, *_ = (root / "trials" / name for name in TrialStore(root))
    return first, second


def test_a_sound_folder(root: Path) -> None:
    before = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    result = run(root)
    assert result.exit_code == 0, result.output
    assert f"{len(list(TrialStore(root)))} trials read, everything fits" in result.output
    assert {path: path.read_bytes() for path in root.rglob("*") if path.is_file()} == before


def test_a_folder_over_anothers_name_is_named(root: Path) -> None:
    first, second = first_two(root)
    shutil.rmtree(first)
    shutil.copytree(second, first)
    result = run(root)
    assert result.exit_code == 1
    assert f"got trial {second.name}" in result.output
    assert f"is of trial {first.name}, which is not stored" in result.output


def test_a_row_that_says_something_else_is_named(root: Path) -> None:
    path = root / "results.csv"
    lines = path.read_text().splitlines()
    head = lines[0].split(",")
    number = next(n for n, line in enumerate(lines) if ",test,accuracy," in line)
    entries = lines[number].split(",")
    entries[head.index("value")] = "0.123"
    lines[number] = ",".join(entries)
    path.write_text("\n".join(lines) + "\n")
    result = run(root, "--json")
    assert result.exit_code == 1
    (problem,) = json.loads(result.output)["problems"]
    trial = entries[head.index("trial")]
    assert problem.startswith(f"results.csv: row {number + 1} has 0.123, its trial {trial} has 0.")


@pytest.mark.parametrize("name", ["results.csv", "run.json", "claims.json"])
def test_damaged_tables_are_named(root: Path, name: str) -> None:
    (root / name).write_bytes(b"\xff[")
    result = run(root)
    assert result.exit_code == 1
    assert f"{name}: " in result.output


def test_what_is_no_results_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"RUN must be a results folder, got .* with neither"):
        CliRunner().invoke(app, [str(tmp_path)], catch_exceptions=False)
