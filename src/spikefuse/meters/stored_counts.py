"""Counts as tensors that are stored with a trial, and read back."""

from collections.abc import Mapping

import torch
from torch import Tensor

from spikefuse.meters.counts import REAL, SPIKES, Counts, LayerCount, NeuronCount, Visits
from spikefuse.meters.operations import LayerShape

_KINDS = ("conv", "linear")
_SOURCES = (REAL, SPIKES)


def stored(counts: Counts) -> dict[str, Tensor]:
    """Counts as tensors to be stored, int64.

    Returns:
        `synops/samples` [1]; `synops/layer/LAYER` [10]: place in the order of execution, kind,
        sizes (fields of `LayerShape`), source, is static; `synops/visits/LAYER/BRANCH` [3, T]:
        events, fan-out and effective operations, summed over the samples; `synops/neurons/SITE`
        [3]: place, neurons, leaks;
        `synops/fired/SITE` [2, T]: spikes and resets, summed; and of each sample
        `synops/accumulates`, `synops/multiplies` and `synops/spikes` [n].
    """
    found = {
        "synops/samples": torch.tensor([counts.samples]),
        "synops/accumulates": counts.accumulates(),
        "synops/multiplies": counts.multiplies(),
        "synops/spikes": counts.spikes(),
    }
    for place, layer in enumerate(counts.layers):
        shape = layer.shape
        sizes = (shape.inputs, shape.outputs, shape.dense, shape.weights, shape.biases, shape.taps)
        kind, source = _KINDS.index(shape.kind), _SOURCES.index(layer.source)
        found[f"synops/layer/{layer.name}"] = torch.tensor(
            [place, kind, *sizes, source, int(layer.is_static)]
        )
        for part in layer.parts:
            sums = [part.events, part.fan_out, part.effective]
            found[f"synops/visits/{layer.name}/{part.branch}"] = torch.stack(sums).sum(dim=2)
    for place, each in enumerate(counts.neurons):
        found[f"synops/neurons/{each.name}"] = torch.tensor([place, each.neurons, int(each.leaks)])
        sums = [each.spikes, each.resets]
        found[f"synops/fired/{each.name}"] = torch.stack(sums).sum(dim=2)
    return found


def mean_counts(tensors: Mapping[str, Tensor]) -> Counts:
    """Counts of the mean sample (float64 [T, 1]) from what `stored` gave.

    Energy is linear in the counts, so that of the mean sample is the mean energy.
    """
    samples = int(tensors["synops/samples"])
    layers = []
    for name, numbers in _in_order(tensors, "synops/layer/"):
        kind, *sizes, source, is_static = numbers
        parts = [
            Visits(branch, *(sums.double() / samples).unsqueeze(-1).unbind())
            for branch, sums in _below(tensors, f"synops/visits/{name}/")
        ]
        shape = LayerShape(_KINDS[kind], *sizes)
        layers.append(LayerCount(name, _SOURCES[source], shape, tuple(parts), bool(is_static)))
    neurons = []
    for name, (count, leaks) in _in_order(tensors, "synops/neurons/"):
        sums = tensors[f"synops/fired/{name}"].double() / samples
        spikes, resets = sums.unsqueeze(-1).unbind()
        branch = name.rpartition(".")[0]
        neurons.append(NeuronCount(name, branch, count, spikes, resets, bool(leaks)))
    return Counts(tuple(layers), tuple(neurons))


def _below(tensors: Mapping[str, Tensor], prefix: str) -> list[tuple[str, Tensor]]:
    return [(key[len(prefix) :], each) for key, each in tensors.items() if key.startswith(prefix)]


def _in_order(tensors: Mapping[str, Tensor], prefix: str) -> list[tuple[str, list[int]]]:
    """Names with their numbers, by the place that is the first of them: a file keeps no order."""
    found = sorted((each.tolist(), name) for name, each in _below(tensors, prefix))
    return [(name, numbers[1:]) for numbers, name in found]
