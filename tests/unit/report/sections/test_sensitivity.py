"""The section of the readings shows what each changes, what it reproduces and why."""

from spikefuse.analysis.sensitivity import judged_from, ranked
from spikefuse.report.sections.sensitivity import (
    judged_table,
    matrix_table,
    readings_table,
    sensitivity_section,
)


def judge(claim: str, reading: str, topic: str, verdict: str) -> dict[str, str]:
    return {
        **{"claim": claim, "reading": reading, "topic": topic, "verdict": verdict},
        **{"protocol": "disjoint", "split": "test", "measured": "0.0123", "low": "0.01"},
        **{"high": "0.02", "n": "5", "paper": "0.013", "reason": f"because of {reading}"},
    }


FOUND = judged_from(
    [
        judge("C10", "base", "everything", "contradicted"),
        judge("C2", "base", "everything", "reproduced"),
        judge("C2", "byte", "image scale", "reproduced"),
        judge("C10", "byte", "image scale", "reproduced"),
        judge("C2", "mine", "", "inconclusive"),
    ]
)


def test_readings_have_their_topic_and_counts() -> None:
    table = readings_table(ranked(FOUND))

    on = "disjoint, test"
    says = "triangle, calibrated; disjoint pairs, untouched test set"
    assert table.rows == (
        ("byte", "image scale", "pixels from 0 to 255", on, "2", "0", "0", "0"),
        ("base", "everything", says, on, "1", "1", "0", "0"),
        ("mine", "\u2013", "", on, "0", "0", "0", "1"),
    )
    titles = [column.title for column in table.columns[-4:]]
    not_tested = "Not tested: trained too little"
    assert titles == ["Reproduced", "Contradicted", not_tested, "Inconclusive"]


def test_matrix_has_a_mark_for_every_claim_and_reading() -> None:
    table = matrix_table(ranked(FOUND))

    assert [column.title for column in table.columns] == ["Claim", "byte", "base", "mine"]
    yes, no, still_open = "\u2713\u00a0yes", "\u2717\u00a0no", "?\u00a0open"
    assert table.rows == (
        ("Reproduced", "2", "1", "0"),
        ("C2", yes, yes, still_open),
        ("C10", yes, no, "\u2013"),
    )
    assert table.kinds == {
        **{yes: "reproduced", no: "contradicted", still_open: "inconclusive"},
        "\u25cb\u00a0not tested": "not-tested",
    }


def test_numbers_have_interval_n_paper_and_reason() -> None:
    bare = judged_from([{"claim": "C3", "reading": "base", "verdict": "odd"}])
    few = {
        "claim": "C3",
        "reading": "base",
        "measured": "0.01",
        "low": "-0.1",
        "high": "0.2",
        "n": "2",
    }
    assert judged_table(judged_from([few])).rows[0][3:6] == ("1.00", "\u2013", "2"), "no interval"
    rows = judged_table([*FOUND, *bare]).rows

    numbers = ("1.23", "1.00 to 2.00", "5", "1.30")
    assert rows[0] == ("C10", "base", "contradicted", *numbers, "because of base")
    none = "\u2013"
    assert rows[-1] == ("C3", "base", "inconclusive", none, none, "0", none, "")


def test_section_names_the_reading_that_explains_the_paper_best() -> None:
    section = sensitivity_section(FOUND, "spikefuse run sensitivity")

    assert section is not None
    assert section.paragraphs[0] == (
        "The reading that explains the paper best is byte (pixels from 0 to 255): "
        "2 of 2 claims reproduced and 0 contradicted; its lead on base cannot be told from chance "
        "(claims that only one of them reproduces: 1 and 0, p = 1)."
    )
    assert [(shown.table.name, shown.open) for shown in section.tables] == [
        ("sensitivity-readings", True),
        ("sensitivity", True),
        ("sensitivity-numbers", False),
    ]
    assert sensitivity_section([], "") is None
