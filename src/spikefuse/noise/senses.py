"""Failing senses: a modality's input is replaced, for a share of the samples.

What takes its place is made of the data (`spikefuse.training.senses`): nothing at all, noise of the
modality's own mean and spread, the mean of the training samples, another sample of the split, or
one of another class.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from spikefuse.core.checks import require
from spikefuse.core.counters import uniforms
from spikefuse.noise.contract import NoiseKind, Strength

if TYPE_CHECKING:
    from torch import Tensor


def _replace(values: Tensor, time_steps: int, strength: Strength) -> Tensor:
    import torch

    found = strength.replacement
    require(found is not None, "noise", "replacement", "what takes the input's place", found)
    assert found is not None
    batch, axes = values.shape[2], values.dim() - 3
    is_lost = torch.stack(
        [uniforms(seed, batch, values.device) < strength.severity for seed in strength.seeds]
    )
    return torch.where(is_lost.view(len(is_lost), 1, batch, *[1] * axes), found, values)


def _kind(title: str, fill: str) -> NoiseKind:
    unit = "share of the samples"
    return NoiseKind(title, unit, _replace, positions=("input",), highest=1.0, fill=fill)


SENSES: dict[str, NoiseKind] = {
    "zeros": _kind("a modality is missing: zeros in its place", "zeros"),
    "static": _kind("a modality is missing: noise of its own mean and spread", "static"),
    "mean": _kind("a modality is missing: the mean of its training samples", "mean"),
    "shuffle": _kind("a modality shows another sample, of any class", "shuffle"),
    "conflict": _kind("a modality shows a sample of another class", "conflict"),
}
"""Kinds of noise that take an input away or put another in its place."""
