"""Cells in canonical form, and the networks they need."""

from typing import Any

import pytest
from pydantic import ValidationError

from spikefuse.data import SOURCES, DataSettings, Selection
from spikefuse.studies import Cell, Grid, Study

SETTINGS: dict[str, Any] = {
    "data": DataSettings(source="builtin"),
    "selection": Selection(images=500, clips=100),
}


def selection(**levels: Any) -> Selection:
    return Cell.create(**levels).trial(0, **SETTINGS).selection


def test_shuffled_pairs_are_of_fused_networks_alone() -> None:
    assert Cell.create(modality="image", pairing="shuffled").pairing == "true"
    assert Cell.create(modality="fused", pairing="shuffled").pairing == "shuffled"
    assert selection(modality="fused", pairing="shuffled").shuffle_audio
    assert not selection(modality="fused").shuffle_audio
    assert selection(modality="fused", pairing="shuffled").images == 500, "the effort is kept"


def test_the_held_out_speaker_reaches_the_trial() -> None:
    speaker = {"protocol": "speaker", "held_out": "theo"}
    for modality in ("audio", "fused"):
        assert selection(modality=modality, **speaker).held_out_speaker == "theo"
    assert selection(modality="image", **speaker).held_out_speaker is None
    assert selection(modality="audio").held_out_speaker is None


def test_a_level_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValidationError):
        Cell.create(modality="fused", pairing="shufled")


def test_a_study_may_fix_its_protocol_speakers_or_readings() -> None:
    grids = (Grid({"modality": ("audio",)}),)
    asked = ("paper", "disjoint")
    assert [c.protocol for c in Study("a", "", "", grids).cells(asked)] == ["paper", "disjoint"]
    fixed = Study("a", "", "", grids, protocols=("disjoint",))
    assert [c.protocol for c in fixed.cells(asked)] == ["disjoint"]
    assert fixed.cells(("paper",)) == []
    spoken = Study("a", "", "", grids, each_group=True).cells(asked, SOURCES["builtin"])
    assert [(c.protocol, c.held_out) for c in spoken] == [
        ("speaker", voice) for voice in SOURCES["builtin"].groups
    ]
    read = Study("a", "", "", grids, readings=("byte", "paper-pairing")).cells(asked)
    assert [(c.protocol, c.reading) for c in read] == [
        ("disjoint", "byte"),
        ("paper", "paper-pairing"),
    ]
