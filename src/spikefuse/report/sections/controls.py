"""What a fused network must beat, and what must happen when its further inputs say nothing."""

from collections.abc import Iterator

from spikefuse.analysis.gains import (
    BEST,
    CONTROL_MARGIN,
    NETWORKS,
    Baselines,
    Control,
    alone,
    shuffled,
)
from spikefuse.analysis.headline import Headline
from spikefuse.analysis.table import PAIRED
from spikefuse.analysis.words import (
    NONE,
    article,
    difference,
    level_name,
    listing,
    percent,
    points,
    share,
    span,
    under,
)
from spikefuse.data.sources.contract import FUSED
from spikefuse.report.drawing.dots import Dots, Series, describe_dots, dot_chart
from spikefuse.report.drawing.pictures import draw_picture
from spikefuse.report.headline import control_sentence
from spikefuse.report.printable import plain
from spikefuse.report.section import Key, Section, Shown, interval_keys
from spikefuse.report.tables import Column, Table, headline_estimates


def controls_section(found: Headline, command: str) -> Section | None:
    """Baselines and control; None without any."""
    dots = _dots(found)
    sentences = [said for each in found.baselines.values() if (said := control_sentence(each))]
    ran = [each for own in found.baselines.values() for each in own.yardsticks.values()]
    if not (dots.series or sentences or any(each.diverged for each in ran)):
        return None
    pictures = []
    if dots.series:
        label = f"What the fused network gains over each yardstick. {describe_dots(dots)}."
        pictures = [draw_picture(lambda: dot_chart(dots), "controls-gain", label)]
    return Section(
        name="controls",
        title="Baselines and controls",
        link="Controls",
        paragraphs=[
            "A fused network of size S against every yardstick, on the test set "
            f"{under(found.protocol)}. All networks have the same number of parameters, so each "
            "single modality is its own parameter-matched baseline. The product of experts "
            f"multiplies the answers of {_experts(found)} network that were trained apart: "
            f"{_ceiling(found)}.",
            *sentences,
        ],
        tables=(Shown(controls_table(found), open=True),),
        pictures=pictures,
        legend=(
            Key(FUSED, "\u25cf", "SNN"),
            Key("mean", "\u271a", "DNN"),
            Key("", "\u2219", "one seed"),
            *interval_keys(each.n for _, each in headline_estimates(found)),
        ),
        caption="What the fused network gains over each yardstick; right of zero it wins.",
        command=command,
        wide=True,
    )


def _experts(found: Headline) -> str:
    """`an image and an audio`."""
    return listing([f"{article(modality)} {modality}" for modality in found.modalities])


def _ceiling(found: Headline) -> str:
    """What the product of experts is the measure of."""
    if found.protocol == PAIRED:
        return (
            "what samples of one event say together beyond their class, only joint training can use"
        )
    return (
        "given the class the inputs are independent, so with true probabilities nothing could do "
        "better; trained networks have their own, so it is a yardstick and no bound"
    )


def _controls(found: Headline) -> Iterator[tuple[str, Control]]:
    for network, each in found.baselines.items():
        if each.control is not None:
            yield network, each.control


def _dots(found: Headline) -> Dots:
    series = []
    names = list(dict.fromkeys(n for each in found.baselines.values() for n in each.yardsticks))
    for network, role in zip(NETWORKS, (FUSED, "mean"), strict=True):
        values = {
            f"over {name}": gain
            for name in names
            if (gain := found.gain(network, name)) is not None
        }
        if values:
            series.append(Series(level_name("network", network), role, values))
    axis = "Gain of the fused network (percentage points)"
    return Dots([f"over {name}" for name in names], series, axis, "pp")


def controls_table(found: Headline) -> Table:
    """Accuracy of each yardstick and the gain over it, and the control."""
    rows = [row for each in found.baselines.values() for row in _yardstick_rows(each)]
    for name, value in found.more.items():
        rows.append(("SNN minus DNN", name, NONE, NONE, *difference(value), ""))
    for network, control in _controls(found):
        modalities = found.baselines[network].modalities
        what = f"{shuffled(modalities)} minus {alone(modalities[0])}"
        title = (level_name("network", network), what)
        note = _control_note(control)
        rows.append((*title, NONE, NONE, *difference(control.difference), note))
    return Table(
        name="controls",
        caption=f"Gain of the fused network over each yardstick (test, {found.protocol}, size S)",
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


def _yardstick_rows(found: Baselines) -> Iterator[tuple[str, ...]]:
    for name, yardstick in found.yardsticks.items():
        accuracy = (NONE, NONE)
        if yardstick.accuracy is not None:
            ends = span(yardstick.accuracy, share)
            accuracy = (percent(yardstick.accuracy.mean), ends)
        note = yardstick.reason
        if name == BEST and found.best_modality is not None:
            note = note or f"{found.best_modality}, chosen on validation"
        title = (level_name("network", found.network), name)
        yield (*title, *accuracy, *difference(yardstick.gain), plain(note, 200))


def _control_note(control: Control) -> str:
    note = f"{control.verdict} (margin {points(CONTROL_MARGIN, sign=False)} pp"
    if control.equivalence is not None:
        note += f", p = {control.equivalence.p_value:.3g} of two one-sided tests"
    return f"{note})"
