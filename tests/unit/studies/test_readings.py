"""Readings: what each changes of a network, and what it must leave alone."""

import re
from pathlib import Path

import pytest

from spikefuse.core.errors import InputError
from spikefuse.planning import make_plan
from spikefuse.planning.plan import definition_of, resolve_studies, studies_under
from spikefuse.results import TrialStore
from spikefuse.studies import PROFILES, Cell
from spikefuse.studies.paper import EXPERIMENTS
from spikefuse.studies.readings import NETWORK_READINGS, READINGS, reading_of
from spikefuse.studies.registry import STUDIES
from spikefuse.training import TrialDefinition

QUICK = PROFILES["quick"]
LAB = {"surrogate": "boxcar", "init": "plain"}


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
    lab, other = definition("lab").model_dump(), definition(reading).model_dump()
    differs = {key for key in other if lab.get(key) != other[key]} - {"surrogate_width"}
    assert {key: other[key] for key in differs} == changed


def test_every_reading_is_tested_above_or_is_a_network_or_a_protocol() -> None:
    assert len(READINGS) == 12 + 3
    assert list(READINGS)[:2] == ["base", "lab"]
    paper = READINGS["paper-pairing"]
    assert (paper.protocol, paper.split, dict(paper.trial)) == ("paper", "validation", LAB)


def test_networks_that_a_reading_does_not_touch_are_shared() -> None:
    for reading in ("byte", "standard"):
        assert definition(reading, modality="audio") == definition("lab", modality="audio")
        assert definition(reading, modality="fused") != definition("lab", modality="fused")
    for reading in ("leak-0.5", "atan"):
        assert definition(reading, network="dnn") == definition("lab", network="dnn")
    assert definition("leak-0.5", neuron="if") == definition("lab", neuron="if")
    assert definition("atan", neuron="if") != definition("lab", neuron="if")


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

    lab = names("lab")
    assert len(lab) == 30
    assert names("lab", "best-validation", "noise-first", "noise-last") == lab
    assert len(names("lab", "paper-pairing")) == 40, "unimodal networks are shared"
    paper = make_plan(
        studies_under(EXPERIMENTS, ["lab"]),
        QUICK,
        "mnist-fsdd",
        TrialStore(tmp_path),
        protocols=("disjoint",),
        seeds=1,
    )
    assert {trial.definition.name for trial in paper.trials} == lab


def test_the_base_is_what_the_rule_took_and_lab_the_record_without_a_word() -> None:
    """The census decides in tests/contracts/test_findings_page.py; here is what networks have."""
    base, lab = definition("base"), definition("lab")
    assert (base.surrogate, base.surrogate_width, base.init) == ("triangle", 1.0, "calibrated")
    assert (lab.surrogate, lab.surrogate_width, lab.init) == ("boxcar", 0.5, "plain")
    assert base.leak == lab.leak == 0.9
    assert Cell.create().reading == "base"
    record = TrialDefinition.create(**{key: getattr(lab, key) for key in lab.first_fields})
    assert record == lab
    named = TrialDefinition.of_base(**{key: getattr(lab, key) for key in ("data", "modality")})
    assert (named.surrogate, named.init) == (base.surrogate, base.init)


def test_dense_twins_have_initial_weights_of_the_reading() -> None:
    """A network and its twin are treated alike; a surrogate is none of theirs."""
    assert definition("base", network="dnn").init == "calibrated"
    assert definition("lab", network="dnn") == definition("triangle", network="dnn")
    assert definition("base", network="dnn") == definition("calibrated", network="dnn")


@pytest.mark.parametrize("name", NETWORK_READINGS)
def test_a_study_can_be_run_under_every_reading_of_the_network(name: str) -> None:
    cells = STUDIES["controls"].of_reading(name).cells(["disjoint"])
    assert {cell.reading for cell in cells} == {name}


def test_what_a_study_adds_to_the_base_it_adds_to_another_reading() -> None:
    cells = STUDIES["time-axis"].of_reading("lab").cells(["disjoint"])
    assert {cell.reading for cell in cells} == {"lab", "lab+whole-map", "lab+sequence"}
    whole = definition("lab+whole-map", modality="audio")
    assert (whole.plan, whole.surrogate, whole.init) == ("mlp", "boxcar", "plain")
    usual = definition("whole-map", modality="audio")
    assert (usual.plan, usual.surrogate, usual.init) == ("mlp", "triangle", "calibrated")
    flat = definition("simple-audio+whole-map", modality="audio")
    assert (flat.plan, flat.surrogate) == ("mlp", "boxcar"), "what the study adds is what it asks"
    assert reading_of("noise-first+sequence").noise_sites == "first"
    leak = STUDIES["leak"].of_reading("lab").cells([])
    assert [cell.reading for cell in leak][-1] == "lab+matched-clips"
    matched = definition("lab+matched-clips", modality="fused", protocol="paper")
    whole = definition("lab", modality="fused", protocol="paper")
    assert (matched.surrogate, matched.selection.clips) == ("boxcar", 2277)
    assert whole.selection.clips is None


@pytest.mark.parametrize(
    ("studies", "readings", "told"),
    [
        (["census"], ["lab"], "must be left out for census"),
        (["census"], ["base"], "must be left out for census"),
        (["reset"], ["byte", "lab"], "run under one reading, got byte, lab"),
        (["reset"], ["paper-pairing"], "reading of reset"),
        (["reset"], ["labb"], "lab"),
    ],
)
def test_a_reading_that_says_nothing_to_a_study_is_refused(
    studies: list[str], readings: list[str], told: str
) -> None:
    with pytest.raises(InputError, match=re.escape(told)):
        resolve_studies(studies, readings)
