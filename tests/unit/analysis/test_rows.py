"""Finding tidy rows by level, typed or as text."""

from pathlib import Path

import pytest

from spikefuse.analysis.rows import seed_values, select
from spikefuse.core.errors import StudyError
from spikefuse.results import read_tidy, write_tidy
from spikefuse.results.tidy import TIDY_COLUMNS


def test_a_column_that_is_absent_says_its_default() -> None:
    old, new = {"network": "snn"}, {"network": "snn", "pairing": "shuffled"}
    assert select([old, new], {"pairing": "true"}) == [old]
    assert select([old, new], {"pairing": "shuffled"}) == [new]
    assert select([old, new], {"size": "S"}) == []


def test_true_pairs_are_found_in_a_file_that_holds_no_others(tmp_path: Path) -> None:
    """A column that only ever says "true" is read back as a truth value."""
    row = dict.fromkeys(TIDY_COLUMNS, "") | {"value": 0.5, "time_steps": 4, "noise_std": 0.0}
    write_tidy([row | {"seed": 0, "pairing": "true"}], tmp_path / "results.csv")
    rows = read_tidy(tmp_path / "results.csv")
    assert len(select(rows, {"pairing": "true"})) == 1
    assert select(rows, {"pairing": "shuffled"}) == []


def test_numbers_are_levels_however_they_are_written() -> None:
    rows = [{"noise_std": text} for text in ("0.10", 0.1, "5", "none")]
    assert len(select(rows, {"noise_std": 0.1})) == 2


def test_one_number_a_seed() -> None:
    rows = [{"seed": "1", "value": "0.5", "trial": "a"}, {"seed": 0, "value": 0.25, "trial": "b"}]
    assert list(seed_values([*rows, *rows], "here").items()) == [(0, 0.25), (1, 0.5)]
    with pytest.raises(StudyError, match=r"here: .* two for seed 1 \(trials a and c\)"):
        seed_values([*rows, {"seed": 1, "value": 0.5, "trial": "c"}], "here")
