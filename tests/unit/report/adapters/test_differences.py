"""Differences are paired by seed."""

from typing import Any

import pytest

from spikefuse.core.errors import StudyError
from spikefuse.report.adapters.differences import accuracies, minus, paired


def test_accuracies_are_those_of_the_cell(row: Any) -> None:
    rows = [
        row("x", 0, 0.9),
        row("x", 1, 0.8),
        row("x", 1, 0.7, split="validation"),
        row("x", 2, 0.6, metric="accuracy_last"),
        row("x", 3, 0.5, modality="audio"),
    ]

    assert accuracies(rows, {"modality": "image"}, "test") == {0: 0.9, 1: 0.8}
    assert accuracies(rows, {"modality": "image"}, "test", "accuracy_last") == {2: 0.6}


def test_two_numbers_for_one_seed_are_refused(row: Any) -> None:
    with pytest.raises(StudyError, match="got two for seed 0"):
        accuracies([row("x", 0, 0.9), row("y", 0, 0.8)], {}, "test")


def test_only_shared_seeds_are_compared() -> None:
    assert minus({0: 3.0, 1: 5.0}, {1: 1.0, 2: 9.0}) == {1: 4.0}
    value = paired({0: 0.5, 1: 0.7}, {0: 0.4, 1: 0.4})
    assert value is not None
    assert value.mean == pytest.approx(0.2)
    assert value.n == 2
    assert paired({0: 1.0}, {1: 1.0}) is None
