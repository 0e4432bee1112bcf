"""Tables of older versions are read by the readings of today, whoever reads them."""

import json
from pathlib import Path

import pytest
from rows import ACCURACY, CELL

from spikefuse.analysis.claims import evaluate_claims
from spikefuse.analysis.compare.operands import rows_of as operands_rows
from spikefuse.analysis.stored_rows import rows_of, table_at
from spikefuse.analysis.table import Table
from spikefuse.report.commands import commands_of
from spikefuse.report.reading.sources import read_run
from spikefuse.results import read_tidy, write_tidy

ROW = CELL | ACCURACY | {"study": "controls", "trial": "0" * 16}
OLDER = {
    "profile": "quick",
    "source": "builtin",
    "seeds": [0],
    "studies": ["controls", "fusion", "census"],
    "command": "spikefuse run controls",
}
LEVELS = ("base", "", "sequence", "atan", "boxcar-1-plain-leak-0.9")


def folder(root: Path, record: dict[str, object] | None, name: str = "run.json") -> Path:
    rows = [ROW | {"seed": seed, "reading": level} for seed, level in enumerate(LEVELS)]
    write_tidy(rows, root / "results.csv")
    if record is not None:
        (root / name).write_text(json.dumps(record))
    return root


@pytest.mark.parametrize(("init", "meant"), [(None, "lab"), ("calibrated", "calibrated")])
def test_what_was_the_base_has_its_name_of_today(
    tmp_path: Path, init: str | None, meant: str
) -> None:
    settings = {"name": "quick"} | ({"init": init} if init else {})
    root = folder(tmp_path, OLDER | {"profile_settings": settings})
    today = [meant, meant, f"{meant}+sequence", "atan", "boxcar-1-plain-leak-0.9"]
    assert [row["reading"] for row in rows_of(root)] == today
    assert [row["reading"] for row in operands_rows(root)] == today
    assert [row["reading"] for row in read_run(root).rows] == today
    reason = evaluate_claims(table_at(root / "results.csv"), reading=meant)[0].reason
    assert f"Under the reading {meant} (" in reason
    commands = commands_of(OLDER | {"profile_settings": settings})
    assert commands.run("controls").endswith(f"--readings {meant}")
    assert commands.run("fusion").endswith("--readings calibrated")
    assert "--readings" not in commands.run("census")


@pytest.mark.parametrize(
    "record", [None, OLDER | {"profile_settings": {}, "base": {"surrogate": "triangle"}}, {}]
)
def test_tables_of_today_and_without_a_record_are_read_as_they_are(
    tmp_path: Path, record: dict[str, object] | None
) -> None:
    assert [row["reading"] for row in rows_of(folder(tmp_path, record))] == list(LEVELS)
    assert "--readings" not in commands_of(record or {}).run("controls")


def test_a_table_without_the_column_is_of_the_older_base_too(tmp_path: Path) -> None:
    rows = [{key: value for key, value in (ROW | {"seed": 0}).items() if key != "reading"}]
    write_tidy(rows, tmp_path / "results.csv")
    (tmp_path / "run.json").write_text(json.dumps(OLDER | {"profile_settings": {}}))
    assert Table(rows_of(tmp_path)).reading == "lab"


def test_tables_of_readings_have_a_record_of_their_own(tmp_path: Path) -> None:
    write_tidy([ROW | {"seed": 0, "reading": "base"}], tmp_path / "readings.csv")
    (tmp_path / "readings.json").write_text(json.dumps({"profile_settings": {}}))
    assert table_at(tmp_path / "readings.csv")[0]["reading"] == "lab"


COMMITTED = Path(__file__).resolve().parents[3] / "docs" / "results"


@pytest.mark.parametrize(
    "path", sorted(COMMITTED.rglob("results.csv")), ids=lambda p: p.parent.name
)
def test_committed_tables_have_the_names_of_today(path: Path) -> None:
    today, written = table_at(path), read_tidy(path)
    assert [row["reading"] for row in today] == [row["reading"] for row in written]


def test_a_network_of_somebodys_own_has_no_reading(tmp_path: Path) -> None:
    record = OLDER | {"profile_settings": {"init": "calibrated"}, "network": "net.py:make"}
    assert [row["reading"] for row in rows_of(folder(tmp_path, record))] == list(LEVELS)


def test_verdicts_of_an_older_folder_have_the_names_of_today(tmp_path: Path) -> None:
    """And beside a run of today they are of another base, and left out."""
    record = OLDER | {"profile_settings": {}}
    root = folder(tmp_path, record)
    lines = ("claim,reading,verdict", "C1,base,reproduced", "C1,byte,open")
    (root / "sensitivity.csv").write_text("\n".join(lines))
    (root / "readings.json").write_text(json.dumps({"profile_settings": {}, "source": "builtin"}))
    assert [row["reading"] for row in read_run(root).sensitivity] == ["lab", "byte"]
    today = record | {"base": {"surrogate": "triangle", "init": "calibrated"}}
    (root / "run.json").write_text(json.dumps(today))
    assert read_run(root).sensitivity == ()
