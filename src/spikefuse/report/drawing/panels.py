"""Draws the bars of a paper figure: means, intervals, every seed, and the paper's own value."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from spikefuse.analysis.figures import UNIMODAL_MEAN, FigureRow, PaperFigure
from spikefuse.analysis.row_index import Level
from spikefuse.analysis.words import FEWEST, counted, interval_words, percent, short_percent, span
from spikefuse.report.drawing import theme
from spikefuse.report.drawing.scale import (
    AccuracyScale,
    choose_scale,
    stretch,
    unstretch,
)

# Place of the seeds and of the paper's value beside the mean, in categories.
_SEED_SHIFT, _PAPER_SHIFT = -0.065, 0.075


@dataclass(frozen=True)
class Panel:
    """One set of axes of a figure: a protocol, and a panel level where the figure has panels."""

    figure: PaperFigure
    rows: tuple[FigureRow, ...]
    scale: AccuracyScale


@dataclass
class Tips:
    """Collects what is shown over a mark, by the mark's identifier."""

    texts: dict[str, str] = field(default_factory=dict)

    def add(self, text: str) -> str:
        """Keep the text and return the identifier for the mark."""
        name = f"tip-{len(self.texts)}"
        self.texts[name] = text
        return name


MOST_DOTS = 200
"""Seeds that are drawn, those first in order: more are one smear, and a page grows with each."""


def seed_dots(values: Mapping[int, float]) -> np.ndarray[Any, Any]:
    """The values of the seeds that are drawn."""
    return np.array(list(islice(values.values(), MOST_DOTS)))


def dot_words(counts: Iterable[int]) -> str:
    """What a small dot is, by how many seeds stand behind a picture's means.

    Example:
        >>> dot_words([5, 3]), dot_words([5, 2000])
        ('one seed', 'one seed of the first 200')
    """
    return "one seed" + f" of the first {MOST_DOTS}" * (max(counts, default=0) > MOST_DOTS)


def figure_scale(rows: Sequence[FigureRow], chance: float | None = None) -> AccuracyScale:
    """One axis for every panel of a figure, so that panels can be compared by eye."""
    values = [value for row in rows for value in row.values.values()]
    values += [row.paper for row in rows if row.paper is not None]
    ends = [(row.low, row.high) for row in rows if row.low is not None and row.high is not None]
    return choose_scale(values, ends, chance)


def roles_of(figure: PaperFigure) -> dict[Level, str]:
    """The colour role of each hue level."""
    roles = theme.roles(map(str, figure.hue.levels))
    return {hue: roles[str(hue)] for hue in figure.hue.levels}


def describe(row: FigureRow, figure: PaperFigure) -> str:
    """One bar in words: levels, mean, interval, n, paper's value."""
    parts = [figure.hue.name(row.hue), figure.x.name(row.x)]
    if figure.panel is not None and row.panel is not None:
        parts.insert(0, figure.panel.name(row.panel))
    if row.mean is None:
        why = f"no mean, n = {row.n}, {row.reason}" if row.reason else "not measured"
        return f"{', '.join(parts)}: {why}"
    text = f"{', '.join(parts)}: {percent(row.mean)} %"
    if row.low is not None and row.high is not None:
        text += f", 95 % interval {span(row, percent)}"
    text += f", n = {counted(row)}"
    return text + (
        f"; the paper says {short_percent(row.paper)} %" if row.paper is not None else ""
    )


def set_accuracy_axis(ax: Axes, scale: AccuracyScale, *, label: bool = True) -> None:
    """Ticks, grid, chance line and ends of an accuracy axis."""
    if scale.stretched:
        ax.set_yscale("function", functions=(stretch, unstretch))
    ax.set_yticks(scale.ticks, [short_percent(tick) for tick in scale.ticks])
    ax.set_yticks([], minor=True)
    ax.set_ylim(scale.low, scale.high)
    ax.tick_params(axis="y", length=0, pad=5)
    ax.grid(axis="y", color=theme.LIGHT["line"], linewidth=0.7)
    ax.set_axisbelow(True)
    ax.spines[["top", "left", "right"]].set_visible(False)
    chance = scale.chance
    if chance is not None and scale.low <= chance <= scale.high:
        ax.axhline(chance, color=theme.LIGHT["muted"], linewidth=1, linestyle=(0, (4, 3)))
        ax.annotate(
            "chance",
            (1, chance),
            xycoords=("axes fraction", "data"),
            xytext=(-2, 3),
            textcoords="offset points",
            ha="right",
            fontsize=9,
            color=theme.LIGHT["muted"],
        )
    if label:
        text = "Accuracy (%)" + (", stretched axis" if scale.stretched else "")
        ax.set_ylabel(text, rotation_mode="anchor", fontsize=9.5)


def draw_panel(ax: Axes, panel: Panel, tips: Tips, *, label: bool = True) -> None:
    """Draw one panel of a paper figure on the axes."""
    figure = panel.figure
    set_accuracy_axis(ax, panel.scale, label=label)
    xs, hues = figure.x.levels, figure.hue.levels
    ax.set_xticks(range(len(xs)), list(figure.x.names()))
    ax.set_xlim(-0.5, len(xs) - 0.5)
    ax.tick_params(axis="x", length=0, pad=6)
    for middle in range(1, len(xs)):
        ax.axvline(middle - 0.5, color=theme.LIGHT["line"], linewidth=0.7)
    step = 0.9 / max(len(hues), 3)
    place = {hue: step * (index - (len(hues) - 1) / 2) for index, hue in enumerate(hues)}
    by_key = {(row.x, row.hue): row for row in panel.rows}
    _connect_all(ax, figure, place, by_key)
    for index, x in enumerate(xs):
        for hue in hues:
            row = by_key.get((x, hue))
            if row is not None:
                _draw_bar(ax, index + place[hue], row, panel, tips)


