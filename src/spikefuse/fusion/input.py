"""Fusion at the input: modalities stacked as channels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from spikefuse.core.errors import InputError
from spikefuse.data.sources.contract import FUSED
from spikefuse.fusion.contract import Fusion, Shape

if TYPE_CHECKING:
    from torch import Tensor


class InputFusion(Fusion):
    """Modalities stacked as channels of one input."""

    title: ClassVar[str] = "inputs stacked as channels"

    @classmethod
    def branches(cls, shapes: Mapping[str, Shape]) -> dict[str, Shape]:
        """One branch with the channels of all modalities.

        Raises:
            InputError: The modalities differ in height or width.
        """
        sizes = {shape[1:] for shape in shapes.values()}
        if len(sizes) != 1:
            raise InputError(
                f"fusion: inputs must share height and width to be stacked, got {dict(shapes)}. "
                "Bring them to one size, or let them meet later: 'early', 'late'."
            )
        ((height, width),) = sizes
        return {FUSED: (sum(shape[0] for shape in shapes.values()), height, width)}

    def join_inputs(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Concatenated along channels."""
        import torch

        return {FUSED: torch.cat(list(inputs.values()), dim=-1)}
