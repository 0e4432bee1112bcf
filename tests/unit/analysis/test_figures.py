"""The paper's figures as data, and the numbers each shows."""

import math

import pytest
from rows import ACCURACY, CELL, Row
from scipy import stats

from spikefuse.analysis.figures import (
    FIGURES,
    UNIMODAL_MEAN,
    figure,
    figure_table,
)
from spikefuse.analysis.row_index import Level
from spikefuse.analysis.words import level_name
from spikefuse.core.errors import InputError, StudyError
from spikefuse.studies.registry import STUDIES


def row(trial: str = "a", seed: int = 0, value: float = 0.9, **changes: object) -> Row:
    own = {"study": "model-size", "trial": f"{trial}{seed}", "seed": seed, "value": value}
    return CELL | ACCURACY | own | changes


def test_the_captions_bars() -> None:
    bars = {
        each.number: len(each.x.levels)
        * len(each.hue.levels)
        * (len(each.panel.levels) if each.panel else 1)
        for each in FIGURES
    }

    assert bars == {3: 9, 4: 9, 5: 4, 6: 9, 7: 9, 8: 12, 9: 6, 10: 6, 11: 6, 12: 6, 13: 9}


def test_every_study_carries_the_figures_it_names() -> None:
    named = {number: study.name for study in STUDIES.values() for number in study.figures}

    assert {each.number: each.study for each in FIGURES} == {n: named[n] for n in range(3, 14)}


def test_every_bar_is_a_cell_of_its_study() -> None:
    for each in FIGURES:
        cells = [cell.model_dump() for cell in STUDIES[each.study].cells(("disjoint",))]
        for hue in each.hue.levels:
            for x in each.x.levels:
                levels = dict(each.where) | {each.x.column: x}
                if hue != UNIMODAL_MEAN:
                    levels[each.hue.column] = hue
                for panel in each.panel.levels if each.panel else ("",):
                    if each.panel:
                        levels[each.panel.column] = panel
                    found = [cell for cell in cells if levels.items() <= cell.items()]
                    # A dense network has no neuron, reset or steps to fix; the rest is one cell.
                    assert len(found) == (3 if hue == UNIMODAL_MEAN else 1), (each.number, levels)


def test_claims_stand_at_one_figure_each() -> None:
    claims = [claim for each in FIGURES for claim in each.claims]

    assert claims == [f"C{number}" for number in range(1, 24)]


@pytest.mark.parametrize(
    ("number", "key", "value"),
    [
        (3, ("S/2", "fused"), 0.99),
        (4, ("S/3", "fused"), 0.999),
        (4, ("S/3", "image"), None),
        (5, ("snn", "fused"), 0.999),
        (6, ("S", "fused"), 0.999),
        (7, ("S", "audio"), None),
        (8, ("dnn", 5.0, "fused"), 0.99),
        (8, ("snn", 5.0, "fused"), None),
        (9, ("before", "fused"), None),
        (11, ("hard", "fused"), 0.99),
        (13, (4, "fused"), None),
    ],
)
def test_paper_values_are_those_the_text_states(
    number: int, key: tuple[Level, ...], value: float | None
) -> None:
    assert figure(number).paper.get(key) == value


def test_paper_values_belong_to_bars() -> None:
    for each in FIGURES:
        for key in each.paper:
            axes = [each.panel, each.x, each.hue] if each.panel else [each.x, each.hue]
            assert len(key) == len(axes)
            assert all(level in axis.levels for level, axis in zip(key, axes, strict=True) if axis)


def test_an_unknown_figure_is_refused_with_the_list() -> None:
    with pytest.raises(InputError, match=r"one of 3, 4, .*13, got 2"):
        figure(2)


