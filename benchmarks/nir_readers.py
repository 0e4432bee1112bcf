"""A NIR graph as SpikingJelly, snnTorch and Norse run it: their answers to the same samples.

Runs in the peers' own environment, without spikefuse; `make nir-peers` makes it and calls this as
`python benchmarks/nir_readers.py GRAPH SAMPLES STEPS OUT`: SAMPLES is a .npy of inputs
[B, channels, height, width], each shown at every step; OUT becomes a JSON of each reader's logits
(the mean of the output over the steps) and version.
"""

import json
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import nir
import numpy as np
import torch
from torch import Tensor, nn

DT_S = 1e-4
"""The step for which `spikefuse export` writes time constants; Norse assumes another."""

BATCH = 100


def spikingjelly(graph: nir.NIRGraph) -> nn.Module:
    """As SpikingJelly reads it."""
    from spikingjelly.activation_based import nir_exchange

    return nir_exchange.import_from_nir(graph, dt=DT_S)


def snntorch(graph: nir.NIRGraph) -> nn.Module:
    """As snnTorch reads it; its step is fixed."""
    from snntorch.import_nir import import_from_nir

    return import_from_nir(graph)


def norse(graph: nir.NIRGraph) -> nn.Module:
    """As Norse reads it."""
    from norse.torch.utils.import_nir import from_nir

    return from_nir(graph, ignore_warnings=True, dt=DT_S)


READERS: dict[str, Callable[[nir.NIRGraph], nn.Module]] = {
    "spikingjelly": spikingjelly,
    "snntorch": snntorch,
    "norse": norse,
}


@torch.no_grad()
def logits_of(
    path: str, read: Callable[[nir.NIRGraph], nn.Module], x: Tensor, steps: int
) -> Tensor:
    """Mean output [B, K] over the steps; state is handed on where the module returns it."""
    found = []
    for batch in x.split(BATCH):
        # Read anew: each reader keeps its state in another place, and a batch begins at rest.
        network = read(nir.read(path)).eval()
        state, outputs = None, []
        for _ in range(steps):
            answer = network(batch) if state is None else network(batch, state)
            output, state = answer if isinstance(answer, tuple) else (answer, None)
            outputs.append(output.flatten(1))
        found.append(torch.stack(outputs).mean(0))
    return torch.cat(found)


def main(graph: str, samples: str, steps: str, out: str) -> None:
    """Write each reader's logits, or why it has none."""
    x = torch.from_numpy(np.load(samples, allow_pickle=False))
    answers = {}
    for name, read in READERS.items():
        try:
            told = {"logits": logits_of(graph, read, x, int(steps)).tolist()}
        except Exception as error:  # what a reader cannot read is a finding
            told = {"reason": f"{type(error).__name__}: {error}"}
        answers[name] = told | {"version": version(name)}
    Path(out).write_text(json.dumps(answers), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
