"""Which fusion wins: a table for each network and size, and the sentence of the first screen."""

from collections.abc import Sequence

from spikefuse.analysis.fusion_race import Entry, Race
from spikefuse.analysis.gains import EXPERTS, PRODUCT
from spikefuse.analysis.words import (
    NONE,
    counted,
    level_name,
    listing,
    percent,
    plural,
    points,
    share,
    span,
    with_interval,
)
from spikefuse.report.section import Section, Shown
from spikefuse.report.tables import Column, Table


def fusion_section(races: Sequence[Race], command: str) -> Section | None:
    """The section; None without rows of the study."""
    if not races:
        return None
    return Section(
        name="fusion",
        title="Which fusion wins",
        link="Fusion",
        paragraphs=[
            fusion_sentence(races),
            "Every kind has the same number of parameters within 1\u00a0%. The kind of highest "
            "validation accuracy is compared on the test set with every other kind and with the "
            "product of experts: networks of one modality, trained apart, with as many parameters "
            "in all. Differences are paired by seed; p values are Holm-adjusted over the "
            "comparisons of one network and size.",
        ],
        tables=tuple(
            Shown(race_table(race), open=number == 0) for number, race in enumerate(races)
        ),
        command=command,
    )


def fusion_sentence(races: Sequence[Race]) -> str:
    """What wins, for every network and size; empty without rows."""
    return " ".join(_sentence(race) for race in races)


def _sentence(race: Race) -> str:
    where = f"{level_name('network', race.network)} at {race.size}"
    chosen = race.entries.get(race.best or "")
    if chosen is None or chosen.accuracy is None:
        lost = [entry.reason for entry in race.entries.values() if entry.reason]
        return f"{where}: no fusion is chosen ({'; '.join(lost) or 'too few are stored'})."
    accuracy = chosen.accuracy
    ends = span(accuracy, share)
    told = "" if accuracy.low is None else f"95\u00a0% interval {ends}, "
    text = (
        f"{where}: {race.best} is best by validation, {percent(accuracy.mean)}\u00a0% on the test "
        f"set ({told}n\u00a0=\u00a0{counted(accuracy)})"
    )
    if not race.compared:
        return f"{text}; {plural(accuracy.n, 'seed')} cannot say whether it wins."
    others = [name for name in race.entries if name not in (race.best, PRODUCT)]
    beaten = [name for name in race.beaten if name != PRODUCT]
    if len(beaten) == len(others):
        text += f", and wins: above all {len(others)} others after Holm\u2019s correction"
    elif beaten:
        text += f", above {len(beaten)} of {len(others)} others after Holm ({listing(beaten)})"
    else:
        text += f", but above none of {len(others)} others after Holm: no fusion is shown to win"
    above = [name for name in race.ahead if name != PRODUCT]
    verb = "stands" if len(above) == 1 else "stand"
    text += f"; {listing(above)} {verb} above it on the test set" if above else ""
    return f"{text}{_over_product(race, chosen)}."


def _over_product(race: Race, chosen: Entry) -> str:
    if chosen.over_product is None:
        return ""
    p_value = race.entries[PRODUCT].p_value
    told = "" if p_value is None else f"; p\u00a0=\u00a0{p_value:.2g} after Holm"
    return (
        f"; over the {EXPERTS} of as many parameters it brings "
        f"{with_interval(chosen.over_product)}{told}"
    )


def race_table(race: Race) -> Table:
    """All kinds, the most accurate first."""
    order = sorted(race.entries.values(), key=lambda e: -e.accuracy.mean if e.accuracy else 1.0)
    return Table(
        name=f"fusion-{race.network}-{race.size.replace('/', '-')}",
        caption=f"{level_name('network', race.network)} at {race.size}, {race.protocol}: test "
        "accuracy of every fusion",
        columns=(
            Column("Fusion"),
            Column("Test %", number=True),
            Column("95 % interval", number=True),
            Column("n", number=True),
            Column(f"Minus {race.best or 'best'} pp", number=True),
            Column("95 % of it", number=True),
            Column("p, Holm", number=True),
            Column("Minus product pp", number=True),
            Column("95 % of it ", number=True),
            Column("Parameters", number=True),
            Column("MACs a step", number=True),
        ),
        rows=tuple(_row(entry) for entry in order),
    )


def _row(entry: Entry) -> tuple[str, ...]:
    accuracy, behind, over = entry.accuracy, entry.behind, entry.over_product
    return (
        EXPERTS if entry.fusion == PRODUCT else entry.fusion,
        percent(accuracy.mean) if accuracy else entry.reason or NONE,
        span(accuracy, share),
        counted(accuracy) if accuracy else NONE,
        points(behind.mean) if behind else NONE,
        span(behind, points),
        NONE if entry.p_value is None else f"{entry.p_value:.2g}",
        points(over.mean) if over else NONE,
        span(over, points),
        NONE if entry.parameters is None else f"{entry.parameters:,}",
        NONE if entry.macs is None else f"{entry.macs:,}",
    )
