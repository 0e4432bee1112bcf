"""`spikefuse claims`: exit codes for scripts, table, JSON, file."""

import csv
import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from spikefuse.cli.claims import claims
from spikefuse.core.errors import InputError, StoreError


def invoke(*arguments: object) -> Result:
    app = typer.Typer()
    app.command()(claims)
    return CliRunner().invoke(
        app, [str(argument) for argument in arguments], env={"COLUMNS": "500"}
    )


def write(
    path: Path,
    fused: float,
    *,
    protocol: str = "disjoint",
    split: str = "test",
    plateau: bool = True,
) -> Path:
    """Results of the fused DNN alone, at three sizes: what C1 needs and no other claim."""
    rows = [
        {
            **{"study": "model-size", "trial": f"t{seed}", "network": "dnn", "modality": "fused"},
            **{"size": size, "neuron": "relu", "reset": "none", "time_steps": 1},
            **{"fusion": "early", "protocol": protocol, "noise_std": 0.0},
            **{"noise_position": "before", "seed": seed, "split": split},
            **{"metric": "accuracy", "value": fused + 1e-4 * seed, "plateau": plateau},
        }
        for size in ("S", "S/2", "S/3")
        for seed in range(3)
    ]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def words(result: Result) -> str:
    """The output without the lines and wraps of its table, as one line."""
    return " ".join(result.output.replace("│", " ").split())


def test_nothing_contradicted_is_zero(tmp_path: Path) -> None:
    result = invoke(write(tmp_path / "results.csv", 0.992))
    assert result.exit_code == 0, result.output
    counts = "1 reproduced, 0 contradicted, 0 not tested: trained too little, 23 inconclusive"
    assert counts in result.output
    assert "protocol disjoint, split test" in result.output
    assert "no rows for fused SNN at S (6 of 6 parts" in words(result)


def test_a_contradiction_is_three(tmp_path: Path) -> None:
    result = invoke(write(tmp_path / "results.csv", 0.90))
    assert result.exit_code == 3
    assert "C1 contradicted The multimodal DNN keeps 99 % at sizes" in words(result)
    assert "90.01 % (89.99 to 90.03), n = 3" in words(result)


def test_a_level_missed_after_too_little_training_is_zero(tmp_path: Path) -> None:
    result = invoke(write(tmp_path / "results.csv", 0.90, plateau=False), "--rules")
    assert result.exit_code == 0, result.output
    assert "0 contradicted, 1 not tested: trained too little, 23" in result.output
    assert "not every seed a plateau, the paper 200" in words(result)


def test_folder_with_results_and_the_papers_reading(tmp_path: Path) -> None:
    write(tmp_path / "results.csv", 0.90, protocol="paper", split="validation")
    assert invoke(tmp_path).exit_code == 0
    assert invoke(tmp_path, "--protocol", "paper", "--split", "validation").exit_code == 3


def test_json_and_file_agree(tmp_path: Path) -> None:
    out = tmp_path / "claims.json"
    result = invoke(write(tmp_path / "results.csv", 0.90), "--json", "--out", out)
    assert result.exit_code == 3
    document = json.loads(result.stdout)
    assert document == json.loads(out.read_text(encoding="utf-8"))
    counts = {"reproduced": 0, "contradicted": 1, "not tested: trained too little": 0}
    assert document["counts"] == counts | {"inconclusive": 23}


def test_rules_are_printed_on_request(tmp_path: Path) -> None:
    path = write(tmp_path / "results.csv", 0.992)
    assert "rule: " not in invoke(path).output
    output = invoke(path, "--rules").output
    assert output.count("rule: ") == 24
    assert "holds: accuracy of fused DNN at S/3: 99.21 %" in words(invoke(path, "--rules"))


def test_errors_are_spikefuses_own(tmp_path: Path) -> None:
    """`main` turns these into one line and exit codes 1 and 2."""
    assert isinstance(invoke(tmp_path / "missing.csv").exception, StoreError)
    (tmp_path / "binary.csv").write_bytes(b"\xff\xfe\x00study")
    assert isinstance(invoke(tmp_path / "binary.csv").exception, StoreError)
    path = write(tmp_path / "results.csv", 0.99)
    assert isinstance(invoke(path, "--protocol", "papr").exception, InputError)
    assert isinstance(invoke(path, "--out", path / "claims.json").exception, StoreError)


@pytest.mark.parametrize("text", ["[red]x[/red]", "[/]", "\x1b[31mx", "{}", "%s"])
def test_hostile_text_in_a_table_is_shown_as_text(tmp_path: Path, text: str) -> None:
    """The reason quotes the factor by which two rows for one seed differ."""
    path = write(tmp_path / "results.csv", 0.99)
    head, first, *rest = path.read_text().splitlines()
    again = first.replace("0.99", "0.98")
    lines = [f"{head},leak", f"{first},", f"{again},{text}", *(f"{line}," for line in rest)]
    path.write_text("\n".join(lines))
    result = invoke(path)
    assert result.exit_code == 0, result.exception
    shown = text.replace("\x1b", "?")
    assert f"0.99 and 0.98 (leak nothing and {shown}). Keep one reading" in words(result)
    assert "\x1b[31m" not in result.output
