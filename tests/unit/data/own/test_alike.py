"""Two of one: two tables in a folder, one row twice, one class under two spellings."""

import json
from pathlib import Path

import numpy as np
import pytest
from own_files import class_folders, stacked, stem_folders, table_folder, write_array

from spikefuse.core.errors import InputError
from spikefuse.data.own import OwnData, summary


def sentences(data: OwnData, check: str) -> list[str]:
    return [each.sentence for each in data.remarks if each.check == check]


# Two tables


def test_two_tables_of_a_folder_are_refused_and_one_of_them_is_read_by_name(
    tmp_path: Path, read
) -> None:
    table = table_folder(tmp_path / "d") / "metadata.csv"
    head, *rows = table.read_text().splitlines()
    lines = [json.dumps(dict(zip(head.split(","), row.split(","), strict=True))) for row in rows]
    (tmp_path / "d" / "metadata.jsonl").write_text("\n".join(lines[:-1]))
    with pytest.raises(InputError) as caught:
        read(tmp_path / "d")
    assert "must be one file, got metadata.csv and metadata.jsonl" in str(caught.value)
    assert "name the one to read, d/metadata.csv" in str(caught.value)
    assert len(read(table).modalities["move"].labels) == 12
    assert len(read(tmp_path / "d" / "metadata.jsonl").modalities["move"].labels) == 11


def test_a_parquet_table_is_not_passed_over(tmp_path: Path, read) -> None:
    folder = table_folder(tmp_path / "d")
    (folder / "metadata.parquet").write_bytes(b"PAR1")
    with pytest.raises(InputError, match=r"one file, got metadata.csv and metadata.parquet"):
        read(folder)
    (folder / "metadata.csv").unlink()
    with pytest.raises(InputError, match=r"metadata.csv or metadata.jsonl, got metadata.parquet"):
        read(folder)


def test_a_table_beside_those_of_the_splits_is_refused(tmp_path: Path, read) -> None:
    folder = table_folder(tmp_path / "d")
    head, *rows = (folder / "metadata.csv").read_text().splitlines()
    (folder / "train").mkdir()
    (folder / "train" / "metadata.csv").write_text(f"{head}\n{rows[-1]}\n")
    with pytest.raises(InputError, match=r"got metadata.csv and train/metadata.csv"):
        read(folder)


def test_a_table_beside_an_array_of_labels_is_refused(tmp_path: Path, read) -> None:
    folder = table_folder(tmp_path / "d")
    np.save(folder / "labels.npy", np.arange(6) % 2)
    write_array(folder / "move.npy", shape=(6, 5))
    with pytest.raises(InputError, match=r"got metadata.csv and labels.npy"):
        read(folder)


# One row twice


def test_a_row_that_stands_twice_is_said_and_one_with_another_partner_is_not(
    tmp_path: Path, read
) -> None:
    table = table_folder(tmp_path / "d") / "metadata.csv"
    text = table.read_text()
    rows = text.splitlines()
    assert sentences(read(tmp_path / "d"), "repeated_rows") == []
    table.write_text(text + "pictures/50.png,moves/40.npy,up,s5,train\n")
    assert sentences(read(tmp_path / "d"), "repeated_rows") == []
    table.write_text(text + f"{rows[-1]}\n{rows[-1]}\n{rows[1]}\n")
    data = read(tmp_path / "d")
    (said,) = sentences(data, "repeated_rows")
    assert said.startswith("3 rows of the table repeat an earlier one in files, label and split: ")
    assert "pictures/51.png with moves/51.npy (down, train)" in said
    (remark,) = (r for r in summary(data)["remarks"] if r["check"] == "repeated_rows")
    assert remark["weight"] == "warning"
    assert len(remark["names"]) == 2
    assert "2 times more" in remark["names"][1] or "2 times more" in remark["names"][0]


def test_equal_rows_of_arrays_are_no_rows_of_a_table(tmp_path: Path, read) -> None:
    assert sentences(read(stacked(tmp_path / "w.npz")), "repeated_rows") == []


# One class under two spellings


@pytest.mark.parametrize(
    ("one", "other", "said"),
    [
        (
            "oak",
            "Oak",
            "class Oak, which another modality has. 'Oak' and 'oak' differ in their letters' case",
        ),
        (
            "cat",
            "cat ",
            "class 'cat ', which another modality has. 'cat' and 'cat ' differ in blanks",
        ),
        ("tree-frog", "Tree frog", ""),
        ("sea lion", "Sea  lion", "differ in their letters' case and blanks alone"),
        ("caf\u00e9", "cafe\u0301", "differ in how their accents are stored alone"),
    ],
)
def test_a_class_under_two_spellings_is_no_riddle(
    one: str, other: str, said: str, tmp_path: Path, read
) -> None:
    folder = class_folders(tmp_path / "d", (one, "yew"), count=4)
    (folder / "sound" / one).rename(folder / "sound" / other)
    with pytest.raises(InputError) as caught:
        read(folder)
    assert "no readable sample of class" in str(caught.value)
    assert said in str(caught.value)
    assert bool(said) == ("Name them alike" in str(caught.value))


def test_a_stem_without_partner_may_be_one_of_another_spelling(tmp_path: Path, read) -> None:
    folder = stem_folders(tmp_path / "d")
    for name in ("sight", "sound"):
        (folder / name / "1").rename(folder / name / ("ash" if name == "sight" else "Ash"))
    with pytest.raises(InputError, match=r"'Ash' and 'ash' differ in their letters' case alone"):
        read(folder, pair="stem")


def test_two_spellings_within_a_modality_are_said(tmp_path: Path, read) -> None:
    data = read(class_folders(tmp_path / "d", ("oak", "Oak", "yew"), count=4))
    (said,) = sentences(data, "similar_classes")
    assert said == "classes 'Oak' and 'oak' differ in their letters' case alone."


def test_columns_that_nobody_asked_for_are_named(tmp_path: Path, read) -> None:
    folder = table_folder(tmp_path / "moves")
    (said,) = sentences(read(folder), "unused_columns")
    assert said.startswith("1 column of the table is not used: subject. If one says who")
    assert sentences(read(folder, group="subject"), "unused_columns") == []
    table = folder / "metadata.csv"
    header, *rows = table.read_text().splitlines()
    more = [f"{header},weather", *(f"{row},dry" for row in rows)]
    table.write_text("\n".join(more) + "\n")
    (both,) = sentences(read(folder), "unused_columns")
    assert "2 columns of the table are not used: subject, weather." in both
    assert sentences(read(folder, group="subject"), "unused_columns") == []  # a group is named
    assert sentences(read(stacked(tmp_path / "w.npz")), "unused_columns") == []
