"""Readings: what each changes of a network, and what it must leave alone."""

from pathlib import Path

import pytest

from spikefuse.planning import make_plan
from spikefuse.planning.plan import definition_of, resolve_studies
from spikefuse.results import TrialStore
from spikefuse.studies import PROFILES, Cell
from spikefuse.studies.paper import EXPERIMENTS
from spikefuse.studies.readings import READINGS
from spikefuse.training import TrialDefinition

QUICK = PROFILES["quick"]


def definition(reading: str, **levels: object) -> TrialDefinition:
    return definition_of(Cell.create(reading=reading, **levels), 0, QUICK, "mnist-fsdd")


@pytest.mark.parametrize(
    ("reading", "changed"),
    [
        ("byte", {"image_scale": "byte"}),
        ("standard", {"image_scale": "standard"}),
        ("simple-audio", {"plan": "simple-audio"}),
        ("leak-0.5", {"leak": 0.5}),
        ("leak-0.99", {"leak": 0.99}),
        ("atan", {"surrogate": "atan"}),
        ("fast_sigmoid", {"surrogate": "fast_sigmoid"}),
        ("triangle", {"surrogate": "triangle"}),
        ("best-validation", {}),
        ("calibrated", {"init": "calibrated"}),
        ("noise-first", {}),
        ("noise-last", {}),
    ],
)
def test_a_reading_changes_one_thing_of_a_spiking_image_network(
    reading: str, changed: dict[str, object]
) -> None:
    base, other = definition("base").model_dump(), definition(reading).model_dump()
    differs = {key for key in other if base.get(key) != other[key]} - {"surrogate_width"}
    assert {key: other[key] for key in differs} == changed


def test_every_reading_is_tested_above_or_is_the_base_or_a_protocol() -> None:
    assert len(READINGS) == 12 + 2
    assert next(iter(READINGS)) == "base"
    paper = READINGS["paper-pairing"]
    assert (paper.protocol, paper.split, dict(paper.trial)) == ("paper", "validation", {})


def test_networks_that_a_reading_does_not_touch_are_shared() -> None:
    for reading in ("byte", "standard"):
        assert definition(reading, modality="audio") == definition("base", modality="audio")
        assert definition(reading, modality="fused") != definition("base", modality="fused")
    for reading in ("leak-0.5", "atan"):
        assert definition(reading, network="dnn") == definition("base", network="dnn")
    assert definition("leak-0.5", neuron="if") == definition("base", neuron="if")
    assert definition("atan", neuron="if") != definition("base", neuron="if")


def test_noise_sites_are_of_the_evaluation() -> None:
    sites = {}
    for reading in ("base", "noise-first", "noise-last"):
        condition = Cell.create(reading=reading, noise_std=0.1).condition(draws=2)
        assert condition is not None
        sites[reading] = condition.sites
    assert sites == {"base": "all", "noise-first": "first", "noise-last": "last"}


def test_readings_of_the_evaluation_alone_train_nothing(tmp_path: Path) -> None:
    """And every reading runs under its own protocol, whatever else is asked for."""

    def names(*readings: str) -> set[str]:
        plan = make_plan(
            resolve_studies(["sensitivity"], readings),
            QUICK,
            "mnist-fsdd",
            TrialStore(tmp_path),
            protocols=("paper", "disjoint"),
            seeds=1,
        )
        return {trial.definition.name for trial in plan.trials}

    base = names("base")
    assert len(base) == 30
    assert names("base", "best-validation", "noise-first", "noise-last") == base
    assert len(names("base", "paper-pairing")) == 40, "unimodal networks are shared"
    paper = make_plan(
        EXPERIMENTS, QUICK, "mnist-fsdd", TrialStore(tmp_path), protocols=("disjoint",), seeds=1
    )
    assert {trial.definition.name for trial in paper.trials} == base
