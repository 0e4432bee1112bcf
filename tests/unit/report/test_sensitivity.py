"""The section of the readings counts, ranks and says ties."""

from spikefuse.report.sensitivity import (
    Judged,
    explanation,
    judged_table,
    matrix_table,
    reproduced,
    sensitivity_section,
)


def judge(claim: str, reading: str, verdict: str) -> Judged:
    return Judged(claim, reading, verdict, 0.0123, 0.01, 0.02, 5)


FOUND = [
    judge("C1", "base", "reproduced"),
    judge("C2", "base", "contradicted"),
    judge("C1", "byte", "reproduced"),
    judge("C2", "byte", "reproduced"),
    judge("C1", "atan", "inconclusive"),
]


def test_readings_are_ranked_by_what_they_reproduce() -> None:
    assert list(reproduced(FOUND).items()) == [("byte", 2), ("base", 1), ("atan", 0)]
    assert (
        explanation(FOUND)
        == "The reading byte explains the paper best: it reproduces 2 of 2 claims."
    )


def test_ties_and_failures_are_said() -> None:
    tied = [judge("C1", "base", "reproduced"), judge("C1", "byte", "reproduced")]
    none = [judge("C1", "base", "contradicted")]

    assert (
        explanation(tied)
        == "No single reading explains the paper best: base and byte tie with 1 of 1."
    )
    assert explanation(none) == "None of the 1 claims is reproduced under any reading."


def test_matrix_has_a_mark_for_every_claim_and_reading() -> None:
    table = matrix_table(FOUND)

    assert [column.title for column in table.columns] == ["Claim", "byte", "base", "atan"]
    yes, no, still_open = "\u2713\u00a0yes", "\u2717\u00a0no", "?\u00a0open"
    assert table.rows == (
        ("Reproduced", "2", "1", "0"),
        ("C1", yes, yes, still_open),
        ("C2", yes, no, "\u2013"),
    )
    assert table.kinds == {yes: "reproduced", no: "contradicted", still_open: "inconclusive"}


def test_numbers_have_interval_and_n() -> None:
    rows = judged_table([*FOUND, Judged("C3", "base", "odd", None, None, None, 0)]).rows

    assert rows[1] == ("C2", "base", "contradicted", "1.23", "1.00 to 2.00", "5")
    assert rows[-1] == ("C3", "base", "inconclusive", "\u2013", "\u2013", "0")


def test_section_has_both_tables() -> None:
    section = sensitivity_section(FOUND, "spikefuse run sensitivity")

    assert section is not None
    assert [(shown.table.name, shown.open) for shown in section.tables] == [
        ("sensitivity", True),
        ("sensitivity-numbers", False),
    ]
    assert sensitivity_section([], "") is None
