"""Tables as data, for the page and for files; `spikefuse show` prints those it names too."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from spikefuse.analysis.cells import Condition
from spikefuse.analysis.estimates import Estimate
from spikefuse.analysis.figures import FigureRow, PaperFigure
from spikefuse.analysis.gains import BEST, EXPERTS, MEAN, alone, shuffled
from spikefuse.analysis.headline import Headline
from spikefuse.analysis.table import SINGLE
from spikefuse.analysis.words import (
    NONE,
    all_of,
    better_of,
    counted,
    difference,
    level_name,
    percent,
    share,
    short_percent,
    span,
    two_values,
)


@dataclass(frozen=True)
class Column:
    """Heading of a column; numbers are set flush right."""

    title: str
    number: bool = False


SEED_COLUMNS = (
    Column("Mean", number=True),
    Column("95 % interval", number=True),
    Column("n", number=True),
    Column("Every seed", number=True),
)
"""A number by seed."""


@dataclass(frozen=True)
class Table:
    """A table as text.

    Attributes:
        name: File name without ending.
        caption: What it shows, in a sentence.
        rows: Cells as written; the first `heads` of each row name the row.
        kinds: What a cell means, by its text, where the page gives it a colour.
    """

    name: str
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    heads: int = 1
    kinds: Mapping[str, str] = field(default_factory=dict)

    @property
    def heading(self) -> str:
        """The caption, and that what stands for two seeds in a column of intervals is none."""
        places = [place for place, column in enumerate(self.columns) if "95 %" in column.title]
        pairs = any(" and " in row[place] for row in self.rows for place in places)
        return f"{self.caption}; of two seeds their values" if pairs else self.caption


def seed_cell(values: Mapping[int, float], reason: str = "") -> str:
    """Every seed's share in per cent, and why there is no mean over them."""
    seeds = " ".join(percent(value) for value in values.values())
    return "; ".join(filter(None, [seeds, reason])) or NONE


def figure_data_table(figure: PaperFigure, columns: Sequence[Sequence[FigureRow]]) -> Table:
    """Mean, interval, n and every seed of each bar, its readings one below the other.

    Args:
        figure: The paper's figure.
        columns: The figure's rows under each reading, in the same order of bars.
    """
    heads = [Column(figure.x.label), Column(figure.hue.label)]
    if figure.panel is not None:
        heads.insert(0, Column(figure.panel.label))
    rows = []
    for bars in zip(*columns, strict=True):
        for bar in bars:
            cells = [figure.x.name(bar.x), figure.hue.name(bar.hue)]
            if figure.panel is not None and bar.panel is not None:
                cells.insert(0, figure.panel.name(bar.panel))
            seeds = seed_cell(bar.values, bar.reason)
            said = NONE if bar.paper is None else short_percent(bar.paper)
            ends = NONE if bar.mean is None else span(bar, share)
            cells += [bar.protocol, bar.split, percent(bar.mean), ends, counted(bar), seeds, said]
            rows.append(tuple(cells))
    return Table(
        name=f"figure-{figure.number:02d}",
        caption=f"Figure {figure.number}. {figure.title} (accuracy in per cent)",
        columns=(
            *heads,
            Column("Protocol"),
            Column("Split"),
            *SEED_COLUMNS,
            Column("Paper\u2019s text", number=True),
        ),
        rows=tuple(rows),
        heads=len(heads),
    )


