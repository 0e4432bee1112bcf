"""What is drawn of a figure: means, intervals, seeds, the paper's value."""

from collections.abc import Iterator

import matplotlib
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from spikefuse.analysis.figures import FigureRow, figure, figure_table
from spikefuse.report.drawing import theme
from spikefuse.report.drawing.panels import Panel, Tips, describe, draw_panel, figure_scale

VALUES = {"image": (0.97, 0.98, 0.99), "fused": (0.991, 0.995, 0.999)}


def rows(*, values: dict[str, tuple[float, ...]]) -> tuple[FigureRow, ...]:
    tidy = [
        {
            **{"study": "model-size", "network": "snn", "modality": modality, "size": "S"},
            **{"neuron": "lif", "reset": "soft", "time_steps": 4, "noise_std": 0.0},
            **{"protocol": "disjoint", "split": "test", "metric": "accuracy"},
            **{"trial": f"{modality}{seed}", "seed": seed, "value": value},
        }
        for modality, numbers in values.items()
        for seed, value in enumerate(numbers)
    ]
    return figure_table(figure(4), tidy, "disjoint", "test")


@pytest.fixture
def ax() -> Iterator[Axes]:
    with matplotlib.rc_context(theme.rc(text_as_text=True, salt="test")):
        yield Figure(figsize=(4, 3)).add_subplot()


CHANCE = 0.1


def draw(ax: Axes, values: dict[str, tuple[float, ...]]) -> Tips:
    table = rows(values=values)
    tips = Tips()
    draw_panel(ax, Panel(figure(4), table, figure_scale(table, CHANCE)), tips)
    return tips


def points(ax: Axes, marker: str) -> list[tuple[float, float]]:
    return [
        (float(x), float(y))
        for line in ax.lines
        if line.get_marker() == marker
        for x, y in zip(
            np.atleast_1d(line.get_xdata()), np.atleast_1d(line.get_ydata()), strict=True
        )
    ]


def test_means_seeds_and_paper_values(ax: Axes) -> None:
    draw(ax, VALUES)

    assert [y for _, y in points(ax, "s")] == pytest.approx([0.98])
    circles = sorted(y for _, y in points(ax, "o"))
    assert circles == pytest.approx(sorted([*VALUES["image"], *VALUES["fused"], 0.995]))
    assert points(ax, "^") == []
    # The text gives 99.9 % for the fused SNN at each size, also where nothing is measured.
    assert [y for _, y in points(ax, "D")] == pytest.approx([0.999] * 3)


def test_intervals_are_those_of_the_table_cut_at_the_axis(ax: Axes) -> None:
    draw(ax, VALUES)

    bar = next(row for row in rows(values=VALUES) if row.hue == "image" and row.n)
    drawn = [
        [float(y) for y in np.atleast_1d(line.get_ydata())]
        for line in ax.lines
        if line.get_linewidth() == 1.8 and line.get_color() == theme.LIGHT["image"]
    ]
    low, high = ax.get_ylim()
    assert bar.low is not None
    assert bar.high is not None
    assert drawn == [pytest.approx([max(bar.low, low), min(bar.high, high)])]


def test_modalities_keep_their_place(ax: Axes) -> None:
    draw(ax, VALUES)

    (image, _), (fused, _) = points(ax, "s")[0], max(points(ax, "o"))
    assert image < 0 < fused < 0.5


def test_chance_is_marked_only_where_it_is_in_sight(ax: Axes) -> None:
    draw(ax, VALUES)
    assert "chance" not in [text.get_text() for text in ax.texts]

    other = Figure().add_subplot()
    draw(other, {"image": (0.11, 0.12), "fused": (0.99, 0.98)})
    assert "chance" in [text.get_text() for text in other.texts]


def test_chance_is_that_of_the_number_of_classes() -> None:
    table = rows(values={"image": (0.26, 0.24), "fused": (0.99, 0.98)})
    four, unknown = Figure().add_subplot(), Figure().add_subplot()
    draw_panel(four, Panel(figure(4), table, figure_scale(table, 0.25)), Tips())
    draw_panel(unknown, Panel(figure(4), table, figure_scale(table)), Tips())

    assert [text.xy[1] for text in four.texts if text.get_text() == "chance"] == [0.25]
    assert "chance" not in [text.get_text() for text in unknown.texts]


def test_every_mark_says_what_it_is(ax: Axes) -> None:
    tips = draw(ax, VALUES)

    assert "Image, S: 98.00 %, 95 % interval 95.52 to 100.48, n = 3" in tips.texts.values()
    assert [*tips.texts.values()].count("The paper's text: 99.9 %") == 3
    assert {line.get_gid() for line in ax.lines} >= set(tips.texts)


def test_describe_a_bar_without_data_and_one_with_a_paper_value() -> None:
    table = {(row.x, row.hue): row for row in rows(values=VALUES)}

    assert describe(table["S/2", "image"], figure(4)) == "Image, S/2: not measured"
    assert describe(table["S", "fused"], figure(4)).endswith("n = 3; the paper says 99.9 %")
