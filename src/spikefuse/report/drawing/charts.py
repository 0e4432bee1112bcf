"""The report's own charts: gains, the leak, learning curves, firing rates."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter

from spikefuse.analysis.estimates import Estimate
from spikefuse.analysis.gains import BEST
from spikefuse.analysis.headline import Headline
from spikefuse.analysis.words import better_of, level_name, percent, points, rate
from spikefuse.data.sources.contract import FUSED
from spikefuse.report.drawing import theme
from spikefuse.report.drawing.panels import Tips, seed_dots, set_accuracy_axis
from spikefuse.report.drawing.scale import AccuracyScale, choose_scale

_POINTS_PER_INCH = 72.0
_CURVE_BOX = (300.0, 190.0, (42.0, 12.0, 10.0, 36.0))


def blank(
    width: float, height: float, margins: tuple[float, float, float, float]
) -> tuple[Figure, Axes]:
    """A figure of one set of axes; sizes and margins (left, right, top, bottom) in points."""
    left, right, top, bottom = margins
    figure = Figure(figsize=(width / _POINTS_PER_INCH, height / _POINTS_PER_INCH))
    box = (
        left / width,
        bottom / height,
        (width - left - right) / width,
        (height - top - bottom) / height,
    )
    return figure, figure.add_axes(box)


@dataclass(frozen=True)
class Line:
    """One row of a dot-and-interval chart."""

    label: str
    value: Estimate
    role: str
    hollow: bool = False


def _row(ax: Axes, y: float, line: Line, unit: str) -> None:
    """Words above, then interval, mean and seeds of one row; the number at the right."""
    colour, value = theme.LIGHT[line.role], line.value
    if value.low is not None and value.high is not None:
        ax.plot([100 * value.low, 100 * value.high], [y, y], color=colour, lw=2.4, zorder=3)
    seeds = 100 * seed_dots(value.values)
    ax.plot(seeds, np.full(len(seeds), y + 0.2), "o", ms=3.8, color=colour, alpha=0.6, mew=0)
    face = theme.LIGHT["card"] if line.hollow else colour
    ax.plot([100 * value.mean], [y], "o", ms=9, color=face, mec=colour, mew=1.8, zorder=5)
    number = points(value.mean) + " pp" if unit == "pp" else f"{percent(value.mean)} %"
    for text, x, side, weight in ((line.label, 0, "left", "normal"), (number, 1, "right", "bold")):
        ax.annotate(
            text,
            (x, y - 0.42),
            xycoords=("axes fraction", "data"),
            ha=side,
            va="center",
            fontsize=10.5,
            weight=weight,
            color=theme.LIGHT["ink"],
            # Words must stay readable where a grid line runs behind them.
            bbox={"facecolor": theme.LIGHT["card"], "edgecolor": "none", "pad": 1.5},
        )


def gain_lines(found: Headline) -> list[Line]:
    """The rows of the gain chart, the headline's first."""
    lines = []
    for name in ("snn", "dnn"):
        gain = found.gains.get(name)
        if gain is not None:
            word = level_name("network", name)
            better = better_of(len(found.modalities))
            lines.append(Line(f"{word}: fused over the {better} one", gain.over_best, FUSED))
            lines.append(Line(f"{word}: fused over their mean", gain.over_mean, "mean"))
    if BEST in found.more:
        lines.append(Line("SNN gain minus DNN gain", found.more[BEST], "ink"))
    return lines


def gain_chart(lines: Sequence[Line]) -> tuple[Figure, Tips]:
    """Gain of the fused network in percentage points, a row a comparison."""
    figure, ax = blank(400, 44 + 43 * len(lines), (10, 10, 4, 40))
    ends = [0.0, *(value for line in lines for value in line.value.values.values())]
    ax.axvline(0, color=theme.LIGHT["ink"], lw=1)
    _draw_rows(ax, lines, "pp")
    # Two seeds give intervals twelve standard errors wide; they may run off the axis.
    reach = max(max(ends) - min(ends), 0.002)
    bounds = [end for line in lines for end in (line.value.low, line.value.high) if end is not None]
    low = min([*ends, *(max(end, min(ends) - reach) for end in bounds)])
    high = max([*ends, *(min(end, max(ends) + reach) for end in bounds)])
    # One seed without any gain spans nothing, and an axis must span something.
    pad = 0.06 * (high - low) or 0.001
    ax.set_xlim(100 * (low - pad), 100 * (high + pad))
    ax.set_xlabel("Gain in test accuracy (percentage points)", fontsize=10)
    return figure, Tips()


def _draw_rows(ax: Axes, lines: Sequence[Line], unit: str) -> None:
    for index, line in enumerate(lines):
        _row(ax, index, line, unit)
        if index:
            ax.axhline(index - 0.68, color=theme.LIGHT["line"], lw=0.7)
    ax.set_yticks([])
    ax.set_ylim(len(lines) - 0.62, -0.68)
    ax.tick_params(axis="x", length=0, labelcolor=theme.LIGHT["muted"])
    ax.grid(axis="x", color=theme.LIGHT["line"], lw=0.7)
    ax.set_axisbelow(True)
    ax.spines[["top", "left", "right"]].set_visible(False)


def leak_lines(found: Headline) -> list[Line]:
    """The rows of the leak chart: each network under both pairings."""
    lines = []
    for name, leak in found.leaks.items():
        if leak.paper is None or leak.disjoint is None:
            continue
        word = level_name("network", name)
        lines.append(Line(f"{word}, pair then split", leak.paper, "mean", hollow=True))
        lines.append(Line(f"{word}, split then pair", leak.disjoint, FUSED))
    return lines


