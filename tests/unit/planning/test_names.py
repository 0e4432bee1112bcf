"""Names of trials are kept: ten of the first release; those in docs/results: test_records.py."""

from pathlib import Path
from typing import Any

import pytest

from spikefuse.planning.plan import definition_of
from spikefuse.results import TrialStore, definition_hash
from spikefuse.studies.design import Cell
from spikefuse.studies.profiles import PROFILES
from spikefuse.training import NoiseCondition, TrialDefinition

FUSED, AUDIO = {"modality": "fused"}, {"modality": "audio"}
TEN: list[tuple[str, dict[str, Any]]] = [
    ("ea1900e03d2622cb", {"network": "dnn"}),
    ("007906a6f15bea18", {"reset": "hard"}),
    ("dbf6121f0c3125e5", {"neuron": "if"}),
    ("4b657ded9b064412", {"time_steps": 16}),
    ("9b762f7526804b6c", AUDIO | {"network": "dnn"}),
    ("98ce8390e531c60f", AUDIO | {"reset": "hard"}),
    ("5aa07f0b5dfde096", FUSED | {"network": "dnn"}),
    ("c0c7a77f39587b6e", FUSED | {"neuron": "if"}),
    ("eab963590ab911e5", FUSED | {"reset": "hard"}),
    ("78327ad8f00f7b02", FUSED | {"time_steps": 16}),
]
"""Networks of `reproduce --profile smoke --data builtin`, as the first release stored them."""

TRIAL_JSON = """{
  "network": "snn", "modality": "image", "size": "S", "budget": 1600000, "plan": "pool-twice",
  "fusion": "none", "neuron": "lif", "leak": 0.9, "threshold": 1.0, "reset": "hard",
  "detach_reset": false, "surrogate": "boxcar", "surrogate_width": 0.5, "time_steps": 4,
  "readout": "mean-current", "protocol": "disjoint",
  "data": {"source": "builtin", "image_size": 8, "spectrogram_size": 8, "n_fft": 256, "hop": 128,
    "clip_ms": 1000},
  "selection": {"images": 200, "test_images": 100, "clips": null, "validation_share_image": 0.2,
    "validation_share_audio": 0.18518518518518517, "held_out_speaker": null,
    "shuffle_audio": false},
  "image_scale": "unit", "epochs": 2, "batch_size": 100, "learning_rate": 0.001,
  "precision": "float32", "seed": 0
}
"""


@pytest.mark.parametrize(("name", "levels"), TEN)
def test_ten_names_of_the_first_release(name: str, levels: dict[str, Any]) -> None:
    definition = definition_of(
        Cell.create(**levels, reading="lab"), 0, PROFILES["smoke"], "builtin"
    )
    assert definition.name == name


def test_a_noise_condition_keeps_its_name() -> None:
    condition = NoiseCondition(noise_std=0.1, draws=1)
    fields = {"noise_std": 0.1, "noise_position": "before", "sites": "all", "draws": 1}
    assert condition.naming() == fields | {"samples": None}
    assert definition_hash(condition.naming()) == "c17fe768e5d9656d"


def test_a_folder_of_the_first_release_opens(tmp_path: Path) -> None:
    """It has no format, is found under its name, and is not written again."""
    name = "007906a6f15bea18"
    folder = tmp_path / "trials" / name
    folder.mkdir(parents=True)
    (folder / "trial.json").write_text(TRIAL_JSON, encoding="utf-8")
    store = TrialStore(tmp_path)
    definition = TrialDefinition.model_validate(store.read(name).definition)
    assert definition.name == name
    assert store.open(definition.naming()).path == folder
    assert (folder / "trial.json").read_text(encoding="utf-8") == TRIAL_JSON
    assert store.verify() == []
