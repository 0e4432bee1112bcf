"""Unknown groups: accuracy for each group (speaker, subject) whom training never met."""

from collections.abc import Mapping, Sequence

from spikefuse.analysis.estimates import Estimate
from spikefuse.analysis.groups import GroupNames, GroupSummary
from spikefuse.analysis.words import level_name, percent, points
from spikefuse.report.drawing import theme
from spikefuse.report.drawing.dots import Dots, Series, describe_dots, dot_chart
from spikefuse.report.drawing.pictures import draw_picture
from spikefuse.report.group_tables import NAME, group_table, summary_table, title_of
from spikefuse.report.printable import plain
from spikefuse.report.section import Key, Section, Shown, interval_keys


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
            f"and validation and is the whole test set, each in turn. The interval over {many} is "
            f"Student t over the mean of each: it says where the mean of other {many} would fall, "
            f"if they differ as these do. Of a {one} unlike any of these it knows nothing.",
            *group_sentences(found, many),
        ],
        tables=(
            Shown(summary_table(found, names), open=True),
            Shown(group_table(found, names)),
        ),
        pictures=[draw_picture(lambda: dot_chart(dots), f"{NAME}-chart", label)],
        legend=(
            *(Key(role, theme.GLYPH[role], name) for name, role in _roles(found).items()),
            Key("", "\u25cb", "hollow: DNN"),
            *interval_keys(
                (value.n for each in found for value in each.groups.values()), over=" over seeds"
            ),
        ),
        caption=f"Test accuracy for each {one} held out, mean over seeds.",
        command=command,
        wide=True,
    )


def _roles(found: Sequence[GroupSummary]) -> dict[str, str]:
    """Colour role by modality."""
    return theme.roles(dict.fromkeys(each.modality for each in found))


def group_heading(found: Sequence[GroupSummary], many: str) -> str:
    """What a run of held-out groups alone says first; empty where none has a mean."""
    for each in found:
        if each.cost is None:
            continue
        size = f"{points(abs(each.cost.estimate), sign=False)}\u00a0pp"
        if each.cost.low > 0:
            return f"Unknown {many} cost {_the(each)} {size}"
        if each.cost.high < 0:
            return f"With unknown {many} {_the(each)} is {size} better"
        return f"That unknown {many} cost {_the(each)} accuracy is not shown"
    for each in found:
        if each.mean is not None:
            right = f"is right in {percent(each.mean.estimate)}\u00a0%"
            return f"With unknown {many} {_the(each)} {right}"
    return ""


def _the(found: GroupSummary) -> str:
    return f"the {found.modality} {level_name('network', found.network)}"


def group_sentences(found: Sequence[GroupSummary], many: str) -> list[str]:
    """What unknown groups cost, and the lowest and the highest group, as one paragraph."""
    said = [
        f"{title_of(each)}: unknown {many} cost {points(each.cost.estimate, sign=False)}\u00a0pp "
        f"(95\u00a0% interval {points(each.cost.low)}\u00a0to\u00a0{points(each.cost.high)}, "
        f"n\u00a0=\u00a0{each.cost.n}\u00a0{many})."
        for each in found
        if each.cost is not None
    ]
    said += [
        f"{title_of(each)}: {percent(each.mean.estimate)}\u00a0% with unknown {many} "
        f"(95\u00a0% interval {percent(each.mean.low)}\u00a0to\u00a0{percent(each.mean.high)}, "
        f"n\u00a0=\u00a0{each.mean.n}\u00a0{many})."
        for each in found
        if each.cost is None and each.mean is not None
    ]
    said += [
        f"{title_of(each)}: from {percent(worst.mean)}\u00a0% ({plain(low, 60)}) to "
        f"{percent(best.mean)}\u00a0% ({plain(high, 60)})."
        for each in found
        if len(each.groups) > 1
        for (low, worst), (high, best) in [_outermost(each.groups)]
    ]
    return [" ".join(said)] if said else []


def _outermost(
    groups: Mapping[str, Estimate],
) -> tuple[tuple[str, Estimate], tuple[str, Estimate]]:
    """The lowest and the highest group: an interval of a few hides one that is unlike them."""
    order = sorted(groups.items(), key=lambda each: each[1].mean)
    return order[0], order[-1]


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
