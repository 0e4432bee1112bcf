"""Speakers held out, from tidy rows."""

from typing import Any

import pytest

from spikefuse.report.adapters.speakers import speakers

LEVELS = {"modality": "audio", "protocol": "speaker"}


def held(row: Any, speaker: str, *values: float, **levels: Any) -> list[dict[str, Any]]:
    levels = LEVELS | levels
    return [
        row("speakers", seed, value, held_out=speaker, **levels)
        for seed, value in enumerate(values)
    ]


def test_each_speaker_and_all_of_them(row: Any) -> None:
    rows = [*held(row, "theo", 0.8, 0.82), *held(row, "george", 0.9, 0.94)]
    rows += [row("model-size", seed, 0.97, modality="audio") for seed in (0, 1)]

    found = speakers(rows)

    assert found is not None
    assert {each.speaker: each.accuracy.mean for each in found.each} == pytest.approx(
        {"george": 0.92, "theo": 0.81}
    )
    (over,) = found.over
    assert over.mean == pytest.approx(0.865)
    assert over.speakers == 2
    assert over.low is not None
    assert over.high is not None
    assert over.low < 0.81 + 1e-9
    assert over.high > 0.92 - 1e-9
    assert over.known is not None
    assert over.known.mean == pytest.approx(0.97)
    assert over.cost is not None
    assert over.cost[0] == pytest.approx(0.105)


def test_one_speaker_has_no_interval(row: Any) -> None:
    found = speakers(held(row, "theo", 0.8, 0.82))

    assert found is not None
    (over,) = found.over
    assert (over.low, over.high, over.known, over.cost) == (None, None, None, None)


def test_kinds_and_modalities_are_kept_apart(row: Any) -> None:
    rows = [
        *held(row, "theo", 0.8),
        *held(row, "theo", 0.7, modality="fused"),
        *held(row, "theo", 0.6, network="dnn"),
    ]

    found = speakers(rows)

    assert found is not None
    assert [(each.network, each.modality, each.accuracy.mean) for each in found.each] == [
        ("snn", "audio", 0.8),
        ("snn", "fused", 0.7),
        ("dnn", "audio", 0.6),
    ]


def test_without_rows_of_the_study_there_is_nothing(row: Any) -> None:
    assert speakers([row("model-size", 0, 0.9, modality="audio")]) is None
