"""Robustness: accuracy over noise, the area under it, and where curves cross."""

import math
from functools import partial

from spikefuse.analysis.estimates import Estimate
from spikefuse.analysis.robustness import PLACED, PLACES, Against, Robustness
from spikefuse.analysis.words import (
    NONE,
    counted,
    level_name,
    listing,
    percent,
    points,
    span,
    with_interval,
)
from spikefuse.report.section import Section, Shown
from spikefuse.report.tables import Column, Table
from spikefuse.studies.robustness import ROBUSTNESS_OWN_STD

_PLACE = {
    "before": "before the activation",
    "after": "after it, before pooling",
    "pooled": "after it and pooling",
}


def robustness_section(found: Robustness, command: str) -> Section | None:
    """The curves; None where there are none."""
    if not found.curves:
        return None
    if found.study == ROBUSTNESS_OWN_STD.name:
        return _own_std_section(found, command)
    return Section(
        name="robustness",
        title="How accuracy falls with noise",
        link="Robustness",
        paragraphs=[
            "Gaussian noise on the current of every hidden activation, fresh at every step; the "
            "networks are those of the first screen and are not trained again. Relative robustness "
            "is the mean height of a curve over the noise levels, effective robustness what it "
            "keeps beyond another that is moved to begin at the same accuracy (both as MultiBench "
            "has them, with equal weights for the levels). An SNN averages the draws of its "
            "steps, a DNN has one: the same noise is not the same disturbance.",
            *_sentences(found),
        ],
        tables=(
            Shown(curve_table(found), open=True),
            Shown(against_table(found)),
            *([Shown(place_table(found))] if found.places else []),
        ),
        command=command,
    )


def _own_std_section(found: Robustness, command: str) -> Section:
    """The curves over noise that is measured by what it disturbs."""
    return Section(
        name=found.study,
        title="How accuracy falls with noise of the currents\u2019 own size",
        link="Own deviation",
        paragraphs=[
            "The same noise, times the standard deviation that the currents of each sample have in "
            "a layer, over neurons and steps: a network whose currents are larger does not keep "
            "more for that. An SNN still averages the draws of its steps.",
            *_sentences(found),
        ],
        tables=(Shown(curve_table(found), open=True), Shown(against_table(found))),
        command=command,
    )


def kept_sentence(found: Robustness) -> str:
    """What every curve keeps, for the first screen too; empty without curves."""
    parts = [
        f"the {_name((curve.network, curve.modality))} {percent(curve.relative.mean)}\u00a0% "
        f"(n\u00a0=\u00a0{counted(curve.relative)})"
        for curve in found.curves
        if curve.relative is not None
    ]
    if not parts:
        return ""
    levels = found.curves[0].levels
    return (
        f"Over noise of {levels[0]:g} to {levels[-1]:g}{_of(found)} on every hidden activation, "
        f"accuracy is on average: {listing(parts)}."
    )


def _of(found: Robustness) -> str:
    """What the noise counts in, where it is not absolute."""
    is_own = found.study == ROBUSTNESS_OWN_STD.name
    return " times the currents\u2019 own deviation" * is_own


def _name(key: tuple[str, str]) -> str:
    return f"{level_name('network', key[0])} {key[1]}"


def _sentences(found: Robustness) -> list[str]:
    said = []
    for each in found.against:
        if each.effective is not None and each.first[1] == each.second[1]:
            text = f"{_name(each.first)} against its twin: {with_interval(each.effective)}"
            said.append(text + f" effective robustness{_crossing(each)}.")
    return [" ".join(said)] if said else []


def _crossing(each: Against) -> str:
    if each.crossing is None:
        said = ", and their mean log odds do not cross" if each.compared else ""
        return said + f" (the curves of {_crossed(each)} do)" * bool(said and each.crossed)
    ends = ""
    if each.crossing.low is not None:
        ends = f"95\u00a0% interval {span(each.crossing, partial(_end, each.last))}, "
    where = f"{each.crossing.mean:.2g} ({ends}the curves in {_crossed(each)})"
    return f"; their mean log odds cross at noise {where}"


def _crossed(each: Against) -> str:
    return f"{each.crossed} of {each.compared} seeds"


def curve_table(found: Robustness) -> Table:
    """Accuracy at each noise level, and the mean height."""
    levels = sorted({level for curve in found.curves for level in curve.levels})
    rows = []
    for curve in found.curves:
        cells = [_name((curve.network, curve.modality))]
        for level in levels:
            value = curve.accuracy.get(level)
            cells.append(_with_half_width(value))
        area = curve.relative
        ends = NONE if area is None else span(area, percent)
        counts = str(len(curve.seeds)) if area is None else counted(area)
        rows.append((*cells, percent(None if area is None else area.mean), ends, counts))
    return Table(
        name=found.study,
        caption=f"Accuracy under noise of this standard deviation{_of(found)}, and relative "
        "robustness (%)",
        columns=(
            Column("Network"),
            *(Column(f"{level:g}", number=True) for level in levels),
            Column("Relative", number=True),
            Column("95 % of it", number=True),
            Column("n", number=True),
        ),
        rows=tuple(rows),
    )


def _with_half_width(value: Estimate | None) -> str:
    if value is None:
        return NONE
    half = "" if value.high is None else f" \u00b1 {percent(value.high - value.mean)}"
    return percent(value.mean) + half


def against_table(found: Robustness) -> Table:
    """Effective robustness and crossing points of pairs of curves."""
    rows = []
    for each in found.against:
        gap, crossing = each.effective, each.crossing
        rows.append(
            (
                _name(each.first),
                _name(each.second),
                NONE if gap is None else points(gap.mean),
                NONE if gap is None else span(gap, points),
                NONE if crossing is None else f"{crossing.mean:.3g}",
                NONE if crossing is None else span(crossing, partial(_end, each.last)),
                _crossed(each),
            )
        )
    return Table(
        name=f"{found.study}-pairs",
        caption="Effective robustness of a curve over another (pp), and the noise"
        f"{_of(found)} where they cross",
        columns=(
            Column("Curve"),
            Column("Against"),
            Column("Effective", number=True),
            Column("95 % interval", number=True),
            Column("Crossing", number=True),
            Column("95 % of the crossing", number=True),
            Column("Crossed", number=True),
        ),
        rows=tuple(rows),
        heads=2,
    )


def _end(last: float, level: float) -> str:
    """An end of a crossing's interval; beyond the last level nothing was looked at."""
    return f"more than {last:g}" if math.isinf(level) else f"{level:.3g}"


def place_table(found: Robustness) -> Table:
    """What the smaller noise costs before the activation, after it, and after pooling."""
    networks = dict.fromkeys((network, modality) for network, modality, _ in found.places)
    rows = []
    for network, modality in networks:
        cells = [_name((network, modality))]
        counts = ""
        for place in PLACES:
            cost = found.places.get((network, modality, place))
            cells += [NONE, NONE] if cost is None else [points(cost.mean), span(cost, points)]
            counts = counts if cost is None else counted(cost)
        rows.append((*cells, counts))
    heads = [
        column
        for place in PLACES
        for column in (
            Column(_PLACE[place], number=True),
            Column(f"95 %, {place}", number=True),
        )
    ]
    return Table(
        name="noise-places",
        caption=f"What noise of std {PLACED:g} costs by its place (pp)",
        columns=(Column("Network"), *heads, Column("n", number=True)),
        rows=tuple(rows),
    )
