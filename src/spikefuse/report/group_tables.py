"""Accuracies of held-out groups as tables, for the page and for the terminal."""

from collections.abc import Sequence

from spikefuse.analysis.groups import GroupNames, GroupSummary
from spikefuse.analysis.words import (
    NONE,
    counted,
    level_name,
    listing,
    percent,
    points,
    share,
    span,
)
from spikefuse.report.printable import plain
from spikefuse.report.tables import SEED_COLUMNS, Column, Table, seed_cell

NAME = "speakers"
"""Of the section and its files, whatever the groups are called: links and scripts know it."""


def title_of(found: GroupSummary) -> str:
    """`SNN, audio`."""
    return f"{level_name('network', found.network)}, {found.modality}"


def summary_table(found: Sequence[GroupSummary], names: GroupNames) -> Table:
    """Mean over groups, the same network with known groups, and what is lost."""
    many = plain(names.many, 40)
    rows = []
    for each in found:
        known, cost = (NONE, NONE), (NONE, NONE)
        if each.known is not None:
            ends = span(each.known, share)
            known = (percent(each.known.mean), f"{ends}, n\u00a0=\u00a0{counted(each.known)}")
        if each.cost is not None:
            cost = (points(each.cost.estimate), span(each.cost, points))
        rows.append((title_of(each), *_mean(each), *known, *cost, _note(each)))
    return Table(
        name=f"{NAME}-summary",
        caption=f"Accuracy over held-out {many}, and with {many} that training knows (size S)",
        columns=(
            Column("Network"),
            Column("Unknown %", number=True),
            Column(f"95 % over {many}", number=True),
            Column(many[:1].upper() + many[1:], number=True),
            Column("Known %", number=True),
            Column("95 % over seeds", number=True),
            Column("Cost pp", number=True),
            Column("95 % of the cost", number=True),
            Column("Note"),
        ),
        rows=tuple(rows),
    )


def _mean(found: GroupSummary) -> tuple[str, str, str]:
    """Mean, interval and number of groups; one group is its own mean, without interval."""
    if found.mean is not None:
        ends = span(found.mean, share)
        return percent(found.mean.estimate), ends, str(found.mean.n)
    if found.lost:
        return NONE, NONE, str(len(found.groups) + len(found.lost))
    if len(found.groups) > 1:
        means = [each.mean for each in found.groups.values()]
        return percent(sum(means) / len(means)), NONE, str(len(means))
    (only,) = found.groups.values()
    return percent(only.mean), NONE, "1"


def _note(found: GroupSummary) -> str:
    notes = [found.reason, *(each.note for each in (found.mean, found.cost) if each is not None)]
    # Such a group is in no mean over groups, so a reader must see which one is missing.
    silent = [name for name, each in found.groups.items() if each.are_all_silent]
    notes += [f"without {listing(silent)}: silent networks alone"] if silent else []
    return "; ".join(dict.fromkeys(note for note in notes if note))


def group_table(found: Sequence[GroupSummary], names: GroupNames) -> Table:
    """Accuracy for each group, with interval over seeds and every seed."""
    one = plain(names.one, 40)
    rows = []
    for each in found:
        network = level_name("network", each.network)
        for name, value in each.groups.items():
            ends = span(value, share)
            numbers = (percent(value.mean), ends, counted(value), seed_cell(value.values))
            rows.append((plain(name, 80), network, each.modality, *numbers))
        for name, series in each.lost.items():
            seeds = plain(seed_cell(series.values, series.reason), 300)
            rows.append((plain(name, 80), network, each.modality, NONE, NONE, str(series.n), seeds))
    return Table(
        name=NAME,
        caption=f"Test accuracy for each {one} held out (per cent)",
        columns=(
            Column(f"{one[:1].upper()}{one[1:]} held out"),
            Column("Network"),
            Column("Modality"),
            *SEED_COLUMNS,
        ),
        rows=tuple(rows),
        heads=3,
    )
