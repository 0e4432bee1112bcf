"""The study of remedies: the same network trained in other ways, and what two networks have."""

from dataclasses import replace
from pathlib import Path

import pytest

from spikefuse.core.errors import InputError
from spikefuse.data import SOURCES
from spikefuse.planning import make_plan
from spikefuse.results import TrialStore
from spikefuse.studies.profiles import PROFILES
from spikefuse.studies.registry import STUDIES

STUDY = STUDIES["remedies"]
WAYS = {
    "fresh-pairs": {"pairs": "fresh"},
    "ogm-ge": {"modulation": "ogm-ge"},
    "modality-dropout-0.2": {"modality_dropout": 0.2},
    "modality-dropout-0.5": {"modality_dropout": 0.5},
}


@pytest.mark.parametrize("reading", ["base", "lab"])
def test_a_remedy_changes_one_thing_of_the_training(reading: str) -> None:
    cells = STUDY.of_reading(reading).cells(("disjoint",), SOURCES["builtin"])
    profile = PROFILES["smoke"]
    trials = {
        cell.reading: cell.trial(0, **profile.settings(cell.modality, cell.size, "builtin"))
        for cell in cells
        if (cell.network, cell.modality, cell.noise_std) == ("snn", "fused", 0)
    }
    usual = trials.pop(reading)
    assert usual.surrogate == {"base": "triangle", "lab": "boxcar"}[reading]
    prefix = "" if reading == "base" else "lab+"
    assert trials == {
        f"{prefix}{way}": usual.model_copy(update=settings) for way, settings in WAYS.items()
    }
    assert usual.budget == 1_600_000


def test_each_modality_alone_has_its_share_and_the_usual_training() -> None:
    cells = STUDY.cells(("disjoint",), SOURCES["mnist-fsdd"])
    alone = {(c.network, c.modality, c.size, c.reading) for c in cells if c.modality != "fused"}
    assert alone == {
        (network, name, "S/2", "base") for network in ("dnn", "snn") for name in ("image", "audio")
    }


def test_every_training_meets_every_lost_sense() -> None:
    """Spiking ones also where a sense fails on the way."""
    cells = STUDY.cells(("disjoint",), SOURCES["mnist-fsdd"])
    lost = [cell for cell in cells if cell.disturbance]
    senses = ("image", "audio")
    whole = {f"{kind}:{name}" for kind in ("zeros", "mean", "static") for name in senses}
    parts = {f"zeros:{name}:0.75" for name in senses}
    for reading in ("base", *WAYS):
        for network, expected in (("dnn", whole), ("snn", whole | parts)):
            own = [c for c in lost if (c.reading, c.network) == (reading, network)]
            assert {cell.disturbance for cell in own} == expected
            assert {(cell.modality, cell.noise_std) for cell in own} == {("fused", 1.0)}
            assert len(own) == len(expected)


def test_pairs_that_nobody_made_are_not_made_anew() -> None:
    cells = STUDY.cells(("paired",), SOURCES["n-mnist"])
    assert {cell.reading for cell in cells} == {"base", *WAYS} - {"fresh-pairs"}
    assert {cell.protocol for cell in cells} == {"paired"}


def test_one_modality_has_nothing_to_join() -> None:
    both = SOURCES["builtin"]
    with pytest.raises(InputError, match="two or more modalities, got builtin with image"):
        STUDY.cells([], replace(both, modalities=both.modalities[:1]))


def test_no_two_of_its_networks_are_the_same(tmp_path: Path) -> None:
    """And alone it has seeds enough for an interval, at `quick`, too, which has two."""
    plan = make_plan([STUDY], PROFILES["quick"], "builtin", TrialStore(tmp_path))
    assert plan.seeds == (0, 1, 2)
    modalities = len(SOURCES["builtin"].modalities)
    assert len(plan.trials) == 3 * 2 * (modalities + 1 + len(WAYS))
