"""What is stored of a trained network beside its weights and numbers."""

import torch
from torch import Tensor

from spikefuse.networks import PopulationNetwork
from spikefuse.neurons import Neurons
from spikefuse.training.feed import Feed


def implementations_of(network: PopulationNetwork, device: str) -> str:
    """What computed the neurons; a network may have layers of several kinds."""
    layers = (each for each in network.modules() if isinstance(each, Neurons))
    return ", ".join(dict.fromkeys(each.implementation(device) for each in layers))


def predictions_of(feed: Feed, member: int, logits: Tensor) -> dict[str, Tensor]:
    """What the best weights answer to each test sample [n, K], and which sample it is."""
    samples = feed.assignments[member].samples["test"]
    indices = {name: samples[name].to(torch.int32).cpu() for name in samples}
    return {
        "predicted": logits.argmax(dim=-1).cpu(),
        "labels": feed.labels("test")[member].cpu(),
        "logits": logits.float().cpu(),
        **indices,
    }
