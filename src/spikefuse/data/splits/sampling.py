"""Drawing and pairing by class, as pure functions of labels and a named random stream."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spikefuse.core.checks import require
from spikefuse.core.errors import DataError
from spikefuse.core.streams import torch_stream

if TYPE_CHECKING:
    import torch
    from torch import Tensor


def quotas(counts: Tensor, size: int) -> Tensor:
    """Divide `size` over classes in proportion to their counts (largest remainders).

    Args:
        counts: [K] samples of each class.
        size: At most their sum.

    Returns:
        [K] int64 with sum `size`, none above its count.

    Example:
        >>> import torch
        >>> quotas(torch.tensor([50, 30, 20]), 11).tolist()
        [6, 3, 2]
    """
    import torch

    exact = counts * size
    total = max(int(counts.sum()), 1)
    quota = exact // total
    remainder = exact % total
    left = size - int(quota.sum())
    first = torch.argsort(remainder, descending=True, stable=True)[:left]
    quota[first] += 1
    return quota


def stratified(indices: Tensor, labels: Tensor, size: int, seed: int, *key: str | int) -> Tensor:
    """Draw `size` of `indices`, each class in proportion to its share.

    Args:
        indices: [N] pool indices, ascending.
        labels: [N] their labels.
        size: How many to draw.
        seed: Seed of the streams.
        *key: Names the stream; each class has its own.

    Returns:
        [size] of the indices, ascending.
    """
    import torch

    require(0 <= size <= len(indices), "stratified", "size", f"from 0 to {len(indices)}", size)
    classes, counts = torch.unique(labels, return_counts=True)
    drawn = []
    for label, quota in zip(classes.tolist(), quotas(counts, size).tolist(), strict=True):
        members = indices[labels == label]
        order = torch.randperm(len(members), generator=torch_stream(seed, *key, label))
        drawn.append(members[order[:quota]])
    return torch.cat(drawn).sort().values if drawn else indices[:0]


def without(indices: Tensor, taken: Tensor) -> Tensor:
    """The indices that are not among `taken`, in their order."""
    import torch

    return indices[~torch.isin(indices, taken)]


def balanced_repetition(members: Tensor, size: int, generator: torch.Generator) -> Tensor:
    """Repeat members to a size, each equally often or once more, in random order.

    Args:
        members: [M], at least one.
        size: Any, also below M: then `size` different members.
        generator: Decides who comes once more, and the order.

    Returns:
        [size].
    """
    import torch

    times, extra = divmod(size, len(members))
    chosen = torch.randperm(len(members), generator=generator)[:extra]
    repeated = torch.cat([members.repeat(times), members[chosen]])
    return repeated[torch.randperm(size, generator=generator)]


def pair(labels: Tensor, clips: Tensor, clip_labels: Tensor, seed: int, *key: str | int) -> Tensor:
    """Give each image a clip of its digit, the clips of a digit in balanced repetition.

    Args:
        labels: [N] digits of the images.
        clips: [M] pool indices of the clips.
        clip_labels: [M] digits of the clips.
        seed: Seed of the streams.
        *key: Names the stream; each digit has its own.

    Returns:
        [N] pool indices of the clips, aligned with the images.

    Raises:
        DataError: An image's digit has no clip.
    """
    import torch

    partners = torch.empty(len(labels), dtype=torch.int64)
    for label in torch.unique(labels).tolist():
        members = clips[clip_labels == label]
        if len(members) == 0:
            raise DataError(
                f"pair: clips must hold every class of the images, got no clip of class {label} "
                f"among {len(clips)} ({' '.join(str(part) for part in key)}). Take more clips."
            )
        where = labels == label
        generator = torch_stream(seed, *key, label)
        partners[where] = balanced_repetition(members, int(where.sum()), generator)
    return partners
