"""The choice of the epoch: the best on validation against the test set, and against the last."""

from collections.abc import Sequence

from spikefuse.analysis.epoch_choice import EpochChoice
from spikefuse.analysis.table import PAIRED, SPLIT
from spikefuse.analysis.words import (
    counted,
    difference,
    level_name,
    percent,
    share,
    span,
    under,
    with_interval,
)
from spikefuse.data.sources.contract import FUSED
from spikefuse.report.drawing.dots import Dots, Series, describe_dots, dot_chart
from spikefuse.report.drawing.pictures import draw_picture
from spikefuse.report.section import Key, Section, Shown, interval_keys
from spikefuse.report.tables import Column, Table

_FUSED = ("snn", FUSED)


def epoch_choice_section(found: Sequence[EpochChoice], command: str) -> Section | None:
    """What choosing the epoch is worth; None without any."""
    if not found:
        return None
    dots = _dots(found)
    label = f"What choosing the best epoch is worth. {describe_dots(dots)}."
    return Section(
        name="selection",
        title="What choosing the epoch is worth",
        link="Selection",
        paragraphs=[
            "The best validation accuracy of many epochs is the largest of many noisy numbers, so "
            "it flatters. How far it stands above the test accuracy of the same weights is drawn "
            "filled; what choosing that epoch brings on the test set, against the last epoch, "
            "hollow. The two splits hold different samples, so the first is more than selection "
            "alone.",
            *_sentence(found),
        ],
        tables=(Shown(epoch_choice_table(found)),),
        pictures=[draw_picture(lambda: dot_chart(dots), "selection-chart", label)],
        legend=(
            Key("ink", "\u25cf", "best validation minus test"),
            Key("mean", "\u271a", "test at the best epoch minus test at the last (hollow)"),
            *interval_keys(each.n for each in found),
        ),
        caption="Differences in percentage points, paired by seed.",
        command=command,
        wide=True,
    )


def _name(found: EpochChoice) -> str:
    """`SNN fused, paper`."""
    return f"{level_name('network', found.network)} {found.modality}, {found.protocol}"


def _sentence(found: Sequence[EpochChoice]) -> list[str]:
    fused = {each.protocol: each for each in found if (each.network, each.modality) == _FUSED}
    for protocol in ("paper", SPLIT, PAIRED):
        if protocol in fused:
            each = fused[protocol]
            if each.optimism is None:
                return [f"For the fused SNN it cannot be computed: {each.reason}."]
            told = ", which the paper reports," if protocol == "paper" else ""
            text = (
                f"For the fused SNN {under(protocol)} the best validation accuracy{told} stands "
                f"{with_interval(each.optimism)} from the test accuracy of the same weights."
            )
            if each.bias is not None:
                text += (
                    " On validation choosing the epoch seems to bring "
                    f"{with_interval(each.bias)} more than the test set confirms."
                )
            return [text]
    return []


def _dots(found: Sequence[EpochChoice]) -> Dots:
    optimism = {_name(each): each.optimism for each in found if each.optimism is not None}
    chosen = {_name(each): each.on_test for each in found if each.on_test is not None}
    series = [Series("best validation minus test", "ink", optimism)]
    if chosen:
        series.append(Series("best epoch minus last, on test", "mean", chosen, hollow=True))
    return Dots([_name(each) for each in found], series, "Difference (percentage points)", "pp")


def epoch_choice_table(found: Sequence[EpochChoice]) -> Table:
    """The three accuracies and their differences."""
    rows = []
    for each in found:
        cells = [level_name("network", each.network), each.modality, each.protocol]
        for value in (each.best, each.test, each.last):
            ends = "" if value is None else span(value, share)
            mean = percent(None if value is None else value.mean)
            cells.append(mean + (f" ({ends})" * bool(ends)))
        for gap in (each.optimism, each.on_test, each.on_validation, each.bias):
            cells += difference(gap)[:2]
        rows.append((*cells, counted(each.optimism) if each.optimism else str(each.n), each.reason))
    return Table(
        name="selection",
        caption="Best of epochs, test at that epoch, test after the last (size S, per cent, pp)",
        columns=(
            Column("Network"),
            Column("Modality"),
            Column("Protocol"),
            Column("Best validation", number=True),
            Column("Test, that epoch", number=True),
            Column("Test, last epoch", number=True),
            Column("Best minus test", number=True),
            Column("95 % of best minus test", number=True),
            Column("Best minus last, test", number=True),
            Column("95 % of it on test", number=True),
            Column("Best minus last, validation", number=True),
            Column("95 % of it on validation", number=True),
            Column("Bias: validation minus test", number=True),
            Column("95 % of the bias", number=True),
            Column("n", number=True),
            Column("Note"),
        ),
        rows=tuple(rows),
        heads=3,
    )
