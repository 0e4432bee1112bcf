"""How long a network was trained: the plateau, a silent layer, what rows and folders say of it."""

import math
from types import SimpleNamespace
from typing import Any

import pytest

from spikefuse.analysis.effort import (
    PAPER_EPOCHS,
    Effort,
    effort_columns,
    efforts,
    is_longer,
    least,
    trained_epochs,
)
from spikefuse.stats.plateau import FEWEST_EPOCHS, reached_plateau
from spikefuse.studies import PROFILES


def test_the_papers_epochs_are_those_of_its_profile() -> None:
    assert set(PROFILES["paper"].epochs.values()) == {PAPER_EPOCHS}


def curve(best: int, rise: float = 0.0) -> list[float]:
    """20 epochs at 0.9, one better than all, and a line that rises over the last quarter."""
    values = [0.9] * 15 + [0.9 + rise * place / 4 for place in range(5)]
    values[best - 1] = 0.95 if best <= 15 else 0.9 + 1e-5
    return values


@pytest.mark.parametrize(
    ("best", "rise", "settled"),
    [
        (5, 0.0, True),
        (16, 0.0, True),
        (17, 0.0, False),
        (20, 0.0, False),
        (5, 0.0009, True),
        (5, 0.0011, False),
    ],
)
def test_best_before_the_last_fifth_and_flat_over_the_last_quarter(
    best: int, rise: float, settled: bool
) -> None:
    assert reached_plateau(curve(best, rise)) is settled


def test_too_few_epochs_and_falling_accuracy() -> None:
    assert not reached_plateau([0.9] * (FEWEST_EPOCHS - 1))
    assert reached_plateau([0.9] * FEWEST_EPOCHS)
    assert reached_plateau([0.95, 0.94, 0.93, 0.92, 0.91, 0.9, 0.89, 0.88])
    assert not reached_plateau([0.9] * 7 + [math.nan])
    assert not reached_plateau([])


def record(epochs: int, rates: dict[str, float], **changes: Any) -> Any:
    metrics = [{"epoch": epoch, "validation_accuracy": 0.9} for epoch in range(1, epochs + 1)]
    results = {"audit": {"splits": [{"split": "train", "samples": 401}]}, "rates": rates}
    definition = {"epochs": epochs, "batch_size": 100}
    return SimpleNamespace(results=results, definition=definition, metrics=metrics, **changes)


def test_a_folder_says_steps_and_plateau() -> None:
    assert effort_columns(record(10, {"conv1": 0.1})) == {"steps": 50, "plateau": True}
    assert effort_columns(record(2, {"conv1": 0.1})) == {"steps": 10, "plateau": False}


def test_a_silent_network_has_not_settled() -> None:
    assert effort_columns(record(10, {"conv1": 0.1, "hidden": 0.0}))["plateau"] is False


def test_a_damaged_folder_says_nothing() -> None:
    empty: Any = SimpleNamespace(results={}, definition={}, metrics=[{"epoch": 1}])
    assert effort_columns(empty) == {"steps": "", "plateau": False}


def test_rows_typed_and_as_text() -> None:
    rows = [
        {"trial": "a", "metric": "accuracy", "value": "0.9", "steps": "20", "plateau": "True"},
        {"trial": "a", "metric": "epochs", "value": "10", "steps": "20", "plateau": "True"},
        {"trial": "b", "metric": "epochs", "value": 2.0},
        {"trial": "c", "metric": "accuracy", "value": 0.9},
    ]
    assert efforts(rows) == {
        "a": Effort(10, 20, plateau=True),
        "b": Effort(2, None, plateau=False),
        "c": Effort(),
    }


def test_the_least_of_several() -> None:
    assert least([Effort(10, 50, plateau=True), Effort(2, 80)]) == Effort(2, 50, plateau=False)
    assert least([Effort(10, 50), Effort()]) == Effort()
    assert least([Effort(200), Effort(10, plateau=True)]).is_enough
    assert not least([]).is_enough


def test_longer_in_steps_else_in_epochs() -> None:
    assert is_longer(Effort(2, 80), Effort(8, 44)) is True
    assert is_longer(Effort(2, None), Effort(8, 44)) is False
    assert is_longer(Effort(), Effort(8, 44)) is None


@pytest.mark.parametrize(("fusion", "settled"), [("experts", True), ("early", False)])
def test_what_answers_has_settled_once_it_is_trained(fusion: str, settled: bool) -> None:
    """Before the head over all features learns, an accuracy says nothing of it."""
    found = record(20, {"conv1": 0.1})
    found.definition["fusion"] = fusion
    found.metrics[0]["validation_accuracy"] = 0.1
    for row in found.metrics[10:]:
        row["validation_accuracy"] = 0.8
    for row in found.metrics[:10]:
        row["validation_accuracy"] = None
    assert effort_columns(found)["plateau"] is settled


def test_one_that_ends_early_was_trained_for_its_rows() -> None:
    found = record(200, {})
    found.definition["stop"] = "plateau"
    del found.metrics[11:]
    assert trained_epochs(found) == 11
    assert effort_columns(found)["steps"] == 11 * 5
    del found.metrics[:]  # diverged in its first epoch
    assert trained_epochs(found) == 0
    assert trained_epochs(record(200, {})) == 200
