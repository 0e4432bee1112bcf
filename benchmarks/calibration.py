"""What finding calibrated initial weights takes: spikes counted as bits and as floats, in turn.

    python benchmarks/calibration.py [--profile quick] [--data digits] [--threads 1] [--rounds 5]

Image and fused SNN of size S, one seed, processor time. Both must give the same weights to the last
bit. Beside them the time of a forward and backward pass of the same batch.
"""

import argparse
import json
import time
from collections.abc import Callable
from statistics import median
from typing import Any

import torch
from torch import Tensor

import spikefuse.training.calibrate as calibration
from spikefuse.core.provenance import describe
from spikefuse.data import Corpus, load_corpus, locate
from spikefuse.data.sources.registry import choices
from spikefuse.encoders import Moment
from spikefuse.networks import PopulationNetwork, build
from spikefuse.neurons.spikes import as_floats
from spikefuse.planning.plan import definition_of
from spikefuse.studies.design import Cell
from spikefuse.studies.effort import profile_named
from spikefuse.training import TrialDefinition
from spikefuse.training.feed import Feed

AS_BITS = calibration._share


def as_floats_share(spikes: Tensor) -> Tensor:
    """The share of neurons and steps that fire, from floats."""
    return AS_BITS(as_floats(spikes))


def made(definition: TrialDefinition) -> PopulationNetwork:
    """A network as drawn."""
    return build([definition.network_spec()], [definition.seed], definition.precision)


def calibrated(
    definition: TrialDefinition, feed: Feed, share: Callable[[Tensor], Tensor]
) -> tuple[float, dict[str, Tensor]]:
    """Seconds of processor time, and the weights."""
    network = made(definition)
    calibration._share = share
    begin = time.process_time()
    calibration.calibrate(network, feed, [definition])
    return time.process_time() - begin, network.member_state(0)


def step_seconds(definition: TrialDefinition, feed: Feed, rounds: int) -> float:
    """Median processor time of a forward and backward pass, the first left out."""
    network = made(definition)
    batch = feed.batch("train", feed.training_order(1)[:, : definition.batch_size])
    times = []
    for _ in range(rounds + 1):
        begin = time.process_time()
        network(batch.inputs, moment=Moment(batch.samples)).sum().backward()
        times.append(time.process_time() - begin)
    return median(times[1:])


def measured(definition: TrialDefinition, corpus: Corpus, rounds: int) -> dict[str, Any]:
    """Times and ratios of both ways, pair by pair."""
    feed = Feed(corpus, [definition])
    calibrated(definition, feed, AS_BITS)
    pairs = []
    for number in range(rounds):
        found = {}
        for share in (AS_BITS, as_floats_share)[:: 1 if number % 2 else -1]:
            found[share] = calibrated(definition, feed, share)
        (bits, ours), (floats, theirs) = found[AS_BITS], found[as_floats_share]
        if not all(torch.equal(ours[name], theirs[name]) for name in ours):
            raise SystemExit("the two ways give other weights")
        pairs.append((bits, floats))
    ratios = sorted(floats / bits for bits, floats in pairs)
    return {
        "n": rounds,
        "step_ms": 1000 * step_seconds(definition, feed, rounds),
        "bits_ms": 1000 * median(bits for bits, _ in pairs),
        "floats_ms": 1000 * median(floats for _, floats in pairs),
        "ratio": {"median": median(ratios), "lowest": ratios[0], "highest": ratios[-1]},
    }


def main() -> None:
    """See the top of this file."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--profile", default="quick")
    parser.add_argument("--data", default="digits", choices=[*choices()])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    location = locate(given.data)
    profile = profile_named(given.profile, location.source)
    record: dict[str, Any] = {"profile": profile.name, "source": location.source}
    for modality in ("image", "fused"):
        cell = Cell.create(network="snn", modality=modality)
        definition = definition_of(cell, 0, profile, location.source)
        record[modality] = measured(
            definition, load_corpus(definition.data, location), given.rounds
        )
    print(json.dumps(record | {"provenance": describe()}, indent=2))


if __name__ == "__main__":
    main()
