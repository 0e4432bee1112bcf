"""Makes up the results folder of a whole run: plausible, repeatable, without training anything."""

import csv
import hashlib
import io
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from rows import CELL

from spikefuse.analysis.folder import BASE_ENTRY
from spikefuse.results import TrialStore, definition_hash, write_tidy

SIZES = {"S": 1_600_000, "S/2": 800_000, "S/3": 533_333}
MODALITIES = ("image", "audio", "fused")
PROTOCOLS = ("paper", "disjoint")
ERROR = {"image": 0.012, "audio": 0.03, "fused": 0.006}
LAYERS = ("conv1", "conv2", "hidden")

Cell = dict[str, Any]
Row = dict[str, Any]


def _cell(**levels: Any) -> Cell:
    cell: Cell = CELL | levels
    if cell["network"] == "dnn":
        cell |= {"neuron": "relu", "reset": "none", "time_steps": 1}
    if cell["modality"] == "fused":
        cell["fusion"] = "early"
    return cell


def study_cells(protocol: str) -> Iterator[tuple[str, Cell]]:
    """The cells of the paper's six experiments under one protocol."""
    for modality in MODALITIES:
        base = {"modality": modality, "protocol": protocol}
        for network in ("dnn", "snn"):
            for size in SIZES:
                yield "model-size", _cell(network=network, size=size, **base)
                yield "noise-size", _cell(network=network, size=size, noise_std=0.1, **base)
            yield "noise-size", _cell(network=network, noise_std=5.0, **base)
            for position in ("before", "after"):
                noise = {"noise_std": 0.1, "noise_position": position}
                yield "noise-position", _cell(network=network, **noise, **base)
        for reset in ("hard", "soft"):
            yield "reset", _cell(reset=reset, **base)
        for neuron in ("lif", "if"):
            yield "neuron", _cell(neuron=neuron, **base)
        for steps in (4, 8, 16):
            yield "time-steps", _cell(time_steps=steps, **base)


def _wobble(*key: Any) -> float:
    """A repeatable number in [-1, 1]."""
    digest = hashlib.sha256(repr(key).encode()).digest()
    return int.from_bytes(digest[:4], "big") / 2**31 - 1


def true_accuracy(cell: Mapping[str, Any], split: str, seed: int) -> float:
    """The accuracy this made-up world gives a cell."""
    error = ERROR[cell["modality"]]
    error *= {"S": 1.0, "S/2": 1.25, "S/3": 1.6}[cell["size"]]
    error *= 0.8 if cell["network"] == "dnn" else 1.0
    error *= {"hard": 1.8}.get(cell["reset"], 1.0) * {"if": 1.05}.get(cell["neuron"], 1.0)
    if cell["noise_std"] == 0.1:
        error *= 1.5 if cell["noise_position"] == "before" else 2.5
    if cell["noise_std"] == 5.0:
        error = {"image": 0.72, "audio": 0.88, "fused": 0.42}[cell["modality"]]
    if cell["modality"] == "fused" and cell["protocol"] == "paper" and split == "validation":
        error *= 0.2
    if cell["noise_std"] == 5.0:
        return 1 - error * (1 + 0.02 * _wobble(sorted(cell.items(), key=str), split, seed))
    key = {name: value for name, value in cell.items() if name != "protocol"}
    return 1 - error * (1 + 0.25 * _wobble(sorted(key.items()), split, seed))


def _definition(cell: Cell, seed: int, source: str, epochs: int) -> dict[str, Any]:
    kept = {name: value for name, value in cell.items() if not name.startswith("noise")}
    if cell["modality"] != "fused":
        kept["protocol"] = "official"
    return kept | {
        "budget": SIZES[cell["size"]],
        "plan": "pool-twice",
        "leak": 1.0 if cell["neuron"] == "if" else 0.9,
        "threshold": 1.0,
        "surrogate": "boxcar",
        "data": {"source": source, "image_size": 28, "hop": 128},
        "selection": {"images": 12_000 if cell["modality"] != "audio" else None},
        "epochs": epochs,
        "batch_size": 100,
        "learning_rate": 0.001,
        "seed": seed,
    }


def audit_record(cell: Mapping[str, Any]) -> dict[str, Any]:
    """An audit as `spikefuse.data.Audit.to_json` writes it."""
    images, clips = cell["modality"] != "audio", cell["modality"] != "image"
    leaks = cell["modality"] == "fused" and cell["protocol"] == "paper"

    def content(split: str, samples: int, distinct_clips: int) -> dict[str, Any]:
        return {
            "split": split,
            "samples": samples,
            "images": samples if images else None,
            "clips": distinct_clips if clips else None,
            "speakers": 6 if clips else None,
        }

    def overlap(first: str, second: str, shared: int, total: int) -> dict[str, Any]:
        return {
            "first": first,
            "second": second,
            "images": 0 if images else None,
            "images_share": 0.0 if images else None,
            "clips": shared if clips else None,
            "clips_share": shared / total if clips else None,
            "speakers": 6 if clips else None,
            "speakers_share": 1.0 if clips else None,
        }

    return {
        "protocol": cell["protocol"],
        "splits": [
            content("train", 9_600, 2_700 if leaks else 2_200),
            content("validation", 2_400, 2_400 if leaks else 500),
            content("test", 2_000, 300),
        ],
        "overlaps": [
            overlap("train", "validation", 2_400 if leaks else 0, 2_400 if leaks else 500),
            overlap("train", "test", 0, 300),
            overlap("validation", "test", 0, 300),
        ],
    }


