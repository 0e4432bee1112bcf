from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spikefuse.core.errors import InputError, StoreError
from spikefuse.results import TIDY_COLUMNS, read_tidy, write_tidy


def row(**changes: Any) -> dict[str, Any]:
    values: dict[str, Any] = {
        "study": "model-size",
        "trial": "0123456789abcdef",
        "network": "snn",
        "modality": "fused",
        "size": "S/2",
        "neuron": "lif",
        "reset": "soft",
        "time_steps": 4,
        "fusion": "early",
        "protocol": "disjoint",
        "noise_std": 0.0,
        "noise_position": "before",
        "seed": 0,
        "split": "test",
        "metric": "accuracy",
        "value": 0.1 + 0.2,
    }
    return {**values, **changes}


def test_rows_come_back_exactly_and_typed(tmp_path: Path) -> None:
    rows = [row(), row(seed=1, value=1630090, split="", metric="parameters", noise_std=1 / 3)]
    write_tidy(rows, tmp_path / "sub folder" / "results.csv")
    read = read_tidy(tmp_path / "sub folder" / "results.csv")
    assert read == rows
    assert {type(line["value"]) for line in read} == {float}
    assert {type(line["seed"]) for line in read} == {int}


def test_file_is_plain_csv_in_the_order_of_the_design(tmp_path: Path) -> None:
    write_tidy([row(zeta="a,b", alpha='q"')], tmp_path / "results.csv")
    assert (tmp_path / "results.csv").read_bytes() == (
        b"study,trial,network,modality,size,neuron,reset,time_steps,fusion,protocol,noise_std,"
        b"noise_position,seed,split,metric,value,alpha,zeta\n"
        b"model-size,0123456789abcdef,snn,fused,S/2,lif,soft,4,early,disjoint,0.0,before,0,test,"
        b'accuracy,0.30000000000000004,"q""","a,b"\n'
    )


def test_further_columns_have_one_type_each(tmp_path: Path) -> None:
    further = {
        "leak": [0.9, 1.0],
        "batch": [100, 50],
        "mixed": [1, 2.5],
        "detach": [True, False],
        "name": ["1", "boxcar"],
        "maybe": [None, 0.5],
        "never": ["", ""],
    }
    rows = [row(**{name: values[index] for name, values in further.items()}) for index in (0, 1)]
    write_tidy(rows, tmp_path / "a.csv")
    read = read_tidy(tmp_path / "a.csv")
    assert {name: [line[name] for line in read] for name in further} == further
    assert [type(line["mixed"]) for line in read] == [float, float]
    assert [type(line["detach"]) for line in read] == [bool, bool]


def test_numpy_numbers_are_numbers(tmp_path: Path) -> None:
    write_tidy([row(value=np.float64(0.1), seed=np.int64(3))], tmp_path / "a.csv")
    (line,) = read_tidy(tmp_path / "a.csv")
    assert (line["value"], line["seed"]) == (0.1, 3)


def test_empty_entries(tmp_path: Path) -> None:
    write_tidy([row(protocol="", noise_std=None)], tmp_path / "a.csv")
    (line,) = read_tidy(tmp_path / "a.csv")
    assert line["protocol"] == ""
    assert line["noise_std"] is None


def test_empty_table(tmp_path: Path) -> None:
    write_tidy([], tmp_path / "a.csv")
    assert read_tidy(tmp_path / "a.csv") == []


@pytest.mark.parametrize("value", [float("nan"), float("inf"), None, "0.5", True])
def test_value_must_be_a_finite_number(tmp_path: Path, value: object) -> None:
    with pytest.raises(InputError, match="value of row 2 must be a finite number, got"):
        write_tidy([row(), row(value=value)], tmp_path / "a.csv")
    assert not (tmp_path / "a.csv").exists()


def test_missing_columns_are_named(tmp_path: Path) -> None:
    incomplete = row()
    del incomplete["seed"], incomplete["split"]
    with pytest.raises(InputError, match="row 1 must have every column, got none for seed, split"):
        write_tidy([incomplete], tmp_path / "a.csv")
    with pytest.raises(InputError, match="row 1 must have every column, got none for leak"):
        write_tidy([row(), row(leak=0.9)], tmp_path / "a.csv")


