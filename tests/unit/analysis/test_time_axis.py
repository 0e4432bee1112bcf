"""What a modality in its own time brings, on tables whose answers are known beforehand."""

from typing import Any

import pytest
from scipy import stats

from spikefuse.analysis.row_index import Row
from spikefuse.analysis.time_axis import TimeGain, time_gains
from spikefuse.report.sections.time_axis import (
    time_heading,
    time_section,
    time_sentence,
    time_table,
)
from spikefuse.studies import Cell

WHOLE = (0.80, 0.81, 0.79)
BETTER = (0.90, 0.92, 0.91)
NEAR = (0.85, 0.83, 0.80)


def cell(reading: str, values: tuple[float, ...], **levels: Any) -> list[Row]:
    chosen = {"network": "snn", "modality": "audio", "time_steps": 4} | levels
    filled = Cell.create(reading=reading, protocol="disjoint", **chosen).model_dump()
    return [
        {"study": "time-axis", "trial": f"{sorted(filled.items())} {seed}", **filled}
        | {"seed": seed, "split": "test", "metric": "accuracy", "value": value, "samples": 100}
        for seed, value in enumerate(values)
    ]


def both(parts: tuple[float, ...], **levels: Any) -> list[Row]:
    return cell("whole-map", WHOLE, **levels) + cell("sequence", parts, **levels)


def test_the_gain_is_paired_and_corrected_over_modalities_and_steps() -> None:
    rows = both(BETTER) + both(NEAR, time_steps=14) + both(NEAR, modality="inertial")
    rows += cell("base", (0.95, 0.95, 0.96))
    found = time_gains(rows)
    assert [(each.modality, each.time_steps) for each in found] == [
        *(("audio", 4), ("audio", 14), ("inertial", 4)),
    ]
    first, second, third = found
    assert first.gain is not None
    assert first.gain.mean == pytest.approx(0.11)
    alone = [stats.ttest_rel(parts, WHOLE).pvalue for parts in (BETTER, NEAR, NEAR)]
    assert first.p_value == pytest.approx(3 * alone[0], rel=0.05)
    assert second.p_value == third.p_value == pytest.approx(2 * alone[1], rel=0.05)
    assert [each.sign for each in found] == [1, 0, 0]
    assert first.usual is not None
    assert first.usual.mean == pytest.approx(0.9533, abs=1e-4)
    assert [second.usual, third.usual] == [None, None]


def test_the_study_alone_is_read_and_nothing_else() -> None:
    others = [row | {"study": "sensitivity", "value": 0.1} for row in both(BETTER)]
    assert time_gains(others) == []
    assert time_section([], "") is None
    assert time_heading([]) == ""
    noisy = [row | {"noise_std": 1.0, "value": 0.2} for row in both(BETTER)]
    assert time_gains(both(BETTER) + noisy) == time_gains(both(BETTER))


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        (BETTER, "Meeting audio in its own time brings the SNN 11.00\u00a0pp at T = 4"),
        ((0.70, 0.70, 0.69), "Meeting audio in its own time costs the SNN 10.33\u00a0pp at T = 4"),
        (NEAR, "That a modality in its own time helps or hurts the SNN is not shown"),
        (BETTER[:2], "2 seeds cannot say what a modality in its own time brings"),
        (BETTER[:1], "1 seed cannot say what a modality in its own time brings"),
    ],
)
def test_the_heading_says_no_more_than_is_shown(parts: tuple[float, ...], said: str) -> None:
    assert time_heading(time_gains(both(parts))) == said


def test_the_largest_of_what_is_shown_comes_first() -> None:
    rows = both(BETTER) + both((0.30, 0.32, 0.31), modality="skeleton")
    said = "Meeting skeleton in its own time costs the SNN 49.00\u00a0pp at T = 4"
    assert time_heading(time_gains(rows)) == said


def test_two_seeds_show_their_values_and_a_lost_one_says_why() -> None:
    pair = time_sentence(time_gains(both(BETTER[:2])))
    assert "(+10.00\u00a0pp and +11.00\u00a0pp, n\u00a0=\u00a02)" in pair
    assert "Holm" not in pair
    rows = both(BETTER)
    lost = rows[-1] | {"metric": "diverged", "value": 1, "split": ""}
    (found,) = time_gains([*rows[:-1], lost])
    assert (found.gain, found.sign) == (None, 0)
    assert "training diverged for seed 2 of audio SNN" in time_sentence([found])
    assert found.reason in time_table([found]).rows[0]
    (alone,) = time_gains(cell("sequence", BETTER))
    assert time_sentence([alone]).endswith("not known (the whole map is not stored).")
    later = [row | {"seed": row["seed"] + 3} for row in cell("sequence", BETTER)]
    (apart,) = time_gains(cell("whole-map", WHOLE) + later)
    assert time_sentence([apart]).endswith("not known (no seed has both).")
    for unknown in (found, alone, apart):
        assert time_heading([unknown]) == "Not known: what a modality in its own time brings"


def test_the_section_has_the_sentence_and_every_network() -> None:
    found: list[TimeGain] = time_gains(both(BETTER) + cell("base", (0.95, 0.95, 0.96)))
    section = time_section(found, "spikefuse run time-axis")
    assert section is not None
    assert time_sentence(found) in section.paragraphs
    (row,) = time_table(found).rows
    assert row[:5] == ("SNN", "audio", "4", "95.33", "80.00")
    assert row[6:9] == ("91.00", "88.52 to 93.48", "+11.00")


def test_the_study_of_another_reading_is_read_the_same_way() -> None:
    """Also beside a first screen of base networks."""
    usual = both(BETTER) + cell("base", (0.95, 0.95, 0.96))
    lab = cell("lab+whole-map", WHOLE) + cell("lab+sequence", BETTER)
    lab += cell("lab", (0.95, 0.95, 0.96))
    controls = [row | {"study": "controls"} for row in cell("base", WHOLE, modality="image")]
    expected = time_gains(usual)
    assert len(expected) == 1
    assert expected[0].usual is not None
    assert time_gains(lab) == time_gains(lab + controls) == expected
