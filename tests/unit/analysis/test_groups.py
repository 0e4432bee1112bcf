"""Unknown speakers: accuracy for each, the mean over speakers, and what it costs."""

from typing import Any

import pytest
from scipy import stats

from spikefuse.analysis.groups import STUDIES, GroupNames, group_names, group_summaries
from spikefuse.studies.design import Cell
from spikefuse.studies.groups import LEAVING_OUT

Rows = list[dict[str, Any]]

UNKNOWN = {
    **{"george": (0.80, 0.82), "jackson": (0.90, 0.90)},
    **{"lucas": (0.70, 0.74), "theo": (0.80, 0.90)},
}
KNOWN = (0.95, 0.97)


def cell(study: str, values: tuple[float, ...], **levels: Any) -> Rows:
    made = Cell.create(modality="audio", **levels).model_dump()
    return [
        {"study": study, "trial": f"{study} {sorted(made.items())} {seed}", **made, "seed": seed}
        | {"split": "test", "metric": "accuracy", "value": value, "samples": 500}
        for seed, value in enumerate(values)
    ]


def unknown() -> Rows:
    return [
        row
        for speaker, values in UNKNOWN.items()
        for row in cell("speakers", values, protocol="speaker", held_out=speaker)
    ]


def test_each_speaker_and_the_mean_over_speakers() -> None:
    (found,) = group_summaries(unknown() + cell("model-size", KNOWN))
    assert (found.network, found.modality, found.reason) == ("snn", "audio", "")
    assert {name: each.mean for name, each in found.groups.items()} == pytest.approx(
        {"george": 0.81, "jackson": 0.90, "lucas": 0.72, "theo": 0.85}
    )
    means = [0.81, 0.90, 0.72, 0.85]
    low, high = stats.t.interval(0.95, 3, loc=0.82, scale=stats.sem(means))
    assert found.mean is not None
    assert (found.mean.n, found.mean.estimate) == (4, pytest.approx(0.82))
    assert (found.mean.low, found.mean.high) == pytest.approx((low, high), abs=1e-12)


def test_a_speaker_with_more_seeds_counts_no_more() -> None:
    more = cell("speakers", (0.80, 0.82, 0.81, 0.81), protocol="speaker", held_out="george")
    rows = [row for row in unknown() if row["held_out"] != "george"]
    (found,) = group_summaries(more + rows)
    assert found.mean is not None
    assert found.mean.estimate == pytest.approx(0.82)


def test_the_cost_is_paired_by_seed() -> None:
    (found,) = group_summaries(unknown() + cell("controls", KNOWN))
    assert found.known is not None
    assert found.known.mean == pytest.approx(0.96)
    assert found.cost is not None
    assert found.cost.estimate == pytest.approx(0.96 - 0.82)
    assert found.cost.n == 4
    one_seed = [row for row in cell("controls", KNOWN) if row["seed"] == 1]
    (paired,) = group_summaries(unknown() + one_seed)
    assert paired.cost is not None
    assert paired.cost.estimate == pytest.approx(0.97 - (0.82 + 0.90 + 0.74 + 0.90) / 4)


def test_other_cells_do_not_mix_in() -> None:
    others = (
        cell("speakers", (0.1, 0.1), protocol="speaker", held_out="george", size="S/2")
        + cell("speakers", (0.2, 0.2), protocol="speaker", held_out="george", reading="byte")
        + cell("reset", (0.3, 0.3), reset="hard")
        + cell("model-size", (0.4, 0.4), protocol="paper")
    )
    table = unknown() + cell("model-size", KNOWN)
    assert group_summaries(table + others) == group_summaries(table)


def test_what_is_missing_has_a_reason() -> None:
    assert group_summaries(cell("model-size", KNOWN)) == []
    (alone,) = group_summaries(unknown())
    assert (alone.known, alone.cost) == (None, None)
    assert "known speakers" in alone.reason
    (three,) = group_summaries([row for row in unknown() if row["held_out"] != "lucas"])
    assert three.mean is None
    assert three.reason == "3 speakers held out, an interval needs at least 4"


def test_groups_of_any_name_are_found_and_called_so() -> None:
    rows = [row | {"study": "subjects"} for row in unknown()] + cell("controls", KNOWN)
    names = group_names({}, rows)
    assert (names.one, names.many, names.are_known) == ("subject", "subjects", None)
    (found,) = group_summaries(rows)
    assert list(found.groups) == ["george", "jackson", "lucas", "theo"]
    assert found.cost is not None
    (three,) = group_summaries([row for row in rows if row["held_out"] != "lucas"])
    assert three.reason == "3 subjects held out, an interval needs at least 4"
    said = group_names({"groups": {"one": "patient\x1b", "are_known": False}}, rows)
    assert (said.many, said.are_known) == ("patient?s", False)


def test_nobody_is_called_known_whom_training_does_not_know() -> None:
    """A test of whole groups asks the same as a group held out: their difference is no cost."""
    rows = unknown() + cell("controls", KNOWN)
    (found,) = group_summaries(rows, GroupNames("subject", are_known=False))
    assert (found.known, found.cost) == (None, None)
    assert found.mean is not None
    assert found.reason == "the data's own test is of subjects whom training does not know either"


def test_paired_samples_of_known_groups_have_a_cost() -> None:
    rows = unknown() + cell("controls", KNOWN, protocol="paired")
    (unsaid,) = group_summaries(rows)
    assert unsaid.cost is None, "whole groups are tested as a rule"
    (found,) = group_summaries(rows, GroupNames("subject", are_known=True))
    assert found.cost is not None
    assert found.cost.estimate == pytest.approx(0.96 - 0.82)


def test_one_study_has_a_name_for_speakers_subjects_and_all_others() -> None:
    assert tuple(LEAVING_OUT) == STUDIES
