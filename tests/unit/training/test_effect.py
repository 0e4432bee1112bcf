"""A setting that is named and does nothing is found; one that does something is not."""

from typing import Any

import pytest

from spikefuse.data import DataSettings, Selection
from spikefuse.training import NoiseCondition, TrialDefinition
from spikefuse.training.effect import TRIAL_NEEDS, condition_without_effect, without_effect

OTHER: dict[str, Any] = {
    "fusion": "late",
    "neuron": "if",
    "leak": 0.5,
    "threshold": 2.0,
    "reset": "hard",
    "detach_reset": True,
    "surrogate": "atan",
    "surrogate_width": 0.25,
    "time_steps": 3,
    "readout": "spike-count",
    "encoder": "rate",
    "protocol": "paper",
    "held_out_speaker": "kal",
    "shuffle_audio": True,
    "images": 100,
    "test_images": 50,
    "validation_share_image": 0.3,
    "image_size": 8,
    "image_scale": "byte",
    "shuffled": ("audio",),
    "clips": 100,
    "validation_share_audio": 0.3,
    "spectrogram_size": 8,
    "n_fft": 128,
    "hop": 64,
    "clip_ms": 500,
    "event_bins": 8,
    "target_rate": 0.2,
    "pairs": "fresh",
    "modulation": "ogm-ge",
    "modality_dropout": 0.3,
    "spike_penalty": 0.5,
    "best_epoch": "lower-loss",
    "stop": "plateau",
}
"""For each field that needs something, a value that is not its default."""

SPIKES = ("neuron", "leak", "threshold", "reset", "detach_reset", "surrogate", "surrogate_width")


def found(source: str = "builtin", **given: Any) -> tuple[str, str] | None:
    values = dict(given)
    selection = {name: values.pop(name) for name in Selection.model_fields if name in values}
    data = {name: values.pop(name) for name in DataSettings.model_fields if name in values}
    trial = TrialDefinition.create(
        **values,
        selection=Selection.model_validate(selection),
        data=DataSettings.model_validate({"source": source} | data),
    )
    return without_effect(trial, given)


# Constants are those of a neuron of one's own, see `tests/contracts/test_parts_from_outside.py`;
# the embedded data has no events.
@pytest.mark.parametrize("name", sorted({*TRIAL_NEEDS} - {"constants", "event_bins"}))
def test_every_field_has_an_effect_somewhere(name: str) -> None:
    more: dict[str, dict[str, Any]] = {
        **{"held_out_speaker": {"protocol": "speaker"}, "target_rate": {"init": "calibrated"}},
        "stop": {"epochs": 9},
    }

    assert found(modality="fused", **more.get(name, {}), **{name: OTHER[name]}) is None


@pytest.mark.parametrize("name", [*SPIKES, "time_steps", "readout", "spike_penalty"])
def test_a_dense_network_has_none_of_a_spiking_one(name: str) -> None:
    assert found(network="dnn", **{name: OTHER[name]}) == (name, "a spiking network")


@pytest.mark.parametrize("modality", ["image", "audio"])
@pytest.mark.parametrize(
    "name", ["fusion", "shuffle_audio", "pairs", "modulation", "modality_dropout"]
)
def test_one_modality_has_nothing_of_a_fused_network(modality: str, name: str) -> None:
    assert found(modality=modality, **{name: OTHER[name]}) == (name, "a fused network")


@pytest.mark.parametrize(
    "name", ["images", "test_images", "validation_share_image", "image_size", "image_scale"]
)
def test_audio_alone_has_no_image(name: str) -> None:
    answer = found(modality="audio", **{name: OTHER[name]})
    assert answer == (name, "a network with an image input")


@pytest.mark.parametrize(
    "name",
    ["clips", "validation_share_audio", "spectrogram_size", "n_fft", "hop", "clip_ms"],
)
def test_an_image_alone_has_no_audio(name: str) -> None:
    answer = found(modality="image", **{name: OTHER[name]})
    assert answer == (name, "a network with an audio input")


def test_a_speaker_is_held_out_by_his_protocol_alone() -> None:
    assert found(modality="fused", held_out_speaker="kal") == (
        "held_out_speaker",
        "protocol speaker",
    )
    assert found(modality="image", held_out_speaker="nobody", protocol="speaker") is not None
    assert found(modality="audio", held_out_speaker="kal", protocol="speaker") is None


