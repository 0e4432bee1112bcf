"""Random words from counters: each is a function of a key and a place, of nothing drawn before.

A generator with a state gives other numbers when a batch is cut elsewhere or work is resumed. Here
word i of a key is SplitMix64's output i, computed where it is needed, on any device.

Source:
    Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch
    from torch import Tensor


GAMMA, _FIRST, _SECOND = (
    value - 2**64 for value in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB)
)


def shifted(z: Tensor, by: int) -> Tensor:
    """Logical shift to the right of 64-bit words; int64 stands for unsigned words."""
    return (z >> by) & ((1 << (64 - by)) - 1)


def mixed(z: Tensor) -> Tensor:
    """SplitMix64's output for each state: every bit depends on every bit of the state."""
    z = (z ^ shifted(z, 30)) * _FIRST
    z = (z ^ shifted(z, 27)) * _SECOND
    return z ^ shifted(z, 31)


def words(seed: int, first: int, count: int, device: torch.device | str = "cpu") -> Tensor:
    """Words first + 1 to first + count of a key, int64 [count]."""
    import torch

    return mixed(torch.arange(first + 1, first + count + 1, device=device) * GAMMA + seed)


CHUNK = 1 << 18
"""Counters at a time: on a CPU their temporaries stay in the caches."""
CHUNK_ON_DEVICE = 1 << 24
"""Elsewhere launches cost more than memory, here 128 MiB a temporary."""


def chunks(total: int, device: torch.device) -> Iterator[tuple[int, int]]:
    """First counter and number of counters of each piece of a long computation."""
    size = CHUNK if device.type == "cpu" else CHUNK_ON_DEVICE
    for first in range(0, total, size):
        yield first, min(size, total - first)


def uniforms(seed: int, count: int, device: torch.device) -> Tensor:
    """The first numbers of a key, uniform from 0 to 1, float32 [count]."""
    import torch

    parts = [uniform(words(seed, *piece, device)) for piece in chunks(count, device)]
    return torch.cat(parts) if parts else torch.empty(0, device=device)


def uniform(z: Tensor) -> Tensor:
    """Numbers from 0 (included) to 1 (excluded) in steps of 2^-24, float32, from random words.

    Example:
        >>> x = uniform(words(7, 0, 100_000))
        >>> abs(x.mean().item() - 0.5) < 0.01, 0 <= x.min().item(), x.max().item() < 1
        (True, True, True)
    """
    return shifted(z, 40).float() * 2.0**-24
