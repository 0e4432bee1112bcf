"""Rows that share the columns of their table are what rows of their own would be."""

import csv
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest
from rows import ACCURACY, CELL

from spikefuse.analysis.series import Series
from spikefuse.analysis.table import Table
from spikefuse.core.errors import InputError, StoreError
from spikefuse.results import TIDY_COLUMNS, coded, coded_blocks, read_tidy, tidy, write_tidy
from spikefuse.results.rows import LengthError, TidyRow, blocks
from spikefuse.results.tidy import _plainly, _quickly


def rows(count: int) -> list[dict[str, object]]:
    return list(made(count))


def made(count: int) -> Iterator[dict[str, object]]:
    cell = CELL | ACCURACY | {"study": "reset", "reading": "base", "samples": 40, "pairing": True}
    for seed in range(count):
        yield cell | {"trial": f"{seed:016x}", "seed": seed, "value": seed / count}


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


def test_rows_are_written_as_they_come(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The text of a row alone is kept of it, and an error has its number."""
    count = 10_000
    monkeypatch.setattr(tidy, "_ROWS", 256)
    tracemalloc.start()
    write_tidy(made(count), tmp_path / "a.csv")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 300 * count
    write_tidy(rows(count), tmp_path / "b.csv")
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()
    wrong = (row | {"value": None} if row["seed"] == 5000 else row for row in made(count))
    with pytest.raises(InputError, match="value of row 5001 must be"):
        write_tidy(wrong, tmp_path / "c.csv")
    assert not (tmp_path / "c.csv").exists()


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


def table(**changes: list[str]) -> str:
    """A table of three seeds with two numbers each, some entries of which are changed."""
    entries = {name: [str(CELL.get(name, ""))] * 6 for name in TIDY_COLUMNS}
    entries |= {"study": ["reset"] * 6, "split": ["test"] * 6, "value": ["0.5"] * 6}
    entries |= {"trial": list("aabbcc"), "seed": list("001122"), "metric": ["accuracy", "macs"] * 3}
    entries |= {"pairing": ["true"] * 6, "steps": ["4", "", "4", "8", "4", "8"]} | changes
    lines = (",".join(line) for line in zip(*entries.values(), strict=True))
    return "\n".join([",".join(entries), *lines, ""])


@pytest.fixture(params=["line", "column"])
def blocks_by(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways to take lines apart; what one does not take the other does."""
    monkeypatch.setattr(coded, "LARGE", 0 if request.param == "column" else 1 << 40)


@pytest.mark.usefixtures("blocks_by")
@pytest.mark.parametrize(
    ("text", "is_quick"),
    [
        (table(), True),
        (table().rstrip("\n"), True),
        ("\ufeff" + table(), True),
        (table(study=["x", "y", "x", "y", "x", "x"]), True),
        (table(pairing=["true", "false", "", "TRUE", "true", "true"]), True),
        (table(steps=["4", "8.5", "", "1_0", "4", "4"]), True),
        (table(steps=["4", "true", "x", "", "inf", "4"]), True),
        (table(steps=[""] * 6), True),
        (
            table(
                seed=["0", "0", "", "1", "2", "2"], noise_std=["", "0.1", "0", "0.0", "", "1e-9"]
            ),
            True,
        ),
        (table(metric=['"a,b"', '"say ""x"""', "macs", '"macs"', "x", "y"]), True),
        (table(trial=["a", "ab", "a", "a", "c", "c"]), True),
        (table(trial=['"a,b"', "a", "b", "b", "c", "c"]), False),
        (table(metric=['a"b', "macs", "macs", "macs", "macs", "macs"]), True),
        (table(steps=['"4\n"', "x", "x", "x", "x", "x"]), False),
        (table(steps=['"4"5', "x", "x", "x", "x", "x"]), False),
        (table().replace("\n", "\r\n"), False),
        (table(steps=["x"] * 5 + ["a\rb"]).replace("\r", "\u2028"), True),
        (table().split("\n")[0] + "\n", False),
    ],
)
def test_quickly_read_is_what_is_plainly_read(text: str, is_quick: bool) -> None:
    """The same entries of the same types, in the same order of columns."""
    content = text.encode()
    quick, plain = _quickly(content), _plainly(content, Path("a.csv"))
    assert (quick is not None) is is_quick
    for name, entries in plain.items() if quick else ():
        assert [(type(each), each) for each in quick[name]] == [  # type: ignore[index]
            (type(each), each) for each in entries
        ]
    assert list(quick or plain) == list(plain)


@pytest.mark.usefixtures("blocks_by")
@pytest.mark.parametrize(
    "text",
    [
        table(value=["0.5"] * 5 + ["nan"]),
        table(value=["0.5"] * 5 + [""]),
        table(value=["0.5"] * 4 + ["1.5", "7"]),
        table(value=["0.5"] * 4 + ["-0.1", "7"]),
        table(noise_std=["0"] * 5 + ["-1"]),
        table(noise_std=["0"] * 5 + ["inf"]),
        table(steps=["1.5"] * 5 + ["1e999"]),
        table(seed=["0"] * 5 + ["0.5"]),
        table(time_steps=["4"] * 5 + ["x"]),
        table() + "\n",
        table() + "reset,a\n",
        table()[:-1] + ",1\n",
        table().replace(",pairing,steps", ',"pairing,steps"'),
        table().replace(",steps", ",steps,more"),
        table().replace(",steps", ",pairing"),
        table().replace("study,", "Study,"),
        table(steps=["x" * 200_000] + ["y"] * 5),
        table() + "\udcff",
    ],
)
def test_what_cannot_be_is_left_to_who_says_what_is_wrong(text: str) -> None:
    content = text.encode(errors="surrogateescape")
    assert _quickly(content) is None
    with pytest.raises((StoreError, LengthError, UnicodeDecodeError, csv.Error)):
        _plainly(content, Path("a.csv"))


@pytest.mark.usefixtures("blocks_by")
def test_a_table_longer_than_a_block_is_quickly_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coded, "BYTES", 100)
    content = table().encode()
    quick = _quickly(content)
    assert quick is not None
    assert {name: list(quick[name]) for name in quick} == _plainly(content, Path("a.csv"))


