"""The section of the selection bias says what was measured."""

from spikefuse.report.headline import Estimate
from spikefuse.report.selection import Selected, selection_section, selection_table


def estimate(mean: float) -> Estimate:
    return Estimate({0: mean - 0.001, 1: mean + 0.001}, mean, mean - 0.0127, mean + 0.0127)


FOUND = Selected(
    *("snn", "fused", "paper"),
    best=estimate(0.9),
    test=estimate(0.88),
    last=estimate(0.87),
    optimism=estimate(0.02),
    chosen=estimate(0.01),
)


def test_table_has_three_accuracies_and_two_differences() -> None:
    (row,) = selection_table([FOUND]).rows

    assert row == (
        *("SNN", "fused", "paper"),
        *("90.00 (88.73 to 91.27)", "88.00 (86.73 to 89.27)", "87.00 (85.73 to 88.27)"),
        *("+2.00", "+0.73 to +3.27", "+1.00", "\u22120.27 to +2.27", "2"),
    )


def test_section_words_and_draws_it() -> None:
    section = selection_section([FOUND], "spikefuse run model-size")

    assert section is not None
    words = " ".join(section.paragraphs).replace("\u00a0", " ")
    assert (
        "For the fused SNN under the paper pairing the paper\u2019s number stands +2.00 pp" in words
    )
    label = "best validation minus test 2.00 pp, n = 2, best epoch minus last, on test 1.00 pp"
    assert label in section.pictures[0].svg
    assert selection_section([], "") is None
