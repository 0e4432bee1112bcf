"""Rates by step are those that trials stored, with interval and n."""

from types import ModuleType
from typing import Any

import matplotlib
import numpy as np
import pytest

from spikefuse.report.drawing import theme
from spikefuse.report.reading.sources import read_run
from spikefuse.report.reading.stored import Shelf
from spikefuse.report.sections.steps import (
    StepRates,
    step_chart,
    step_rates,
    step_section,
    step_table,
)

RATES = StepRates(
    "fused",
    4,
    {
        "image.conv1": {0: np.array([0.1, 0.2, 0.3, 0.4]), 1: np.array([0.2, 0.2, 0.3, 0.4])},
        "fused.hidden": {0: np.array([0.0, 0.1, 0.2, 0.41])},
    },
    theme.roles(["image", "audio", "fused"]),
)


def test_table_has_mean_interval_and_n_of_every_step() -> None:
    rows = step_table([RATES]).rows

    assert len(rows) == 8
    # Two seeds have no interval but their values.
    assert rows[0] == ("fused", "4", "image.conv1", "1", "0.1500", "0.1000 and 0.2000", "2")
    assert rows[4] == ("fused", "4", "fused.hidden", "1", "0.0000", "\u2013", "1")


def test_chart_draws_seeds_and_means_and_names_the_lines_apart() -> None:
    with matplotlib.rc_context(theme.rc(text_as_text=True, salt="x")):
        figure, tips = step_chart(RATES, 0.41)

    ax = figure.axes[0]
    assert len(ax.lines) == 2 + 1 + 1 + 1
    mean = ax.lines[2]
    assert list(mean.get_ydata()) == pytest.approx([0.15, 0.2, 0.3, 0.4])
    assert mean.get_color() == theme.LIGHT["image"]
    assert ax.lines[4].get_color() == theme.LIGHT["fused"]
    places = {text.get_text(): text.xy[1] for text in ax.texts}
    assert abs(places["image.conv1"] - places["fused.hidden"]) > 0.08
    assert all(0 <= place <= 1 for place in places.values())
    assert "image.conv1: 0.1500, 0.2000, 0.3000, 0.4000, n = 2" in tips.texts.values()


def test_section_names_both_ends_of_every_line() -> None:
    section = step_section([RATES], "spikefuse run time-steps")

    assert section is not None
    assert "Fused, T = 4" in section.pictures[0].title
    words = "image.conv1 0.150 at the first step, 0.400 at the last"
    assert words in section.pictures[0].svg
    assert step_section([], "") is None


def test_a_run_gives_its_networks_of_every_number_of_steps(
    synthetic: ModuleType, tmp_path: Any
) -> None:
    synthetic.write_run(tmp_path, seeds=2, epochs=1, studies=("time-steps",))
    run = read_run(tmp_path)
    shelf = Shelf(run)

    found = step_rates(run, shelf)

    assert [(each.steps, each.modality) for each in found] == [
        (steps, modality) for steps in (4, 8, 16) for modality in ("image", "audio", "fused")
    ]
    assert list(found[0].layers) == ["image.conv1", "image.conv2", "image.hidden"]
    cell = next(c for _, c in synthetic.study_cells("disjoint") if c["time_steps"] == 16)
    stored = synthetic.observations(cell, 1)["rate/image.conv2"].numpy()
    np.testing.assert_array_equal(found[6].layers["image.conv2"][1], stored)
    assert shelf.notices == []


def test_rates_of_another_length_are_a_notice(
    synthetic: ModuleType, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    synthetic.write_run(tmp_path, seeds=1, epochs=1, studies=("reset",))
    run = read_run(tmp_path)
    shelf = Shelf(run)
    monkeypatch.setattr(Shelf, "observations", lambda self, trial: {"rate/x": np.zeros(3)})

    assert step_rates(run, shelf) == []
    assert "rate/x has the shape (3,), not (4,)" in shelf.notices[0]
