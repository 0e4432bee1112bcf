"""A results folder of very many trials, made up from a real one, and what readers take for it.

    spikefuse reproduce --profile smoke --data builtin --seeds 1 --out FEW
    python benchmarks/many_trials.py make FEW MANY 100000
    python benchmarks/many_trials.py table FEW MANY
    python benchmarks/many_trials.py measure MANY plan status trials show

`make` gives every trained network of FEW as many seeds as it takes: each copy has its own
definition, name, manifest, evaluations and accuracies; tensors are hard links. `table` writes the
results.csv, claims.json and run.json of all these seeds from the rows of FEW, which `measure MANY
run` would take from the folders themselves. `measure` runs commands on it, all or those that are
named, each in a process of its own, and tells seconds and the most memory.
"""

import copy
import csv
import json
import os
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path
from random import Random
from typing import Any

from spikefuse.results import TrialStore, definition_hash, manifest
from spikefuse.results.documents import pretty_json, trial_document
from spikefuse.results.evaluations import EVALUATIONS, sealed

MOST_LINKS = 30_000
"""Of a file; ext4 bears 65,000."""


def copies(few: Path, many: Path, count: int) -> int:
    """Give the trials of a folder further seeds until there are `count`; returns the seeds."""
    store = TrialStore(few, read_only=True)
    originals = [store.read(name) for name in store]
    seeds = -(-count // len(originals))
    made = 0
    (many / "trials").mkdir(parents=True)
    for seed in range(seeds):
        for record in originals:
            if made < count:
                _copy(store.folder(record.trial).path, many, record.definition, seed)
                made += 1
    return seeds


def _copy(source: Path, many: Path, definition: dict[str, Any], seed: int) -> None:
    own = copy.deepcopy(definition) | {"seed": seed}
    target = many / "trials" / definition_hash(own)
    target.mkdir()
    results = (source / manifest.RESULTS).read_bytes()
    contents = {
        manifest.TRIAL: pretty_json(trial_document(own, "many")),
        manifest.RESULTS: _results(results, Random(target.name)),
    }
    listed = json.loads((source / manifest.MANIFEST).read_bytes())
    # Those that are linked keep their hashes: to hash them again would be most of the work.
    listed["files"] |= json.loads(manifest.compose(contents))["files"]
    for name in listed["files"]:
        if name in contents:
            (target / name).write_bytes(contents[name])
        else:
            _link(source / name, target / name)
    (target / manifest.MANIFEST).write_bytes(pretty_json(listed))
    for file in sorted((source / EVALUATIONS).glob("*.json")):
        document = json.loads(file.read_bytes())
        (target / EVALUATIONS).mkdir(exist_ok=True)
        content = sealed(target.name, document["condition"], document["payload"])
        (target / EVALUATIONS / file.name).write_bytes(content)


def _results(content: bytes, random: Random) -> bytes:
    """The results with accuracies of their own."""
    results = json.loads(content)
    for name, value in results.get("accuracy", {}).items():
        results["accuracy"][name] = min(1.0, max(0.0, value + random.gauss(0.0, 0.02)))
    return pretty_json(results)


def _link(source: Path, target: Path) -> None:
    if source.stat().st_nlink < MOST_LINKS:
        os.link(source, target)
        return
    # A further file for the links to come.
    fresh = source.with_name(f".{source.name}.new")
    fresh.write_bytes(source.read_bytes())
    fresh.replace(source)
    os.link(source, target)


def table(few: Path, many: Path, seeds: int) -> int:
    """Write the tables of all seeds, with accuracies of their own; returns the rows."""
    store = TrialStore(few, read_only=True)
    known = {name: store.read(name).definition for name in store}
    with (few / "results.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["seed"] == "0"]
    count = 0
    with (many / "results.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        for seed in range(seeds):
            names = {name: definition_hash({**each, "seed": seed}) for name, each in known.items()}
            for row in rows:
                trial = "+".join(names[name] for name in row["trial"].split("+"))
                own = {"seed": str(seed), "trial": trial}
                if row["metric"] == "accuracy":
                    # One shift a network: its rows in several studies are one number.
                    accuracy = float(row["value"]) + Random(trial).gauss(0.0, 0.02)
                    own["value"] = repr(round(min(1.0, max(0.0, accuracy)), 2))
                writer.writerow(row | own)
                count += 1
    record = json.loads((few / "run.json").read_text())
    record |= {"seeds": list(range(seeds)), "trials": [path.name for path in _folders(many)]}
    (many / "run.json").write_text(json.dumps(record, indent=2))
    shutil.copyfile(few / "claims.json", many / "claims.json")
    return count


def _folders(many: Path) -> list[Path]:
    return sorted((many / "trials").iterdir())


def measure(many: Path, seeds: int, chosen: list[str]) -> None:
    """Run what reads all of it, one command after another."""
    study = ["--profile", "smoke", "--data", "builtin", "--seeds", str(seeds)]
    commands = {
        "plan": ["plan", *study, "--out", str(many)],
        "run": ["run", *STUDIES, *study, "--out", str(many)],  # trains nothing: tables, claims
        "status": ["status", str(many)],
        "trials": ["trials", str(many)],
        "show": ["show", str(many)],
        "compare": ["compare", "network=snn", "network=dnn", "--results", str(many)],
        "report": ["report", str(many)],
        "verify": ["verify", str(many)],
    }
    for name in chosen or commands:
        arguments = commands[name]
        begin = time.perf_counter()
        command = [sys.executable, "-m", "spikefuse", *arguments]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        assert process.stderr is not None
        words = process.stderr.read().decode().strip()
        _, status, usage = os.wait4(process.pid, 0)
        took = time.perf_counter() - begin
        told = {
            "command": name,
            "seconds": round(took, 1),
            "processor_seconds": round(usage.ru_utime + usage.ru_stime, 1),
            "peak_mb": round(usage.ru_maxrss / 1024),
            "exit": os.waitstatus_to_exitcode(status),
        }
        print(json.dumps(told | ({"said": words[-300:]} if words else {})), flush=True)


STUDIES = ("model-size", "reset")
"""Rows of these: the smallest that hold the report's first screen and one grid."""


def main() -> None:
    """See the top of this file."""
    action, *arguments = sys.argv[1:]
    if action == "make":
        few, many, count = Path(arguments[0]), Path(arguments[1]), int(arguments[2])
        begin = time.perf_counter()
        seeds = copies(few, many, count)
        (many / "seeds").write_text(str(seeds))
        print(f"{count} trials, {seeds} seeds, made in {time.perf_counter() - begin:.0f} s")
    elif action == "table":
        few, many = map(Path, arguments)
        print(f"{table(few, many, int((many / 'seeds').read_text())):,} rows")
    else:
        many = Path(arguments[0])
        measure(many, int((many / "seeds").read_text()), arguments[1:])
    print(
        f"peak of this process {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB"
    )


if __name__ == "__main__":
    main()
