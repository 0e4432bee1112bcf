"""Where no results folder is named, the newest is meant; the command that asks says so."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from spikefuse.cli.newest import last_begun, last_written
from spikefuse.core.errors import StoreError


def _table(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "results.csv").touch()
    return folder / "results.csv"


def _plan(folder: Path) -> Path:
    (folder / "journal").mkdir(parents=True)
    return folder / "journal"


@pytest.mark.parametrize(("find", "make"), [(last_written, _table), (last_begun, _plan)])
def test_the_newest_is_found_and_none_is_refused_by_the_command(
    tmp_path: Path, find: Callable[[str, Path], Path], make: Callable[[Path], Path]
) -> None:
    for index, name in enumerate(("new", "old")):
        os.utime(make(tmp_path / name), (100 - index, 100 - index))
    (tmp_path / "newer").touch()

    assert find("show", tmp_path) == tmp_path / "new"
    with pytest.raises(StoreError, match=r"^show: folder must be given, got none and .* Name the"):
        find("show", tmp_path / "new")


def test_what_only_has_the_name_of_a_table_or_a_plan_is_none(tmp_path: Path) -> None:
    (tmp_path / "run" / "results.csv").mkdir(parents=True)
    (tmp_path / "run" / "journal").touch()
    for find in (last_written, last_begun):
        with pytest.raises(StoreError, match="holds no"):
            find("verify", tmp_path)
