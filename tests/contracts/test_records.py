"""Records in docs/results: data, effort and names of networks are those of the rows beside them.

A network's name is a hash of all that it was trained with. So the names in a table show whether a
record is of its run, also one that was written afterwards.
"""

import csv
import json
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from spikefuse.data import SOURCES
from spikefuse.data.sources.contract import Modality, Source
from spikefuse.data.sources.registry import choices, register_source
from spikefuse.planning.plan import Plan, definition_of, make_plan, resolve_studies
from spikefuse.results import TrialStore
from spikefuse.studies.design import Cell
from spikefuse.studies.effort import profile_named
from spikefuse.studies.profiles import Profile

RESULTS = Path(__file__).resolve().parents[2] / "docs" / "results"
LEVELS = (
    *("network", "modality", "size", "neuron", "reset", "fusion"),
    *("protocol", "pairing", "held_out", "reading"),
)
MOVES = {"own-metadata-csv": (431, 430, False), "own-leaky-csv": (432, 429, None)}
"""UTD-MHAD by both tables of the example: training and test samples, whether subjects are known."""
FILES = {"own-metadata-csv": "MOVES/metadata.toml", "own-leaky-csv": "MOVES/leaky.toml"}
NAMES = {"run.json": "results.csv", "readings.json": "readings.csv"}

FOUND = {
    path.relative_to(RESULTS).as_posix(): json.loads(path.read_text(encoding="utf-8"))
    for name in NAMES
    for path in sorted(RESULTS.rglob(name))
}
WRITTEN = {name: record for name, record in FOUND.items() if "written" in record}


@pytest.fixture(autouse=True)
def own_data() -> Iterator[None]:
    """Sources in the place of movements, which are not in the repository."""
    classes = FOUND["ask/utd-mhad/run.json"]["classes"]
    for name, (train, test, knows) in MOVES.items():
        groups = () if knows is None else tuple("12345678")
        modalities = tuple(
            Modality(
                name=each,
                kind="array",
                shape=(lambda settings, rows=rows: (1, rows, 28)),
                train=train,
                test=test,
                groups=groups,
                group_noun="subject",
                knows_groups=bool(knows),
            )
            for each, rows in (("inertial", 6), ("skeleton", 60))
        )
        source = Source(
            name=name,
            title="movements",
            banner="movements",
            classes=tuple(classes),
            modalities=modalities,
            read=lambda *_: None,  # type: ignore[arg-type,return-value]
            digests=lambda *_: ("x",),  # type: ignore[arg-type,return-value]
            is_paired=True,
        )
        register_source(source)
    yield
    for name in MOVES:
        SOURCES.pop(name, None)


def table_of(name: str) -> Path:
    path = RESULTS / name
    return path.with_name(NAMES[path.name])


def singles(name: str) -> dict[str, dict[str, str]]:
    """The first row of each network of a table; products of several are no network."""
    found: dict[str, dict[str, str]] = {}
    for row in csv.DictReader(table_of(name).open(encoding="utf-8")):
        if "+" not in row["trial"]:
            found.setdefault(row["trial"], row)
    return found


def profile_of(record: dict[str, Any]) -> Profile:
    """The profile of today with the precision of the record: it is set for the machine."""
    profile = profile_named(record["profile"], record["source"])
    return profile.model_copy(update={"precision": record["profile_settings"]["precision"]})


@pytest.mark.parametrize("name", FOUND)
def test_every_network_of_the_findings_keeps_its_name(name: str) -> None:
    record, others = FOUND[name], []
    data = (record["source"], record["fingerprint"])
    found = singles(name)
    for trial, row in found.items():
        levels = {each: row[each] for each in LEVELS}
        cell = Cell.create(**levels, time_steps=int(row["time_steps"]))
        if definition_of(cell, int(row["seed"]), profile_of(record), *data).name != trial:
            others.append(trial)
    assert others == []
    assert {int(row["seed"]) for row in found.values()} == set(record["seeds"])
    if "trials" in record:
        assert set(found) <= set(record["trials"])


def test_the_names_above_are_of_many_networks() -> None:
    assert len(FOUND) >= 24
    assert sum(len(singles(name)) for name in FOUND) >= 5600


def planned(record: dict[str, Any], folder: Path) -> Plan:
    """What the command of a record plans today."""
    words, said, named = shlex.split(record["command"])[1:], {}, []
    while words:
        word = words.pop(0)
        if word == "--no-curves":
            said[word] = ""
        elif word.startswith("--"):
            said[word] = words.pop(0)
        else:
            named.append(word)
    source = record["source"]
    typed = named[-1] if named[0] == "ask" else said["--data"]
    assert choices().get(typed) == source or typed == FILES[source]
    readings = [each for each in said.get("--readings", "").split(",") if each]
    is_asked = named[0] == "ask"
    profile = profile_named(said.get("--profile", "auto" if is_asked else "quick"), source)
    protocols = said.get("--protocols", "paired" if SOURCES[source].is_paired else "disjoint")
    return make_plan(
        resolve_studies(["controls"] if is_asked else named[1:], readings),
        profile.model_copy(update={"precision": said.get("--precision", "float32")}),
        source,
        TrialStore(folder, is_planned=True),
        protocols=(protocols,) if is_asked or "--protocols" in said else (),
        seeds=int(said["--seeds"]) if "--seeds" in said else None,
        fingerprint=record["fingerprint"],
        with_curves="--no-curves" not in said and not is_asked and "sensitivity" not in named,
    )


@pytest.mark.parametrize("name", WRITTEN)
def test_the_command_of_a_record_written_afterwards_is_of_its_rows(
    name: str, tmp_path: Path
) -> None:
    record = WRITTEN[name]
    plan = planned(record, tmp_path)
    names = [trial.name for trial in plan.trials]
    assert set(names) == set(singles(name))
    settings = plan.profile.model_dump(mode="json")
    assert record["profile_settings"] == settings
    assert record["seeds"] == list(plan.seeds)
    assert record["base"] == {"surrogate": "triangle", "init": "calibrated"}
    assert f"The names of its {len(names)} networks" in record["written"]
    if "trials" in record:
        assert record["trials"] == names
        assert record["protocols"] == list(plan.protocols)
        assert record["studies"] == [study.name for study in plan.studies]
        assert record["classes"] == list(plan.trials[0].definition.source.classes)
        assert set(record["commands"].values()) == {record["command"]}
        assert set(record["commands"]) == set(record["studies"])
        assert record["waiting"] == {}


def test_a_committed_table_has_its_record() -> None:
    """But what `train` left, network by network, whose commands stand in the findings."""
    tables = {path for each in NAMES.values() for path in RESULTS.rglob(each)}
    without = {path.parent.relative_to(RESULTS).as_posix() for path in tables}
    without -= {Path(name).parent.as_posix() for name in FOUND}
    assert without == {"ask/fashion-fsdd-plain", "audio-long"}
    assert len(WRITTEN) == 15
