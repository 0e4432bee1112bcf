"""The Triton kernels of the LIF neuron: neuron, reset and 2x2 pooling in one pass over the data.

A program takes one member and a block of places. A place is one neuron, or with pooling the four
neurons of a window at one channel; their membranes stay in registers over all time steps. Every
tuple below has one entry a pixel of the place. A kernel takes numbers and no record, so a third of
its lines are its arguments; what it calls is put in line by the compiler.

Needs Triton: import it through `triton.py` alone. `reference.py` holds the equation. Launch with
`enable_fp_fusion=False`: `leak * v + current` as one fused operation rounds once instead of twice,
and spikes would differ from the reference near the threshold.
"""

import triton
import triton.language as tl


@triton.jit
def _offset(index, steps, inner):
    """First element of step `index`, in 64 bits: a population's tensor may pass 2^31 elements."""
    return index.to(tl.int64) * steps * inner


@triton.jit
def _pixels(
    place,
    places,
    HEIGHT: tl.constexpr,
    WIDTH: tl.constexpr,
    CHANNELS: tl.constexpr,
    POOL: tl.constexpr,
):
    """Offsets of a place's pixels in a step's input [B, H, W, C], and which of them exist."""
    inside = place < places
    if POOL:
        tall, wide = (HEIGHT + 1) // 2, (WIDTH + 1) // 2
        channel = place % CHANNELS
        column = place // CHANNELS % wide
        row = place // CHANNELS // wide % tall
        batch = place // CHANNELS // wide // tall
        first = ((batch * HEIGHT + 2 * row) * WIDTH + 2 * column) * CHANNELS + channel
        right, below = 2 * column + 1 < WIDTH, 2 * row + 1 < HEIGHT
        offsets = (
            first,
            first + CHANNELS,
            first + WIDTH * CHANNELS,
            first + WIDTH * CHANNELS + CHANNELS,
        )
        exist = (inside, inside & right, inside & below, inside & right & below)
    else:
        offsets = (place,)
        exist = (inside,)
    return offsets, exist


