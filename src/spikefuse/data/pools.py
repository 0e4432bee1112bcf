"""A pool: every sample of one modality, with labels, official test and groups."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from spikefuse.core.checks import require

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, eq=False)
class Pool:
    """Every sample of one modality, official training and test together.

    Args:
        modality: Its name in the data source.
        inputs: [N, C, H, W]; pixels uint8 0..255, events int16 [N, polarities, H, W, bins],
            everything else float32 and not standardised.
        labels: [N] int64, positions in the source's classes.
        official_test: [N] bool.
        names: What each sample is called; () where they have no names.
        groups: [N] int64 positions in `group_names`: who or what a sample is of; None without.
        group_names: () without groups.
        official_validation: [N] bool, among the samples that are not test; None where every seed
            draws its own.
    """

    modality: str
    inputs: Tensor
    labels: Tensor
    official_test: Tensor
    names: tuple[str, ...] = ()
    groups: Tensor | None = None
    group_names: tuple[str, ...] = ()
    official_validation: Tensor | None = None

    def __post_init__(self) -> None:
        count = len(self.inputs)
        lengths = [len(self.labels), len(self.official_test)]
        lengths += [len(self.names)] if self.names else []
        lengths += [] if self.groups is None else [len(self.groups)]
        lengths += [] if self.official_validation is None else [len(self.official_validation)]
        require(
            all(length == count for length in lengths),
            "Pool",
            "labels, official_test, names, groups and official_validation",
            f"as long as inputs ({count})",
            lengths,
        )

    def checksum(self) -> str:
        """SHA-256 over everything a network could learn from; 70,000 images take about 0.1 s."""
        import torch

        digest = hashlib.sha256(self.modality.encode())
        parts = (self.inputs, self.labels, self.official_test, self.groups)
        for part in (*parts, self.official_validation):
            if part is not None:
                digest.update(f"{part.dtype} {tuple(part.shape)}".encode())
                flat = part.detach().cpu().contiguous().flatten().view(torch.uint8)
                digest.update(flat.numpy().data)
        return digest.hexdigest()
