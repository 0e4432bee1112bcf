"""Statistics of the training clips, with which every clip is standardised."""

import torch
from torch import Tensor

from spikefuse.core.checks import require
from spikefuse.data.corpus import Pool

_CONSTANT = 1e-6
"""Nepers: a bin that varies less than float32 resolves near the floor does not vary."""


def audio_statistics(pool: Pool, indices: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation of each frequency bin over the DISTINCT training clips.

    A clip counts once, however often a protocol repeats it, so both protocols standardise alike.

    Args:
        pool: The audio pool.
        indices: [n] pool indices of the training samples, repeated or not.

    Returns:
        Mean and standard deviation, [1, F, 1] float32 each. A bin that is the same everywhere has
        standard deviation 1, so that it becomes 0 and not 0 / 0.

    Raises:
        InputError: The pool is not audio or there is no index.
    """
    require(pool.modality == "audio", "audio_statistics", "pool", "the audio pool", pool.modality)
    require(len(indices) > 0, "audio_statistics", "indices", "at least one clip", len(indices))
    clips = pool.inputs[torch.unique(indices)].double()
    std, mean = torch.std_mean(clips, dim=(0, 3), correction=0)
    std = torch.where(std > _CONSTANT, std, torch.ones_like(std))
    return mean[..., None].float(), std[..., None].float()
