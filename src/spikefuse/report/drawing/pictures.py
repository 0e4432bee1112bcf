"""The pictures of the page: each drawn, turned into SVG and given its words."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import matplotlib
from markupsafe import Markup
from matplotlib.figure import Figure

from spikefuse.analysis.figures import FigureRow, PaperFigure
from spikefuse.analysis.headline import Headline
from spikefuse.analysis.table import PAIRED
from spikefuse.analysis.words import interval_words, percent, points
from spikefuse.data.sources.contract import FUSED
from spikefuse.report.drawing import charts, theme
from spikefuse.report.drawing.panels import (
    Panel,
    Tips,
    describe,
    dot_words,
    draw_panel,
    figure_scale,
)
from spikefuse.report.drawing.scale import choose_scale
from spikefuse.report.drawing.svg import inline_svg
from spikefuse.report.reading import settings
from spikefuse.report.reading.settings import Group, number
from spikefuse.report.reading.sources import Run, Trial


@dataclass(frozen=True)
class View:
    """One reading of the results: a pairing protocol and the split that counts."""

    protocol: str
    split: str
    title: str
    detail: str
    ours: bool


VIEWS = (
    View(
        "paper",
        "validation",
        "As the paper reports it",
        "Pair, then split. Best validation accuracy of all epochs",
        False,
    ),
    View(
        "disjoint",
        "test",
        "Ours",
        "Split, then pair. Test accuracy at the best validation epoch",
        True,
    ),
)


PAIRED_VIEWS = (
    View(
        PAIRED,
        "validation",
        "By the paper\u2019s measure",
        "Paired from the start. Best validation accuracy of all epochs",
        False,
    ),
    View(
        PAIRED,
        "test",
        "Ours",
        "Paired from the start. Test accuracy at the best validation epoch",
        True,
    ),
)
"""Of samples that belong together, whose splits no pairing touches."""


def views_of(run: Run) -> tuple[View, ...]:
    """The two readings of a run's results."""
    return PAIRED_VIEWS if run.protocol == PAIRED else VIEWS


@dataclass(frozen=True)
class Picture:
    """An SVG element with its heading."""

    svg: Markup
    title: str = ""
    detail: str = ""
    ours: bool = False
    caption: str = ""


def draw_picture(
    draw: Callable[[], tuple[Figure, Tips]], identifier: str, label: str, **heading: Any
) -> Picture:
    """Draw a figure, turn it into an SVG element and give it its words.

    Args:
        draw: Makes the figure and the texts over its marks.
        identifier: Unique in the page.
        label: What a screen reader says instead of the picture.
        **heading: Further fields of `Picture`.
    """
    with matplotlib.rc_context(theme.rc(text_as_text=True, salt=identifier)):
        figure, tips = draw()
        # The SVG is built from parsed XML whose texts the serialiser escapes.
        svg = Markup(inline_svg(figure, identifier, label, tips.texts))
    return Picture(svg, **heading)


def figure_pictures(
    figure: PaperFigure,
    columns: Sequence[tuple[View, Sequence[FigureRow]]],
    chance: float | None = None,
) -> list[Picture]:
    """The panels of a paper figure: a column a view, a row a panel level."""
    scale = figure_scale([row for _, rows in columns for row in rows], chance)
    pictures = []
    for level in figure.panel.levels if figure.panel else (None,):
        for view, rows in columns:
            chosen = tuple(row for row in rows if row.panel == level)
            panel = Panel(figure, chosen, scale)
            name = ""
            if figure.panel is not None and level is not None:
                name = f"{figure.panel.name(level)}: "
            bars = "; ".join(describe(row, figure) for row in chosen)
            label = f"Figure {figure.number}, {name}{view.title}. {view.detail}. {bars}."

            def draw(panel: Panel = panel) -> tuple[Figure, Tips]:
                drawn, ax = charts.blank(400, 286, (50, 8, 28, 24))
                tips = Tips()
                draw_panel(ax, panel, tips)
                return drawn, tips

            which = view.protocol if view.protocol != PAIRED else view.split
            identifier = f"f{figure.number}-{which}-{'' if level is None else level}"
            title = name + (view.title if not name else view.title.lower())
            pictures.append(
                draw_picture(
                    draw, identifier, label, title=title, detail=view.detail, ours=view.ours
                )
            )
    return pictures


def gain_picture(found: Headline) -> Picture | None:
    """The gain chart, or None without data."""
    lines = charts.gain_lines(found)
    if not lines:
        return None
    rows = [f"{line.label} {points(line.value.mean)} pp" for line in lines]
    label = f"Gain of the fused network in test accuracy: {'; '.join(rows)}."
    return with_dots_caption(draw_picture(lambda: charts.gain_chart(lines), "gain", label), lines)


def with_dots_caption(picture: Picture, lines: Sequence[charts.Line]) -> Picture:
    """A gain chart with what its marks are, by how many seeds stand behind them."""
    counts = [line.value.n for line in lines]
    told = interval_words(counts)
    mean = f"Mean gain with {told}" if told else "Mean gain"
    return replace(picture, caption=f"{mean}; a small dot is {dot_words(counts)}.")


