"""The section of the controls says what was measured."""

from spikefuse.analysis.estimates import Estimate
from spikefuse.analysis.gains import (
    BEST,
    CONTROL_MARGIN,
    EXPERTS,
    Baselines,
    Control,
    Yardstick,
    yardsticks_of,
)
from spikefuse.analysis.headline import Headline
from spikefuse.report.sections.controls import controls_section, controls_table
from spikefuse.stats import tost

YARDSTICKS = yardsticks_of(("image", "audio"))
GAIN = Estimate({0: 0.01, 1: 0.02}, 0.015, -0.0485, 0.0785)
ACCURACY = Estimate({0: 0.97, 1: 0.99}, 0.98, 0.853, 1.107)
TEST = tost([0.01, 0.02], [0.0, 0.0], CONTROL_MARGIN)


def network(name: str, *measured: str) -> Baselines:
    """Gains over the yardsticks that are named; the others have a reason."""
    return Baselines(
        network=name,
        size="S",
        protocol="disjoint",
        modalities=("image", "audio"),
        fused=ACCURACY,
        best_modality="image" if BEST in measured else None,
        yardsticks={
            each: Yardstick(each, ACCURACY, GAIN)
            if each in measured
            else Yardstick(each, None, None, f"no rows of {each}")
            for each in YARDSTICKS
        },
        control=Control(GAIN, TEST, "above") if measured else None,
        resolution=None,
    )


FOUND = Headline({"snn": network("snn", BEST, EXPERTS), "dnn": network("dnn")}, {BEST: GAIN})


def test_table_has_every_number_with_interval_and_n() -> None:
    rows = {row[:2]: row[2:] for row in controls_table(FOUND).rows}

    none = "\u2013"
    gain = ("+1.50", "\u22124.85 to +7.85", "2")
    accuracy = ("98.00", "85.30 to 100.00")
    assert len(rows) == 2 * len(YARDSTICKS) + 2
    assert rows["SNN", BEST] == (*accuracy, *gain, "image, chosen on validation")
    assert rows["SNN", EXPERTS] == (*accuracy, *gain, "")
    assert rows["DNN", EXPERTS] == (*[none] * 5, "no rows of product of experts")
    assert rows["SNN minus DNN", BEST] == (none, none, *gain, "")
    note = f"above (margin 0.60 pp, p = {TEST.p_value:.3g} of two one-sided tests)"
    assert rows["SNN", "shuffled audio minus image alone"] == (none, none, *gain, note)


def test_section_words_the_control_and_draws_the_gains() -> None:
    section = controls_section(FOUND, "spikefuse run controls")

    assert section is not None
    words = " ".join(section.paragraphs).replace("\u00a0", " ")
    assert "the fused SNN stands +1.50 pp (95 % interval" in words
    assert "something besides what the audio says brings accuracy" in words
    assert "the fused DNN" not in words
    label = "over best unimodal: SNN 1.50 pp, n = 2; over image alone: not measured;"
    assert label in section.pictures[0].svg
    assert section.command == "spikefuse run controls"


def test_without_numbers_there_is_no_section() -> None:
    assert controls_section(Headline(), "") is None
    assert controls_section(Headline({"snn": network("snn")}), "") is None
