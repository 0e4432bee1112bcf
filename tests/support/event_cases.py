"""Spikes as bits and gradients as lists, made from floats: what the kernels write themselves."""

import torch
from torch import Tensor

from spikefuse.neurons.spikes import EventGradient, SpikeTensor, row_bytes

WEIGHTS = torch.tensor([1, 2, 4, 8, 16, 32, 64, 128])


def bits_of(spikes: Tensor) -> Tensor:
    """Bits [..., bytes] of 0 and 1 [..., C]."""
    missing = row_bytes(spikes.shape[-1]) * 8 - spikes.shape[-1]
    padded = torch.nn.functional.pad(spikes.long(), (0, missing))
    return (padded.unflatten(-1, (-1, 8)) * WEIGHTS).sum(dim=-1).to(torch.uint8)


def as_bits(spikes: Tensor, needed: Tensor | None = None) -> SpikeTensor:
    """Spikes [P, T, ..., C] of 0 and 1 as bits."""
    return SpikeTensor(
        bits_of(spikes), spikes.shape[-1], None if needed is None else bits_of(needed)
    )


def as_events(gradient: Tensor) -> EventGradient:
    """A gradient [P, T, B, H, W, C] as lists; what no event fills is NaN."""
    members, channels = len(gradient), gradient.shape[-1]
    maps = gradient.reshape(members, -1, gradient.shape[3:5].numel(), channels)
    size = maps.shape[1] * maps.shape[2] * channels
    value = torch.full((members, size), torch.nan)
    channel = torch.full((members, size), 65_535, dtype=torch.int32)
    marked = maps != 0
    count = marked.sum(dim=-1)
    start = count.cumsum(dim=-1) - count
    each = maps.shape[2] * channels
    for member in range(members):
        for number in range(maps.shape[1]):
            found = marked[member, number].nonzero()
            place = slice(number * each, number * each + len(found))
            value[member, place] = maps[member, number][marked[member, number]]
            channel[member, place] = found[:, 1].int()
    return EventGradient(
        gradient.shape,
        value=value,
        channel=channel.to(torch.uint16),
        start=start.to(torch.int32).to(torch.uint32),
        count=count.to(torch.int32).to(torch.uint16),
        totals=count.sum(dim=(1, 2)).tolist(),
        broken=[not bool(each.isfinite().all()) for each in gradient],
    )
