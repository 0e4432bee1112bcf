"""A network of plain PyTorch: `spikefuse ask DATA --network examples/own_network.py:make`."""

import math

import torch
from torch import Tensor, nn


class OwnNetwork(nn.Module):
    """One small branch a modality; their features are joined before the last layer."""

    def __init__(self, shapes: dict[str, tuple[int, ...]], classes: int) -> None:
        super().__init__()
        self.branches = nn.ModuleDict(
            {
                name: nn.Sequential(
                    # Frames of events, (C, H, W, time), are a map with channels for each time.
                    nn.Conv2d(math.prod((shape[0], *shape[3:])), 16, 3, padding=1),
                    nn.ReLU(),
                    nn.AdaptiveMaxPool2d(4),
                    nn.Flatten(),
                )
                for name, shape in shapes.items()
            }
        )
        self.last = nn.Linear(16 * 16 * len(shapes), classes)

    def forward(self, inputs: dict[str, Tensor]) -> Tensor:
        """Inputs [B, C, H, W], of events [B, C, H, W, time], by modality to logits [B, classes]."""
        maps = {
            name: x.movedim(-1, 2).flatten(1, 2) if x.dim() == 5 else x
            for name, x in inputs.items()
        }
        features = [branch(maps[name]) for name, branch in self.branches.items()]
        return self.last(torch.cat(features, dim=1))


def make(shapes: dict[str, tuple[int, ...]], classes: int) -> nn.Module:
    """Called once for each network: of one modality, and of all."""
    return OwnNetwork(shapes, classes)
