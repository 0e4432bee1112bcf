"""Unknown speakers: accuracy for each, the mean over speakers, and what it costs."""

from typing import Any

import pytest

from spikefuse.analysis.speakers import speaker_summaries
from spikefuse.core.streams import numpy_stream
from spikefuse.stats import cluster_bootstrap
from spikefuse.studies.design import Cell

Rows = list[dict[str, Any]]

UNKNOWN = {"george": (0.80, 0.82), "jackson": (0.90, 0.90), "lucas": (0.70, 0.74)}
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
    (found,) = speaker_summaries(unknown() + cell("model-size", KNOWN))
    assert (found.network, found.modality, found.reason) == ("snn", "audio", "")
    assert {name: each.mean for name, each in found.speakers.items()} == pytest.approx(
        {"george": 0.81, "jackson": 0.90, "lucas": 0.72}
    )
    flat = [(name, value) for name, values in UNKNOWN.items() for value in values]
    expected = cluster_bootstrap(
        [value for _, value in flat],
        [name for name, _ in flat],
        numpy_stream(0, "speaker-bootstrap", "snn audio"),
    )
    assert found.mean == expected
    assert expected.n == 3
    assert expected.estimate == pytest.approx(0.81)
    assert 0.70 <= expected.low < 0.81 < expected.high <= 0.90


def test_the_cost_is_paired_by_seed() -> None:
    (found,) = speaker_summaries(unknown() + cell("controls", KNOWN))
    assert found.known is not None
    assert found.known.mean == pytest.approx(0.96)
    assert found.cost is not None
    assert found.cost.estimate == pytest.approx(0.96 - 0.81)
    assert found.cost.n == 3
    one_seed = [row for row in cell("controls", KNOWN) if row["seed"] == 1]
    (paired,) = speaker_summaries(unknown() + one_seed)
    assert paired.cost is not None
    assert paired.cost.estimate == pytest.approx(0.97 - (0.82 + 0.90 + 0.74) / 3)


def test_other_cells_do_not_mix_in() -> None:
    others = (
        cell("speakers", (0.1, 0.1), protocol="speaker", held_out="george", size="S/2")
        + cell("speakers", (0.2, 0.2), protocol="speaker", held_out="george", reading="byte")
        + cell("reset", (0.3, 0.3), reset="hard")
        + cell("model-size", (0.4, 0.4), protocol="paper")
    )
    table = unknown() + cell("model-size", KNOWN)
    assert speaker_summaries(table + others) == speaker_summaries(table)


def test_what_is_missing_has_a_reason() -> None:
    assert speaker_summaries(cell("model-size", KNOWN)) == []
    (alone,) = speaker_summaries(unknown())
    assert (alone.known, alone.cost) == (None, None)
    assert "known speakers" in alone.reason
    (single,) = speaker_summaries([row for row in unknown() if row["held_out"] == "lucas"])
    assert single.mean is None
    assert "at least 2" in single.reason
