"""The LIF neuron on a GPU: neuron, 2x2 pooling and reset in one pass, in Triton.

Calls the kernels of `triton_kernel.py`, which is imported when first needed. The forward pass keeps
only its input; the backward pass computes the potentials again, in registers. State and sums are
float32, values float32 or bf16. Equal to `reference.py`, which holds the equation; float32 spikes
are equal bit for bit.

On the CPU the kernels run under Triton's interpreter, for tests: set TRITON_INTERPRET=1 before
Triton is imported.
"""

import functools
import importlib
import importlib.util
from types import ModuleType
from typing import Any

import torch
from torch import Tensor

from spikefuse.core.checks import require
from spikefuse.neurons.lif.call import Constants, Kernels, Settings, empty_outputs

MOST_POTENTIALS = 4096
"""Potentials that a program keeps at once: 32 registers of each thread at four warps."""


@functools.cache
def _kernels() -> ModuleType:
    return importlib.import_module("spikefuse.neurons.lif.triton_kernel")


def is_interpreted() -> bool:
    """Whether the kernels run under the interpreter, which needs no GPU and takes its time."""
    from triton import knobs

    return bool(knobs.runtime.interpret)


def why_not(device: torch.device | str = "cuda") -> str | None:
    """Why the kernels cannot be used on this device and what to do; None when they can."""
    kind = torch.device(device).type
    if importlib.util.find_spec("triton") is None:
        return 'Triton is not installed. Install it with: pip install "spikefuse[gpu]"'
    if kind == "cuda" or (kind == "cpu" and is_interpreted()):
        return None
    return f"it runs on CUDA and ROCm devices, not on {device}"


def available(device: torch.device | str = "cuda") -> bool:
    """Whether the kernels can be used on this device."""
    return why_not(device) is None


def block_size(time_steps: int, pool: bool) -> int:
    """Places a program takes: a power of two whose potentials fit the registers."""
    block = 1024
    while block > 128 and block * time_steps * (4 if pool else 1) > MOST_POTENTIALS:
        block //= 2
    return block


def _launch(kernel: Any, current: Tensor, settings: Settings, arrays: Any, **options: Any) -> None:
    """Run a kernel over all members and places of [P, T or 1, ...]."""
    if current.numel() == 0:
        return
    members, inputs = current.shape[0], current[0, 0].numel()
    outputs, places, size = inputs, inputs, (1, 1, 1)
    if settings.pool:
        batch, height, width, channels = current.shape[2:]
        outputs = batch * (height // 2) * (width // 2) * channels
        places = batch * ((height + 1) // 2) * ((width + 1) // 2) * channels
        size = (height, width, channels)
    require(inputs < 2**31, "lif", "current", "below 2^31 neurons a member", inputs)
    block = block_size(settings.time_steps, settings.pool)
    # Triton launches on the current device, which may be another one.
    with torch.cuda.device_of(current):
        kernel[(-(-places // block), members)](
            *arrays,
            places,
            inputs,
            outputs,
            HEIGHT=size[0],
            WIDTH=size[1],
            CHANNELS=size[2],
            STEPS=settings.time_steps,
            STATIC=current.shape[1] == 1,
            POOL=settings.pool,
            BLOCK=block,
            num_warps=4,
            enable_fp_fusion=False,
            **options,
        )


def _forward(
    current: Tensor, constants: Constants, settings: Settings
) -> tuple[Tensor, Tensor | None]:
    spikes, membrane = empty_outputs(current, settings)
    _launch(
        _kernels().lif_forward,
        current,
        settings,
        (current, spikes, spikes if membrane is None else membrane, *constants),
        MEMBRANE=membrane is not None,
    )
    return spikes, membrane


def _backward(
    current: Tensor,
    constants: Constants,
    settings: Settings,
    spike_gradient: Tensor | None,
    membrane_gradient: Tensor | None,
) -> Tensor:
    result = torch.empty_like(current)
    surrogate = settings.surrogate
    assert surrogate.width is not None
    _launch(
        _kernels().lif_backward,
        current,
        settings,
        (
            current,
            result if spike_gradient is None else spike_gradient,
            result if membrane_gradient is None else membrane_gradient,
            result,
            *constants,
        ),
        surrogate_width=surrogate.width,
        surrogate_scale=0.5 / surrogate.width,
        FROM_SPIKES=spike_gradient is not None,
        FROM_MEMBRANE=membrane_gradient is not None,
        DETACH=settings.detach_reset,
        SURROGATE=surrogate.shape.code,
    )
    return result


KERNELS = Kernels("triton", _forward, _backward)
