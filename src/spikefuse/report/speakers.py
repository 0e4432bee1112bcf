"""Unknown speakers: accuracy for each speaker whom training never heard."""

from collections.abc import Sequence
from dataclasses import dataclass

from spikefuse.report.dots import Dots, Series, describe_dots, dot_chart
from spikefuse.report.headline import points
from spikefuse.report.pictures import draw_picture
from spikefuse.report.section import Key, Section, Shown
from spikefuse.report.svg import plain
from spikefuse.report.tables import NONE, Column, Table, interval, share
from spikefuse.studies.figures import level_name
from spikefuse.studies.seeds import Estimate


@dataclass(frozen=True)
class HeldOut:
    """One network kind and modality, tested on one speaker whom training never heard."""

    network: str
    modality: str
    speaker: str
    accuracy: Estimate


@dataclass(frozen=True)
class OverSpeakers:
    """One network kind and modality over all held-out speakers.

    Attributes:
        mean: Over speakers and seeds.
        low: Of the interval that resamples speakers; None below two speakers.
        speakers: How many there are.
        known: Accuracy where training knows every test speaker; None where it is not stored.
        cost: Known minus unknown speakers with its interval over speakers; None likewise.
    """

    network: str
    modality: str
    mean: float
    low: float | None
    high: float | None
    speakers: int
    known: Estimate | None = None
    cost: tuple[float, float, float] | None = None

    @property
    def name(self) -> str:
        """`SNN, audio`."""
        return f"{level_name('network', self.network)}, {self.modality}"


@dataclass(frozen=True)
class Speakers:
    """Everything measured with a speaker held out."""

    each: Sequence[HeldOut]
    over: Sequence[OverSpeakers]


def speakers_section(found: Speakers | None, command: str) -> Section | None:
    """The speakers; None where none was held out."""
    if found is None or not found.each:
        return None
    dots = _dots(found)
    label = f"Test accuracy for each speaker held out. {describe_dots(dots)}."
    return Section(
        name="speakers",
        title="Unknown speakers",
        link="Speakers",
        paragraphs=[
            "Does the network know the digits or the voices? One speaker is left out of training "
            "and validation and is the whole test set, each in turn. The interval over speakers "
            "resamples them: it says where other speakers would fall.",
            *_sentences(found.over),
        ],
        tables=(Shown(summary_table(found.over), open=True), Shown(speaker_table(found.each))),
        pictures=[draw_picture(lambda: dot_chart(dots), "speakers-chart", label)],
        legend=(
            Key("audio", "\u25b2", "audio"),
            Key("fused", "\u25cf", "fused"),
            Key("", "\u25cb", "hollow: DNN"),
            Key("", "\u2501", "95 % interval over seeds"),
        ),
        caption="Test accuracy for each speaker held out, mean over seeds.",
        command=command,
        wide=True,
    )


def _sentences(over: Sequence[OverSpeakers]) -> list[str]:
    found = []
    for each in over:
        if each.cost is not None:
            mean, low, high = each.cost
            found.append(
                f"{each.name}: unknown speakers cost {points(mean, sign=False)}\u00a0pp "
                f"(95\u00a0% interval {points(low)}\u00a0to\u00a0{points(high)}, "
                f"n\u00a0=\u00a0{each.speakers}\u00a0speakers)."
            )
    return [" ".join(found)] if found else []


def _dots(found: Speakers) -> Dots:
    names = sorted({plain(each.speaker, 60) for each in found.each})
    series = []
    for network in ("snn", "dnn"):
        for modality in ("audio", "fused"):
            values = {
                plain(each.speaker, 60): each.accuracy
                for each in found.each
                if (each.network, each.modality) == (network, modality)
            }
            if values:
                title = f"{level_name('network', network)} {modality}"
                series.append(Series(title, modality, values, hollow=network == "dnn"))
    return Dots(names, series, "Test accuracy (%)", "%")


def summary_table(over: Sequence[OverSpeakers]) -> Table:
    """Mean over speakers, the same network with known speakers, and what is lost."""
    rows = []
    for each in over:
        known = (NONE, NONE)
        if each.known is not None:
            ends = interval(each.known.low, each.known.high)
            known = (share(each.known.mean), f"{ends}, n\u00a0=\u00a0{each.known.n}")
        cost = (NONE, NONE)
        if each.cost is not None:
            cost = (points(each.cost[0]), f"{points(each.cost[1])} to {points(each.cost[2])}")
        mean = (share(each.mean), interval(each.low, each.high), str(each.speakers))
        rows.append((each.name, *mean, *known, *cost))
    return Table(
        name="speakers-summary",
        caption="Accuracy over held-out speakers, and with speakers that training knows (size S)",
        columns=(
            Column("Network"),
            Column("Unknown %", number=True),
            Column("95 % over speakers", number=True),
            Column("Speakers", number=True),
            Column("Known %", number=True),
            Column("95 % over seeds", number=True),
            Column("Cost pp", number=True),
            Column("95 % of the cost", number=True),
        ),
        rows=tuple(rows),
    )


def speaker_table(each: Sequence[HeldOut]) -> Table:
    """Accuracy for each speaker, with interval over seeds and every seed."""
    rows = []
    for found in each:
        name = (plain(found.speaker, 80), level_name("network", found.network), found.modality)
        value = found.accuracy
        seeds = " ".join(share(one) for one in value.values.values())
        ends = interval(value.low, value.high)
        rows.append((*name, share(value.mean), ends, str(value.n), seeds))
    return Table(
        name="speakers",
        caption="Test accuracy for each speaker held out (per cent)",
        columns=(
            Column("Speaker held out"),
            Column("Network"),
            Column("Modality"),
            Column("Mean", number=True),
            Column("95 % interval", number=True),
            Column("n", number=True),
            Column("Every seed", number=True),
        ),
        rows=tuple(rows),
        heads=3,
    )
