"""Failing senses: what a missing modality costs, whom a conflict follows, what each contributes."""

from collections.abc import Sequence

from spikefuse.analysis.estimates import Estimate
from spikefuse.analysis.senses import Senses
from spikefuse.analysis.words import (
    NONE,
    counted,
    disturbed,
    level_name,
    listing,
    percent,
    points,
    share,
    span,
    with_interval,
)
from spikefuse.report.section import Section, Shown
from spikefuse.report.tables import Column, Table


def senses_section(found: Sequence[Senses], command: str) -> Section | None:
    """The failing senses; None where none was measured."""
    if not found:
        return None
    return Section(
        name="senses",
        title="When a sense fails",
        link="Senses",
        paragraphs=[
            "The trained fused networks see test samples of which one modality is missing, shows "
            "another sample, or shows one of another class; nothing is trained again. Missing "
            "means, if nothing else is said, that the mean of the training samples stands in.",
            *(text for each in found if (text := cost_sentence(each))),
            *(text for each in found if (text := conflict_sentence(each))),
            *(text for each in found if (text := contribution_sentence(each))),
        ],
        tables=(
            Shown(senses_table(found), open=True),
            *([Shown(contribution_table(found))] if any(e.contributions for e in found) else []),
        ),
        command=command,
    )


def cost_sentence(found: Senses) -> str:
    """What one lost sense costs, for the first screen too; empty where nothing is known."""
    parts = [
        f"{name} {with_interval(loss.cost)}"
        for name in found.contributions
        if (loss := found.loss("mean", name)) is not None and loss.cost is not None
    ]
    if not parts:
        return ""
    network = level_name("network", found.network)
    return f"One lost sense costs the fused {network}: {listing(parts)}."


def conflict_sentence(found: Senses) -> str:
    """Whom the network follows where one modality shows another class; empty where not known."""
    parts = []
    for loss in found.losses:
        if loss.kind == "conflict" and loss.follows is not None:
            (name,) = loss.modalities
            parts.append(
                f"with {name} of another class it follows {name} in "
                f"{percent(loss.follows.mean)}\u00a0% and what is left in "
                f"{percent(loss.accuracy.mean)}\u00a0% (n\u00a0=\u00a0{counted(loss.follows)})"
            )
    if not parts:
        return ""
    return f"In a conflict, the fused {level_name('network', found.network)}: {'; '.join(parts)}."


def contribution_sentence(found: Senses) -> str:
    """The Shapley values in a sentence; empty where they are not known."""
    if not found.contributions or found.nothing is None:
        return ""
    parts = [f"{name} {with_interval(value)}" for name, value in found.contributions.items()]
    return (
        f"Of the fused {level_name('network', found.network)}\u2019s accuracy above that of no "
        f"modality at all ({percent(found.nothing.mean)}\u00a0%), the Shapley values are: "
        f"{listing(parts)}."
    )


def _points(value: Estimate | None) -> tuple[str, str]:
    return (NONE, NONE) if value is None else (points(value.mean), span(value, points))


def senses_table(found: Sequence[Senses]) -> Table:
    """Accuracy and cost of each disturbance, by network."""
    rows = []
    for each in found:
        network, whole = level_name("network", each.network), each.whole
        first = (percent(whole.mean), span(whole, share))
        rows.append((network, "nothing", *first, NONE, NONE, NONE, NONE, NONE, counted(whole)))
        for loss in each.losses:
            own = loss.accuracy
            numbers = (percent(own.mean), span(own, share), *_points(loss.cost))
            follows = NONE if loss.follows is None else percent(loss.follows.mean)
            rest = (follows, *_points(loss.against), counted(own))
            what = disturbed(loss.kind, loss.modalities, loss.share)
            rows.append((network, what, *numbers, *rest))
    return Table(
        name="senses",
        caption="Fused networks with a failing sense, test set (per cent, pp)",
        columns=(
            Column("Network"),
            Column("What fails"),
            Column("Accuracy", number=True),
            Column("95 % interval", number=True),
            Column("Cost pp", number=True),
            Column("95 % of the cost", number=True),
            Column("Follows the class shown", number=True),
            Column("Trained without it, more pp", number=True),
            Column("95 % of that", number=True),
            Column("n", number=True),
        ),
        rows=tuple(rows),
        heads=2,
    )


def contribution_table(found: Sequence[Senses]) -> Table:
    """Three measures of what each modality contributes: dropped, shuffled at test, Shapley."""
    rows = []
    for each in found:
        for name, value in each.contributions.items():
            cells = [level_name("network", each.network), name]
            for loss in (each.loss("mean", name), each.loss("shuffle", name)):
                cells += _points(None if loss is None else loss.cost)
            rows.append((*cells, *_points(value), counted(value)))
    return Table(
        name="contributions",
        caption="What each modality contributes to the fused network (percentage points)",
        columns=(
            Column("Network"),
            Column("Modality"),
            Column("Dropped", number=True),
            Column("95 %", number=True),
            Column("Shuffled at test", number=True),
            Column("95 % of it", number=True),
            Column("Shapley value", number=True),
            Column("95 % of the value", number=True),
            Column("n", number=True),
        ),
        rows=tuple(rows),
        heads=2,
    )