def leak_picture(found: Headline, chance: float | None = None) -> Picture | None:
    """The leak chart, or None without data."""
    lines = charts.leak_lines(found)
    if not lines:
        return None
    rows = [
        f"{name.upper()} {percent(leak.paper.mean)} % when paired before the split, "
        f"{percent(leak.disjoint.mean)} % when split first"
        for name, leak in found.leaks.items()
        if leak.paper is not None and leak.disjoint is not None
    ]
    label = f"Validation accuracy of the fused network: {'; '.join(rows)}."
    return draw_picture(lambda: charts.leak_chart(lines, chance), "leak-chart", label)


def curve_pictures(groups: Sequence[Group], key: str, run: Run, *, loss: bool) -> list[Picture]:
    """Learning curves, a picture a network setting, all on one scale.

    Args:
        groups: Networks by setting.
        key: The column of the per-epoch metrics.
        run: Its modalities decide the colours, its classes what chance is.
        loss: Draw a loss, on a logarithmic axis, else an accuracy.
    """
    roles = theme.roles(run.modalities)
    found = [
        (group, curves)
        for group in groups
        if (curves := [curve for trial in group.trials if (curve := _curve(trial, key, roles))])
    ]
    every = [curve for _, curves in found for curve in curves]
    scale = choose_scale((value for curve in every for value in curve.values), (), run.chance)
    ends = charts.loss_ends(every)
    pictures = []
    for index, (group, curves) in enumerate(found):
        last = "; ".join(f"{curve.label} ends at {curve.values[-1]:.4g}" for curve in curves)
        what = "Training loss" if loss else "Validation accuracy"
        draw = (
            _deferred(charts.loss_curves, curves, ends)
            if loss
            else _deferred(charts.accuracy_curves, curves, scale)
        )
        name = f"{'loss' if loss else 'curve'}-{index}"
        label = f"{what} by epoch, {group.label}. {last}."
        pictures.append(draw_picture(draw, name, label, title=group.label))
    return pictures


def _deferred(draw: Callable[..., Any], *arguments: Any) -> Callable[[], Any]:
    return lambda: draw(*arguments)


def _curve(trial: Trial, key: str, roles: Mapping[str, str]) -> charts.Curve | None:
    pairs = [
        (int(epoch), value)
        for row in trial.metrics
        if (epoch := number(row.get("epoch"))) is not None
        and (value := number(row.get(key))) is not None
    ]
    if not pairs:
        return None
    definition = trial.definition
    modality = str(definition.get("modality", ""))
    pairing = f", {definition.get('protocol')}" if modality == FUSED else ""
    best = number(trial.results.get("best_epoch"))
    return charts.Curve(
        label=f"{modality}{pairing}, seed {settings.seed_of(trial)}",
        role=roles.get(modality, "ink"),
        dashed=modality == FUSED and definition.get("protocol") == "paper",
        epochs=tuple(epoch for epoch, _ in pairs),
        values=tuple(value for _, value in pairs),
        best=None if best is None else int(best),
    )


def rates_of(group: Group) -> dict[str, list[Mapping[str, float]]]:
    """Firing rates of a group by modality, a mapping of layer to rate for each seed.

    Fused networks under the paper's pairing are left out where others are there.
    """
    found: dict[str, list[Mapping[str, float]]] = {}
    fused = {str(t.definition.get("protocol")) for t in group.trials if _rates(t)}
    for trial in group.trials:
        rates, modality = _rates(trial), str(trial.definition.get("modality", ""))
        skipped = trial.definition.get("protocol") == "paper" and "disjoint" in fused
        if rates and not skipped:
            found.setdefault(modality, []).append(rates)
    return found


def _rates(trial: Trial) -> dict[str, float]:
    rates = trial.results.get("rates")
    if not isinstance(rates, Mapping):
        return {}
    return {
        str(layer): rate for layer, value in rates.items() if (rate := number(value)) is not None
    }


def layers_of(
    rates: Mapping[str, Sequence[Mapping[str, float]]], modalities: Sequence[str]
) -> list[str]:
    """Layer names in the order of the networks, single modalities first."""
    names = [layer for modality in modalities for seed in rates.get(modality, ()) for layer in seed]
    return list(dict.fromkeys(names))


def rate_pictures(groups: Sequence[Group], modalities: Sequence[str]) -> list[Picture]:
    """Firing rates by layer, a picture a spiking network setting, all on one scale."""
    roles = theme.roles(modalities)
    found = [(group, rates_of(group)) for group in groups if group.network == "snn"]
    every = [
        rate for _, rates in found for seeds in rates.values() for s in seeds for rate in s.values()
    ]
    pictures = []
    for index, (group, rates) in enumerate(found):
        layers = layers_of(rates, modalities)
        if layers:
            label = f"Firing rate of each layer, {group.label}. The numbers are in the table below."
            draw = _deferred(charts.rate_chart, layers, rates, max(every) or 1.0, roles)
            pictures.append(draw_picture(draw, f"rate-{index}", label, title=group.label))
    return pictures
