"""How modalities meet in the plain form where they do more than stand side by side, step by step.

`spikefuse.fusion` defines each kind; features here are flattened (C, H, W).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from spikefuse.fusion.attention import ASKED, WIDTH

if TYPE_CHECKING:
    from spikefuse.fusion.contract import Shape

PRODUCTS = ("late-product", "hybrid-product")
"""Kinds of fusion that multiply the heads' probabilities."""

Layer = Callable[[str, Tensor], Tensor]
"""What a dense layer of the fusion, by its name, makes of its input; neurons behind it fired."""


def own_layers(fusion: str, features: Mapping[str, Shape]) -> dict[str, tuple[int, int]]:
    """Inputs and outputs of a fusion's own dense layers, by the name under which they are stored.

    Example:
        >>> own_layers("gated", {"a": (2, 3, 3), "b": (5, 1, 1)})
        {'fusion.a': (5, 2), 'fusion.b': (2, 5)}
    """
    channels = {name: shape[0] for name, shape in features.items()}
    if fusion == "gated":
        total = sum(channels.values())
        return {f"fusion.{name}": (total - own, own) for name, own in channels.items()}
    if fusion != "attention":
        return {}
    asked = {
        f"fusion.{name}.{part}": (own, WIDTH) for name, own in channels.items() for part in ASKED
    }
    return asked | {f"fusion.{name}.told": (WIDTH, own) for name, own in channels.items()}


def gated(
    features: Mapping[str, Tensor], shapes: Mapping[str, Shape], layer: Layer
) -> dict[str, Tensor]:
    """One step of features [B, F], each channel scaled by what the other modalities say."""
    maps = {name: x.unflatten(1, (shapes[name][0], -1)) for name, x in features.items()}
    squeezed = {name: x.mean(dim=2) for name, x in maps.items()}
    scaled = {}
    for name, x in maps.items():
        others = torch.cat([each for other, each in squeezed.items() if other != name], dim=1)
        gate = torch.sigmoid(layer(f"fusion_{name}", others))
        scaled[name] = (x * gate.unsqueeze(2)).flatten(1)
    return scaled


def attended(
    features: Mapping[str, Tensor],
    shapes: Mapping[str, Shape],
    layer: Layer,
    totals: dict[str, Tensor],
    step: int,
) -> dict[str, Tensor]:
    """One step of features [B, F], each place told what the other modalities hold.

    Args:
        features: By branch.
        shapes: Channels, height and width of each branch.
        layer: Makes spikes of a dense layer's input.
        totals: Keys times values of the steps before, by branch; this step's are added.
        step: Counted from 1.
    """
    places = {n: x.unflatten(1, (shapes[n][0], -1)).transpose(1, 2) for n, x in features.items()}
    memories = {}
    for name, x in places.items():
        keys, values = (layer(f"fusion_{name}_{part}", x) for part in ("key", "value"))
        met = keys.transpose(1, 2) @ values
        totals[name] = totals[name] + met if name in totals else met
        memories[name] = totals[name] / (step * math.sqrt(x.shape[1]))
    joined = {}
    for name, x in places.items():
        others = [memory for other, memory in memories.items() if other != name]
        recalled = layer(f"fusion_{name}_query", x) @ torch.stack(others).sum(dim=0)
        told = layer(f"fusion_{name}_told", recalled)
        joined[name] = torch.maximum(x, told).transpose(1, 2).flatten(1)
    return joined
