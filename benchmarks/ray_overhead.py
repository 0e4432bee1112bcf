"""What Ray costs more than the pool on many short trials: same jobs, same workers, in turn.

    python benchmarks/ray_overhead.py [--trials 100] [--rounds 3] [--workers 2]

Each round trains the same networks from nothing with either executor, the one that begins changes
from round to round. The start of Ray's cluster and of the pool's processes is part of it, and told
apart: the time to the first trial. With other work on the machine the times say little.
"""

import argparse
import json
import os
import platform
import shutil
import tempfile
import time
from pathlib import Path
from statistics import median

from spikefuse.core.provenance import describe
from spikefuse.execution import Event, Executor, Job, PoolExecutor, RayExecutor
from spikefuse.planning.run import ENTRY
from spikefuse.results import TrialStore
from spikefuse.training import TrialDefinition


def jobs_in(store: TrialStore, trials: int) -> list[Job]:
    """So many short trials: a small network, 100 images, one epoch."""
    place = {"device": "cpu", "backend": "auto", "products": "auto"}
    definitions = [
        TrialDefinition.create(
            data={"source": "builtin"},
            plan="mlp",
            size="20000",
            budget=20_000,
            selection={"images": 100, "test_images": 50},
            epochs=1,
            seed=seed,
        )
        for seed in range(trials)
    ]
    return [
        Job(
            name=definition.name,
            entry=ENTRY,
            payload={
                "store": str(store.root),
                "data_folder": None,
                **place,
                "trials": [{"definition": definition.model_dump(mode="json"), "conditions": []}],
            },
        )
        for definition in definitions
    ]


def timed(executor: Executor, trials: int) -> tuple[float, float]:
    """Seconds to the first trial's start, and from there to the end of all."""
    folder = Path(tempfile.mkdtemp(prefix="overhead-"))
    try:
        store = TrialStore(folder)
        jobs = jobs_in(store, trials)
        first: list[float] = []

        def hear(event: Event) -> None:
            if event.kind == "started" and not first:
                first.append(time.perf_counter())

        begin = time.perf_counter()
        results = executor.run(jobs, hear)
        end = time.perf_counter()
        assert all(result.ok for result in results), next(r.error for r in results if not r.ok)
        assert len(list(store)) == trials
        return first[0] - begin, end - first[0]
    finally:
        shutil.rmtree(folder)


def main() -> None:
    """See the top of this file."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--trials", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    make = {
        "pool": lambda: PoolExecutor(workers=given.workers, threads=1),
        "ray": lambda: RayExecutor(workers=given.workers, threads=1),
    }
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in make}
    for number in range(given.rounds):
        for name in list(make)[:: 1 if number % 2 == 0 else -1]:
            found[name].append(timed(make[name](), given.trials))
            start, work = found[name][-1]
            print(f"round {number + 1} {name}: {start:.1f} s to start, {work:.1f} s", flush=True)
    work = {name: median(w for _, w in times) for name, times in found.items()}
    whole = {name: median(s + w for s, w in times) for name, times in found.items()}
    record = {
        "trials": given.trials,
        "workers": given.workers,
        "rounds": given.rounds,
        "seconds": found,
        "overhead_after_start": work["ray"] / work["pool"] - 1,
        "overhead_with_start": whole["ray"] / whole["pool"] - 1,
        "load": os.getloadavg() if hasattr(os, "getloadavg") else None,
        "machine": platform.machine(),
        "provenance": describe(),
    }
    print(json.dumps(record, indent=2))


if __name__ == "__main__":
    main()
