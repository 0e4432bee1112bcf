"""A modality in its own time: what the time axis as the network's steps brings or costs."""

from collections.abc import Sequence

from spikefuse.analysis.time_axis import TimeGain
from spikefuse.analysis.words import (
    NONE,
    counted,
    level_name,
    percent,
    plural,
    points,
    share,
    span,
    with_interval,
)
from spikefuse.report.section import Section, Shown
from spikefuse.report.tables import Column, Table


def time_section(found: Sequence[TimeGain], command: str) -> Section | None:
    """The section; None without rows of the study."""
    if not found:
        return None
    return Section(
        name="time-axis",
        title="In its own time",
        link="Time axis",
        paragraphs=[
            "Usually every time step of a spiking network sees the whole map. Here a step sees its "
            "part of the time axis, and what was before is in the membranes alone. A part is too "
            "small for convolutions, so the same layers without them, FC(h)-K, meet the whole map, "
            "too; between these two nothing but the time differs.",
            time_sentence(found),
        ],
        tables=(Shown(time_table(found), open=True),),
        command=command,
    )


def time_heading(found: Sequence[TimeGain]) -> str:
    """What a run of the study alone says first; empty without rows of it."""
    if not found:
        return ""
    known = [each.gain for each in found if each.gain is not None]
    if not any(each.low is not None for each in known):
        what = "what a modality in its own time brings"
        fewest = max((each.n for each in known), default=0)
        return f"{plural(fewest, 'seed')} cannot say {what}" if fewest else f"Not known: {what}"
    shown = [(each.sign, each.gain, each) for each in found if each.sign and each.gain]
    if not shown:
        network = _name(found[0].network)
        return f"That a modality in its own time helps or hurts the {network} is not shown"
    sign, gain, first = max(shown, key=lambda each: abs(each[1].mean))
    verb = "brings" if sign > 0 else "costs"
    size = f"{points(abs(gain.mean), sign=False)}\u00a0pp at T = {first.time_steps}"
    return f"Meeting {first.modality} in its own time {verb} the {_name(first.network)} {size}"


def time_sentence(found: Sequence[TimeGain]) -> str:
    """Every gain with its interval; of none, why."""
    return " ".join(map(_sentence, found))


def _sentence(each: TimeGain) -> str:
    which = f"{_name(each.network)}, {each.modality}, T = {each.time_steps}"
    if each.gain is None:
        return f"{which}: not known ({each.reason})."
    told = "" if each.p_value is None else f"; p\u00a0=\u00a0{each.p_value:.2g} after Holm"
    return f"{which}: its parts in turn minus the whole map {with_interval(each.gain)}{told}."


def _name(network: str) -> str:
    return level_name("network", network)


def time_table(found: Sequence[TimeGain]) -> Table:
    """Accuracies of the three networks and the gain, for each modality and number of steps."""
    return Table(
        name="time-axis",
        caption="Test accuracy with the whole map at every step, and with its parts in turn",
        columns=(
            Column("Network"),
            Column("Modality"),
            Column("T"),
            Column("Usual network, %", number=True),
            Column("Whole map, FC(h)-K, %", number=True),
            Column("95 % interval", number=True),
            Column("Its parts, FC(h)-K, %", number=True),
            Column("95 % interval ", number=True),
            Column("Parts minus whole, pp", number=True),
            Column("95 % of it", number=True),
            Column("p, Holm", number=True),
            Column("n", number=True),
        ),
        rows=tuple(_row(each) for each in found),
        heads=3,
    )


def _row(each: TimeGain) -> tuple[str, ...]:
    whole, parts, gain = each.whole, each.parts, each.gain
    return (
        _name(each.network),
        each.modality,
        str(each.time_steps),
        percent(each.usual.mean) if each.usual else NONE,
        percent(whole.mean) if whole else NONE,
        span(whole, share),
        percent(parts.mean) if parts else NONE,
        span(parts, share),
        points(gain.mean) if gain else each.reason or NONE,
        span(gain, points),
        NONE if each.p_value is None else f"{each.p_value:.2g}",
        counted(gain) if gain else NONE,
    )
