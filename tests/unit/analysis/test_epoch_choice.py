"""What choosing the epoch is worth, on rows whose answer is known."""

from typing import Any

import pytest
from scipy import stats

from spikefuse.analysis.epoch_choice import epoch_choices
from spikefuse.studies.design import Cell

Rows = list[dict[str, Any]]

NUMBERS = {
    ("validation", "accuracy"): (0.99, 0.98, 0.985),
    ("validation", "accuracy_last"): (0.97, 0.97, 0.97),
    ("test", "accuracy"): (0.96, 0.965, 0.95),
    ("test", "accuracy_last"): (0.955, 0.967, 0.945),
}


def rows(study: str = "model-size", shift: float = 0.0, **levels: Any) -> Rows:
    cell = Cell.create(**levels).model_dump()
    return [
        {"study": study, "trial": f"{seed}", **cell, "seed": seed, "samples": 500}
        | {"split": split, "metric": metric, "value": value + shift}
        for (split, metric), values in NUMBERS.items()
        for seed, value in enumerate(values)
    ]


def test_each_difference_is_what_it_says() -> None:
    (found,) = epoch_choices(rows(modality="image"))
    assert (found.network, found.modality, found.protocol) == ("snn", "image", "disjoint")
    expected = {
        "optimism": (0.03, 0.015, 0.035),
        "on_test": (0.005, -0.002, 0.005),
        "on_validation": (0.02, 0.01, 0.015),
        "bias": (0.015, 0.012, 0.01),
    }
    assert (found.best.mean, found.test.mean) == pytest.approx((0.985, 2.875 / 3))
    assert found.last is not None
    assert found.last.mean == pytest.approx(2.867 / 3)
    for name, values in expected.items():
        got = getattr(found, name)
        assert dict(got.values) == pytest.approx(dict(enumerate(values))), name
        low, high = stats.t.interval(0.95, 2, loc=sum(values) / 3, scale=stats.sem(values))
        assert (got.low, got.high) == pytest.approx((low, high), abs=1e-12), name


def test_networks_modalities_and_protocols_are_kept_apart() -> None:
    table = (
        rows(modality="fused")
        + rows(modality="fused", protocol="paper", shift=0.001)
        + rows(modality="audio", network="dnn")
        + rows(modality="fused", pairing="shuffled", study="controls", shift=-0.5)
        + rows(modality="fused", reading="byte", shift=-0.4)
        + rows(modality="fused", reset="hard", study="reset", shift=-0.3)
        + rows(modality="fused", size="S/2", shift=-0.2)
    )
    found = {(b.network, b.modality, b.protocol): b for b in epoch_choices(table)}
    assert list(found) == [
        ("snn", "fused", "disjoint"),
        ("snn", "fused", "paper"),
        ("dnn", "audio", "disjoint"),
    ]
    assert len(epoch_choices(table, "S/2")) == 1


def test_a_single_modality_stands_once() -> None:
    both = rows(modality="image") + rows(modality="image", protocol="paper")
    assert [each.protocol for each in epoch_choices(both)] == ["disjoint"]
    alone = rows(modality="image", protocol="paper")
    assert [each.protocol for each in epoch_choices(alone)] == ["paper"]


def test_seeds_that_agree_have_the_width_of_counting() -> None:
    same = [row | {"value": 0.9} for row in rows(modality="image")]
    (found,) = epoch_choices(same)
    error = (2 * 0.9 * 0.1 / 500 / 3) ** 0.5
    assert found.optimism.high == pytest.approx(stats.t.ppf(0.975, 2) * error)


def test_missing_numbers_are_none_and_missing_cells_are_left_out() -> None:
    assert epoch_choices([]) == []
    only_best = [row for row in rows(modality="image") if row["metric"] == "accuracy"]
    (found,) = epoch_choices(only_best)
    assert found.optimism.n == 3
    assert (found.on_test, found.on_validation, found.bias, found.last) == (None,) * 4
    assert epoch_choices([row for row in only_best if row["split"] == "test"]) == []