def _rates(cell: Cell, seed: int) -> dict[str, float]:
    branches = ("image", "audio") if cell["modality"] == "fused" else (cell["modality"],)
    return {
        f"{branch}.{layer}": 0.22
        / (index + 1)
        * (1 + 0.2 * _wobble(branch, layer, seed, cell["reset"]))
        for branch in branches
        for index, layer in enumerate(LAYERS)
    }


def predictions(cell: Mapping[str, Any], seed: int, samples: int = 200) -> dict[str, torch.Tensor]:
    """Answers as a trial stores them; the last samples are read as the next digit."""
    labels = torch.arange(samples) % 10
    wrong = round(samples * (1 - true_accuracy(cell, "test", seed)))
    predicted = labels.clone()
    predicted[samples - wrong :] = (predicted[samples - wrong :] + 1) % 10
    return {"predicted": predicted.to(torch.uint8), "labels": labels.to(torch.uint8)}


def observations(cell: Mapping[str, Any], seed: int) -> dict[str, torch.Tensor]:
    """Activity as a trial stores it: rates by step, and for SNNs spikes of two samples."""
    steps = cell["time_steps"]
    ramp = torch.linspace(0.5, 1.5, steps) if steps > 1 else torch.ones(1)
    rates = _rates(cell, seed)
    found = {f"rate/{site}": rate * ramp.double() for site, rate in rates.items()}
    if cell["network"] == "dnn":
        return found
    names = ("image", "audio") if cell["modality"] == "fused" else (cell["modality"],)
    for place, outcome in enumerate(("correct", "wrong")):
        numbers = {"position": place, "label": 3, "predicted": 3 + 5 * place}
        numbers |= dict.fromkeys(names, 41 + place)
        for name, value in numbers.items():
            found[f"{outcome}/{name}"] = torch.tensor([value], dtype=torch.int32)
        for site in rates:
            units = {"conv1": 32, "conv2": 64, "hidden": 128}[site.rpartition(".")[2]]
            grid = torch.arange(steps * units).reshape(steps, units)
            if site.endswith("hidden"):
                found[f"{outcome}/spikes/{site}"] = (grid % 9 == place).to(torch.uint8)
                found[f"{outcome}/neurons/{site}"] = torch.arange(units, dtype=torch.int32) * 4
            else:
                found[f"{outcome}/counts/{site}"] = (grid * 7 % 50).to(torch.int32)
    return found


def _write_trial(
    store: TrialStore, cell: Cell, seed: int, source: str, epochs: int, state: str
) -> str:
    definition = _definition(cell, seed, source, epochs)
    name = definition_hash(definition)
    if store.state(name) != "missing":
        return name
    folder = store.open(definition)
    final = {split: true_accuracy(cell, split, seed) for split in ("validation", "test")}
    for epoch in range(1, epochs + 1):
        reached = 1 - math.exp(-1.4 * epoch)
        folder.append_metrics(
            {
                "epoch": epoch,
                "train_loss": 2.3 * math.exp(-0.9 * epoch) + 0.01,
                "train_accuracy": reached,
                "validation_accuracy": min(
                    final["validation"], 0.1 + 0.9 * reached * final["validation"]
                ),
                "rates": _rates(cell, seed),
                "seconds": 3.2,
            }
        )
    results: dict[str, Any] = {
        "status": state,
        "parameters": 1_630_090,
        "macs": 6_500_000,
        "hidden": 512,
        "audit": audit_record(cell),
        "seconds": 3.2 * epochs,
    }
    if state == "done":
        results |= {
            "best_epoch": epochs,
            "accuracy": {
                "validation_best": final["validation"],
                "validation_last": final["validation"],
                "test_best": final["test"],
                "test_last": final["test"] - 0.001,
            },
            "rates": _rates(cell, seed),
        }
    else:
        results |= {"reason": "loss was nan in epoch 1"}
    weights = {"a": torch.zeros(2)}
    provenance = {
        "versions": {"python": "3.11.4", "torch": "2.13.0"},
        "machine": {"cpu": "made up", "cores": 2},
    }
    observed = observations(cell, seed) if state == "done" else {}
    folder.finish(results, weights, predictions(cell, seed), provenance, observed)
    return name


