"""Statistics of the training samples, with which every sample of their kind is standardised."""

import torch
from torch import Tensor

from spikefuse.core.checks import require
from spikefuse.data.pools import Pool

_CONSTANT = 1e-6
"""Nepers: a bin that varies less than float32 resolves near the floor does not vary."""


def row_statistics(pool: Pool, indices: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation of each row over the DISTINCT training samples and over time.

    A row is a frequency bin of a spectrogram, a channel of a recording. A sample counts once,
    however often a protocol repeats it, so all protocols standardise alike.

    Args:
        pool: Of a kind that is standardised: its inputs [N, C, F, frames] are real numbers.
        indices: [n] pool indices of the training samples, repeated or not.

    Returns:
        Mean and standard deviation, [C, F, 1] float32 each. A row that is the same everywhere has
        standard deviation 1, so that it becomes 0 and not 0 / 0.

    Raises:
        InputError: The pool holds pixels or there is no index.
    """
    is_real = pool.inputs.dtype.is_floating_point
    require(is_real, "row_statistics", "pool", "of real numbers, not of pixels", pool.modality)
    require(len(indices) > 0, "row_statistics", "indices", "at least one sample", len(indices))
    samples = pool.inputs[torch.unique(indices)].double()
    std, mean = torch.std_mean(samples, dim=(0, 3), correction=0)
    std = torch.where(std > _CONSTANT, std, torch.ones_like(std))
    return mean[..., None].float(), std[..., None].float()
