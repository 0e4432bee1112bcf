"""Trial names: equal networks have equal names, and everything that matters changes them."""

import pytest

from spikefuse.data import Selection
from spikefuse.training import TrialDefinition

create = TrialDefinition.create


def test_a_dense_network_has_no_neuron_settings() -> None:
    plain = create(network="dnn")
    fancy = create(network="dnn", leak=0.3, reset="hard", time_steps=16, surrogate="atan")
    assert plain.name == fancy.name
    assert (plain.neuron, plain.reset, plain.time_steps) == ("relu", "none", 1)


def test_if_is_leak_one() -> None:
    assert create(neuron="if", leak=0.4).leak == 1.0


@pytest.mark.parametrize("modality", ["image", "audio"])
def test_unimodal_trials_serve_every_pairing_protocol(modality: str) -> None:
    names = {create(modality=modality, protocol=p).name for p in ("paper", "disjoint")}
    assert len(names) == 1


def test_the_speaker_protocol_has_audio_trials_of_its_own() -> None:
    selection = Selection(held_out_speaker="theo")
    speaker = create(modality="audio", protocol="speaker", selection=selection)
    assert speaker.name != create(modality="audio").name


def test_fused_trials_differ_by_protocol() -> None:
    assert create(modality="fused", protocol="paper").name != create(modality="fused").name


def test_selection_of_images_does_not_name_audio_trials() -> None:
    small = Selection(images=100, test_images=10)
    assert create(modality="audio", selection=small).name == create(modality="audio").name
    assert create(modality="image", selection=small).name != create(modality="image").name


@pytest.mark.parametrize(
    "change",
    [
        {"seed": 1},
        {"leak": 0.8},
        {"reset": "hard"},
        {"time_steps": 8},
        {"epochs": 4},
        {"learning_rate": 2e-3},
        {"surrogate": "atan"},
        {"budget": 800_000},
        {"image_scale": "byte"},
        {"plan": "simple-audio"},
    ],
)
def test_what_matters_changes_the_name(change: dict) -> None:
    assert create(**change).name != create().name


def test_names_are_stable() -> None:
    """A changed name would orphan every stored result: change it knowingly."""
    assert create(modality="fused", seed=3).name == create(seed=3, modality="fused").name
    assert len(create().name) == 16


def test_members_of_one_population_may_differ_in_neuron_and_seed() -> None:
    base = create().population_key()
    assert create(neuron="if", reset="hard", seed=5, learning_rate=1e-2).population_key() == base
    for other in ({"time_steps": 8}, {"epochs": 9}, {"network": "dnn"}, {"budget": 800_000}):
        assert create(**other).population_key() != base
