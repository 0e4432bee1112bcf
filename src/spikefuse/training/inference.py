"""Run a trained network over its test split and measure what that takes here."""

from collections.abc import Mapping

import torch
from torch import Tensor

from spikefuse.data import Corpus
from spikefuse.meters.measured import Measured, measure
from spikefuse.networks import PopulationNetwork, build
from spikefuse.training.definition import TrialDefinition
from spikefuse.training.evaluate import classify
from spikefuse.training.feed import Feed

LEAST_S = 1.0
"""The test split is run again until so much time has passed: counters move by the millisecond."""
MOST_PASSES = 50


@torch.no_grad()
def measure_inference(
    definition: TrialDefinition, weights: Mapping[str, Tensor], corpus: Corpus
) -> Measured:
    """Time and package energy of the test split, in batches as every evaluation has them.

    Raises:
        DataError: The corpus is not the data of the definition.
    """
    feed = Feed(corpus, [definition])
    network = build([definition.network_spec()], [definition.seed], definition.precision).eval()
    network.load_member(0, dict(weights))
    once = measure(lambda: _passes(network, feed, 1), feed.size("test"))  # also warms it up
    passes = min(MOST_PASSES, max(1, round(LEAST_S / max(once.seconds, 1e-9))))
    return measure(lambda: _passes(network, feed, passes), passes * feed.size("test"))


def _passes(network: PopulationNetwork, feed: Feed, count: int) -> None:
    for _ in range(count):
        classify(network, feed, "test")
