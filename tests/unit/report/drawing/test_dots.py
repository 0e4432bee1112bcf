"""The dot chart draws every estimate where its category stands."""

import matplotlib
import pytest

from spikefuse.analysis.estimates import Estimate
from spikefuse.report.drawing import theme
from spikefuse.report.drawing.charts import Line
from spikefuse.report.drawing.dots import Dots, Series, describe_dots, dot_chart
from spikefuse.report.drawing.pictures import Picture, with_dots_caption

WIDE = Estimate({0: 0.01, 1: 0.03}, 0.02, -0.107, 0.147)
ONE = Estimate({0: -0.005}, -0.005, None, None)
DOTS = Dots(
    ["over image", "over a name that is much longer than the axis has room for"],
    [Series("SNN", "fused", {"over image": WIDE}), Series("DNN", "mean", {"over image": ONE})],
    "Gain (percentage points)",
    "pp",
)


def test_means_intervals_and_seeds_are_drawn() -> None:
    with matplotlib.rc_context(theme.rc(text_as_text=True, salt="x")):
        figure, tips = dot_chart(DOTS)

    ax = figure.axes[0]
    interval, seeds, mean = ax.lines[:3]
    assert list(interval.get_xdata()) == pytest.approx([-10.7, 14.7])
    assert list(seeds.get_xdata()) == pytest.approx([1, 3])
    assert list(mean.get_xdata()) == pytest.approx([2])
    assert mean.get_ydata()[0] < 0 < ax.lines[4].get_ydata()[0]  # side by side in one category
    low, high = ax.get_xlim()
    assert low < -0.5
    assert high > 3
    # Two seeds' interval is not allowed to squeeze what was measured.
    assert high - low < 14
    assert [label.get_text() for label in ax.get_yticklabels()][1].endswith("\u2026")
    assert set(tips.texts.values()) == {
        "over image, SNN: 2.00 pp, n = 2",
        "over image, DNN: -0.50 pp, n = 1",
    }


def test_of_very_many_seeds_the_first_are_drawn() -> None:
    values = {seed: seed / 10_000 for seed in range(2000)}
    many = Estimate(values, 0.1, 0.09, 0.11)
    dots = Dots(["over image"], [Series("SNN", "fused", {"over image": many})], "Gain (pp)", "pp")

    with matplotlib.rc_context(theme.rc(text_as_text=True, salt="x")):
        figure, tips = dot_chart(dots)

    _, seeds, mean = figure.axes[0].lines[:3]
    assert list(seeds.get_xdata()) == pytest.approx([seed / 100 for seed in range(200)])
    assert list(mean.get_xdata()) == pytest.approx([10.0]), "the mean is that of all"
    assert list(tips.texts.values()) == ["over image, SNN: 10.00 pp, n = 2000"]
    assert with_dots_caption(Picture("", ""), [Line("", many, "fused")]).caption == (
        "Mean gain with 95 % interval; a small dot is one seed of the first 200."
    )


def test_accuracies_end_near_100() -> None:
    value = Estimate({0: 0.98, 1: 0.99}, 0.985, 0.92, 1.05)
    dots = Dots(["theo"], [Series("SNN", "audio", {"theo": value})], "Accuracy (%)", "%")

    with matplotlib.rc_context(theme.rc(text_as_text=True, salt="x")):
        figure, _ = dot_chart(dots)

    assert 99 < figure.axes[0].get_xlim()[1] < 100.5


def test_words_name_what_is_missing() -> None:
    text = describe_dots(DOTS)

    assert text.startswith("over image: SNN 2.00 pp, n = 2, DNN -0.50 pp, n = 1; ")
    assert text.endswith("not measured")
