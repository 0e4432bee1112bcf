"""Spikes behind one right and one wrong answer of each default spiking network."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from numpy.typing import NDArray

from spikefuse.report.drawing import theme
from spikefuse.report.drawing.panels import Tips
from spikefuse.report.drawing.pictures import Picture, draw_picture
from spikefuse.report.printable import plain
from spikefuse.report.reading.sources import Run, Trial
from spikefuse.report.reading.stored import Arrays, Shelf, in_order
from spikefuse.report.section import Key, Section, Shown
from spikefuse.report.tables import Column, Table

OUTCOMES: Mapping[str, str] = {"correct": "right", "wrong": "wrong"}
_LEVELS = 5
_WIDTH, _LEFT, _RIGHT, _GAP, _TOP, _BOTTOM = 400.0, 132.0, 4.0, 12.0, 4.0, 32.0


@dataclass(frozen=True, eq=False)
class Strip:
    """One layer's activity: a row a step, a column a unit.

    Attributes:
        counts: [T, units] spikes; of a channel over all its places, of a neuron 0 or 1.
        units: "channels" or "neurons".
        total: How many there are in all, where not each is stored and it is known.
        role: Colour role of its branch.
    """

    site: str
    counts: NDArray[np.int64]
    units: str
    total: int | None = None
    role: str = "ink"

    @property
    def what(self) -> str:
        """`32 channels`, or `128 of 512 neurons`."""
        shown = self.counts.shape[1]
        of = f" of {self.total:,}" if self.total is not None and self.total > shown else ""
        return f"{shown}{of} {self.units}"


@dataclass(frozen=True, eq=False)
class Look:
    """One test sample inside one network.

    Attributes:
        outcome: "correct" or "wrong".
        samples: Which sample of the data it is, by modality.
        classes: Names of the classes; empty where they are not known.
    """

    modality: str
    outcome: str
    label: int
    predicted: int
    samples: Mapping[str, int]
    trial: str
    seed: int
    strips: tuple[Strip, ...]
    classes: tuple[str, ...] = ()

    def said(self, label: int) -> str:
        """A class as it is written: its name where that is known."""
        return self.classes[label] if 0 <= label < len(self.classes) else str(label)


def looks(run: Run, shelf: Shelf) -> list[Look]:
    """What the default spiking networks of the first seed that stored it show."""
    found = []
    for modality in run.modalities:
        for trial in shelf.trials("snn", modality).values():
            stored = shelf.observations(trial)
            try:
                seen = [
                    _look(stored, outcome, modality, trial, run)
                    for outcome in OUTCOMES
                    if f"{outcome}/label" in stored
                ]
            except (KeyError, ValueError, TypeError, IndexError) as error:
                shelf.refuse(trial, "observations", error)
                continue
            if seen:
                found += seen
                break
    return found


def _look(stored: Arrays, outcome: str, modality: str, trial: Trial, run: Run) -> Look:
    modalities, hidden = run.modalities, trial.results.get("hidden")
    roles = theme.roles(modalities)

    def number(name: str) -> int:
        return int(stored[f"{outcome}/{name}"].reshape(-1)[0])

    strips = []
    for kind, units in (("counts", "channels"), ("spikes", "neurons")):
        prefix = f"{outcome}/{kind}/"
        sites = [name.removeprefix(prefix) for name in stored if name.startswith(prefix)]
        for site in in_order(sites, modalities):
            counts = np.asarray(stored[prefix + site], dtype=np.int64)
            if counts.ndim != 2 or not counts.size or counts.min() < 0:
                raise ValueError(f"{prefix}{site} has the shape {counts.shape}")
            total = hidden if units == "neurons" and isinstance(hidden, int) else None
            role = roles.get(site.partition(".")[0], "ink")
            strips.append(Strip(site, counts, units, total, role))
    if not strips:
        raise ValueError(f"no layers under {outcome}")
    samples = {name: number(name) for name in modalities if f"{outcome}/{name}" in stored}
    label, predicted = number("label"), number("predicted")
    names = tuple(plain(name, 40) for name in run.classes)
    seed = int(trial.definition.get("seed", 0))
    return Look(
        modality, outcome, label, predicted, samples, trial.name, seed, tuple(strips), names
    )


def raster_section(found: Sequence[Look], command: str) -> Section | None:
    """The rasters with their numbers; None without any."""
    if not found:
        return None
    steps = max(strip.counts.shape[0] for look in found for strip in look.strips)
    absent = [
        f"the {modality} network"
        for modality in dict.fromkeys(look.modality for look in found)
        if not any(look.modality == modality and look.outcome == "wrong" for look in found)
    ]
    paragraphs = [
        "What the default SNN of each modality (LIF, soft reset, size S) does over its "
        f"{steps} time steps with the first test sample that it reads right and the first that it "
        "reads wrong. In a convolution a column is a channel, and its shade the number of spikes; "
        "in the hidden layer a column is a neuron, and a mark a spike. These are single samples "
        "(n = 1 each), picked by their order alone: they illustrate, they prove nothing."
    ]
    if absent:
        paragraphs.append(f"No wrong answer on the test set: {', '.join(absent)}.")
    return Section(
        name="rasters",
        title="Spikes behind an answer",
        link="Spikes",
        paragraphs=paragraphs,
        tables=(Shown(raster_table(found)),),
        pictures=[_picture(look) for look in found],
        legend=(
            Key("", "\u25ae", "one spike (hidden layer)"),
            Key("", "\u2591\u2592\u2593", "few to many spikes of a channel"),
        ),
        command=command,
        wide=True,
    )


def _picture(look: Look) -> Picture:
    name = look.modality.capitalize()
    which = ", ".join(f"{modality} {index:,}" for modality, index in look.samples.items())
    layers = "; ".join(
        f"{strip.site}: {int(strip.counts.sum()):,} spikes of {strip.what}" for strip in look.strips
    )
    label = (
        f"Spikes of the {look.modality} network with a {look.said(look.label)} that it reads "
        f"as {look.said(look.predicted)}, {OUTCOMES[look.outcome]}. {layers}."
    )
    return draw_picture(
        lambda: raster_chart(look),
        f"raster-{look.modality}-{look.outcome}",
        label,
        title=f"{name}, {OUTCOMES[look.outcome]}: true {look.said(look.label)}, "
        f"read as {look.said(look.predicted)}",
        detail=f"Test sample: {which}. Seed {look.seed}, trial {look.trial}.",
    )


def raster_chart(look: Look) -> tuple[Figure, Tips]:
    """The layers of a network one below the other, time running down in each."""
    steps = look.strips[0].counts.shape[0]
    tall = steps * (11.0 if steps <= 4 else 7.0 if steps <= 8 else 4.5)
    height = _TOP + len(look.strips) * (tall + _GAP) - _GAP + _BOTTOM
    figure = Figure(figsize=(_WIDTH / 72, height / 72))
    tips = Tips()
    for index, strip in enumerate(look.strips):
        bottom = height - _TOP - index * (tall + _GAP) - tall
        box = (_LEFT / _WIDTH, bottom / height, (_WIDTH - _LEFT - _RIGHT) / _WIDTH, tall / height)
        ax = figure.add_axes(box)
        draw_strip(ax, strip, tips)
        if index == len(look.strips) - 1:
            ax.set_xlabel("Channel or neuron", fontsize=10, labelpad=6)
    return figure, tips


def draw_strip(ax: Axes, strip: Strip, tips: Tips) -> None:
    """One layer: time runs down, a column is a channel or a neuron."""
    steps, units = strip.counts.shape
    ax.set_xlim(0, units)
    ax.set_ylim(steps + 0.5, 0.5)
    colour = theme.LIGHT[strip.role]
    peak = max(int(strip.counts.max()), 1)
    # A path a shade: a path a cell would make the page several times as large.
    level = np.ceil(strip.counts / peak * _LEVELS).astype(int)
    tip = f"{strip.site}: {int(strip.counts.sum()):,} spikes of {strip.what}, at most {peak}"
    name = tips.add(tip)
    for shade in range(1, _LEVELS + 1):
        path = _cells(level == shade)
        if path is not None:
            ax.add_patch(
                PathPatch(path, facecolor=colour, edgecolor="none", alpha=shade / _LEVELS, gid=name)
            )
    ax.set_yticks(sorted({1, steps}), [f"t = {step}" for step in sorted({1, steps})])
    ax.set_xticks([])
    ax.tick_params(axis="y", length=0, pad=4, labelsize=9.5)
    ax.set_facecolor(theme.LIGHT["band"])
    ax.spines[:].set_visible(False)
    for text, place, tone in ((strip.site, 0.72, "ink"), (strip.what, 0.28, "muted")):
        ax.annotate(
            text,
            (0, place),
            xycoords="axes fraction",
            xytext=(-_LEFT + 4, 0),
            textcoords="offset points",
            va="center",
            fontsize=10.5 if tone == "ink" else 9.5,
            color=theme.LIGHT[tone],
        )


def _cells(mask: NDArray[np.bool_]) -> Path | None:
    """One path of a small rectangle for each true entry."""
    steps, units = np.nonzero(mask)
    if not len(steps):
        return None
    corners = np.array([(0.1, -0.4), (0.9, -0.4), (0.9, 0.4), (0.1, 0.4), (0.1, -0.4)])
    places = np.stack([units, steps + 1], axis=1).astype(float)
    vertices = (places[:, None, :] + corners[None]).reshape(-1, 2)
    codes = [Path.MOVETO, Path.LINETO, Path.LINETO, Path.LINETO, Path.CLOSEPOLY] * len(steps)
    return Path(vertices, codes)


def raster_table(found: Sequence[Look]) -> Table:
    """Spikes of each layer at each step, in figures."""
    steps = max(strip.counts.shape[0] for look in found for strip in look.strips)
    rows = []
    for look in found:
        for strip in look.strips:
            each = [f"{int(value):,}" for value in strip.counts.sum(axis=1)]
            each += [""] * (steps - len(each))
            answer = (look.said(look.label), look.said(look.predicted))
            rows.append(
                (look.modality, OUTCOMES[look.outcome], strip.site, *answer, strip.what, *each)
            )
    return Table(
        name="rasters",
        caption="Spikes of one sample (n = 1) in each layer at each time step",
        columns=(
            Column("Network"),
            Column("Answer"),
            Column("Layer"),
            Column("True", number=True),
            Column("Read as", number=True),
            Column("Units"),
            *(Column(f"t = {step}", number=True) for step in range(1, steps + 1)),
        ),
        rows=tuple(rows),
        heads=3,
    )