@pytest.mark.parametrize("protocol", ["paper", "disjoint"])
@pytest.mark.parametrize("modality", ["image", "audio"])
def test_pairing_needs_pairs(modality: str, protocol: str) -> None:
    answer = found(modality=modality, protocol=protocol)
    assert answer is not None
    assert answer[0] == "protocol"


def test_a_neuron_without_leak_or_reset_has_none_of_theirs() -> None:
    assert found(neuron="if", leak=0.5) == ("leak", "a neuron that leaks")
    assert found(reset="none", detach_reset=True) == ("detach_reset", "a reset")


def test_what_a_dense_network_is_anyway_may_be_said() -> None:
    assert found(network="dnn", time_steps=1, neuron="relu") is None


@pytest.mark.parametrize("kind", ["zeros", "mean"])
def test_draws_that_are_all_alike_have_no_effect(kind: str) -> None:
    of_all = NoiseCondition(kind=kind, noise_std=1.0, noise_position="input", draws=3)
    found = condition_without_effect(of_all, {"draws": 3})
    assert found == ("draws", "noise that is drawn: this kind is the same every time")
    of_half = NoiseCondition(kind=kind, noise_std=0.5, noise_position="input", draws=3)
    assert condition_without_effect(of_half, {"draws": 3}) is None
    other = NoiseCondition(kind="shuffle", noise_std=1.0, noise_position="input", draws=3)
    assert condition_without_effect(other, {"draws": 3}) is None


def test_samples_of_a_modality_that_the_network_lacks_have_no_effect() -> None:
    trial = TrialDefinition.create(modality="image", data={"source": "builtin"})
    found = without_effect(trial, {"train": {"audio": 50}})
    assert found == ("train", "a network that has audio")


@pytest.mark.parametrize("name", ["noise_position", "sites", "draws"])
def test_no_noise_has_no_place(name: str) -> None:
    values: dict[str, Any] = {"noise_position": "after", "sites": "last", "draws": 3}
    given = {"noise_std": 0.0, name: values[name]}
    assert condition_without_effect(NoiseCondition(**given), given) == (name, "noise above 0")
    given["noise_std"] = 0.1
    assert condition_without_effect(NoiseCondition(**given), given) is None


def test_modulation_needs_branches_that_learn() -> None:
    wanted = ("modulation", "branches with convolutions of their own")
    assert found(modality="fused", plan="mlp", modulation="ogm-ge") == wanted
    with pytest.raises(ValueError, match="where there are no two branches"):
        found(modality="fused", fusion="input", modulation="ogm-ge")


def test_experts_need_two_epochs() -> None:
    with pytest.raises(ValueError, match="epochs must be at least 2 for fusion 'experts', got 1"):
        found(modality="fused", fusion="experts", epochs=1)


@pytest.mark.parametrize("spelt", ["audio+image", "image+audio", "fused"])
def test_another_spelling_of_what_it_sees_is_no_setting_without_effect(spelt: str) -> None:
    assert found(modality=spelt) is None


@pytest.mark.parametrize("modality", ["image", "audio"])
def test_nothing_is_shuffled_where_nothing_is_paired(modality: str) -> None:
    assert found(modality=modality, shuffled=("audio",)) == ("shuffled", "a fused network")


def test_a_fusion_that_is_replaced_is_named_with_what_stands_for_it() -> None:
    said = "a network of one modality: here it is 'early'"
    assert found(modality="fused", fusion="none") == ("fusion", said)


@pytest.mark.parametrize("name", ["leak", "reset", "detach_reset"])
def test_one_time_step_keeps_nothing(name: str) -> None:
    assert found(time_steps=1, **{name: OTHER[name]}) == (name, "2 time steps or more")
    assert found(time_steps=2, **{name: OTHER[name]}) is None


def test_eight_epochs_leave_none_out() -> None:
    wanted = "more than 8 epochs, of which some are then left out"
    assert found(epochs=8, stop="plateau") == ("stop", wanted)
    assert found(epochs=9, stop="plateau") is None


def test_of_one_epoch_there_is_no_best() -> None:
    assert found(epochs=1, best_epoch="lower-loss") == ("best_epoch", "2 epochs or more")
