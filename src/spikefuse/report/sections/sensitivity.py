"""Sensitivity: which of the paper's claims hold under which reading of what it leaves open."""

from collections.abc import Mapping, Sequence

from spikefuse.analysis.claims.engine import NOT_TESTED, OUTCOMES, Outcome
from spikefuse.analysis.sensitivity import Judged, explanation, ranked
from spikefuse.analysis.words import NONE, points, span
from spikefuse.report.printable import plain
from spikefuse.report.section import Section, Shown
from spikefuse.report.tables import Column, Table

MARKS: Mapping[Outcome, str] = {
    "reproduced": "\u2713\u00a0yes",
    "contradicted": "\u2717\u00a0no",
    NOT_TESTED: "\u25cb\u00a0not tested",
    "inconclusive": "?\u00a0open",
}


def sensitivity_section(found: Sequence[Judged], command: str) -> Section | None:
    """Claims by readings; None without any."""
    if not found:
        return None
    order = ranked(found)
    return Section(
        name="sensitivity",
        title="Which reading of the paper explains its numbers?",
        link="Sensitivity",
        paragraphs=[
            plain(explanation(found), 600),
            "The paper does not name its input scale, leak, surrogate, layers, noise sites or "
            "order of splitting. Each reading changes one of them and judges every claim again by "
            "the same rule.",
        ],
        tables=(
            Shown(readings_table(order), open=True),
            Shown(matrix_table(order), open=True),
            Shown(judged_table(found)),
        ),
        command=command,
    )


def readings_table(found: Sequence[Judged]) -> Table:
    """What each reading changes and how many claims come out how."""
    rows = []
    for each in found:
        told = each.claims[0]
        counts = (str(each.count(outcome)) for outcome in OUTCOMES)
        words = (plain(each.reading, 60), plain(each.topic, 80) or NONE, plain(each.says, 120))
        judged_on = ", ".join(name for name in (told.protocol, told.split) if name)
        rows.append((*words, plain(judged_on, 60) or NONE, *counts))
    return Table(
        name="sensitivity-readings",
        caption="The readings, the one that reproduces most claims first",
        columns=(
            Column("Reading"),
            Column("What the paper leaves open"),
            Column("Reading in words"),
            Column("Judged on"),
            *(Column(outcome.capitalize(), number=True) for outcome in OUTCOMES),
        ),
        rows=tuple(rows),
    )


def matrix_table(found: Sequence[Judged]) -> Table:
    """A row a claim, a column a reading, and the number that each reading reproduces."""
    names = dict.fromkeys(claim.claim for each in found for claim in each.claims)
    columns = [{claim.claim: MARKS[claim.verdict] for claim in each.claims} for each in found]
    rows = [("Reproduced", *(str(each.count("reproduced")) for each in found))]
    for name in sorted(names, key=_claim_order):
        rows.append((plain(name, 20), *(marks.get(name, NONE) for marks in columns)))
    return Table(
        name="sensitivity",
        caption="Claims by reading: \u2713 reproduced, \u2717 contradicted, \u25cb not tested "
        "(trained too little), ? inconclusive",
        columns=(Column("Claim"), *(Column(plain(each.reading, 60)) for each in found)),
        rows=tuple(rows),
        kinds={mark: kind_class(kind) for kind, mark in MARKS.items()},
    )


def kind_class(verdict: str) -> str:
    """The name of a verdict in the page's style sheet.

    Example:
        >>> kind_class("not tested: trained too little")
        'not-tested'
    """
    return verdict.partition(":")[0].replace(" ", "-")


def _claim_order(name: str) -> tuple[int, str]:
    """C2 before C10; other names behind, by alphabet."""
    number = name.removeprefix("C")
    return (int(number), "") if number.isascii() and number.isdigit() else (10**6, name)


def judged_table(found: Sequence[Judged]) -> Table:
    """What was measured, with interval and n, and why the verdict is what it is."""
    rows = []
    for each in found:
        for claim in each.claims:
            ends = span(claim, _unsigned)
            name = (plain(claim.claim, 20), plain(each.reading, 60), claim.verdict)
            numbers = (_number(claim.measured), ends, str(claim.n), _number(claim.paper))
            rows.append((*name, *numbers, plain(claim.reason, 300)))
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
            Column("Paper", number=True),
            Column("Reason"),
        ),
        rows=tuple(rows),
        heads=2,
    )


def _unsigned(value: float) -> str:
    """An accuracy or a difference: the table does not tell them apart, so none has a sign."""
    return points(value, sign=False)


def _number(value: float | None) -> str:
    return NONE if value is None else _unsigned(value)
