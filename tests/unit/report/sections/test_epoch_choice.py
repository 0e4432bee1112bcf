"""The section of the choice of the epoch says what was measured."""

from dataclasses import replace

from spikefuse.analysis.epoch_choice import EpochChoice
from spikefuse.analysis.estimates import Estimate
from spikefuse.report.sections.epoch_choice import epoch_choice_section, epoch_choice_table


def estimate(mean: float) -> Estimate:
    return Estimate({0: mean - 0.001, 1: mean + 0.001}, mean, mean - 0.0127, mean + 0.0127)


FOUND = EpochChoice(
    *("snn", "fused", "paper", "S", 2),
    best=estimate(0.9),
    test=estimate(0.88),
    last=estimate(0.87),
    optimism=estimate(0.02),
    on_test=estimate(0.01),
    on_validation=estimate(0.03),
    bias=estimate(0.04),
)


def test_table_has_three_accuracies_and_four_differences() -> None:
    table = epoch_choice_table([FOUND])

    assert table.rows[0] == (
        *("SNN", "fused", "paper"),
        *("90.00 (88.73 to 91.27)", "88.00 (86.73 to 89.27)", "87.00 (85.73 to 88.27)"),
        *("+2.00", "+0.73 to +3.27", "+1.00", "\u22120.27 to +2.27"),
        *("+3.00", "+1.73 to +4.27", "+4.00", "+2.73 to +5.27", "2", ""),
    )
    titles = [column.title for column in table.columns]
    assert len(set(titles)) == len(titles) == len(table.rows[0])


def test_section_words_and_draws_it() -> None:
    section = epoch_choice_section([FOUND], "spikefuse run model-size")

    assert section is not None
    words = " ".join(section.paragraphs).replace("\u00a0", " ")
    assert (
        "For the fused SNN under the paper pairing the best validation accuracy, which the paper "
        "reports, stands +2.00 pp" in words
    )
    assert "choosing the epoch seems to bring +4.00 pp (95 % interval +2.73 to +5.27" in words
    label = "best validation minus test 2.00 pp, n = 2, best epoch minus last, on test 1.00 pp"
    assert label in section.pictures[0].svg
    assert epoch_choice_section([], "") is None


def test_without_the_last_epoch_the_rest_is_shown() -> None:
    bare = replace(FOUND, last=None, on_test=None, on_validation=None, bias=None)

    section = epoch_choice_section([bare], "")

    assert section is not None
    assert "seems to bring" not in " ".join(section.paragraphs)
    none = "\u2013"
    numbers = (none, "+2.00", "+0.73 to +3.27", *[none] * 6, "2", "")
    assert section.tables[0].table.rows[0][5:] == numbers


def test_a_seed_that_diverged_is_said_in_place_of_the_numbers() -> None:
    nothing = dict.fromkeys(("best", "test", "last", "optimism"))
    bare = replace(FOUND, on_test=None, on_validation=None, bias=None, **nothing, n=1, reason="why")

    section = epoch_choice_section([bare], "")

    assert section is not None
    assert "why." in " ".join(section.paragraphs)
    assert section.tables[0].table.rows[0][3:] == (*["\u2013"] * 11, "1", "why")
