"""Unknown groups: accuracy for each group (speaker, subject) whom training never met."""

from collections.abc import Sequence

from spikefuse.analysis.groups import GroupNames, GroupSummary
from spikefuse.analysis.words import NONE, interval, level_name, percent, points, span
from spikefuse.report.drawing import theme
from spikefuse.report.drawing.dots import Dots, Series, describe_dots, dot_chart
from spikefuse.report.drawing.pictures import draw_picture
from spikefuse.report.drawing.svg import plain
from spikefuse.report.section import Key, Section, Shown
from spikefuse.report.tables import SEED_COLUMNS, Column, Table, seed_cell

NAME = "speakers"
"""Of the section and its files, whatever the groups are called: links and scripts know it."""


def groups_section(
    found: Sequence[GroupSummary], names: GroupNames, command: str
) -> Section | None:
    """The groups; None where none was held out.

    Args:
        found: From `group_summaries`.
        names: What the groups are called.
        command: Remakes them.
    """
    if not found:
        return None
    dots = _dots(found)
    one, many = plain(names.one, 40), plain(names.many, 40)
    label = f"Test accuracy for each {one} held out. {describe_dots(dots)}."
    return Section(
        name=NAME,
        title=f"Unknown {many}",
        link=many[:1].upper() + many[1:],
        paragraphs=[
            f"Does the network know the classes or the {many}? One {one} is left out of training "
            f"and validation and is the whole test set, each in turn. The interval over {many} "
            f"resamples them: it says where other {many} would fall.",
            *_sentences(found, many),
        ],
        tables=(
            Shown(summary_table(found, names), open=True),
            Shown(group_table(found, names)),
        ),
        pictures=[draw_picture(lambda: dot_chart(dots), f"{NAME}-chart", label)],
        legend=(
            *(Key(role, theme.GLYPH[role], name) for name, role in _roles(found).items()),
            Key("", "\u25cb", "hollow: DNN"),
            Key("", "\u2501", "95 % interval over seeds"),
        ),
        caption=f"Test accuracy for each {one} held out, mean over seeds.",
        command=command,
        wide=True,
    )


def _roles(found: Sequence[GroupSummary]) -> dict[str, str]:
    """Colour role by modality."""
    return theme.roles(dict.fromkeys(each.modality for each in found))


def _name(found: GroupSummary) -> str:
    """`SNN, audio`."""
    return f"{level_name('network', found.network)}, {found.modality}"


def _sentences(found: Sequence[GroupSummary], many: str) -> list[str]:
    said = [
        f"{_name(each)}: unknown {many} cost {points(each.cost.estimate, sign=False)}\u00a0pp "
        f"(95\u00a0% interval {points(each.cost.low)}\u00a0to\u00a0{points(each.cost.high)}, "
        f"n\u00a0=\u00a0{each.cost.n}\u00a0{many})."
        for each in found
        if each.cost is not None
    ]
    return [" ".join(said)] if said else []


def _dots(found: Sequence[GroupSummary]) -> Dots:
    names = sorted({plain(name, 60) for each in found for name in each.groups})
    series = [
        Series(
            f"{level_name('network', each.network)} {each.modality}",
            _roles(found)[each.modality],
            {plain(name, 60): accuracy for name, accuracy in each.groups.items()},
            hollow=each.network == "dnn",
        )
        for each in found
    ]
    return Dots(names, series, "Test accuracy (%)", "%")


def summary_table(found: Sequence[GroupSummary], names: GroupNames) -> Table:
    """Mean over groups, the same network with known groups, and what is lost."""
    many = plain(names.many, 40)
    rows = []
    for each in found:
        known, cost = (NONE, NONE), (NONE, NONE)
        if each.known is not None:
            ends = interval(each.known.low, each.known.high)
            known = (percent(each.known.mean), f"{ends}, n\u00a0=\u00a0{each.known.n}")
        if each.cost is not None:
            cost = (points(each.cost.estimate), span(each.cost, points))
        rows.append((_name(each), *_mean(each), *known, *cost, _note(each)))
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
        ends = interval(found.mean.low, found.mean.high)
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
    return "; ".join(dict.fromkeys(note for note in notes if note))


def group_table(found: Sequence[GroupSummary], names: GroupNames) -> Table:
    """Accuracy for each group, with interval over seeds and every seed."""
    one = plain(names.one, 40)
    rows = []
    for each in found:
        network = level_name("network", each.network)
        for name, value in each.groups.items():
            ends = interval(value.low, value.high)
            numbers = (percent(value.mean), ends, str(value.n), seed_cell(value.values))
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