def test_entries_are_text_or_numbers(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"size must be text, a number, .* got list"):
        write_tidy([row(size=["S"])], tmp_path / "a.csv")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "got an empty file"),
        (b"study,seed\na,1\n", "must begin with the columns study, trial"),
        (",".join(TIDY_COLUMNS).encode() + b"\na,b\n", "line 2 must have 16 entries, got 2"),
        (b"\xff\xfe", "must be a CSV file"),
        (
            ",".join(TIDY_COLUMNS).encode() + b"\n" + b",".join([b"x"] * 16) + b"\n",
            "column time_steps of .* must hold numbers",
        ),
    ],
)
def test_other_files_are_refused(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "a.csv").write_bytes(content)
    with pytest.raises(StoreError, match=message):
        read_tidy(tmp_path / "a.csv")


def test_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="must be a readable file"):
        read_tidy(tmp_path / "a.csv")


@settings(deadline=None)  # a busy machine is no fault
@given(
    value=st.floats(allow_nan=False, allow_infinity=False),
    text=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\0")),
)
def test_any_number_and_text_come_back(
    tmp_path_factory: pytest.TempPathFactory, value: float, text: str
) -> None:
    path = tmp_path_factory.mktemp("tidy") / "a.csv"
    write_tidy([row(value=value, size=text, metric="seconds")], path)
    (line,) = read_tidy(path)
    assert (line["value"], line["size"]) == (value, text)


@pytest.mark.parametrize("columns", [{}, {"pairing": True}])
def test_a_table_that_excel_saved_is_the_same(tmp_path: Path, columns: dict[str, object]) -> None:
    rows = [row(seed=seed, size="S, \u00e4", **columns) for seed in range(3)]
    write_tidy(rows, tmp_path / "a.csv")
    text = (tmp_path / "a.csv").read_text().replace("true", "TRUE").replace("\n", "\r\n")
    (tmp_path / "b.csv").write_bytes(text.encode("utf-8-sig"))
    assert read_tidy(tmp_path / "b.csv") == read_tidy(tmp_path / "a.csv") == rows


@pytest.mark.parametrize(
    ("column", "entry", "message"),
    [
        ("value", "nan", "line 3 of .* must be a finite number, got nan"),
        ("value", "inf", "line 3 of .* must be a finite number, got inf"),
        ("value", "1e999", "line 3 of .* must be a finite number, got inf"),
        ("value", "", "line 3 of .* must be a finite number, got nothing"),
        ("value", "7.5", "line 3 of .* must be a share from 0 to 1 for accuracy, got 7.5"),
        ("value", "-0.01", "line 3 of .* must be a share from 0 to 1"),
        ("noise_std", "nan", "noise_std in line 3 of .* must be a finite number, 0 or more"),
        ("noise_std", "-1", "noise_std in line 3 of .* must be a finite number, 0 or more"),
        ("seed", "1.5", "column seed of .* must hold numbers"),
        ("seed", "-7", "seed in line 3 of .* must be a whole number, 0 or more, got -7"),
    ],
)
def test_impossible_numbers_are_refused_with_their_line(
    tmp_path: Path, column: str, entry: str, message: str
) -> None:
    path = tmp_path / "a.csv"
    write_tidy([row(), row(), row()], path)
    lines = [line.split(",") for line in path.read_text().splitlines()]
    lines[2][TIDY_COLUMNS.index(column)] = entry
    path.write_text("".join(",".join(line) + "\n" for line in lines))
    with pytest.raises(StoreError, match=message):
        read_tidy(path)


def test_a_number_without_bounds_is_refused_in_a_further_column_and_a_word_is_text(
    tmp_path: Path,
) -> None:
    path = tmp_path / "a.csv"
    write_tidy([row(held_out="nan", steps=7), row(held_out="inf", steps=8)], path)
    assert [(each["held_out"], each["steps"]) for each in read_tidy(path)] == [
        ("nan", 7),
        ("inf", 8),
    ]
    path.write_text(path.read_text().replace(",8\n", ",1e400\n"))
    with pytest.raises(StoreError, match=r"steps in line 3 of .* must be a finite number, got inf"):
        read_tidy(path)


def test_a_value_that_is_no_share_may_be_any_number(tmp_path: Path) -> None:
    write_tidy([row(metric="parameters", value=1_600_000)], tmp_path / "a.csv")
    assert read_tidy(tmp_path / "a.csv")[0]["value"] == 1_600_000


def test_a_regular_table_with_a_seed_below_0_is_refused(tmp_path: Path) -> None:
    """As runs write them, which the quick reader takes."""
    write_tidy(
        [row(seed=seed, trial=f"{seed + 9:016x}") for seed in (-1, 0, 1)], tmp_path / "a.csv"
    )
    with pytest.raises(StoreError, match=r"seed in line 2 of .* must be a whole number, 0 or more"):
        read_tidy(tmp_path / "a.csv")
