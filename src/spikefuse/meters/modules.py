"""Counts of somebody's own PyTorch module: Conv2d, Linear, pooling and spiking neurons.

Neurons are ours, snnTorch's or SpikingJelly's, recognised by the names of their class and package:
nothing of them is imported. A layer that is called once a step has one step a call; one that is
called with time and batch in one axis has as many steps as that axis holds batches.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import nn

from spikefuse.core.checks import require
from spikefuse.core.errors import InputError
from spikefuse.meters.counts import Counts
from spikefuse.meters.following import tensors_in
from spikefuse.meters.recording import (
    NORMALISATIONS,
    Recorder,
    is_over_time,
    is_weighted,
    kind_of,
)


def count(
    module: nn.Module, inputs: Any, *, batch_axis: int | None = None, branch: str = "network"
) -> Counts:
    """Count what a module does with some inputs.

    Runs `module(inputs)` once (a tuple: `module(*inputs)`, a dictionary: `module(**inputs)`)
    without gradients. Neurons that keep a state must have been reset.

    Args:
        module: Of Conv2d, Linear, pooling, normalisation and the neurons in `recording.NEURONS`,
            called in any order and any number of times.
        inputs: A tensor, or a tuple or dictionary of tensors.
        batch_axis: Which axis of the first tensor is the batch: 0 for [B, ...] and [B, T, ...], 1
            for [T, B, ...]. 0 if left out; where neurons are called over time, [T, B, ...], it must
            be said, since time taken for the batch would go unseen.
        branch: The name of the only branch.

    Returns:
        Counts of each sample and step. A layer that runs once beside others that run T times has a
        static input and counts T times.

    Raises:
        InputError: The module has weights that cannot be counted, batches that do not divide, or
            an axis that must be said is left out.

    Example:
        >>> layer = nn.Linear(8, 4)
        >>> count(layer, torch.eye(8)[:2]).multiplies().tolist()
        [4, 4]
    """
    _check(module)
    over_time = any(map(is_over_time, module.modules()))
    if batch_axis is None:
        told = "given where neurons are called over time: 1 for inputs [T, B, ...], 0 for [B, ...]"
        require(not over_time, "count", "batch_axis", told, "none")
        batch_axis = 0
    first = next(tensors_in(inputs), None)
    if first is None or not -first.dim() <= batch_axis < first.dim():
        raise InputError(
            f"count: inputs must be tensors with a batch axis {batch_axis}, got "
            f"{type(inputs).__name__}. Give a tensor, or a tuple or dictionary of tensors."
        )
    recorder = Recorder(first.shape[batch_axis], over_time or batch_axis % first.dim() > 0)
    with torch.no_grad(), recorder.watching(module):
        if isinstance(inputs, Mapping):
            module(**inputs)
        elif isinstance(inputs, (tuple, list)):
            module(*inputs)
        else:
            module(inputs)
    return recorder.counts(branch)


def _check(module: nn.Module) -> None:
    """Refuse weights that would be missing."""
    for name, part in module.named_modules():
        if is_weighted(part) or kind_of(part) or isinstance(part, NORMALISATIONS):
            continue
        own = [key for key, _ in part.named_parameters(recurse=False)]
        if own and not any(kind_of(above) for above in _above(module, name)):
            raise InputError(
                f"count: module must hold its weights in Conv2d and Linear layers, got "
                f"{type(part).__name__} at {name or 'the top'!r} with {', '.join(own)}. "
                "Its operations would be missing."
            )


def _above(module: nn.Module, name: str) -> Iterator[nn.Module]:
    parts = name.split(".")
    for end in range(1, len(parts)):
        yield module.get_submodule(".".join(parts[:end]))
