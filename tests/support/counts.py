"""Counts made up by hand, small enough to be reckoned with a pencil."""

import torch
from torch import Tensor

from spikefuse.meters.counts import REAL, SPIKES, Counts, LayerCount, NeuronCount, Visits
from spikefuse.meters.operations import LayerShape
from spikefuse.meters.stored_counts import stored


def visits(branch: str, events: list[list[int]], fan_out: int) -> Visits:
    seen = torch.tensor(events)
    return Visits(branch, seen, seen * fan_out, seen * fan_out)


def two_layers() -> Counts:
    """Two samples, two steps: 4 real inputs to 3 neurons, and a readout of 2 classes.

    The mean sample has 18 MAC (9 once; 24 and 12 pairs), 3 spikes, 6 AC.
    """
    spikes = [[1, 0], [2, 3]]
    hidden = LayerShape("linear", 4, 3, 12, 12, 3, 3)
    readout = LayerShape("linear", 3, 2, 6, 6, 2, 2)
    return Counts(
        (
            LayerCount("image.hidden", REAL, hidden, (visits("image", [[4, 2]] * 2, 3),), True),
            LayerCount("image.readout", SPIKES, readout, (visits("image", spikes, 2),)),
        ),
        (NeuronCount("image.hidden", "image", 3, torch.tensor(spikes), torch.tensor(spikes)),),
    )


def observations() -> dict[str, Tensor]:
    """What a trial stores of them."""
    return stored(two_layers())
