"""Curves over noise: areas, what a curve keeps beyond another, and where two meet."""

import math
from typing import Any

import pytest
from scipy import stats

from spikefuse.analysis.robustness import (
    crossing_point,
    effective_robustness,
    relative_robustness,
    robustness,
)
from spikefuse.data import SOURCES
from spikefuse.report.sections.robustness import robustness_section
from spikefuse.studies.design import Cell
from spikefuse.studies.registry import STUDIES

LEVELS = (0.0, 0.5, 2.0)
SNN = {0: (0.9, 0.8, 0.3), 1: (0.92, 0.84, 0.2), 2: (0.91, 0.79, 0.28)}
DNN = {0: (0.95, 0.7, 0.1), 1: (0.93, 0.75, 0.15), 2: (0.94, 0.7, 0.2)}


def rows(
    network: str,
    curves: dict[int, tuple[float, ...]],
    modality: str = "image",
    at: tuple[float, ...] = LEVELS,
) -> list[Any]:
    made = []
    for place, level in enumerate(at):
        cell = Cell.create(network=network, modality=modality, noise_std=level).model_dump()
        made += [
            {"study": "robustness", "trial": f"{network} {modality} {seed}", **cell, "seed": seed}
            | {"split": "test", "metric": "accuracy", "value": values[place], "samples": 1000}
            for seed, values in curves.items()
        ]
    return made


def test_areas_and_gaps_by_hand() -> None:
    assert relative_robustness((0.9, 0.8, 0.3)) == pytest.approx((0.85 + 0.55) / 2)
    gap = effective_robustness((0.9, 0.8, 0.3), (0.95, 0.7, 0.1))
    assert gap == pytest.approx((0 + 0.15 + 0.25) / 3)
    assert effective_robustness((0.9, 0.8), (0.7, 0.6)) == pytest.approx(0.0)


def test_curves_cross_where_straight_lines_over_the_logarithm_do() -> None:
    # From 0 the line is over the level itself: -0.05 at 0, +0.1 at 0.5.
    assert crossing_point(LEVELS, SNN[0], DNN[0]) == pytest.approx(0.5 / 3)
    assert crossing_point((0, 1, 100), (0.9, 0.9, 0.1), (0.8, 0.8, 0.2)) == pytest.approx(10.0)
    assert crossing_point((0, 1, 2), (0.9, 0.8, 0.7), (0.8, 0.7, 0.6)) is None
    # Curves that touch and part again have not crossed; those that begin alike neither.
    assert crossing_point((0, 1, 2), (0.9, 0.7, 0.7), (0.8, 0.7, 0.6)) is None
    assert crossing_point((0, 1, 2), (0.9, 0.7, 0.5), (0.9, 0.6, 0.4)) is None
    assert crossing_point((0, 1, 2), (0.9, 0.7, 0.5), (0.9, 0.6, 0.6)) == pytest.approx(2**0.5)
    # Over a touch the line goes on from where they last differed.
    assert crossing_point((1, 2, 4), (0.9, 0.7, 0.5), (0.8, 0.7, 0.6)) == pytest.approx(2.0)


def test_everything_is_paired_by_seed() -> None:
    found = robustness(rows("snn", SNN) + rows("dnn", DNN))
    (snn, dnn) = found.curves
    assert (snn.network, snn.levels, dnn.network) == ("snn", LEVELS, "dnn")
    assert snn.relative is not None
    assert snn.relative.values == pytest.approx({s: relative_robustness(SNN[s]) for s in SNN})
    (pair,) = found.against
    gaps = [effective_robustness(SNN[seed], DNN[seed]) for seed in SNN]
    low, high = stats.t.interval(0.95, 2, loc=sum(gaps) / 3, scale=stats.sem(gaps))
    assert pair.effective is not None
    assert (pair.effective.low, pair.effective.high) == pytest.approx((low, high), abs=1e-12)
    assert (pair.crossed, pair.compared) == (3, 3)
    assert pair.crossing is not None
    assert pair.crossing.values[0] == pytest.approx(0.5 / 3)
    logs = [math.log(point) for point in pair.crossing.values.values()]
    low, high = stats.t.interval(0.95, 2, loc=sum(logs) / 3, scale=stats.sem(logs))
    assert pair.crossing.mean == pytest.approx(math.exp(sum(logs) / 3))
    assert (pair.crossing.low, pair.crossing.high) == pytest.approx((math.exp(low), math.exp(high)))


def test_no_interval_of_a_crossing_reaches_below_zero() -> None:
    """Levels a decade apart: an interval of the levels themselves would begin below 0."""
    levels = (0.0, 0.01, 1.0, 100.0)
    early = ((0.9, 0.9, 0.1, 0.1), (0.8, 0.8, 0.2, 0.1))
    late = ((0.9, 0.9, 0.9, 0.1), (0.8, 0.8, 0.8, 0.2))
    first = {0: early[0], 1: early[0], 2: late[0]}
    second = {0: early[1], 1: early[1], 2: late[1]}
    (pair,) = robustness(rows("snn", first, at=levels) + rows("dnn", second, at=levels)).against
    assert pair.crossing is not None
    assert pair.crossing.low is not None
    assert 0 < pair.crossing.low < pair.crossing.mean


def test_a_fused_network_stands_against_each_of_its_modalities() -> None:
    names = ("image", "audio", "fused")
    found = robustness([row for name in names for row in rows("snn", SNN, name)])
    pairs = [(pair.first[1], pair.second[1]) for pair in found.against]
    assert pairs == [("fused", "image"), ("fused", "audio")]
    assert found.against[0].crossing is None


def test_the_section_shows_curves_pairs_and_places() -> None:
    after = [
        row | {"noise_std": 0.1, "noise_position": place, "value": row["value"] - cost}
        for place, cost in (("after", 0.05), ("pooled", 0.01))
        for row in rows("snn", SNN)[:3]
    ]
    found = robustness(rows("snn", SNN) + rows("dnn", DNN) + after)
    section = robustness_section(found, "")
    assert section is not None
    curves, pairs, places = (shown.table for shown in section.tables)
    assert [column.title for column in curves.columns][:4] == ["Network", "0", "0.5", "2"]
    assert curves.rows[0][0] == "SNN image"
    assert curves.rows[0][1].startswith("91.00")
    assert pairs.rows[0][:2] == ("SNN image", "DNN image")
    assert pairs.rows[0][-1] == "3 of 3 seeds"
    assert places.rows[0][3] == "+5.00"
    assert places.rows[0][5] == "+1.00"
    assert robustness_section(robustness([]), "") is None


def test_the_study_evaluates_and_trains_nothing_of_its_own() -> None:
    source = SOURCES["builtin"]
    cells = STUDIES["robustness"].cells(("disjoint",), source)
    assert len(cells) == 2 * 3 * (8 + 2)
    quiet = {"noise_std": 0.0, "noise_position": "before"}
    trained = {cell.model_copy(update=quiet) for cell in cells}
    assert trained <= set(STUDIES["model-size"].cells(("disjoint",), source))
