"""Rows that share the columns of their table are what rows of their own would be."""

import tracemalloc
from pathlib import Path

import pytest
from rows import ACCURACY, CELL

from spikefuse.analysis.table import Table
from spikefuse.results import read_tidy, write_tidy
from spikefuse.results.rows import LengthError, TidyRow, blocks


def rows(count: int) -> list[dict[str, object]]:
    cell = CELL | ACCURACY | {"study": "reset", "reading": "base", "samples": 40, "pairing": True}
    return [
        cell | {"trial": f"{seed:016x}", "seed": seed, "value": seed / count}
        for seed in range(count)
    ]


def test_a_row_is_a_mapping_of_its_entries() -> None:
    columns = {"seed": [0, 1], "value": [0.5, 0.75]}
    first, second = (TidyRow(columns, place) for place in (0, 1))
    assert dict(second) == {"seed": 1, "value": 0.75} == second
    assert first != second
    assert (len(first), list(first)) == (2, ["seed", "value"])
    assert "seed" in first
    assert "trial" not in first
    assert (first.get("seed"), first.get("trial"), first.get("trial", "")) == (0, None, "")
    assert first | {"seed": 7} == {"seed": 7, "value": 0.5}
    assert {"seed": 7, "trial": "a"} | first == {"seed": 0, "trial": "a", "value": 0.5}
    assert repr(first) == "{'seed': 0, 'value': 0.5}"
    with pytest.raises(KeyError):
        first["trial"]


def test_a_table_longer_than_a_block_comes_back(tmp_path: Path) -> None:
    written = rows(9000)
    write_tidy(written, tmp_path / "a.csv")
    assert read_tidy(tmp_path / "a.csv") == written


def test_a_wrong_line_in_a_later_block_has_its_number() -> None:
    lines = ["a,b"] + ["1,2"] * 5000 + ["1"]
    with pytest.raises(LengthError, match="line 5002 has 1 entries, the head has 2"):
        list(blocks("\n".join(lines).encode()))


def test_memory_of_a_table_is_bounded(tmp_path: Path) -> None:
    """Under 400 bytes a row; a dict a row takes more than a kilobyte."""
    count = 10_000
    write_tidy(rows(count), tmp_path / "a.csv")
    tracemalloc.start()
    read = read_tidy(tmp_path / "a.csv")
    kept, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(read) == count
    assert kept < 400 * count
    assert peak < 1600 * count  # the file's bytes and a block of lines are part of it


def test_rows_of_a_table_and_of_their_own_answer_alike(tmp_path: Path) -> None:
    written = rows(60)
    write_tidy(written, tmp_path / "a.csv")
    read = read_tidy(tmp_path / "a.csv")
    others = [row | {"network": "dnn", "extra": "x"} for row in written]
    for mixed in ([*written, *others], [*read, *others]):
        table = Table(mixed)
        assert len(table.select(network="dnn", seed=[1, 2, 99])) == 2
        assert table.select(network="dnn", seed=3) == [others[3]]
        assert table.select(seed=3, extra="x") == [others[3]]
        assert table.select(extra="y") == table.select(size=()) == []
        assert table.levels("extra") == ["x"]
        assert table.levels("seed", trial=f"{5:016x}") == ["5"]
        assert len(table.series(network=written[0]["network"]).values) == 60
