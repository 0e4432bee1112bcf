"""Selection bias: the best validation epoch against the test set, and against the last epoch."""

from collections.abc import Sequence
from dataclasses import dataclass

from spikefuse.report.dots import Dots, Series, describe_dots, dot_chart
from spikefuse.report.headline import with_interval
from spikefuse.report.pictures import draw_picture
from spikefuse.report.section import Key, Section, Shown
from spikefuse.report.tables import Column, Table, difference, interval, share
from spikefuse.studies.figures import level_name
from spikefuse.studies.seeds import Estimate


@dataclass(frozen=True)
class Selected:
    """Accuracies of one network kind, modality and pairing at size S.

    Attributes:
        best: Best validation accuracy of all epochs: what the paper reports.
        test: Test accuracy at that epoch: what we report.
        last: Test accuracy after the last epoch; None where it is not stored.
        optimism: `best` minus `test`, paired by seed.
        chosen: `test` minus `last`, paired by seed; None likewise.
    """

    network: str
    modality: str
    protocol: str
    best: Estimate
    test: Estimate
    last: Estimate | None
    optimism: Estimate
    chosen: Estimate | None

    @property
    def name(self) -> str:
        """`SNN fused, paper`."""
        return f"{level_name('network', self.network)} {self.modality}, {self.protocol}"


def selection_section(found: Sequence[Selected], command: str) -> Section | None:
    """The selection bias; None without any."""
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
        tables=(Shown(selection_table(found)),),
        pictures=[draw_picture(lambda: dot_chart(dots), "selection-chart", label)],
        legend=(
            Key("ink", "\u25cf", "best validation minus test"),
            Key("mean", "\u271a", "test at the best epoch minus test at the last (hollow)"),
            Key("", "\u2501", "95 % interval"),
        ),
        caption="Differences in percentage points, paired by seed.",
        command=command,
        wide=True,
    )


def _sentence(found: Sequence[Selected]) -> list[str]:
    for network, modality, protocol in (("snn", "fused", "paper"), ("snn", "fused", "disjoint")):
        for each in found:
            if (each.network, each.modality, each.protocol) == (network, modality, protocol):
                return [
                    f"For the fused SNN under the {protocol} pairing the paper\u2019s number "
                    f"stands {with_interval(each.optimism)} from the test accuracy of the same "
                    "weights."
                ]
    return []


def _dots(found: Sequence[Selected]) -> Dots:
    optimism = {each.name: each.optimism for each in found}
    chosen = {each.name: each.chosen for each in found if each.chosen is not None}
    series = [Series("best validation minus test", "ink", optimism)]
    if chosen:
        series.append(Series("best epoch minus last, on test", "mean", chosen, hollow=True))
    return Dots([each.name for each in found], series, "Difference (percentage points)", "pp")


def selection_table(found: Sequence[Selected]) -> Table:
    """The three accuracies and their differences."""
    rows = []
    for each in found:
        cells = [level_name("network", each.network), each.modality, each.protocol]
        for value in (each.best, each.test, each.last):
            ends = "" if value is None else interval(value.low, value.high)
            cells.append(share(None if value is None else value.mean) + (f" ({ends})" * bool(ends)))
        rows.append((*cells, *difference(each.optimism)[:2], *difference(each.chosen)[:2]))
        rows[-1] += (str(each.optimism.n),)
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
            Column("95 % interval", number=True),
            Column("That minus last epoch", number=True),
            Column("95 % interval of that", number=True),
            Column("n", number=True),
        ),
        rows=tuple(rows),
        heads=3,
    )
