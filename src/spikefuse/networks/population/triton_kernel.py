"""The Triton kernels of a population's products: convolutions and dense layers of all members.

Both are one matrix product a member. Its rows are pixels (of all samples), its depth is every input
a pixel sees, in order (tap, channel), its columns are output channels. A dense layer is the product
with one tap on maps of one pixel. The unrolled input is never stored: a program reads its tile of
it straight from the map, zero beyond the edge.

Grids are (tile, member) and (tile, member, part of the rows). Offsets of members are in 64 bits: a
population's tensor may pass 2^31 elements. Sums are float32; float32 operands are not cut to TF32.

Needs Triton: import it through `triton.py` alone.
"""

import triton
import triton.language as tl


@triton.jit
def _unrolled(
    x,
    row,
    rows,
    first,
    CHANNELS: tl.constexpr,
    TAPS: tl.constexpr,
    HEIGHT: tl.constexpr,
    WIDTH: tl.constexpr,
    SIGN: tl.constexpr,
    BLOCK_DEPTH: tl.constexpr,
):
    """A tile [row, depth from `first`] of the unrolled input [rows, TAPS * CHANNELS].

    `SIGN` is the direction of a tap: 1 reads a convolution's input, -1 what its gradient came from.
    """
    depth = first + tl.arange(0, BLOCK_DEPTH)
    exists = (row < rows)[:, None]
    if TAPS * CHANNELS % BLOCK_DEPTH != 0:
        exists = exists & (depth < TAPS * CHANNELS)[None, :]
    if TAPS == 1:
        offset = row[:, None] * CHANNELS + depth[None, :]
    else:
        if CHANNELS % BLOCK_DEPTH == 0:
            # One tap for the whole tile: what depends on it is one number or a column.
            tap = first // CHANNELS
            channel = first % CHANNELS + tl.arange(0, BLOCK_DEPTH)
        else:
            tap = (depth // CHANNELS)[None, :]
            channel = depth % CHANNELS
        down, right = (tap // 3 - 1) * SIGN, (tap % 3 - 1) * SIGN
        i = (row // WIDTH % HEIGHT)[:, None] + down
        j = (row % WIDTH)[:, None] + right
        exists = exists & (i >= 0) & (i < HEIGHT) & (j >= 0) & (j < WIDTH)
        offset = (row[:, None] + down * WIDTH + right) * CHANNELS + channel[None, :]
    return tl.load(x + offset, mask=exists, other=0.0)


@triton.jit
def product(
    x,
    weight,
    bias,
    output,
    rows,
    depth_stride,
    column_stride,
    CHANNELS: tl.constexpr,
    TAPS: tl.constexpr,
    HEIGHT: tl.constexpr,
    WIDTH: tl.constexpr,
    DEPTH: tl.constexpr,
    COLUMNS: tl.constexpr,
    SIGN: tl.constexpr,
    BIAS: tl.constexpr,
    BLOCK_ROWS: tl.constexpr,
    BLOCK_DEPTH: tl.constexpr,
    BLOCK_COLUMNS: tl.constexpr,
):
    """Output [P, rows, COLUMNS] of x [P, rows, CHANNELS], weight [P, DEPTH, COLUMNS] and bias.

    `DEPTH` is below `TAPS * CHANNELS` where x has channels of zeros at the end.
    """
    COLUMN_BLOCKS: tl.constexpr = (COLUMNS + BLOCK_COLUMNS - 1) // BLOCK_COLUMNS
    tile, member = tl.program_id(0), tl.program_id(1).to(tl.int64)
    row = tile // COLUMN_BLOCKS * BLOCK_ROWS + tl.arange(0, BLOCK_ROWS)
    column = tile % COLUMN_BLOCKS * BLOCK_COLUMNS + tl.arange(0, BLOCK_COLUMNS)
    x += member * rows * CHANNELS
    weight += member * (DEPTH * COLUMNS)
    output += member * rows * COLUMNS

    sums = tl.zeros([BLOCK_ROWS, BLOCK_COLUMNS], tl.float32)
    for first in range(0, DEPTH, BLOCK_DEPTH):
        inputs = _unrolled(x, row, rows, first, CHANNELS, TAPS, HEIGHT, WIDTH, SIGN, BLOCK_DEPTH)
        depth = first + tl.arange(0, BLOCK_DEPTH)
        exists = (column < COLUMNS)[None, :]
        if DEPTH % BLOCK_DEPTH != 0:
            exists = exists & (depth < DEPTH)[:, None]
        offset = depth[:, None] * depth_stride + column[None, :] * column_stride
        weights = tl.load(weight + offset, mask=exists, other=0.0)
        sums = tl.dot(inputs, weights, sums, input_precision="ieee")
    if BIAS:
        constant = tl.load(bias + member * COLUMNS + column, mask=column < COLUMNS, other=0.0)
        sums += constant[None, :]
    exists = (row < rows)[:, None] & (column < COLUMNS)[None, :]
    value = sums.to(output.dtype.element_ty)
    tl.store(output + row[:, None] * COLUMNS + column[None, :], value, mask=exists)


@triton.jit
def weight_gradient(
    x,
    gradient,
    weight_parts,
    bias_parts,
    rows,
    part_rows,
    CHANNELS: tl.constexpr,
    TAPS: tl.constexpr,
    HEIGHT: tl.constexpr,
    WIDTH: tl.constexpr,
    COLUMNS: tl.constexpr,
    LENGTH: tl.constexpr,
    BLOCK_ROWS: tl.constexpr,
    BLOCK_DEPTH: tl.constexpr,
    BLOCK_COLUMNS: tl.constexpr,
):
    """Sums over each part of the rows: weights [P, parts, COLUMNS, CHANNELS, TAPS] and biases.

    The gradient is [P, rows, LENGTH], zero from `COLUMNS` on. The bias has tiles of its own, behind
    those of the depth.
    """
    DEPTH: tl.constexpr = TAPS * CHANNELS
    DEPTH_BLOCKS: tl.constexpr = (DEPTH + BLOCK_DEPTH - 1) // BLOCK_DEPTH
    COLUMN_BLOCKS: tl.constexpr = (COLUMNS + BLOCK_COLUMNS - 1) // BLOCK_COLUMNS
    tile, member, part = tl.program_id(0), tl.program_id(1).to(tl.int64), tl.program_id(2)
    block = tile // COLUMN_BLOCKS
    column = tile % COLUMN_BLOCKS * BLOCK_COLUMNS + tl.arange(0, BLOCK_COLUMNS)
    is_given, is_column = column < LENGTH, column < COLUMNS
    slot = member * tl.num_programs(2) + part
    start = part * part_rows
    stop = tl.minimum(start + part_rows, rows)
    x += member * rows * CHANNELS
    gradient += member * rows * LENGTH

    if block == DEPTH_BLOCKS:
        total = tl.zeros([BLOCK_COLUMNS], tl.float32)
        for first_row in range(start, stop, BLOCK_ROWS):
            row = first_row + tl.arange(0, BLOCK_ROWS)
            exists = (row < stop)[:, None] & is_given[None, :]
            offset = row[:, None] * LENGTH + column[None, :]
            values = tl.load(gradient + offset, mask=exists, other=0.0)
            total += tl.sum(values.to(tl.float32), axis=0)
        tl.store(bias_parts + slot * COLUMNS + column, total, mask=is_column)
    else:
        first = block * BLOCK_DEPTH
        sums = tl.zeros([BLOCK_DEPTH, BLOCK_COLUMNS], tl.float32)
        for first_row in range(start, stop, BLOCK_ROWS):
            row = first_row + tl.arange(0, BLOCK_ROWS)
            inputs = _unrolled(x, row, stop, first, CHANNELS, TAPS, HEIGHT, WIDTH, 1, BLOCK_DEPTH)
            exists = (row < stop)[:, None] & is_given[None, :]
            offset = row[:, None] * LENGTH + column[None, :]
            values = tl.load(gradient + offset, mask=exists, other=0.0)
            sums = tl.dot(tl.trans(inputs), values, sums, input_precision="ieee")
        depth = first + tl.arange(0, BLOCK_DEPTH)
        place = depth % CHANNELS * TAPS + depth // CHANNELS
        exists = (depth < DEPTH)[:, None] & is_column[None, :]
        weight_parts += slot * (DEPTH * COLUMNS)
        tl.store(weight_parts + column[None, :] * DEPTH + place[:, None], sums, mask=exists)


@triton.jit
def sum_parts(partial, total, size, parts, BLOCK: tl.constexpr):
    """Total [P, size] of partial [P, parts, size], one part after the other."""
    place, member = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK), tl.program_id(1).to(tl.int64)
    partial += member * parts * size
    sums = tl.zeros([BLOCK], tl.float32)
    for _part in range(parts):
        sums += tl.load(partial + place, mask=place < size, other=0.0)
        partial += size
    tl.store(total + member * size + place, sums, mask=place < size)
