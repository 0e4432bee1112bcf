"""How a population's products are cut into programs: tiles, warps, stages, parts of the rows.

A function of a layer's shape and type alone. The number of members is no argument of anything here:
these numbers decide the order of sums.

Chosen for an H100 or H200 (up to 227 KB of shared memory and 255 registers a thread); compiled for
them, not timed on them.
"""

from typing import NamedTuple

import torch

PART_ROWS = 4096
MOST_PARTS = 32


class Blocks(NamedTuple):
    """Sides of a program's tiles, powers of two of at least 16, its warps and pipeline stages."""

    rows: int
    depth: int
    columns: int
    warps: int
    stages: int


def _power_of_two(size: int, largest: int) -> int:
    """The smallest power of two that holds `size`, from 16 to `largest`."""
    return min(largest, max(16, 1 << (size - 1).bit_length()))


def _divisor(size: int, largest: int) -> int:
    """The greatest power of two up to `largest` that divides `size`."""
    return min(largest, size & -size)


def product_blocks(
    rows: int, depth: int, columns: int, channels: int, dtype: torch.dtype
) -> Blocks:
    """Tiles of [rows, depth] times [depth, columns].

    The depth of a tile divides the channels where it can, so that the tile has one tap.
    """
    is_short = dtype == torch.bfloat16
    deepest = 64 if is_short else 32
    shared = _divisor(channels, deepest)
    deep = shared if shared >= 16 else _power_of_two(depth, deepest)
    wide = _power_of_two(columns, 128 if is_short else 64)
    # Few rows are a dense layer's: smaller tiles, so that one member already fills much of a GPU.
    tall = 128 if is_short and rows >= 4096 else 64
    return Blocks(tall, deep, wide, 8 if tall * wide >= 128 * 128 else 4, 4 if is_short else 3)


def gradient_blocks(depth: int, columns: int, dtype: torch.dtype) -> Blocks:
    """Tiles of [depth, rows] times [rows, columns], where depth and columns are the weights'."""
    is_short = dtype == torch.bfloat16
    widest = 128 if is_short else 64
    wide = _power_of_two(columns, widest)
    deep = _power_of_two(depth, 64 if depth < 1024 else widest)
    return Blocks(
        64 if is_short else 32,
        deep,
        wide,
        8 if deep * wide >= 128 * 128 else 4,
        4 if is_short else 3,
    )


def part_rows(rows: int) -> int:
    """Rows of each part of a sum over rows: 4096, more where that would be over 32 parts."""
    return max(PART_ROWS, -(-rows // (MOST_PARTS * 64)) * 64)
