"""What a fused network must beat, and what must happen when its audio says nothing."""

from collections.abc import Sequence
from dataclasses import dataclass

from spikefuse.report.dots import Dots, Series, describe_dots, dot_chart
from spikefuse.report.headline import points, with_interval
from spikefuse.report.pictures import draw_picture
from spikefuse.report.section import Key, Section, Shown
from spikefuse.report.svg import plain
from spikefuse.report.tables import NONE, Column, Table, difference, interval, share
from spikefuse.studies.figures import level_name
from spikefuse.studies.seeds import Estimate

NETWORKS = ("snn", "dnn")


@dataclass(frozen=True)
class Rival:
    """One baseline of a fused network, on the test set.

    Attributes:
        network: "snn" or "dnn".
        name: What it is, in a reader's words.
        accuracy: Of the baseline; None where `reason` says why.
        gain: Fused minus baseline, paired by seed; None likewise.
    """

    network: str
    name: str
    accuracy: Estimate | None
    gain: Estimate | None
    reason: str = ""


@dataclass(frozen=True)
class ShuffledAudio:
    """The fused network trained on shuffled audio, against the image network.

    Attributes:
        difference: Shuffled minus image alone, paired by seed.
        margin: Differences up to this size count as none.
        verdict: "equal", "above", "below" or "undecided".
    """

    network: str
    difference: Estimate
    margin: float
    verdict: str


@dataclass(frozen=True)
class Controls:
    """Baselines and control of each network kind; `more` is the SNN's gain minus the DNN's."""

    rivals: Sequence[Rival]
    shuffled: Sequence[ShuffledAudio]
    more: Sequence[tuple[str, Estimate]] = ()


_MEANING = {
    "equal": "equal to it within {margin}\u00a0pp: what the audio says is what helped",
    "above": "above it: something besides what the audio says brings accuracy",
    "below": "below it: a second input without information costs accuracy",
    "undecided": "not decided at a margin of {margin}\u00a0pp",
}


def controls_section(found: Controls | None, command: str) -> Section | None:
    """Baselines and control; None without any."""
    if found is None or not (found.rivals or found.shuffled):
        return None
    paragraphs = [
        "A fused network of size S against every yardstick, on the test set under the disjoint "
        "pairing. All networks have the same number of parameters, so each single modality is its "
        "own parameter-matched baseline. The product of experts multiplies the answers of an image "
        "and an audio network that were trained apart: given the digit the two inputs are "
        "independent, so this is the ceiling that joint training can hope for."
    ]
    for control in found.shuffled:
        meaning = _MEANING.get(control.verdict, _MEANING["undecided"])
        meaning = meaning.format(margin=points(control.margin, sign=False))
        paragraphs.append(
            f"With audio shuffled between pairs, the fused {level_name('network', control.network)}"
            f" stands {with_interval(control.difference)} from its image network: {meaning}."
        )
    pictures = []
    dots = _dots(found)
    if dots.series:
        label = f"What the fused network gains over each yardstick. {describe_dots(dots)}."
        pictures = [draw_picture(lambda: dot_chart(dots), "controls-gain", label)]
    return Section(
        name="controls",
        title="Baselines and controls",
        link="Controls",
        paragraphs=paragraphs,
        tables=(Shown(controls_table(found), open=True),),
        pictures=pictures,
        legend=(
            Key("fused", "\u25cf", "SNN"),
            Key("mean", "\u271a", "DNN"),
            Key("", "\u2219", "one seed"),
            Key("", "\u2501", "95 % interval"),
        ),
        caption="What the fused network gains over each yardstick; right of zero it wins.",
        command=command,
        wide=True,
    )


def _dots(found: Controls) -> Dots:
    names = list(dict.fromkeys(plain(rival.name, 60) for rival in found.rivals))
    series = []
    for network, role in zip(NETWORKS, ("fused", "mean"), strict=True):
        values = {
            plain(rival.name, 60): rival.gain
            for rival in found.rivals
            if rival.network == network and rival.gain is not None
        }
        if values:
            series.append(Series(level_name("network", network), role, values))
    axis = "Gain of the fused network (percentage points)"
    return Dots([f"over {name}" for name in names], _over(series), axis, "pp")


def _over(series: Sequence[Series]) -> list[Series]:
    return [
        Series(each.name, each.role, {f"over {name}": v for name, v in each.values.items()})
        for each in series
    ]


def controls_table(found: Controls) -> Table:
    """Accuracy of each yardstick and the gain over it, and the control."""
    rows = []
    for rival in found.rivals:
        name = (level_name("network", rival.network), plain(rival.name, 80))
        accuracy = (NONE, NONE)
        if rival.accuracy is not None:
            ends = interval(rival.accuracy.low, rival.accuracy.high)
            accuracy = (share(rival.accuracy.mean), ends)
        rows.append((*name, *accuracy, *difference(rival.gain), plain(rival.reason, 200)))
    for network, value in found.more:
        rows.append(("SNN minus DNN", plain(network, 80), NONE, NONE, *difference(value), ""))
    for control in found.shuffled:
        name = (level_name("network", control.network), "shuffled audio minus image alone")
        note = f"{control.verdict} (margin {points(control.margin, sign=False)} pp)"
        rows.append((*name, NONE, NONE, *difference(control.difference), plain(note, 100)))
    return Table(
        name="controls",
        caption="Gain of the fused network over each yardstick (test, disjoint, size S)",
        columns=(
            Column("Network"),
            Column("Over what"),
            Column("Its accuracy %", number=True),
            Column("95 % interval", number=True),
            Column("Gain pp", number=True),
            Column("95 % interval of the gain", number=True),
            Column("n", number=True),
            Column("Note"),
        ),
        rows=tuple(rows),
        heads=2,
    )