def test_table_has_mean_interval_and_every_seed() -> None:
    values = [0.98, 0.985, 0.991]
    rows = [row(seed=seed, value=value) for seed, value in enumerate(values)]

    table = figure_table(figure(4), rows, "disjoint", "test")

    bar = table[0]
    assert (bar.x, bar.hue, bar.n) == ("S", "image", 3)
    assert dict(bar.values) == {0: 0.98, 1: 0.985, 2: 0.991}
    assert bar.mean == pytest.approx(math.fsum(values) / 3, abs=1e-15)
    low, high = stats.t.interval(0.95, 2, loc=bar.mean, scale=stats.sem(values))
    assert (bar.low, bar.high) == pytest.approx((low, high), abs=1e-12)
    assert all(other.n == 0 and other.mean is None for other in table[1:])


@pytest.mark.parametrize(
    "changes",
    [
        {"study": "reset"},
        {"network": "dnn"},
        {"protocol": "paper"},
        {"split": "validation"},
        {"metric": "accuracy_last"},
        {"noise_std": 0.1},
        {"time_steps": 8},
        {"neuron": "if"},
        {"reset": "hard"},
    ],
)
def test_rows_of_other_cells_stay_out(changes: Row) -> None:
    table = figure_table(figure(4), [row(**changes)], "disjoint", "test")

    assert sum(bar.n for bar in table) == 0


def test_rows_as_text_count_like_typed_rows() -> None:
    typed = [row(seed=seed, value=0.9 + seed / 100) for seed in range(3)]
    text = [{name: str(value) for name, value in each.items()} for each in typed]

    assert figure_table(figure(4), text, "disjoint", "test") == figure_table(
        figure(4), typed, "disjoint", "test"
    )


def test_one_seed_has_no_interval() -> None:
    bar = figure_table(figure(4), [row()], "disjoint", "test")[0]

    assert (bar.n, bar.mean, bar.low, bar.high) == (1, 0.9, None, None)


def test_unimodal_mean_pairs_image_and_audio_by_seed() -> None:
    rows = [row(seed=seed, value=value) for seed, value in enumerate([0.9, 0.92, 0.94])]
    rows += [row("b", seed, value, modality="audio") for seed, value in ((0, 0.8), (2, 0.7))]

    bars = {(bar.x, bar.hue): bar for bar in figure_table(figure(5), rows, "disjoint", "test")}

    assert dict(bars["snn", UNIMODAL_MEAN].values) == pytest.approx({0: 0.85, 2: 0.82})
    assert bars["dnn", UNIMODAL_MEAN].n == 0


def test_panels_are_kept_apart() -> None:
    noise = {"study": "noise-size", "noise_std": 5.0}
    rows = [row(value=0.3, **noise), row("b", value=0.4, network="dnn", **noise)]

    table = figure_table(figure(8), rows, "disjoint", "test")

    found = {bar.panel: bar.mean for bar in table if bar.n}
    assert found == {"dnn": 0.4, "snn": 0.3}


def test_a_repeated_row_counts_once_and_a_second_trial_is_refused() -> None:
    table = figure_table(figure(4), [row(), row()], "disjoint", "test")
    assert table[0].n == 1

    with pytest.raises(StudyError, match="two for seed 0"):
        figure_table(figure(4), [row(), row("other", value=0.5)], "disjoint", "test")


@pytest.mark.parametrize("value", [float("nan"), "?"])
def test_values_that_are_no_numbers_are_refused(value: object) -> None:
    rows = [row(seed=0), row(seed=1, value=value)]  # type: ignore[arg-type]

    with pytest.raises(StudyError, match="seed 1 of image SNN at S has no accuracy in 0 to 1"):
        figure_table(figure(4), rows, "disjoint", "test")


@pytest.mark.parametrize(
    ("column", "level", "name"),
    [
        ("noise_std", 0.1, "Noise 0.1"),
        ("noise_std", 5.0, "Noise 5"),
        ("noise_std", 0.0, "No noise"),
        ("size", "S/2", "S/2"),
        ("reset", "hard", "Hard reset"),
    ],
)
def test_level_names(column: str, level: Level, name: str) -> None:
    assert level_name(column, level) == name