def leak_chart(lines: Sequence[Line], chance: float | None = None) -> tuple[Figure, Tips]:
    """Fused validation accuracy under both pairings, side by side."""
    figure, ax = blank(400, 44 + 43 * len(lines), (14, 18, 4, 40))
    _draw_rows(ax, lines, "%")
    values = [value for line in lines for value in line.value.values.values()]
    bounds = [
        (line.value.low, line.value.high)
        for line in lines
        if line.value.low is not None and line.value.high is not None
    ]
    scale = choose_scale(values, bounds, chance)
    ax.set_xlim(100 * scale.low, 100 * scale.high)
    ax.set_xlabel("Validation accuracy of the fused network (%)", fontsize=10)
    return figure, Tips()


@dataclass(frozen=True)
class Curve:
    """One trial's course: a number an epoch.

    Attributes:
        role: Colour role of its modality.
        dashed: Drawn dashed: the pairing is not the default one.
        best: The epoch whose weights were kept, if known.
    """

    label: str
    role: str
    dashed: bool
    epochs: tuple[int, ...]
    values: tuple[float, ...]
    best: int | None = None


def accuracy_curves(curves: Sequence[Curve], scale: AccuracyScale) -> tuple[Figure, Tips]:
    """A small multiple: validation accuracy of trials that differ in modality, pairing and seed."""
    figure, ax = blank(*_CURVE_BOX)
    set_accuracy_axis(ax, scale, label=False)
    return figure, _draw_curves(ax, curves)


def loss_curves(curves: Sequence[Curve], ends: tuple[float, float]) -> tuple[Figure, Tips]:
    """A small multiple: training loss, on a logarithmic axis that all multiples share."""
    figure, ax = blank(*_CURVE_BOX)
    ax.set_yscale("log")
    ax.set_ylim(*ends)
    # Plain decimals: the default powers of ten are set as mathematics, which is switched off.
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    ax.yaxis.set_minor_formatter(NullFormatter())
    ax.grid(axis="y", color=theme.LIGHT["line"], lw=0.7)
    ax.spines[["top", "left", "right"]].set_visible(False)
    ax.tick_params(axis="y", which="both", length=0)
    return figure, _draw_curves(ax, curves)


def loss_ends(curves: Sequence[Curve]) -> tuple[float, float]:
    """Ends of a logarithmic axis that holds every curve."""
    values = [v for curve in curves for v in curve.values if np.isfinite(v) and v > 0]
    return 0.8 * min(values, default=0.1), 1.25 * max(values, default=1.0)


def _draw_curves(ax: Axes, curves: Sequence[Curve]) -> Tips:
    tips = Tips()
    for curve in curves:
        _curve(ax, curve, tips)
    last = max((epoch for curve in curves for epoch in curve.epochs), default=1)
    ax.set_xlim(0.5, last + 0.5)
    ax.set_xticks(sorted({1, (last + 1) // 2, last}))
    ax.tick_params(axis="x", length=0, labelcolor=theme.LIGHT["muted"])
    ax.set_xlabel("Epoch", fontsize=10, labelpad=2)
    return tips


def _curve(ax: Axes, curve: Curve, tips: Tips) -> None:
    colour = theme.LIGHT[curve.role]
    single = len(curve.epochs) == 1
    ax.plot(
        curve.epochs,
        curve.values,
        color=colour,
        lw=1.3,
        alpha=0.85,
        ls=(0, (3, 2)) if curve.dashed else "-",
        marker="o" if single else None,
        ms=4,
        gid=tips.add(curve.label),
    )
    if curve.best in curve.epochs:
        value = curve.values[curve.epochs.index(curve.best)]
        ax.plot(
            [curve.best], [value], theme.MARKER[curve.role], ms=4.6, color=colour, clip_on=False
        )


def rate_chart(
    layers: Sequence[str],
    rates: Mapping[str, Sequence[Mapping[str, float]]],
    limit: float,
    roles: Mapping[str, str],
) -> tuple[Figure, Tips]:
    """Firing rate of each layer, a dot a seed, a row a layer.

    Args:
        layers: Layer names, the first layer first.
        rates: By modality, one mapping of layer to spikes per neuron and step for each seed.
        limit: End of the rate axis, one for all networks.
        roles: Colour role by modality, in the order in which they are drawn.
    """
    figure, ax = blank(300, 46 + 27 * max(len(layers), 1), (108, 14, 6, 38))
    tips = Tips()
    present = [modality for modality in roles if rates.get(modality)]
    for index, modality in enumerate(present):
        shift = 0.22 * (index - (len(present) - 1) / 2)
        role = roles[modality]
        for place, layer in enumerate(layers):
            values = [seed[layer] for seed in rates[modality] if layer in seed]
            if not values:
                continue
            mean = float(np.mean(values))
            colour = theme.LIGHT[role]
            ax.plot([0, mean], [place + shift] * 2, color=colour, lw=1, alpha=0.4)
            ax.plot(
                values, [place + shift] * len(values), "o", ms=3, color=colour, alpha=0.5, mew=0
            )
            tip = f"{modality}, {layer}: {rate(mean)} spikes per neuron and step, n = {len(values)}"
            marker = theme.MARKER[role]
            ax.plot([mean], [place + shift], marker, ms=6, color=colour, gid=tips.add(tip))
    ax.set_yticks(range(len(layers)), list(layers))
    ax.set_ylim(len(layers) - 0.5, -0.5)
    ax.set_xlim(0, 1.05 * limit)
    ax.tick_params(axis="both", length=0)
    ax.tick_params(axis="y", labelcolor=theme.LIGHT["ink"])
    ax.grid(axis="x", color=theme.LIGHT["line"], lw=0.7)
    ax.set_axisbelow(True)
    ax.spines[["top", "left", "right"]].set_visible(False)
    ax.set_xlabel("Spikes per neuron and step", fontsize=10)
    return figure, tips
