"""The kinds of fusion. Each joins at one stage."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from spikefuse.core.errors import InputError
from spikefuse.fusion.contract import Fusion, Shape

if TYPE_CHECKING:
    from torch import Tensor


class NoFusion:
    """One modality: everything passes through."""

    def branches(self, shapes: Mapping[str, Shape]) -> dict[str, Shape]:
        """One branch per modality."""
        return dict(shapes)

    def join_inputs(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Unchanged."""
        return dict(inputs)

    def heads(self, features: Mapping[str, int]) -> dict[str, int]:
        """One head per branch."""
        return dict(features)

    def join_features(self, features: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Unchanged."""
        return dict(features)

    def join_logits(self, logits: Mapping[str, Tensor]) -> Tensor:
        """The only head's logits."""
        (only,) = logits.values()
        return only


class InputFusion(NoFusion):
    """Modalities stacked as channels of one input."""

    def branches(self, shapes: Mapping[str, Shape]) -> dict[str, Shape]:
        """One branch with the channels of all modalities.

        Raises:
            InputError: The modalities differ in height or width.
        """
        sizes = {shape[1:] for shape in shapes.values()}
        if len(sizes) != 1:
            raise InputError(
                f"fusion: inputs must share height and width to be stacked, got {dict(shapes)}. "
                "Set image_size and spectrogram_size to the same value."
            )
        ((height, width),) = sizes
        return {"fused": (sum(shape[0] for shape in shapes.values()), height, width)}

    def join_inputs(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Concatenated along channels."""
        import torch

        return {"fused": torch.cat(list(inputs.values()), dim=-1)}


class EarlyFusion(NoFusion):
    """Features concatenated before the classifier: the paper's fusion."""

    def heads(self, features: Mapping[str, int]) -> dict[str, int]:
        """One head over all features."""
        return {"fused": sum(features.values())}

    def join_features(self, features: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Concatenated along features."""
        import torch

        return {"fused": torch.cat(list(features.values()), dim=-1)}


class LateFusion(NoFusion):
    """A classifier per modality, whose logits are averaged."""

    def join_logits(self, logits: Mapping[str, Tensor]) -> Tensor:
        """Mean over the heads."""
        import torch

        return torch.stack(list(logits.values())).mean(dim=0)


FUSIONS: dict[str, Fusion] = {
    "none": NoFusion(),
    "input": InputFusion(),
    "early": EarlyFusion(),
    "late": LateFusion(),
}
"""Kinds of fusion by name."""