def figure_summary_table(figure: PaperFigure, columns: Sequence[Sequence[FigureRow]]) -> Table:
    """The figure with its readings side by side, narrow enough for a terminal of 80 columns.

    Args:
        figure: The paper's figure.
        columns: The figure's rows under each reading, in the same order of bars.
    """
    axes = [axis for axis in (figure.panel, figure.x, figure.hue) if axis is not None]
    readings = [f"{rows[0].protocol}, {rows[0].split}" for rows in columns]
    rows = []
    for bars in zip(*columns, strict=True):
        first = bars[0]
        levels = [level for level in (first.panel, first.x, first.hue) if level is not None]
        cells = [axis.name(level) for axis, level in zip(axes, levels, strict=True)]
        for bar in bars:
            cells.append("diverged" if bar.reason else percent(bar.mean))
            if bar.high is not None and bar.mean is not None:
                cells[-1] += f" \u00b1 {percent(bar.high - bar.mean)}"
        counts = dict.fromkeys(counted(bar) for bar in bars)
        said = NONE if first.paper is None else short_percent(first.paper)
        rows.append((*cells, ", ".join(counts), said))
    return Table(
        name=f"figure-{figure.number:02d}-summary",
        caption=f"Figure {figure.number}. {figure.title} (accuracy in per cent)",
        columns=(
            *(Column(axis.column.replace("_", " ")) for axis in axes),
            *(Column(reading, number=True) for reading in readings),
            Column("n", number=True),
            Column("paper", number=True),
        ),
        rows=tuple(rows),
        heads=len(axes),
    )


def _yardstick_words(count: int) -> dict[str, str]:
    """The yardsticks of the headline, of so many modalities."""
    return {
        BEST: f"the {better_of(count)} single modality",
        MEAN: f"the mean of {all_of(count)}",
        EXPERTS: "the product of experts",
    }


def headline_estimates(found: Headline) -> list[tuple[str, Estimate]]:
    """Every number of the headline with its name."""
    named = []
    said = _yardstick_words(len(found.modalities))
    for network, each in found.baselines.items():
        word = level_name("network", network)
        named += [
            (f"{word}: fused minus {said[name]}", gain)
            for name in said
            if (gain := each.yardsticks[name].gain) is not None
        ]
        if each.control is not None:
            what = f"{shuffled(each.modalities)} minus {alone(each.modalities[0])}"
            named.append((f"{word}: {what}", each.control.difference))
    for name, words in said.items():
        if name in found.more:
            named.append((f"SNN gain minus DNN gain, over {words}", found.more[name]))
    for network, leak in found.leaks.items():
        word = level_name("network", network)
        if leak.difference is not None:
            named.append((f"{word}: leak, paper minus disjoint", leak.difference))
        if leak.matched is not None:
            named.append((f"{word}: leak, as many distinct in training", leak.matched))
    return named


def headline_table(found: Headline) -> Table:
    """Gains and leak with interval and n."""
    rows = []
    for name, value in headline_estimates(found):
        rows.append((name, *difference(value)))
    return Table(
        name="headline",
        caption="Gains (test) and leak (fused, validation) in percentage points at size S",
        columns=(
            Column("Quantity"),
            Column("Mean pp", number=True),
            Column("95 % interval", number=True),
            Column("n", number=True),
        ),
        rows=tuple(rows),
    )


def csv_bytes(table: Table) -> bytes:
    """The table as a CSV file: UTF-8, one heading row, empty where there is no number."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow([column.title for column in table.columns])
    writer.writerows([["" if cell == NONE else cell for cell in row] for row in table.rows])
    return buffer.getvalue().encode()


def conditions_table(study: str, split: str, found: Sequence[Condition]) -> Table:
    """Every condition of a study that no figure is about, narrow enough for a terminal."""
    rows = []
    for each in found:
        accuracy = each.accuracy
        cell, count = "diverged", str(each.series.n)
        if accuracy:
            both = two_values(accuracy, percent)
            cell = " and ".join(both) or percent(accuracy.mean)
            if accuracy.high is not None:
                cell += f" \u00b1 {percent(accuracy.high - accuracy.mean)}"
            count = counted(accuracy)
        rows.append((each.words, cell, count))
    what = "Networks trained one by one" if study == SINGLE else f"Study {study}"
    return Table(
        name=f"study-{study}",
        caption=f"{what} (accuracy in per cent, {split})",
        columns=(Column("Condition"), Column(split, number=True), Column("n", number=True)),
        rows=tuple(rows),
    )
