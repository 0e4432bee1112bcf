"""Firing rates by layer and time step of the default spiking networks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from spikefuse.analysis.estimates import Estimate, estimate
from spikefuse.analysis.words import rate as rate_words
from spikefuse.analysis.words import rate_span
from spikefuse.data.sources.contract import FUSED
from spikefuse.report.drawing import theme
from spikefuse.report.drawing.charts import blank
from spikefuse.report.drawing.panels import Tips
from spikefuse.report.drawing.pictures import Picture, draw_picture
from spikefuse.report.reading.sources import Run
from spikefuse.report.reading.stored import Arrays, Shelf, in_order
from spikefuse.report.section import Section, Shown
from spikefuse.report.tables import Column, Table

TIME_STEPS = (4, 8, 16)
"""Networks of these numbers of steps are shown, where they are stored (the paper's Figure 13)."""
_STYLES: Mapping[str, object] = {"conv1": "-", "conv2": (0, (5, 1.5)), "hidden": (0, (1.2, 1.2))}


@dataclass(frozen=True)
class StepRates:
    """Rates of one network: spikes per neuron at each step, by layer, then by seed.

    Attributes:
        steps: T.
        layers: Layer -> seed -> [T].
        roles: Colour role by branch.
    """

    modality: str
    steps: int
    layers: Mapping[str, Mapping[int, NDArray[np.float64]]]
    roles: Mapping[str, str]

    @property
    def name(self) -> str:
        """`Image, T = 4`."""
        return f"{self.modality.capitalize()}, T = {self.steps}"

    def at(self, layer: str, step: int) -> Estimate | None:
        """Mean over seeds at a step, counted from 0."""
        return estimate({seed: float(rate[step]) for seed, rate in self.layers[layer].items()})


def step_rates(run: Run, shelf: Shelf) -> list[StepRates]:
    """Of the default spiking networks of every number of steps that stored them."""
    found = []
    for steps in TIME_STEPS:
        for modality in run.modalities:
            layers: dict[str, dict[int, NDArray[np.float64]]] = {}
            for seed, trial in shelf.trials("snn", modality, steps).items():
                try:
                    for layer, rate in _read(shelf.observations(trial), steps).items():
                        layers.setdefault(layer, {})[seed] = rate
                except (ValueError, TypeError) as error:
                    shelf.refuse(trial, "observations", error)
            if layers:
                ordered = {layer: layers[layer] for layer in in_order(layers, run.modalities)}
                found.append(StepRates(modality, steps, ordered, theme.roles(run.modalities)))
    return found


def _read(stored: Arrays, steps: int) -> dict[str, NDArray[np.float64]]:
    rates = {}
    for name, value in stored.items():
        if name.startswith("rate/"):
            rate = np.asarray(value, dtype=np.float64)
            if rate.shape != (steps,) or not np.isfinite(rate).all():
                raise ValueError(f"{name} has the shape {rate.shape}, not ({steps},)")
            rates[name.removeprefix("rate/")] = rate
    return rates


def step_section(found: Sequence[StepRates], command: str) -> Section | None:
    """The drawings and the table; None without any rates."""
    if not found:
        return None
    limit = max(
        float(rate.max())
        for each in found
        for seeds in each.layers.values()
        for rate in seeds.values()
    )
    return Section(
        name="steps",
        title="Firing rates by layer and time step",
        link="Rates over time",
        paragraphs=[
            "Spikes per neuron at each time step of the default SNN (LIF, soft reset, size S), "
            "over the same validation samples as the rates above. A thin line is a seed, the "
            "thick one their mean; all panels share one axis. Colours name the branch: "
            f"{_branches(found)}."
        ],
        tables=(Shown(step_table(found)),),
        pictures=[_picture(each, limit or 1.0) for each in found],
        command=command,
    )


def _branches(found: Sequence[StepRates]) -> str:
    """`image, audio, or both joined`."""
    names = [name for name in found[0].roles if name != FUSED]
    joined = "both" if len(names) == 2 else "all"
    return ", ".join([*names, f"or {joined} joined"])


def _picture(rates: StepRates, limit: float) -> Picture:
    ends = []
    for layer in rates.layers:
        first, last = (rates.at(layer, step) for step in (0, rates.steps - 1))
        if first is not None and last is not None:
            ends.append(f"{layer} {first.mean:.3f} at the first step, {last.mean:.3f} at the last")
    label = (
        f"Firing rate by time step, {rates.name}. {'; '.join(ends)}. "
        "Every number is in the table below."
    )
    return draw_picture(
        lambda: step_chart(rates, limit),
        f"steps-{rates.modality}-{rates.steps}",
        label,
        title=rates.name,
    )


def step_chart(rates: StepRates, limit: float) -> tuple[Figure, Tips]:
    """A line a layer, its name at the right end.

    Args:
        rates: Of one network.
        limit: End of the rate axis, one for all networks.
    """
    figure, ax = blank(300, 200, (40, 84, 10, 36))
    tips = Tips()
    x = np.arange(1, rates.steps + 1)
    ends = {}
    for layer, seeds in rates.layers.items():
        colour = theme.LIGHT[rates.roles.get(layer.partition(".")[0], "ink")]
        style = _STYLES.get(layer.rpartition(".")[2], "-")
        mean = np.mean(list(seeds.values()), axis=0)
        for rate in seeds.values():
            ax.plot(x, rate, color=colour, lw=0.7, alpha=0.45, ls=style)
        tip = f"{layer}: {', '.join(map(rate_words, mean))}, n = {len(seeds)}"
        ax.plot(x, mean, color=colour, lw=2, ls=style, gid=tips.add(tip))
        ends[layer] = (float(mean[-1]), colour)
    ax.set_xlim(1 - 0.04 * rates.steps, rates.steps)
    ax.set_ylim(0, 1.06 * limit)
    ax.set_xticks(x if rates.steps <= 4 else x[3::4])
    _name_ends(ax, ends, 1.06 * limit)
    ax.tick_params(axis="both", length=0, labelcolor=theme.LIGHT["muted"])
    ax.grid(axis="y", color=theme.LIGHT["line"], lw=0.7)
    ax.set_axisbelow(True)
    ax.spines[["top", "left", "right"]].set_visible(False)
    ax.set_xlabel("Time step", fontsize=10, labelpad=2)
    return figure, tips


def _name_ends(ax: Axes, ends: Mapping[str, tuple[float, str]], limit: float) -> None:
    """Names beside the line ends, moved apart where they would cover each other."""
    gap = 0.082 * limit
    wanted = sorted(ends, key=lambda layer: ends[layer][0])
    places: list[float] = []
    for layer in wanted:
        places.append(max(ends[layer][0], places[-1] + gap if places else 0.02 * limit))
    over = max(places[-1] - 0.97 * limit, 0.0)
    for index in reversed(range(len(places))):
        ceiling = places[index] - over if index == len(places) - 1 else places[index + 1] - gap
        places[index] = min(places[index], ceiling)
    for layer, place in zip(wanted, places, strict=True):
        ax.annotate(
            layer,
            (1, place / limit),
            xycoords="axes fraction",
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            fontsize=9,
            color=ends[layer][1],
        )


def step_table(found: Sequence[StepRates]) -> Table:
    """Mean, interval and n of every layer and step."""
    rows = []
    for each in found:
        for layer, seeds in each.layers.items():
            for step in range(each.steps):
                value = each.at(layer, step)
                assert value is not None
                ends = rate_span(value)
                network = (each.modality, str(each.steps), layer, str(step + 1))
                rows.append((*network, rate_words(value.mean), ends, str(len(seeds))))
    return Table(
        name="rates-by-step",
        caption="Spikes per neuron at each time step, mean over seeds",
        columns=(
            Column("Network"),
            Column("T", number=True),
            Column("Layer"),
            Column("Step", number=True),
            Column("Mean", number=True),
            Column("95 % interval", number=True),
            Column("n", number=True),
        ),
        rows=tuple(rows),
        heads=4,
    )
