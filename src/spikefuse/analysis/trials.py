"""Tidy rows of single networks: what `train` and `evaluate` left in a folder without a study.

A study says which factors it varies, so its rows need no more columns than those. Trials that were
made one by one may differ in any setting. Settings beyond the columns that are not the same in all
of them stand in the column `reading`, which holds everywhere what departs from the usual.
"""

from collections.abc import Iterator, Mapping
from statistics import fmean
from typing import Any

from spikefuse.analysis.row_index import DIVERGED
from spikefuse.analysis.table import SINGLE
from spikefuse.analysis.tabulate import NewRow, measured_rows, plain_rows
from spikefuse.neurons import NeuronSpec
from spikefuse.results import TrialRecord, TrialStore
from spikefuse.results.sound import read_as_results
from spikefuse.studies import Cell
from spikefuse.studies.readings import BASE, READINGS
from spikefuse.training import BASE_NETWORK, NoiseCondition, TrialDefinition

# Columns of their own, or nothing that tells networks apart.
_TOLD = {*Cell.model_fields, "budget", "seed", "format", "data.fingerprint"}
_SAID = ("held_out_speaker", "shuffle_audio", "shuffled")
_CONDITION = (
    *("kind", "sites", "draws", "samples"),
    *("unit", "common", "varies", "modalities", "steps_share", "plugins"),
)
_TELLING = ("init", "surrogate", "surrogate_width")
"""Settings by which readings of the network differ; a dense one has the first alone."""


def trial_rows(store: TrialStore) -> list[NewRow]:
    """One row a number of every finished trial of a store.

    Raises:
        StoreError: A trial was finished and cannot be read: its rows would be missing in silence.
    """
    records = {name: store.read_if_finished(name) for name in store}
    finished = {name: record for name, record in records.items() if record is not None}
    readings = _readings({name: record.definition for name, record in finished.items()})
    rows: list[NewRow] = []
    for name, record in finished.items():
        with read_as_results(name):
            rows += _rows(name, record, readings[name])
    return rows


def _flat(settings: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in settings.items():
        if isinstance(value, Mapping) and value:
            flat |= _flat(value, f"{prefix}{name}.")
        else:
            flat[f"{prefix}{name}"] = value
    return flat


def _readings(definitions: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """By trial, the reading of its network, and further settings that differ between the trials."""
    usual = _flat(TrialDefinition.of_base().naming())
    # What is stored without a field has the record's default, not what is usual.
    absent = usual | {name: TrialDefinition.model_fields[name].default for name in BASE_NETWORK}
    flat = {name: absent | _flat(definition) for name, definition in definitions.items()}
    known = sorted({key for settings in flat.values() for key in settings} - _TOLD)
    varying = [
        key
        for key in known
        if len({repr(settings.get(key)) for settings in flat.values()}) > 1
        and key.rpartition(".")[2] not in (*_SAID, *_TELLING)
    ]

    def differs(settings: Mapping[str, Any]) -> list[str]:
        return [
            f"{key.rpartition('.')[2]}={_text(value) if key == 'plugins' else value}"
            for key in varying
            if key in settings
            and (value := settings[key]) != usual.get(key)
            and not _is_of_dense(key, settings)
        ]

    return {
        name: ",".join([*_network_reading(settings, usual), *differs(settings)]) or BASE
        for name, settings in flat.items()
    }


def _network_reading(settings: Mapping[str, Any], usual: Mapping[str, Any]) -> list[str]:
    """The reading that a network is of, told whether or not others differ; none of the base."""
    telling = _TELLING[:1] if settings.get("network") == "dnn" else _TELLING
    own = [settings[key] for key in telling]
    for name, each in READINGS.items():
        if each.trial.keys() == BASE_NETWORK.keys():
            stands_for = TrialDefinition.create(**each.trial)
            if own == [getattr(stands_for, key) for key in telling]:
                return [] if name == BASE else [name]
    told = zip(telling, own, strict=True)
    return [f"{key}={value}" for key, value in told if value != usual[key]]


def _is_of_dense(key: str, settings: Mapping[str, Any]) -> bool:
    """Whether it is a number of the neuron of a dense network, which computes nothing with it."""
    return settings.get("network") == "dnn" and key in NeuronSpec.model_fields


def _rows(name: str, record: TrialRecord, reading: str) -> Iterator[NewRow]:
    definition, results = record.definition, record.results
    selection = definition["selection"]
    is_shuffled = bool(selection.get("shuffle_audio") or selection.get("shuffled"))
    common: NewRow = {"study": SINGLE, "trial": name}
    common |= {key: definition[key] for key in Cell.model_fields if key in definition}
    common |= {
        "reset": definition["reset"] if definition["network"] == "snn" else "none",
        "noise_std": 0.0,
        "noise_position": "before",
        "pairing": "shuffled" if is_shuffled else "true",
        "held_out": selection.get("held_out_speaker") or "",
        "reading": reading,
        "disturbance": "",
        "seed": definition["seed"],
    }

    def row(split: str, metric: str, value: float, samples: int | str = "") -> NewRow:
        return common | {"split": split, "metric": metric, "value": value, "samples": samples}

    yield from plain_rows(record, row)
    if results["status"] == DIVERGED:
        return
    yield from measured_rows(results, row)
    sizes = {part["split"]: part["samples"] for part in results["audit"]["splits"]}
    for evaluation in record.evaluations.values():
        yield from _noisy(evaluation, common, reading, sizes)


def _text(value: object) -> str:
    """A setting in one word; names are joined as in the column `disturbance`."""
    return "+".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _noisy(
    evaluation: Mapping[str, Any], common: NewRow, reading: str, sizes: Mapping[str, int]
) -> Iterator[NewRow]:
    condition = evaluation["condition"]
    fields = NoiseCondition.model_fields
    special = [
        f"{'noise' if key == 'kind' else key}={_text(condition[key])}"
        for key in _CONDITION
        if key in condition and condition[key] != fields[key].default
    ]
    told = ",".join([*([reading] if reading != BASE else []), *special]) or BASE
    for split in ("validation", "test"):
        draws = evaluation["accuracy"][split]
        samples = min(condition.get("samples") or sizes[split], sizes[split]) * len(draws)
        yield common | {
            **{key: condition[key] for key in ("noise_std", "noise_position")},
            "reading": told,
            "split": split,
            "metric": "accuracy",
            "value": fmean(draws),
            "samples": samples,
        }
