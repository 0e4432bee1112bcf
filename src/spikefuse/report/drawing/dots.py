"""A dot chart: categories one below the other, a series of estimates in each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure

from spikefuse.analysis.estimates import Estimate
from spikefuse.analysis.words import counted, percent
from spikefuse.report.drawing import theme
from spikefuse.report.drawing.charts import blank
from spikefuse.report.drawing.panels import Tips, seed_dots

_LEFT, _ROW = 140.0, 17.0
_MOST_LETTERS = 24


@dataclass(frozen=True)
class Series:
    """One kind of estimate.

    Attributes:
        role: Colour role.
        values: By category; a category without one stays empty.
        hollow: Drawn as a ring.
    """

    name: str
    role: str
    values: Mapping[str, Estimate]
    hollow: bool = False


@dataclass(frozen=True)
class Dots:
    """What a dot chart shows; all values are shares, drawn in per cent.

    Attributes:
        axis: What the axis shows, with its unit.
        unit: Written after a number in the tips: "pp" or "%".
    """

    categories: Sequence[str]
    series: Sequence[Series]
    axis: str
    unit: str


def dot_chart(dots: Dots) -> tuple[Figure, Tips]:
    """Draw means with intervals and every seed as a small dot."""
    row = max(24.0, 8.0 + _ROW * len(dots.series))
    figure, ax = blank(420, 44 + row * len(dots.categories), (_LEFT, 14, 6, 38))
    tips = Tips()
    points = [0.0] if dots.unit == "pp" else []
    bounds: list[float] = []
    for order, series in enumerate(dots.series):
        shift = (order - (len(dots.series) - 1) / 2) * _ROW / row
        colour = theme.LIGHT[series.role]
        for place, category in enumerate(dots.categories):
            value = series.values.get(category)
            if value is None:
                continue
            y = place + shift
            seeds = 100 * seed_dots(value.values)
            points += [100 * value.mean, *seeds]
            if value.low is not None and value.high is not None:
                bounds += [100 * value.low, 100 * value.high]
                ax.plot(bounds[-2:], [y, y], color=colour, lw=1.8, zorder=3)
            ax.plot(seeds, np.full(len(seeds), y), "o", ms=3, color=colour, alpha=0.5, mew=0)
            tip = f"{category}, {series.name}: {percent(value.mean)} {dots.unit}"
            tip += f", n = {counted(value)}"
            ax.plot(
                [100 * value.mean],
                [y],
                theme.MARKER[series.role],
                ms=6.5,
                color=theme.LIGHT["card"] if series.hollow else colour,
                mec=colour,
                mew=1.4,
                zorder=4,
                gid=tips.add(tip),
            )
    low, high = _ends(points, bounds)
    ax.set_xlim(low, high if dots.unit == "pp" else min(high, 100.0 + 0.02 * (high - low)))
    if dots.unit == "pp":
        ax.axvline(0, color=theme.LIGHT["ink"], lw=1)
    for middle in range(1, len(dots.categories)):
        ax.axhline(middle - 0.5, color=theme.LIGHT["line"], lw=0.7)
    ax.set_yticks(range(len(dots.categories)), [_short(name) for name in dots.categories])
    ax.set_ylim(len(dots.categories) - 0.5, -0.5)
    ax.tick_params(axis="both", length=0, labelcolor=theme.LIGHT["ink"])
    ax.grid(axis="x", color=theme.LIGHT["line"], lw=0.7)
    ax.set_axisbelow(True)
    ax.spines[["top", "left", "right"]].set_visible(False)
    ax.set_xlabel(dots.axis, fontsize=10)
    return figure, tips


def _ends(points: Sequence[float], bounds: Sequence[float]) -> tuple[float, float]:
    """Ends of the axis: every value, and intervals as far as they do not squeeze the values."""
    low, high = min(points, default=0.0), max(points, default=1.0)
    # Two seeds give intervals twelve standard errors wide; they may run off the axis.
    reach = max(high - low, 0.2)
    low = min([low, *(max(end, low - reach) for end in bounds)])
    high = max([high, *(min(end, high + reach) for end in bounds)])
    pad = 0.05 * (high - low) or 0.1  # a chart of which every number is missing has axes too
    return low - pad, high + pad


def _short(name: str) -> str:
    return name if len(name) <= _MOST_LETTERS else name[: _MOST_LETTERS - 1] + "\u2026"


def describe_dots(dots: Dots) -> str:
    """Every mean in words, for who does not see the chart."""
    parts = []
    for category in dots.categories:
        found = [
            f"{series.name} {percent(value.mean)} {dots.unit}, n = {counted(value)}"
            for series in dots.series
            if (value := series.values.get(category)) is not None
        ]
        parts.append(f"{category}: {', '.join(found) or 'not measured'}")
    return "; ".join(parts)