def study_rows(seeds: int, speakers: Sequence[str]) -> Iterator[Row]:
    """Rows of the controls, and of each speaker held out; further factors have their columns."""

    def row(study: str, seed: int, value: float, **levels: Any) -> Row:
        name = hashlib.sha256(repr((study, seed, levels)).encode()).hexdigest()[:16]
        further = {"pairing": "true", "held_out": ""}
        cell = _cell(**{name: level for name, level in levels.items() if name not in further})
        cell["fusion"] = levels.get("fusion", cell["fusion"])
        further |= {name: levels[name] for name in further if name in levels}
        numbers = {"split": "test", "metric": "accuracy", "value": value}
        return {"study": study, "trial": name, **cell, **further, "seed": seed, **numbers}

    for network in ("snn", "dnn"):
        for seed in range(seeds):
            fused = {"network": network, "modality": "fused"}
            image = true_accuracy(_cell(network=network), "test", seed)
            blind = image + 0.0005 * _wobble("blind", network, seed)
            experts = 0.9955 + 0.001 * _wobble("experts", network, seed)
            yield row("controls", seed, blind, **fused, pairing="shuffled")
            yield row("controls", seed, experts, **fused, fusion="product-of-experts")
            for place, speaker in enumerate(speakers):
                for modality in ("audio", "fused"):
                    levels = {"network": network, "modality": modality, "protocol": "speaker"}
                    drop = 0.03 * min(place, 25)
                    value = 0.9 - drop + 0.01 * _wobble(speaker, modality, network, seed)
                    yield row("speakers", seed, value, **levels, held_out=speaker)


def sensitivity_text(readings: Sequence[str]) -> str:
    """A table of verdicts by reading; the first reading reproduces most."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(
        [
            *("claim", "reading", "topic", "protocol", "split", "verdict"),
            *("measured", "low", "high", "n", "paper", "reason"),
        ]
    )
    kinds = ("reproduced", "contradicted", "inconclusive")
    for place, reading in enumerate(readings):
        for claim in range(1, 25):
            kind = kinds[0] if claim % (2 + place) == 0 else kinds[1 + claim % 2]
            name = [f"C{claim}", reading, f"topic of {reading}", "disjoint", "test"]
            reason = f"because of {reading}"
            writer.writerow([*name, kind, 0.0125, 0.01, 0.015, 2, 0.013, reason])
    return text.getvalue()


def write_run(
    root: Path,
    *,
    seeds: int = 2,
    epochs: int = 4,
    protocols: Sequence[str] = PROTOCOLS,
    source: str = "mnist-fsdd",
    studies: Sequence[str] = (),
    diverged: Mapping[str, Any] | None = None,
    record: Mapping[str, Any] | None = None,
    speakers: Sequence[str] | None = None,
    readings: Sequence[str] = (),
) -> Path:
    """Write a results folder.

    Args:
        studies: Only these; all of them if empty.
        diverged: Levels of the cells whose seed 0 diverges.
        record: Replaces entries of run.json.
        speakers: Adds the controls and every one of these held out.
        readings: Adds a table of verdicts under each.
    """
    store = TrialStore(root)
    rows: list[Row] = []
    for protocol in protocols:
        for study, cell in study_cells(protocol):
            if studies and study not in studies:
                continue
            for seed in range(seeds):
                lost = (
                    diverged is not None
                    and seed == 0
                    and all(cell[k] == v for k, v in diverged.items())
                )
                state = "diverged" if lost else "done"
                name = _write_trial(store, cell, seed, source, epochs, state)
                common = {"study": study, "trial": name, **cell, "seed": seed}
                rows.append(common | {"split": "", "metric": "parameters", "value": 1_630_090})
                if not lost:
                    rows += [
                        common
                        | {
                            "split": split,
                            "metric": "accuracy",
                            "value": true_accuracy(cell, split, seed),
                        }
                        for split in ("validation", "test")
                    ]
                    if cell["noise_std"] == 0:
                        last = true_accuracy(cell, "test", seed) - 0.001
                        final = {"split": "test", "metric": "accuracy_last", "value": last}
                        rows.append(common | final)
    if speakers is not None:
        rows = [{"pairing": "true", "held_out": "", **row} for row in rows]
        rows += study_rows(seeds, speakers)
    if readings:
        (root / "sensitivity.csv").write_text(sensitivity_text(readings), encoding="utf-8")
    write_tidy(rows, root / "results.csv")
    text = {
        "mnist-fsdd": "Real data: MNIST (70,000 images) and FSDD (3,000 clips).",
        "builtin": "Embedded data: small digits and synthesised speech, not MNIST and FSDD.",
    }
    run = {
        "title": "Does a second modality help a spiking network?",
        "profile": "quick",
        "profile_settings": {"images": 12_000, "epochs": {"image": 2, "audio": 15}},
        **BASE_ENTRY,
        "banner": text[source],
        "source": source,
        "protocols": list(protocols),
        "seeds": list(range(seeds)),
        "studies": ["model-size", "noise-size"],
        "finished": "2026-01-02T03:04:05+00:00",
        "command": "spikefuse reproduce --profile quick",
    }
    (root / "run.json").write_text(json.dumps(run | dict(record or {})), encoding="utf-8")
    return root
