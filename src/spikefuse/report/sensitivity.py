"""Sensitivity: which of the paper's claims hold under which reading of what it leaves open."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from spikefuse.report.headline import points
from spikefuse.report.section import Section, Shown
from spikefuse.report.svg import plain
from spikefuse.report.tables import NONE, Column, Table

MARKS: Mapping[str, str] = {
    "reproduced": "\u2713\u00a0yes",
    "contradicted": "\u2717\u00a0no",
    "inconclusive": "?\u00a0open",
}


@dataclass(frozen=True)
class Judged:
    """One claim under one reading; accuracies and differences are shares of 1.

    Attributes:
        verdict: "reproduced", "contradicted" or "inconclusive".
        measured: None where it was not measured.
    """

    claim: str
    reading: str
    verdict: str
    measured: float | None
    low: float | None
    high: float | None
    n: int


def sensitivity_section(found: Sequence[Judged], command: str) -> Section | None:
    """Claims by readings; None without any."""
    if not found:
        return None
    return Section(
        name="sensitivity",
        title="Which reading of the paper explains its numbers?",
        link="Sensitivity",
        paragraphs=[
            "The paper does not name its input scale, leak, surrogate, layers, noise sites or "
            "order of splitting. Each reading changes one of them and judges every claim again by "
            "the same rule.",
            explanation(found),
        ],
        tables=(Shown(matrix_table(found), open=True), Shown(judged_table(found))),
        command=command,
    )


def reproduced(found: Sequence[Judged]) -> dict[str, int]:
    """How many claims are reproduced under each reading, most first, in their own order."""
    readings = dict.fromkeys(each.reading for each in found)
    counts = Counter(each.reading for each in found if each.verdict == "reproduced")
    return dict(sorted(((name, counts[name]) for name in readings), key=lambda pair: -pair[1]))


def explanation(found: Sequence[Judged]) -> str:
    """Which reading explains the paper best; ties are said."""
    counts = reproduced(found)
    most = max(counts.values())
    best = [name for name, count in counts.items() if count == most]
    total = len({each.claim for each in found})
    shown = " and ".join(plain(name, 60) for name in best)
    if most == 0:
        return f"None of the {total} claims is reproduced under any reading."
    if len(best) > 1:
        return f"No single reading explains the paper best: {shown} tie with {most} of {total}."
    return f"The reading {shown} explains the paper best: it reproduces {most} of {total} claims."


def matrix_table(found: Sequence[Judged]) -> Table:
    """A row a claim, a column a reading, and the number that each reading reproduces."""
    readings = list(reproduced(found).items())
    claims = dict.fromkeys(each.claim for each in found)
    verdicts = {(each.claim, each.reading): each.verdict for each in found}
    rows = [("Reproduced", *(str(count) for _, count in readings))]
    for claim in claims:
        marks = (MARKS.get(verdicts.get((claim, name), ""), NONE) for name, _ in readings)
        rows.append((plain(claim, 20), *marks))
    return Table(
        name="sensitivity",
        caption=(
            "Claims by reading, the reading that reproduces most first: \u2713 reproduced, "
            "\u2717 contradicted, ? inconclusive"
        ),
        columns=(Column("Claim"), *(Column(plain(name, 60)) for name, _ in readings)),
        rows=tuple(rows),
        kinds={mark: kind for kind, mark in MARKS.items()},
    )


def judged_table(found: Sequence[Judged]) -> Table:
    """What was measured, with interval and n."""
    rows = []
    for each in found:
        ends = NONE
        if each.low is not None and each.high is not None:
            ends = f"{points(each.low, sign=False)} to {points(each.high, sign=False)}"
        measured = NONE if each.measured is None else points(each.measured, sign=False)
        verdict = each.verdict if each.verdict in MARKS else "inconclusive"
        name = (plain(each.claim, 20), plain(each.reading, 60))
        rows.append((*name, verdict, measured, ends, str(each.n)))
    return Table(
        name="sensitivity-numbers",
        caption="What decided each claim under each reading (per cent or percentage points)",
        columns=(
            Column("Claim"),
            Column("Reading"),
            Column("Verdict"),
            Column("Measured", number=True),
            Column("95 % interval", number=True),
            Column("n", number=True),
        ),
        rows=tuple(rows),
        heads=2,
    )