def test_rows_by_columns_answer_as_rows_of_their_own(tmp_path: Path) -> None:
    """Selections of selections too, and trials that never fire."""
    written = [
        row
        | {"network": network, "metric": metric, "split": "test" if metric == "accuracy" else ""}
        for number, row in enumerate(rows(12))
        for network in ("snn", "dnn")
        for metric in ("accuracy", "rate.image.hidden", f"meter{number % 2}", "macs")
    ]
    for row in written[1::8]:
        row["value"] = 0.0  # the rate of every SNN, of which seed 0 has none anyway
    write_tidy(written, tmp_path / "a.csv")
    read = read_tidy(tmp_path / "a.csv")
    assert isinstance(read.columns["seed"], coded.Coded)
    ours, plain = Table(read), Table(written)
    assert ours.silent == plain.silent != frozenset()
    assert list(ours) == list(plain)
    for where in ({"network": "dnn"}, {"seed": ["3", "7"], "metric": ["macs", "meter1"]}, {}):
        chosen = ours.select(**where)
        assert list(chosen) == list(plain.select(**where))
        for column in ("metric", "seed", "study", "none"):
            assert ours.levels(column, **where) == plain.levels(column, **where)
            assert Table(chosen).levels(column) == plain.levels(column, **where)
        assert list(Table(chosen).select(seed=7)) == list(plain.select(**where | {"seed": 7}))
    assert ours.series(network="snn") == plain.series(network="snn") != Series()
    assert ours.select(network="none") == []


@pytest.mark.parametrize(
    ("text", "is_taken"),
    [
        (table(), True),
        (table(trial=["\u00e9", "\u00e9a", "b", "b", "c", "c"]), True),
        (table(metric=['"a,b"', "x", "x", "x", "x", "x"]), False),
        (table(metric=["a\0", "x", "x", "x", "x", "x"]), False),
        (table(steps=["y" * 300, "x", "x", "x", "x", "x"]), False),
        (table(steps=["4,5", "4", "4", "4", "4", "4"]), False),
        (table().replace(",true,4\n", ",true\n", 1).replace(",true,8\n", ",true,8,9\n", 1), False),
    ],
)
def test_what_is_taken_apart_by_columns(text: str, is_taken: bool) -> None:
    head, _, body = text.partition("\n")
    found = coded.Lines(head.split(","))
    assert coded_blocks.add(body.encode(), found) is is_taken
    assert len(found.values) == 6 * is_taken
