"""Numbers by seed from tidy rows, typed or as text; what diverged is kept and said."""

from pathlib import Path

import pytest
from rows import ACCURACY, CELL, Row

from spikefuse.analysis.estimates import estimate
from spikefuse.analysis.row_index import same
from spikefuse.analysis.series import Series, mean_of, minus, resolution
from spikefuse.analysis.table import Table, cell_words, single_modalities
from spikefuse.core.errors import StudyError
from spikefuse.results import read_tidy, write_tidy
from spikefuse.results.tidy import TIDY_COLUMNS


def row(seed: object, value: object = 0.5, **changes: object) -> Row:
    own = {"study": "model-size", "trial": f"t{seed}", "seed": seed, "value": value}
    return CELL | ACCURACY | own | {"samples": 100} | changes


def lost(seed: int, **changes: object) -> Row:
    return row(seed, 1, metric="diverged", split="", samples="") | changes


def test_a_column_that_is_absent_or_empty_says_its_default() -> None:
    old, new, empty = {"network": "snn"}, {"pairing": "shuffled"}, {"pairing": ""}
    table = Table([old, new, empty])
    assert table.select(pairing="true") == [old, empty]
    assert table.select(pairing="shuffled") == [new]
    assert table.select(reading="base", held_out="") == [old, new, empty]
    assert table.select(size="S") == []


def test_true_pairs_are_found_in_a_file_that_holds_no_others(tmp_path: Path) -> None:
    """A column that only ever says "true" is read back as a truth value."""
    written = dict.fromkeys(TIDY_COLUMNS, "") | {"value": 0.5, "time_steps": 4, "noise_std": 0.0}
    write_tidy([written | {"seed": 0, "pairing": "true"}], tmp_path / "results.csv")
    table = Table(read_tidy(tmp_path / "results.csv"))
    assert len(table.select(pairing="true")) == 1
    assert table.select(pairing="shuffled") == []


def test_numbers_are_levels_however_they_are_written() -> None:
    table = Table([{"noise_std": text} for text in ("0.10", 0.1, "5", "none")])
    assert len(table.select(noise_std=0.1)) == 2
    assert len(table.select(noise_std=5)) == 1
    assert len(table.select(noise_std=("none", "5"))) == 2
    assert not same("nan", float("nan")) or same("nan", "nan")


def test_one_number_a_seed_in_order_of_seed() -> None:
    rows = [row("1", "0.5", samples="50"), row(0, 0.25), row(0, 0.25, study="controls")]
    found = Table(rows).series(modality="image")
    assert list(found.values.items()) == [(0, 0.25), (1, 0.5)]
    assert dict(found.trials) == {0: "t0", 1: "t1"}
    assert (found.samples, found.n, found.diverged, found.reason) == (50, 2, (), "")
    assert Table(rows).series(split="validation") == Series()


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (row(1, 0.6, leak=0.5), r"two for seed 1, 0\.5 and 0\.6 \(leak 0\.9 and 0\.5\)"),
        (row(1, 0.5 + 1e-6), r"two for seed 1"),
        (row(1, 0.6, trial="c"), r"two for seed 1, .* \(trial t1 and c\)"),
        (lost(1), r"two for seed 1, 0\.5 and diverged"),
        (row("first"), "no whole number as its seed, but first"),
        (row(2, "nan"), "no accuracy in 0 to 1, but nan"),
        (row(2, 1.5), r"no accuracy in 0 to 1, but 1\.5"),
    ],
)
def test_rows_that_contradict_or_say_nothing_are_refused(other: Row, said: str) -> None:
    rows = [row(0, leak=0.9), row(1, leak=0.9)]
    with pytest.raises(StudyError, match=said):
        Table([*rows, other]).series(modality="image")


def test_a_diverged_seed_stays_and_takes_the_mean_with_it() -> None:
    found = Table([row(0, 0.9), row(1, 0.8), lost(2)]).series(modality="image")
    assert (dict(found.values), found.diverged, found.n) == ({0: 0.9, 1: 0.8}, (2,), 2)
    assert found.reason == (
        "training diverged for seed 2 of image SNN at S (2 of 3 seeds have an accuracy)"
    )
    assert estimate(found) is None
    several = Table([lost(2), lost(4, time_steps=8), row(0)]).series(modality="image")
    assert "for seeds 2, 4 of image SNN at S (1 of 3" in several.reason
    validation = Table([row(0, split="validation"), lost(1)]).series(split="validation")
    assert (validation.n, validation.diverged) == (1, (1,)), "it has no split"


def test_what_is_combined_keeps_what_diverged() -> None:
    first = Series({0: 0.9, 1: 0.8, 4: 0.7}, samples=100)
    second = Series({1: 0.6, 4: 0.3, 5: 0.1}, samples=50, diverged=(2,), reasons=("it did",))
    assert dict(minus(first, second).values) == pytest.approx({1: 0.2, 4: 0.4})
    assert dict(mean_of(first, second).values) == pytest.approx({1: 0.7, 4: 0.5})
    for each in (minus(first, second), minus(second, first), mean_of(first, second)):
        assert (each.diverged, each.reason, each.samples) == ((2,), "it did", 50)
        assert estimate(each) is None
    assert mean_of() == Series()
    assert resolution(first, second, Series()) == 0.02
    assert resolution(Series()) is None


def test_studies_that_come_first_hide_others_where_they_have_the_cell() -> None:
    rows = [row(0, 0.9), row(0, 0.1, study="mine"), row(0, 0.2, study="mine", size="S/2")]
    table = Table(rows, first=("model-size",))
    assert dict(table.series(size="S").values) == {0: 0.9}
    assert dict(table.series(size="S/2").values) == {0: 0.2}


def test_modalities_are_in_the_order_of_the_joint_network() -> None:
    layers = [row(0, metric=f"rate.{name}.conv1", modality="fused") for name in ("b", "c", "fused")]
    singles = [row(0, modality=name) for name in ("c", "a", "b")]
    assert single_modalities(Table([*singles, *layers])) == ("b", "c", "a")
    assert single_modalities(Table(singles)) == ("c", "a", "b")
    assert single_modalities(Table([])) == ()


def test_cells_in_words() -> None:
    assert cell_words(CELL) == "image SNN at S"
    dense = CELL | {"network": "dnn", "neuron": "relu", "reset": "none", "time_steps": 1}
    assert cell_words(dense | {"noise_std": "0.10"}) == (
        "image DNN at S, noise 0.1 before the activation"
    )
    other = CELL | {"neuron": "if", "reset": "hard", "time_steps": 8, "modality": "fused"}
    other |= {"fusion": "late", "protocol": "paper", "pairing": "shuffled", "held_out": "theo"}
    assert cell_words(other | {"reading": "byte"}) == (
        "fused SNN at S, IF, hard reset, T = 8, late fusion, protocol paper, shuffled pairs, "
        "theo held out, reading byte"
    )


def test_what_was_asked_before_does_not_answer_another_question() -> None:
    rows = [row(0, pairing="true"), row(1, pairing="True"), row(2, pairing=1)]
    levels = ("true", True, "True", 1, 1.0, "1", "1.00", ("true", "1"), "('true', '1')")
    table = Table(rows)
    for level in levels:
        assert table.series(pairing=level) == Table(rows).series(pairing=level), level
