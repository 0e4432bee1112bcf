"""The class is no group: no class would stand on two sides of a split."""

from pathlib import Path

import numpy as np
import pytest
from own_files import class_folders, table_folder, write_image

from spikefuse.core.errors import InputError

SAID = r"group must be who or what a sample comes from, got '{}', which is the class of each"


@pytest.mark.parametrize("splits", ["given", "made"])
def test_a_table(tmp_path: Path, read, splits: str) -> None:
    table = table_folder(tmp_path / "d") / "metadata.csv"
    if splits == "made":
        lines = table.read_text().splitlines()
        table.write_text("\n".join(line.rpartition(",")[0] for line in lines) + "\n")
    with pytest.raises(InputError, match=SAID.format("label")):
        read(tmp_path / "d", group="label")
    assert read(tmp_path / "d", group="subject").group == "subject"


def test_a_column_that_repeats_the_class(tmp_path: Path, read) -> None:
    table = table_folder(tmp_path / "d") / "metadata.csv"
    head, *rows = table.read_text().splitlines()
    rows = [f"{row},{row.split(',')[2]}" for row in rows]
    table.write_text("\n".join([f"{head},kind", *rows]) + "\n")
    with pytest.raises(InputError, match=SAID.format("kind")):
        read(tmp_path / "d", group="kind")


def test_a_name_pattern(tmp_path: Path, read) -> None:
    for i in range(24):
        write_image(tmp_path / "d" / "sight" / f"{'ab'[i % 2]}_{i // 2 % 4}_{i}.png", i)
    pattern = "{label}_{who}_{n}"
    with pytest.raises(InputError, match=SAID.format("label")):
        read(tmp_path / "d", name_pattern=pattern, group="label")
    assert read(tmp_path / "d", name_pattern=pattern, group="who").group_names == tuple("0123")


def test_arrays(tmp_path: Path, read) -> None:
    path, labels = tmp_path / "w.npz", np.arange(24) % 4
    np.savez(path, move=np.zeros((24, 5)), labels=labels, groups=labels)
    with pytest.raises(InputError, match=SAID.format("group")):
        read(path)


def test_groups_of_class_folders_have_no_field(tmp_path: Path, read) -> None:
    with pytest.raises(InputError, match="group must be a field of name_pattern or a column"):
        read(class_folders(tmp_path / "d"), group="label")
