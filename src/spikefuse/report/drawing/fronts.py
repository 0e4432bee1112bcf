"""Accuracy against energy: a mark a network, and the line of those that no other one beats."""

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter

from spikefuse.analysis.energy import Point
from spikefuse.analysis.words import counted, percent
from spikefuse.report.drawing import theme
from spikefuse.report.drawing.charts import blank
from spikefuse.report.drawing.panels import Tips

PICO_TO_NANO = 1e-3


def nano(energy_pj: float) -> str:
    """Energy in nJ: whole numbers where they are large.

    Example:
        >>> nano(93_888_256.0), nano(12_345.6), nano(123.4)
        ('93,888', '12.3', '0.123')
    """
    value = energy_pj * PICO_TO_NANO
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"


def name_of(levels: Mapping[str, str]) -> str:
    """`fused SNN, S/2, T = 4, gated`; what its kind of network has not is left out."""
    network = levels["network"].upper()
    parts = [f"{levels['modality']} {network}", levels["size"]]
    if levels["network"] == "snn":
        neuron, reset = levels.get("neuron", "lif"), levels.get("reset", "soft")
        parts.append(f"T = {levels['time_steps']}")
        parts += [neuron.upper()] if neuron != "lif" else []
        parts += [f"{reset} reset"] if reset != "soft" else []
    parts += [levels["fusion"]] if levels.get("fusion", "none") != "none" else []
    return ", ".join(parts)


def front_chart(points: Sequence[Point], roles: Mapping[str, str]) -> tuple[Figure, Tips]:
    """Test accuracy over energy on a logarithmic axis, with intervals of both.

    Args:
        points: Under one cost model.
        roles: Colour role by modality.
    """
    figure, ax = blank(420, 286, (48, 16, 8, 40))
    tips = Tips()
    for point in points:
        _draw(ax, point, roles.get(point.levels["modality"], "ink"), tips)
    best = sorted((p for p in points if p.is_best), key=lambda p: p.energy.mean)
    ax.plot(
        [p.energy.mean * PICO_TO_NANO for p in best],
        [100 * p.accuracy.mean for p in best],
        color=theme.LIGHT["muted"],
        lw=1,
        ls=(0, (3, 2)),
        zorder=1,
    )
    ax.set_xscale("log")
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
    ax.xaxis.set_minor_formatter(NullFormatter())
    ax.set_xlabel("Energy of an inference (nJ, logarithmic)", fontsize=10)
    ax.set_ylabel("Test accuracy (%)", fontsize=10)
    ax.grid(color=theme.LIGHT["line"], lw=0.7)
    ax.set_axisbelow(True)
    ax.spines[["top", "right"]].set_visible(False)
    return figure, tips


def _draw(ax: Axes, point: Point, role: str, tips: Tips) -> None:
    colour, x, y = theme.LIGHT[role], point.energy, point.accuracy
    at = x.mean * PICO_TO_NANO, 100 * y.mean
    if x.low is not None and x.high is not None and x.low > 0:
        ax.plot([x.low * PICO_TO_NANO, x.high * PICO_TO_NANO], [at[1]] * 2, color=colour, lw=1.4)
    if y.low is not None and y.high is not None:
        ax.plot([at[0]] * 2, [100 * y.low, 100 * min(y.high, 1.0)], color=colour, lw=1.4)
    hollow = point.levels["network"] == "dnn"
    tip = f"{name_of(point.levels)}: {percent(y.mean)} %, {nano(x.mean)} nJ, n = {counted(y)}"
    ax.plot(
        [at[0]],
        [at[1]],
        theme.MARKER[role],
        ms=6.5,
        color=theme.LIGHT["card"] if hollow else colour,
        mec=colour,
        mew=1.4,
        zorder=4,
        gid=tips.add(tip),
    )
