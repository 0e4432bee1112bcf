"""The section of the held-out speakers says what was measured."""

from spikefuse.report.headline import Estimate
from spikefuse.report.speakers import (
    HeldOut,
    OverSpeakers,
    Speakers,
    speaker_table,
    speakers_section,
    summary_table,
)

VALUE = Estimate({0: 0.80, 1: 0.84}, 0.82, 0.566, 1.074)
KNOWN = Estimate({0: 0.97}, 0.97, None, None)
FOUND = Speakers(
    [HeldOut("snn", "audio", "theo", VALUE), HeldOut("dnn", "audio", "theo", KNOWN)],
    [
        OverSpeakers("snn", "audio", 0.82, 0.78, 0.9, 6, KNOWN, (0.15, 0.1, 0.2)),
        OverSpeakers("dnn", "audio", 0.97, None, None, 1),
    ],
)


def test_tables_have_every_number_with_interval_and_n() -> None:
    each, over = speaker_table(FOUND.each).rows, summary_table(FOUND.over).rows

    none = "\u2013"
    assert each[0] == (*("theo", "SNN", "audio", "82.00", "56.60 to 100.00", "2", "80.00 84.00"),)
    assert over[0] == (
        *("SNN, audio", "82.00", "78.00 to 90.00", "6", "97.00", f"{none}, n\u00a0=\u00a01"),
        *("+15.00", "+10.00 to +20.00"),
    )
    assert over[1] == ("DNN, audio", "97.00", none, "1", none, none, none, none)


def test_section_says_the_cost_and_draws_each_speaker() -> None:
    section = speakers_section(FOUND, "spikefuse run speakers")

    assert section is not None
    words = " ".join(section.paragraphs).replace("\u00a0", " ")
    assert (
        "SNN, audio: unknown speakers cost 15.00 pp (95 % interval +10.00 to +20.00, "
        "n = 6 speakers)." in words
    )
    assert "DNN, audio: unknown" not in words
    label = "theo: SNN audio 82.00 %, n = 2, DNN audio 97.00 %, n = 1."
    assert label in section.pictures[0].svg


def test_without_speakers_there_is_no_section() -> None:
    assert speakers_section(None, "") is None
    assert speakers_section(Speakers([], []), "") is None
