"""Failing senses from rows: costs paired by seed, whom a conflict follows, Shapley values."""

from typing import Any

import pytest
from scipy import stats

from spikefuse.analysis.senses import senses
from spikefuse.data import SOURCES
from spikefuse.report.sections.senses import (
    contribution_table,
    cost_sentence,
    senses_section,
    senses_table,
)
from spikefuse.studies.design import Cell
from spikefuse.studies.registry import STUDIES

Rows = list[dict[str, Any]]
# Seeds 0, 1, 2: both, without image, without audio, without both.
BOTH, NO_IMAGE, NO_AUDIO, NEITHER = (
    (0.96, 0.94, 0.95),
    (0.50, 0.60, 0.55),
    (0.80, 0.70, 0.75),
    (0.10, 0.10, 0.13),
)


def cell(values: tuple[float, ...], metric: str = "accuracy", **levels: Any) -> Rows:
    noise = {"noise_std": 1.0, "noise_position": "input"} if "disturbance" in levels else {}
    made = Cell.create(**({"modality": "fused"} | noise | levels)).model_dump()
    network, modality = made["network"], made["modality"]
    return [
        {"study": "senses", "trial": f"{network} {modality} {seed}", **made, "seed": seed}
        | {"split": "test", "metric": metric, "value": value, "samples": 1000}
        for seed, value in enumerate(values)
    ]


def rows() -> Rows:
    return (
        cell(BOTH)
        + cell(NO_IMAGE, disturbance="mean:image")
        + cell(NO_AUDIO, disturbance="mean:audio")
        + cell(NEITHER, disturbance="mean:image+audio")
        + cell((0.95, 0.93, 0.93), modality="image")
        + cell((0.80, 0.85, 0.84), modality="audio")
        + cell((0.30, 0.20, 0.25), disturbance="conflict:audio")
        + cell((0.60, 0.70, 0.62), metric="follows", disturbance="conflict:audio")
        + cell((0.85, 0.80, 0.81), disturbance="zeros:audio:0.5")
    )


def test_a_lost_sense_costs_what_it_costs_by_seed() -> None:
    (found,) = senses(rows())
    lost = found.loss("mean", "audio")
    assert lost is not None
    assert lost.cost is not None
    gaps = [0.16, 0.24, 0.20]
    low, high = stats.t.interval(0.95, 2, loc=0.20, scale=stats.sem(gaps))
    assert list(lost.cost.values.values()) == pytest.approx(gaps)
    assert (lost.cost.low, lost.cost.high) == pytest.approx((low, high), abs=1e-12)
    assert lost.against is not None
    assert lost.against.mean == pytest.approx((0.15 + 0.23 + 0.18) / 3), "image alone minus it"
    dearest = found.dearest
    assert dearest is not None
    assert dearest.modalities == ("image",)
    part = found.loss("zeros", "audio", share=0.5)
    assert part is not None
    assert part.against is None
    assert part.accuracy.mean == pytest.approx(0.82)


def test_shapley_values_are_those_by_hand_and_add_up() -> None:
    (found,) = senses(rows())
    assert found.nothing is not None
    for seed in range(3):
        both, no_image, no_audio, none = (
            values[seed] for values in (BOTH, NO_IMAGE, NO_AUDIO, NEITHER)
        )
        image = ((no_audio - none) + (both - no_image)) / 2
        audio = ((no_image - none) + (both - no_audio)) / 2
        assert found.contributions["image"].values[seed] == pytest.approx(image)
        assert found.contributions["audio"].values[seed] == pytest.approx(audio)
        assert image + audio == pytest.approx(both - none)


def test_three_modalities_have_six_orders() -> None:
    """A symmetric game with a useless player: that one has nothing, the others half each."""
    worth = {0: 0.1, 1: 0.4, 2: 0.9}
    made = [
        row | {"trial": f"fused {row['seed']}"}
        for absent in ("", "a", "b", "c", "a+b", "a+c", "b+c", "a+b+c")
        for row in cell(
            (worth[2 - len({"a", "b"} & set(absent.split("+")))],) * 3,
            **({"disturbance": f"mean:{absent}"} if absent else {}),
        )
    ]
    singles = [row for name in "abc" for row in cell((0.5,) * 3, modality=name)]
    (found,) = senses(made + singles)
    means = {name: value.mean for name, value in found.contributions.items()}
    assert means == pytest.approx({"a": 0.4, "b": 0.4, "c": 0.0})


def test_a_missing_subset_gives_no_shapley_values() -> None:
    (found,) = senses([r for r in rows() if r["disturbance"] != "mean:image+audio"])
    assert found.contributions == {}
    assert cost_sentence(found) == ""
    assert senses([]) == []


def test_the_section_says_cost_conflict_and_contribution() -> None:
    found = senses(rows())
    section = senses_section(found, "spikefuse run senses")
    assert section is not None
    words = " ".join(section.paragraphs).replace("\u00a0", " ")
    assert "One lost sense costs the fused SNN: image +40.00 pp (95 % interval" in words
    assert "with audio of another class it follows audio in 64.00 % and what is left" in words
    assert "above that of no modality at all (11.00 %), the Shapley values are: image" in words
    table = senses_table(found)
    by_name = {row[1]: row for row in table.rows}
    assert by_name["nothing"][2] == "95.00"
    assert by_name["audio of another class"][2:7:2] == ("25.00", "+70.00", "64.00")
    assert by_name["audio missing (zeros), last 50 % of the steps"][2] == "82.00"
    contribution = contribution_table(found).rows[0]
    assert contribution[:3] == ("SNN", "image", "+40.00")
    assert senses_section([], "") is None


def test_the_study_names_every_disturbance_of_every_modality() -> None:
    cells = STUDIES["senses"].cells(("disjoint",), SOURCES["builtin"])
    levels = {(cell.network, cell.disturbance) for cell in cells if cell.disturbance}
    assert len(levels) == 2 * (3 + 4 * 2) + 3 * 2
    assert ("dnn", "zeros:audio:0.5") not in levels
    assert all(cell.noise_position == "input" for cell in cells if cell.disturbance)
    conditions = {cell.disturbance: cell.condition(draws=3) for cell in cells if cell.disturbance}
    both = conditions["mean:image+audio"]
    assert both is not None
    assert (both.modalities, both.draws) == (("image", "audio"), 1), "nothing of it is drawn"
    static = conditions["static:image"]
    assert static is not None
    assert static.draws == 3
