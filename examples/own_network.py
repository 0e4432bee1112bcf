"""A network of plain PyTorch: `spikefuse ask DATA --network examples/own_network.py:make`."""

import torch
from torch import Tensor, nn


class OwnNetwork(nn.Module):
    """One small branch a modality; their features are joined before the last layer."""

    def __init__(self, shapes: dict[str, tuple[int, int, int]], classes: int) -> None:
        super().__init__()
        self.branches = nn.ModuleDict(
            {
                name: nn.Sequential(
                    nn.Conv2d(channels, 16, 3, padding=1),
                    nn.ReLU(),
                    nn.AdaptiveMaxPool2d(4),
                    nn.Flatten(),
                )
                for name, (channels, _, _) in shapes.items()
            }
        )
        self.last = nn.Linear(16 * 16 * len(shapes), classes)

    def forward(self, inputs: dict[str, Tensor]) -> Tensor:
        """Inputs [B, C, H, W] by modality to logits [B, classes]."""
        features = [branch(inputs[name]) for name, branch in self.branches.items()]
        return self.last(torch.cat(features, dim=1))


def make(shapes: dict[str, tuple[int, int, int]], classes: int) -> nn.Module:
    """Called once for each network: of one modality, and of all."""
    return OwnNetwork(shapes, classes)
