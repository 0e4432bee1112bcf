"""Gaussian noise from counters: each number is a function of its seed and its place.

Nothing is drawn from a generator with a state, so the numbers do not depend on the batch's other
members, on threads or on what was drawn before. A time step of N values is cut into blocks of 32,
each from sixteen 64-bit words z = splitmix64(seed, counter): u = (z >> 40 + 1) / 2^24 and
w = (z >> 8 mod 2^24) / 2^24 give sqrt(-2 ln u) cos(2 pi w) in the block's first half and
sqrt(-2 ln u) sin(2 pi w) in its second.

Source:
    Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014 (SplitMix64);
    Box, Muller, "A note on the generation of random normal deviates", 1958.
"""

from __future__ import annotations

import ctypes
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from spikefuse.core.checks import require
from spikefuse.core.counters import chunks, shifted, words
from spikefuse.core.library import load

if TYPE_CHECKING:
    import torch
    from torch import Tensor


BLOCK = 32
_HALF = BLOCK // 2


class _Call(ctypes.Structure):
    """`SpikefuseNoise` of native/noise.h, field by field."""

    _fields_ = [
        *[(name, ctypes.c_void_p) for name in ("current", "out", "seed")],
        *[(name, ctypes.c_int64) for name in ("members", "steps", "count")],
        ("std", ctypes.c_double),
        *[(name, ctypes.c_int32) for name in ("is_static", "bf16", "threads")],
    ]


def _blocks(z: Tensor) -> Tensor:
    """Normal numbers [n, 32] of words [n * 16]."""
    import torch

    u = (shifted(z, 40) + 1).float() * 2.0**-24
    angle = ((z >> 8) & 0xFFFFFF).float() * (2 * math.pi * 2.0**-24)
    radius = (u.log() * -2).sqrt()
    pairs = torch.stack([radius * angle.cos(), radius * angle.sin()])
    return pairs.view(2, -1, _HALF).transpose(0, 1).reshape(-1, BLOCK)


def normal(seed: int, steps: int, count: int, device: torch.device | str = "cpu") -> Tensor:
    """Standard normal numbers [T, N], float32.

    Args:
        seed: A 63-bit number, see `spikefuse.core.streams.stream_seed`.
        steps: T.
        count: N; a step's numbers are the first N of their blocks.
        device: Where to compute them; devices agree within rounding.

    Example:
        >>> x = normal(7, 2, 50_000)
        >>> abs(x.mean().item()) < 0.01, abs(x.std().item() - 1) < 0.01
        (True, True)
    """
    import torch

    per_step = -(-count // BLOCK) * _HALF
    total = steps * per_step
    place = torch.device(device)
    parts = [_blocks(words(seed, *piece, place)) for piece in chunks(total, place)]
    if not parts:
        return torch.empty(steps, count, device=device)
    return torch.cat(parts).view(steps, -1)[:, :count]


def add_normal(
    current: Tensor,
    *,
    time_steps: int,
    std: float,
    seeds: Sequence[int],
    native: bool = False,
) -> Tensor:
    """The current plus N(0, std^2), of its own for every value and step.

    Args:
        current: [P, T, ...], or [P, 1, ...] for a current that is the same at every step.
        time_steps: T.
        std: Standard deviation.
        seeds: One 63-bit number per member.
        native: Compute in C++; equal to the PyTorch operations within rounding.

    Returns:
        [P, T, ...] in the type of `current`; the sum is rounded to it once.

    Raises:
        InputError: A length does not fit, or the C++ kernels are asked for and cannot be used.
    """
    import torch

    members, length = current.shape[:2]
    require(length in (1, time_steps), "noise", "current", f"1 or {time_steps} steps long", length)
    require(len(seeds) == members, "noise", "seeds", f"{members} long", len(seeds))
    if native and current.dtype in (torch.float32, torch.bfloat16) and current.device.type == "cpu":
        return _add_native(current.contiguous(), time_steps, std, seeds)
    rest = current.shape[2:]
    disturbed = current.new_empty((members, time_steps, *rest))
    for member, seed in enumerate(seeds):
        drawn = normal(seed, time_steps, math.prod(rest), current.device)
        disturbed[member] = current[member] + drawn.view(time_steps, *rest) * std
    return disturbed


def _add_native(current: Tensor, time_steps: int, std: float, seeds: Sequence[int]) -> Tensor:
    import torch

    members, length, *rest = current.shape
    disturbed = current.new_empty((members, time_steps, *rest))
    if disturbed.numel() == 0:
        return disturbed
    seed = torch.tensor(seeds, dtype=torch.int64)
    call = _Call(
        current=current.data_ptr(),
        out=disturbed.data_ptr(),
        seed=seed.data_ptr(),
        members=members,
        steps=time_steps,
        count=math.prod(rest),
        std=std,
        is_static=length == 1,
        bf16=current.dtype == torch.bfloat16,
        threads=torch.get_num_threads(),
    )
    load().spikefuse_noise_run(ctypes.byref(call))
    return disturbed