@triton.jit
def _pooled(
    place,
    places,
    HEIGHT: tl.constexpr,
    WIDTH: tl.constexpr,
    CHANNELS: tl.constexpr,
    POOL: tl.constexpr,
):
    """Offset of a place in a step's output [B, H // 2, W // 2, C]; whether its window is whole."""
    inside = place < places
    if POOL:
        tall, wide = (HEIGHT + 1) // 2, (WIDTH + 1) // 2
        channel = place % CHANNELS
        column = place // CHANNELS % wide
        row = place // CHANNELS // wide % tall
        batch = place // CHANNELS // wide // tall
        offset = ((batch * (HEIGHT // 2) + row) * (WIDTH // 2) + column) * CHANNELS + channel
        whole = inside & (row < HEIGHT // 2) & (column < WIDTH // 2)
    else:
        offset = place
        whole = inside
    return offset, whole


@triton.jit
def _load(pointer, offsets, exist, PIXELS: tl.constexpr):
    """Values of a place's pixels as float32."""
    values = ()
    for k in tl.static_range(PIXELS):
        values = values + (tl.load(pointer + offsets[k], mask=exist[k], other=0.0).to(tl.float32),)
    return values


@triton.jit
def _amount(h, theta, soft, hard):
    """What a spike takes from the membrane h."""
    return tl.where(hard, h, tl.where(soft, theta, 0.0))


@triton.jit
def _slope(x, width, scale, SURROGATE: tl.constexpr):
    """The surrogate's derivative at x; numbers as in `surrogate.SHAPES`.

    `x - x` adds nothing to a finite number and makes the slope of another one NaN: a membrane that
    is not finite must show in the gradient, whatever the surrogate.
    """
    size = tl.abs(x)
    if SURROGATE == 0:
        slope = tl.where(size < width, scale, 0.0)
    elif SURROGATE == 1:
        u = x * (1.5707963267948966 / width)
        slope = scale / (1.0 + u * u)
    elif SURROGATE == 2:
        u = 1.0 + size / width
        slope = scale / (u * u)
    else:
        slope = tl.maximum(1.0 - size / width, 0.0) * (2.0 * scale)
    return slope + (x - x)


@triton.jit
def _zeros(PIXELS: tl.constexpr, BLOCK: tl.constexpr):
    """A zero for each pixel of a place."""
    values = ()
    for _k in tl.static_range(PIXELS):
        values = values + (tl.zeros([BLOCK], tl.float32),)
    return values


@triton.jit
def lif_forward(
    current,
    spikes,
    membrane,
    leak,
    threshold,
    reset,
    places,
    inputs,
    outputs,
    HEIGHT: tl.constexpr,
    WIDTH: tl.constexpr,
    CHANNELS: tl.constexpr,
    STEPS: tl.constexpr,
    STATIC: tl.constexpr,
    POOL: tl.constexpr,
    MEMBRANE: tl.constexpr,
    BLOCK: tl.constexpr,
):
    """Spikes [P, T, outputs] and membrane [P, inputs] of the current [P, T or 1, inputs]."""
    PIXELS: tl.constexpr = 4 if POOL else 1
    member = tl.program_id(1)
    place = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    offsets, exist = _pixels(place, places, HEIGHT, WIDTH, CHANNELS, POOL)
    target, whole = _pooled(place, places, HEIGHT, WIDTH, CHANNELS, POOL)
    beta, theta = tl.load(leak + member), tl.load(threshold + member)
    mode = tl.load(reset + member)
    soft, hard = mode == 1, mode == 2
    current += _offset(member, 1 if STATIC else STEPS, inputs)
    spikes += _offset(member, STEPS, outputs)

    v = _zeros(PIXELS, BLOCK)
    x = _load(current, offsets, exist, PIXELS)
    for t in tl.static_range(STEPS):
        if not STATIC and t > 0:
            current += inputs
            x = _load(current, offsets, exist, PIXELS)
        fired_any = tl.zeros([BLOCK], tl.int1)
        after = ()
        for k in tl.static_range(PIXELS):
            h = beta * v[k] + x[k]
            fired = h > theta
            after = after + (tl.where(fired, h - _amount(h, theta, soft, hard), h),)
            fired_any = fired_any | fired
        v = after
        # By way of float32: the interpreter takes a truth value's bits for those of a bf16.
        value = tl.where(fired_any, 1.0, 0.0).to(spikes.dtype.element_ty)
        tl.store(spikes + target, value, mask=whole)
        spikes += outputs
    if MEMBRANE:
        membrane += _offset(member, 1, inputs)
        for k in tl.static_range(PIXELS):
            tl.store(membrane + offsets[k], v[k], mask=exist[k])


@triton.jit
def _potentials(
    current,
    offsets,
    exist,
    constants,
    inputs,
    STEPS: tl.constexpr,
    STATIC: tl.constexpr,
    PIXELS: tl.constexpr,
    BLOCK: tl.constexpr,
):
    """Potentials before the reset of all steps, [T * PIXELS], as the forward pass made them."""
    beta, theta, soft, hard = constants
    potentials = ()
    v = _zeros(PIXELS, BLOCK)
    x = _load(current, offsets, exist, PIXELS)
    for t in tl.static_range(STEPS):
        if not STATIC and t > 0:
            current += inputs
            x = _load(current, offsets, exist, PIXELS)
        after = ()
        for k in tl.static_range(PIXELS):
            h = beta * v[k] + x[k]
            potentials = potentials + (h,)
            after = after + (tl.where(h > theta, h - _amount(h, theta, soft, hard), h),)
        v = after
    return potentials


@triton.jit
def _step_back(
    gs,
    gv,
    potentials,
    constants,
    width,
    scale,
    FIRST: tl.constexpr,
    PIXELS: tl.constexpr,
    DETACH: tl.constexpr,
    SURROGATE: tl.constexpr,
    BLOCK: tl.constexpr,
):
    """Gradients of a step's potentials out of those of its spikes and of its membranes.

    The step's potentials begin at FIRST.
    """
    _beta, theta, soft, hard = constants
    none_yet = tl.full([BLOCK], 1, tl.int1)
    any_fired = tl.zeros([BLOCK], tl.int1)
    for k in tl.static_range(PIXELS):
        any_fired = any_fired | (potentials[FIRST + k] > theta)
    found = ()
    for k in tl.static_range(PIXELS):
        h = potentials[FIRST + k]
        fired = h > theta
        # The maximum is the first pixel that fired, or the first of all when none did.
        is_maximum = fired | (any_fired == 0) if k == 0 else fired & none_yet
        none_yet = none_yet & (fired == 0)
        through = tl.where(is_maximum, gs, 0.0)
        if not DETACH:
            through = through - gv[k] * _amount(h, theta, soft, hard)
        kept = tl.where(fired & hard, 0.0, gv[k])
        found = found + (_slope(h - theta, width, scale, SURROGATE) * through + kept,)
    return found


@triton.jit
def _store(pointer, offsets, exist, values, PIXELS: tl.constexpr):
    """Values of a place's pixels, in the type of what they are stored in."""
    for k in tl.static_range(PIXELS):
        tl.store(pointer + offsets[k], values[k].to(pointer.dtype.element_ty), mask=exist[k])


@triton.jit
def lif_backward(
    current,
    spike_gradient,
    membrane_gradient,
    current_gradient,
    leak,
    threshold,
    reset,
    places,
    inputs,
    outputs,
    surrogate_width,
    surrogate_scale,
    HEIGHT: tl.constexpr,
    WIDTH: tl.constexpr,
    CHANNELS: tl.constexpr,
    STEPS: tl.constexpr,
    STATIC: tl.constexpr,
    POOL: tl.constexpr,
    FROM_SPIKES: tl.constexpr,
    FROM_MEMBRANE: tl.constexpr,
    DETACH: tl.constexpr,
    SURROGATE: tl.constexpr,
    BLOCK: tl.constexpr,
):
    """The gradient of the current; the potentials of all steps are computed again, in registers."""
    PIXELS: tl.constexpr = 4 if POOL else 1
    member = tl.program_id(1)
    place = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    offsets, exist = _pixels(place, places, HEIGHT, WIDTH, CHANNELS, POOL)
    source, whole = _pooled(place, places, HEIGHT, WIDTH, CHANNELS, POOL)
    mode = tl.load(reset + member)
    constants = (tl.load(leak + member), tl.load(threshold + member), mode == 1, mode == 2)
    current += _offset(member, 1 if STATIC else STEPS, inputs)
    potentials = _potentials(
        current, offsets, exist, constants, inputs, STEPS, STATIC, PIXELS, BLOCK
    )

    gv = _zeros(PIXELS, BLOCK)
    total = _zeros(PIXELS, BLOCK)
    if FROM_MEMBRANE:
        membrane_gradient += _offset(member, 1, inputs)
        gv = _load(membrane_gradient, offsets, exist, PIXELS)
    if FROM_SPIKES:
        spike_gradient += _offset(member + 1, STEPS, outputs) - outputs
    if STATIC:
        current_gradient += _offset(member, 1, inputs)
    else:
        current_gradient += _offset(member + 1, STEPS, inputs) - inputs
    for back in tl.static_range(STEPS):
        gs = tl.zeros([BLOCK], tl.float32)
        if FROM_SPIKES:
            gs = tl.load(spike_gradient + source, mask=whole, other=0.0).to(tl.float32)
            spike_gradient -= outputs
        gh = _step_back(
            gs,
            gv,
            potentials,
            constants,
            surrogate_width,
            surrogate_scale,
            (STEPS - 1 - back) * PIXELS,
            PIXELS,
            DETACH,
            SURROGATE,
            BLOCK,
        )
        if STATIC:
            sums = ()
            for k in tl.static_range(PIXELS):
                sums = sums + (total[k] + gh[k],)
            total = sums
        else:
            _store(current_gradient, offsets, exist, gh, PIXELS)
            current_gradient -= inputs
        before = ()
        for k in tl.static_range(PIXELS):
            before = before + (gh[k] * constants[0],)
        gv = before
    if STATIC:
        _store(current_gradient, offsets, exist, total, PIXELS)
