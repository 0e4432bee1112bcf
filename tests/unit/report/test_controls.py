"""The section of the controls says what was measured."""

from spikefuse.report.controls import (
    Controls,
    Rival,
    ShuffledAudio,
    controls_section,
    controls_table,
)
from spikefuse.report.headline import Estimate

GAIN = Estimate({0: 0.01, 1: 0.02}, 0.015, -0.0485, 0.0785)
ACCURACY = Estimate({0: 0.97, 1: 0.99}, 0.98, 0.853, 1.107)
FOUND = Controls(
    [
        Rival("snn", "image alone", ACCURACY, GAIN),
        Rival("dnn", "product of experts", None, None, "not stored"),
    ],
    [ShuffledAudio("snn", GAIN, 0.006, "above")],
    [("image alone", GAIN)],
)


def test_table_has_every_number_with_interval_and_n() -> None:
    rows = controls_table(FOUND).rows

    none = "\u2013"
    gain = ("+1.50", "\u22124.85 to +7.85", "2")
    assert rows[0] == ("SNN", "image alone", "98.00", "85.30 to 100.00", *gain, "")
    assert rows[1] == ("DNN", "product of experts", *[none] * 5, "not stored")
    assert rows[2] == ("SNN minus DNN", "image alone", none, none, *gain, "")
    assert rows[3][4:] == (*gain, "above (margin 0.60 pp)")


def test_section_words_the_control_and_draws_the_gains() -> None:
    section = controls_section(FOUND, "spikefuse run controls")

    assert section is not None
    words = " ".join(section.paragraphs).replace("\u00a0", " ")
    assert "the fused SNN stands +1.50 pp (95 % interval" in words
    assert "something besides what the audio says brings accuracy" in words
    label = "over image alone: SNN 1.50 pp, n = 2; over product of experts: not measured."
    assert label in section.pictures[0].svg
    assert section.command == "spikefuse run controls"


def test_without_numbers_there_is_no_section() -> None:
    assert controls_section(None, "") is None
    assert controls_section(Controls([], []), "") is None