def _connect_all(
    ax: Axes,
    figure: PaperFigure,
    place: Mapping[Level, float],
    rows: Mapping[tuple[Level, Level], FigureRow],
) -> None:
    """Faint lines through means: over the x factor, or from single to fused where that is shown."""
    steps = list(enumerate(figure.x.levels))
    if UNIMODAL_MEAN in figure.hue.levels:
        for index, x in steps:
            gain = [(index + place[hue], rows.get((x, hue))) for hue in figure.hue.levels]
            _connect(ax, gain, theme.LIGHT["muted"])
        return
    for hue in figure.hue.levels:
        line = [(index + place[hue], rows.get((x, hue))) for index, x in steps]
        _connect(ax, line, theme.LIGHT[roles_of(figure)[hue]])


def _connect(ax: Axes, points: Sequence[tuple[float, FigureRow | None]], colour: str) -> None:
    kept = [(x, row.mean) for x, row in points if row is not None and row.mean is not None]
    if len(kept) > 1:
        ax.plot(*zip(*kept, strict=True), color=colour, alpha=0.4, linewidth=1.3)


def _draw_bar(ax: Axes, x: float, row: FigureRow, panel: Panel, tips: Tips) -> None:
    role = roles_of(panel.figure)[row.hue]
    colour, scale = theme.LIGHT[role], panel.scale
    if row.paper is not None:
        ax.plot(
            [x + _PAPER_SHIFT],
            [row.paper],
            marker="D",
            markersize=5.5,
            markerfacecolor=theme.LIGHT["card"],
            markeredgecolor=theme.LIGHT["ink"],
            markeredgewidth=1.1,
            linestyle="none",
            clip_on=False,
            zorder=4,
            gid=tips.add(f"The paper's text: {short_percent(row.paper)} %"),
        )
    if row.mean is None:
        # The seeds that are left show where they fell; a mean over them would flatter the bar.
        _seeds(ax, x, row, colour)
        _value(ax, x, "diverged" if row.reason else "no data", theme.LIGHT["muted"])
        return
    _value(ax, x, percent(row.mean), theme.LIGHT["ink"])
    if row.low is not None and row.high is not None:
        _interval(ax, x, (row.low, row.high), scale, colour)
    _seeds(ax, x, row, colour)
    ax.plot(
        [x],
        [row.mean],
        marker=theme.MARKER[role],
        markersize=7.5,
        color=colour,
        markeredgecolor=theme.LIGHT["card"],
        markeredgewidth=0.8,
        linestyle="none",
        clip_on=False,
        zorder=5,
        gid=tips.add(describe(row, panel.figure)),
    )


def _seeds(ax: Axes, x: float, row: FigureRow, colour: str) -> None:
    seeds = seed_dots(row.values)
    if not len(seeds):
        return
    ax.plot(
        np.full(len(seeds), x + _SEED_SHIFT),
        seeds,
        marker="o",
        markersize=3.6,
        color=colour,
        alpha=0.6,
        markeredgewidth=0,
        linestyle="none",
        clip_on=False,
        zorder=3,
    )


def _interval(
    ax: Axes, x: float, ends: tuple[float, float], scale: AccuracyScale, colour: str
) -> None:
    """A vertical line; an end that runs off the axis gets an arrow head."""
    low, high = max(ends[0], scale.low), min(ends[1], scale.high)
    ax.plot([x, x], [low, high], color=colour, linewidth=1.8, solid_capstyle="butt", zorder=3)
    for end, kept, marker in ((ends[0], low, "v"), (min(ends[1], 1.0), high, "^")):
        if end != kept and abs(end - kept) > 1e-9:
            ax.plot([x], [kept], marker=marker, markersize=5, color=colour, clip_on=False, zorder=3)


def _value(ax: Axes, x: float, text: str, colour: str) -> None:
    """The mean in figures, in a strip above the axes where it can cover nothing."""
    ax.annotate(
        text,
        (x, 1),
        xycoords=("data", "axes fraction"),
        xytext=(0, 10),
        textcoords="offset points",
        ha="center",
        fontsize=9.5,
        color=colour,
    )


def legend_handles(
    figure: PaperFigure, *, paper: bool, counts: Iterable[int] = (FEWEST,)
) -> list[Line2D]:
    """Marks and words for a legend: each hue level, a seed, the interval, the paper's value."""
    handles = []
    told_of = list(counts)
    roles = roles_of(figure)
    for hue, name in zip(figure.hue.levels, figure.hue.names(), strict=True):
        role = roles[hue]
        handles.append(
            Line2D(
                [], [], color=theme.LIGHT[role], marker=theme.MARKER[role], ls="none", label=name
            )
        )
    grey = theme.LIGHT["muted"]
    handles.append(
        Line2D([], [], color=grey, marker="o", ms=3.6, ls="none", label=dot_words(told_of))
    )
    if told := interval_words(told_of):
        handles.append(Line2D([], [], color=grey, lw=1.8, label=told))
    if paper:
        handles.append(
            Line2D(
                [],
                [],
                marker="D",
                ms=5.5,
                mfc=theme.LIGHT["card"],
                mec=theme.LIGHT["ink"],
                ls="none",
                label="the paper's text",
            )
        )
    return handles
