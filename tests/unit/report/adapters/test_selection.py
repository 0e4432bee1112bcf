"""Selection bias, from tidy rows."""

from typing import Any

import pytest

from spikefuse.report.adapters.selection import selected


def network(row: Any, protocol: str, modality: str = "fused", last: bool = True) -> list[Any]:
    rows = []
    for seed in (0, 1):
        levels = {"modality": modality, "protocol": protocol}
        rows.append(row("model-size", seed, 0.99 + 0.002 * seed, split="validation", **levels))
        rows.append(row("model-size", seed, 0.98, **levels))
        if last:
            rows.append(row("model-size", seed, 0.975, metric="accuracy_last", **levels))
    return rows


def test_best_of_epochs_against_test_and_last(row: Any) -> None:
    (found,) = selected(network(row, "paper"))

    assert (found.network, found.modality, found.protocol) == ("snn", "fused", "paper")
    assert found.best.mean == pytest.approx(0.991)
    assert found.optimism.mean == pytest.approx(0.011)
    assert found.optimism.values == pytest.approx({0: 0.01, 1: 0.012})
    assert found.chosen is not None
    assert found.chosen.mean == pytest.approx(0.005)


def test_a_single_modality_stands_once(row: Any) -> None:
    rows = [*network(row, "paper", "image"), *network(row, "disjoint", "image")]

    assert [each.protocol for each in selected(rows)] == ["disjoint"]


def test_without_the_last_epoch_there_is_nothing(row: Any) -> None:
    assert selected(network(row, "paper", last=False)) == []
