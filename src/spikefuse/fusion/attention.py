"""Spiking cross-attention: each place of a map asks what the other modalities hold, everywhere.

Of each branch m, with s_m its spikes at N_m places in C_m channels, neurons fire after dense layers
that all places share:

    q_m, k_m, v_m = neurons(W s_m + b)                            [N_m, D] each, D = 16
    S_m(t)  = mean over steps up to t of  k_m^T v_m / sqrt(N_m)   [D, D]
    o_m     = neurons(U_m (q_m sum of S_n over the other modalities n) + c_m)     [N_m, C_m]
    f_m     = max(s_m, o_m)

and the head sees the f_m side by side, as in early fusion. There is no softmax: keys and values are
summed over all places and past steps first, so the cost grows with the number of places, not with
its square, and maps need not have the same places. A maximum of spikes is a spike: what the others
do not tell is passed on as it was, and the head still adds. In the dense twin neurons are ReLUs.

Layers that are too silent to fire attend to nothing, and the fusion is then early fusion with a
slightly smaller head: calibrated initial weights (`init`) make them fire.

Source: idea after X. He et al., "Enhancing audio-visual spiking neural networks through
semantic-alignment and cross-modal residual learning" (S-CMRL), arXiv:2502.12488, 2025, and the
cross-modal query-key attention of SNNergy; keys and values are summed before they are asked as in
linear attention, A. Katharopoulos et al., "Transformers are RNNs", ICML 2020.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from spikefuse.fusion.contract import LayerCost, Layers, Parts, Shape
from spikefuse.fusion.early import EarlyFusion

if TYPE_CHECKING:
    from torch import Tensor, nn

WIDTH = 16
"""D: numbers of a query, a key and a value."""
ASKED = ("query", "key", "value")


def _places(shape: Shape) -> int:
    _, height, width = shape
    return height * width


class AttentionFusion(EarlyFusion):
    """Each place of a map asks the other modalities' places; spikes throughout."""

    title: ClassVar[str] = "spiking attention of each place to the other modalities"

    def __init__(self, parts: Parts, layers: Layers) -> None:
        from torch import nn

        super().__init__(parts, layers)
        self._shapes = dict(parts.features)
        self._own: dict[tuple[str, str], nn.Module] = {}
        for name, (channels, _, _) in parts.features.items():
            site = f"fusion.{name}"
            for part in ASKED:
                self._own[name, part] = layers.firing(f"{site}.{part}", channels, WIDTH)
            for part in ("memory", "recall"):
                self._own[name, part] = layers.product(f"{site}.{part}", WIDTH)
            self._own[name, "told"] = layers.firing(f"{site}.told", WIDTH, channels)
        self.weights = nn.ModuleList(self._own.values())

    @classmethod
    def costs(cls, parts: Parts) -> list[LayerCost]:
        """Dense layers at each place, and two products without weights."""
        found = []
        for name, shape in parts.features.items():
            site, channels, places = f"fusion.{name}", shape[0], _places(shape)
            asked, met = channels * WIDTH * places, places * WIDTH * WIDTH
            own = (channels + 1) * WIDTH
            found += [LayerCost(f"{site}.{part}", own, asked) for part in ASKED]
            found += [
                LayerCost(f"{site}.{part}", 0, met, each_step=True) for part in ("memory", "recall")
            ]
            told = (WIDTH + 1) * channels
            found.append(LayerCost(f"{site}.told", told, asked, each_step=True))
        return found

    @classmethod
    def neurons(cls, parts: Parts) -> dict[str, int]:
        """Queries, keys, values, and what is told."""
        found: dict[str, int] = {}
        for name, shape in parts.features.items():
            site, places = f"fusion.{name}", _places(shape)
            found |= {f"{site}.{part}": places * WIDTH for part in ASKED}
            found[f"{site}.told"] = places * shape[0]
        return found

    @classmethod
    def kept(cls, parts: Parts) -> int:
        """Current and output of all neurons, the products, and the maps before the maximum."""
        fired = sum(cls.neurons(parts).values())
        met = sum(3 * WIDTH * WIDTH + _places(s) * WIDTH for s in parts.features.values())
        return 2 * fired + met + 2 * sum(parts.widths.values())

    def join_features(self, features: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Told by the others, then concatenated along features."""
        import torch

        maps = {name: x.unflatten(-1, (-1, self._shapes[name][0])) for name, x in features.items()}
        memories = {name: self._memory(name, x) for name, x in maps.items()}
        joined = {}
        for name, x in maps.items():
            others = [memory for other, memory in memories.items() if other != name]
            queries = self._own[name, "query"](x)
            recalled = self._own[name, "recall"](queries, torch.stack(others).sum(dim=0))
            told = self._own[name, "told"](recalled)
            joined[name] = torch.maximum(x.expand_as(told), told).flatten(-2)
        return super().join_features(joined)

    def _memory(self, name: str, x: Tensor) -> Tensor:
        """Keys times values of one branch, [P, T, B, D, D]: their mean over the steps so far."""
        import torch

        keys, values = (self._own[name, part](x) for part in ("key", "value"))
        met = self._own[name, "memory"](keys.transpose(-1, -2), values)
        steps = torch.arange(1, met.shape[1] + 1, device=met.device, dtype=met.dtype)
        scale = steps.view(-1, 1, 1, 1) * math.sqrt(_places(self._shapes[name]))
        total: Tensor = met.cumsum(dim=1) / scale
        return total
