"""Confusion matrices count answers, sum over seeds, and stay readable."""

from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from spikefuse.report.drawing import theme
from spikefuse.report.reading.sources import read_run
from spikefuse.report.reading.stored import Shelf
from spikefuse.report.sections.confusion import Confusion, confusions, count, matrices


def stored(labels: list[int], predicted: list[int]) -> dict[str, Any]:
    return {
        "labels": np.array(labels, dtype=np.uint8),
        "predicted": np.array(predicted, dtype=np.uint8),
        "logits": np.zeros((len(labels), 10)),
    }


def test_rows_are_true_classes_and_columns_what_was_read() -> None:
    counts = count(stored([3, 3, 3, 9], [3, 8, 8, 9]))

    assert counts[3, 3] == 1
    assert counts[3, 8] == 2
    assert counts[8, 3] == 0
    assert counts[9, 9] == 1
    assert counts.sum() == 4


@pytest.mark.parametrize(
    ("labels", "predicted"), [([1, 2], [1]), ([], []), ([1], [10]), ([255], [1])]
)
def test_what_is_no_class_is_refused(labels: list[int], predicted: list[int]) -> None:
    with pytest.raises(ValueError, match=r"labels|none of 10"):
        count(stored(labels, predicted))


def test_matrix_sums_seeds_and_gives_recall_with_interval() -> None:
    first, second = np.zeros((10, 10), int), np.zeros((10, 10), int)
    first[4] = [0, 0, 0, 0, 8, 0, 0, 0, 0, 2]
    second[4] = [0, 0, 0, 0, 6, 0, 0, 0, 0, 4]

    (matrix,) = matrices([Confusion("snn", "fused", {0: first, 1: second}, "fused")])

    row = matrix.table.rows[4]
    assert row[:11] == ("4", "0", "0", "0", "0", "14", "0", "0", "0", "0", "6")
    # Two seeds have no interval but their values.
    assert row[11:] == ("20", "70.00", "80.00 and 60.00")
    assert matrix.table.heading.endswith("; of two seeds their values")
    assert matrix.table.rows[0][11:] == ("0", "\u2013", "\u2013")
    assert "20 answers of 2 seeds" in matrix.table.caption
    assert matrix.table.caption.startswith("SNN, fused: right 70.00 %")


def test_shades_tell_right_from_wrong_and_much_from_little() -> None:
    counts = np.zeros((10, 10), int)
    counts[0, 0], counts[0, 1], counts[0, 2] = 170, 29, 1
    counts[5, 7] = 10

    (matrix,) = matrices([Confusion("dnn", "audio", {0: counts}, "audio")])

    assert matrix.shades[0][:4] == ("audio-6", "ink-6", "ink-1", "")
    assert matrix.shades[5][7] == f"ink-{theme.SHADES}"
    names = theme.shades(theme.LIGHT)
    assert all(shade in names for row in matrix.shades for shade in row if shade)


def test_a_run_gives_the_counts_of_its_predictions(synthetic: ModuleType, tmp_path: Path) -> None:
    synthetic.write_run(tmp_path, seeds=2, epochs=1, studies=("model-size",))
    run = read_run(tmp_path)
    shelf = Shelf(run)

    found = confusions(run, shelf)

    assert [(each.modality, each.network) for each in found] == [
        (modality, network)
        for modality in ("image", "audio", "fused")
        for network in ("snn", "dnn")
    ]
    cell = next(
        cell
        for study, cell in synthetic.study_cells("disjoint")
        if study == "model-size" and (cell["network"], cell["modality"]) == ("snn", "audio")
    )
    audio = next(each for each in found if (each.network, each.modality) == ("snn", "audio"))
    wrong = sum(round(200 * (1 - synthetic.true_accuracy(cell, "test", seed))) for seed in (0, 1))
    assert wrong > 5
    assert audio.counts.sum() == 400
    assert audio.counts.sum() - np.trace(audio.counts) == wrong
    assert shelf.notices == []


@pytest.mark.parametrize("classes", [2, 30])
def test_any_number_of_classes_up_to_30_is_a_matrix(classes: int) -> None:
    counts = 3 * np.eye(classes, dtype=int)
    names = tuple(f"class {index}" for index in range(classes))

    (matrix,) = matrices([Confusion("snn", "touch", {0: counts}, "further-1", names)])

    assert len(matrix.table.rows) == len(matrix.shades) == classes
    assert matrix.table.columns[classes].title == f"Read as class {classes - 1}"
    assert matrix.table.rows[1][:3] == ("class 1", "0", "3")
    assert matrix.shades[1][:2] == ("", "further-1-6")


def test_of_a_thousand_classes_the_most_confused_pairs_are_listed() -> None:
    counts = 10 * np.eye(1000, dtype=int)
    counts[7, 999], counts[3, 4] = 30, 20

    (matrix,) = matrices([Confusion("snn", "touch", {0: counts})])

    assert matrix.shades == ()
    assert matrix.table.rows == (
        ("7", "999", "30", "40", "75.00"),
        ("3", "4", "20", "30", "66.67"),
    )
    assert "Of 1,000 classes" in matrix.table.caption


def test_without_logits_the_largest_class_says_how_many() -> None:
    bare = {name: value for name, value in stored([0, 2], [1, 2]).items() if name != "logits"}
    small, large = count(bare), count(stored([9], [9]))
    assert small.shape == (3, 3)
    both = Confusion("snn", "fused", {0: small, 1: large})
    assert both.counts.shape == (10, 10)
    assert (both.counts[0, 1], both.counts[9, 9], both.counts.sum()) == (1, 1, 3)
