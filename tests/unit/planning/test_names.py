"""Names of trials are kept: ten of the first release, and every one in docs/results."""

import csv
import json
from collections.abc import Collection
from pathlib import Path
from typing import Any

import pytest

from spikefuse.data.sources.registry import SOURCES
from spikefuse.planning.plan import definition_of
from spikefuse.results import TrialStore, definition_hash
from spikefuse.studies.design import Cell
from spikefuse.studies.effort import profile_named
from spikefuse.studies.profiles import PROFILES
from spikefuse.training import NoiseCondition, TrialDefinition

RESULTS = Path(__file__).resolve().parents[3] / "docs" / "results"
LEVELS = ("network", "modality", "size", "neuron", "reset", "fusion")
FURTHER = ("protocol", "pairing", "held_out", "reading")

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


def committed(source: Collection[str]) -> list[Any]:
    """Records in docs/results of data that are here without files of somebody's own."""
    found = sorted(RESULTS.rglob("run.json"))
    names = [path.parent.relative_to(RESULTS).as_posix() for path in found]
    records = [json.loads(path.read_text(encoding="utf-8")) for path in found]
    both = zip(names, records, strict=True)
    return [
        pytest.param(RESULTS / name, record, id=name)
        for name, record in both
        if record["source"] in source
    ]


def renamed(rows: dict[str, dict[str, str]], record: Any) -> list[str]:
    """Networks that the effort and data of a record would give another name than they have."""
    profile = type(profile_named(record["profile"], record["source"]))
    known = record["profile_settings"].items()  # some of older versions are no part of it today
    of_profile = profile.model_validate({k: v for k, v in known if k in profile.model_fields})
    others = []
    for trial, row in rows.items():
        levels = {name: row[name] for name in (*LEVELS, *FURTHER)}
        cell = Cell.create(**levels, time_steps=int(row["time_steps"]))
        data = (record["source"], record["fingerprint"])
        if definition_of(cell, int(row["seed"]), of_profile, *data).name != trial:
            others.append(trial)
    return others


def singles(table: Path) -> dict[str, dict[str, str]]:
    """The first row of each network of a table; products of several are no network."""
    found: dict[str, dict[str, str]] = {}
    for row in csv.DictReader(table.open(encoding="utf-8")):
        if "+" not in row["trial"]:
            found.setdefault(row["trial"], row)
    return found


@pytest.mark.parametrize(("folder", "record"), committed(SOURCES))
def test_every_network_of_the_findings_keeps_its_name(folder: Path, record: Any) -> None:
    """A name is a hash of all that a network was trained with: data, effort, precision, reading.

    Where a record was written after its run, this is what shows that it is that run's.
    """
    found = singles(folder / "results.csv")
    assert renamed(found, record) == []
    assert set(found) <= set(record["trials"])
    if "written" in record:
        assert set(found) == set(record["trials"])


def test_the_readings_keep_their_names() -> None:
    found = singles(RESULTS / "readings" / "readings.csv")
    text = (RESULTS / "readings" / "readings.json").read_text(encoding="utf-8")
    assert renamed(found, json.loads(text)) == []
    assert len(found) == 358


def test_the_names_above_are_of_many_networks() -> None:
    counts = [len(singles(each.values[0] / "results.csv")) for each in committed(SOURCES)]
    assert len(counts) >= 19
    assert sum(counts) >= 4940


@pytest.mark.parametrize(("folder", "record"), committed(("own-metadata-csv", "own-leaky-csv")))
def test_records_of_own_data_name_the_networks_of_their_rows(folder: Path, record: Any) -> None:
    found = singles(folder / "results.csv")
    assert set(found) <= set(record["trials"])
    assert {int(row["seed"]) for row in found.values()} == set(record["seeds"])
    assert len(record["fingerprint"]) == 16


def test_a_committed_table_has_its_record() -> None:
    """But what `train` left, network by network, whose commands stand in the findings."""
    tables = {path.parent.relative_to(RESULTS).as_posix() for path in RESULTS.rglob("results.csv")}
    records = {path.parent.relative_to(RESULTS).as_posix() for path in RESULTS.rglob("run.json")}
    assert tables - records == {"ask/fashion-fsdd-plain", "audio-long"}
    assert (RESULTS / "readings" / "readings.json").is_file()


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
