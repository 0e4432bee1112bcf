"""What counting synaptic operations adds to an evaluation: with and without, in turn.

    python benchmarks/counting.py RUN [--modality fused] [--threads 1] [--rounds 21]

RUN is a folder with a trained SNN of that modality, whose weights are taken; inputs are made up, a
fifth of them not zero. A round is five batches of 100, as many samples as a trial counts. Ratios
are of processor time, pair by pair; with more threads than one other work on the machine shows.
"""

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median, quantiles

import torch
from torch import Tensor

from spikefuse.core.provenance import describe
from spikefuse.meters.contract import Subject
from spikefuse.meters.synops import Synops
from spikefuse.networks import PopulationNetwork, build
from spikefuse.results import TrialStore
from spikefuse.training import TrialDefinition

BATCHES, BATCH = 5, 100


def network_in(run: Path, modality: str) -> tuple[str, PopulationNetwork]:
    """The first trained SNN of that modality."""
    store = TrialStore(run)
    for name in store:
        definition = TrialDefinition.model_validate(store.folder(name).definition())
        if definition.network == "snn" and definition.modality == modality:
            network = build([definition.network_spec()], [0], definition.precision)
            network.load_member(0, store.folder(name).weights())
            return name, network.eval()
    raise SystemExit(f"no SNN of modality {modality} in {run}")


def seconds(work: Callable[[], None]) -> float:
    """Processor time of it."""
    begin = time.process_time()
    work()
    return time.process_time() - begin


def main() -> None:
    """See the top of this file."""
    parser = argparse.ArgumentParser()
    parser.add_argument("run", type=Path)
    parser.add_argument("--modality", default="fused")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=21)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    torch.manual_seed(0)
    name, network = network_in(given.run, given.modality)

    def shown(shape: tuple[int, ...]) -> Tensor:
        return torch.rand(1, BATCH, *shape) * (torch.rand(1, BATCH, *shape) < 0.2)

    inputs = {key: shown(shape) for key, shape in network.spec.input_shapes.items()}

    def alone() -> None:
        for _ in range(BATCHES):
            network(inputs)

    def counted() -> None:
        with Synops(Subject(1, network.hidden_sites)).watching(network):
            alone()

    times: dict[Callable[[], None], list[float]] = {alone: [], counted: []}
    with torch.no_grad():
        for number in range(given.rounds + 1):
            for work in list(times)[:: 1 if number % 2 else -1]:
                times[work].append(seconds(work))
    pairs = list(zip(times[alone][1:], times[counted][1:], strict=True))
    ratios = sorted(with_counts / without for without, with_counts in pairs)
    record = {
        "trial": name,
        "threads": given.threads,
        "n": len(ratios),
        "median_ms": {work.__name__: 1000 * median(each[1:]) for work, each in times.items()},
        "ratio": median(ratios),
        "quartiles": [quantiles(ratios)[0], quantiles(ratios)[2]],
        "provenance": describe(),
    }
    print(json.dumps(record, indent=2))


if __name__ == "__main__":
    main()
