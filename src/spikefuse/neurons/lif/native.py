"""The LIF neuron on the CPU in C++: neuron, 2x2 pooling and reset in one pass over the data.

Calls the library built from `native/`. The forward pass keeps only its input; the backward pass
recomputes the membrane block by block in the processor's first cache. State and sums are float32,
values float32 or bf16. Equal to `reference.py`, which holds the equation; float32 spikes are equal
bit for bit.
"""

import ctypes
from typing import Any

import torch
from torch import Tensor

from spikefuse.core import library
from spikefuse.neurons.lif.call import Constants, Kernels, Settings, empty_outputs


class _Call(ctypes.Structure):
    """`SpikefuseLif` of native/lif.h, field by field."""

    _fields_ = [
        *[(name, ctypes.c_void_p) for name in ("current", "leak", "threshold", "reset")],
        *[(name, ctypes.c_void_p) for name in ("spikes", "membrane", "spike_gradient")],
        *[(name, ctypes.c_void_p) for name in ("membrane_gradient", "current_gradient")],
        *[(name, ctypes.c_int64) for name in ("members", "steps", "batch", "height", "width")],
        ("channels", ctypes.c_int64),
        ("surrogate_width", ctypes.c_double),
        *[(name, ctypes.c_int32) for name in ("surrogate", "is_static", "pool", "bf16")],
        *[(name, ctypes.c_int32) for name in ("detach_reset", "backward", "threads")],
    ]


def available(device: torch.device | str = "cpu") -> bool:
    """Whether the library can be used on this machine and device."""
    return why_not(device) is None


def why_not(device: torch.device | str = "cpu") -> str | None:
    """Why the library cannot be used and what to do; None when it can."""
    if torch.device(device).type != "cpu":
        return f"it runs on the CPU, not on {device}"
    return library.why_not()


def _run(current: Tensor, constants: Constants, settings: Settings, **arrays: Any) -> None:
    """One call of the library; `arrays` are the tensors (or None) of `_Call` by name."""
    run = library.load().spikefuse_lif_run
    shape = current.shape
    if settings.pool:
        batch, height, width, channels = shape[2:]
    else:
        batch = height = width = 1
        channels = current[0, 0].numel() if shape[0] else 0
    if channels * batch * height * width * shape[0] == 0:
        return
    leak, threshold, reset = constants
    call = _Call(
        current=current.data_ptr(),
        leak=leak.data_ptr(),
        threshold=threshold.data_ptr(),
        reset=reset.data_ptr(),
        members=shape[0],
        steps=settings.time_steps,
        batch=batch,
        height=height,
        width=width,
        channels=channels,
        surrogate_width=settings.surrogate.width,
        surrogate=settings.surrogate.shape.code,
        is_static=shape[1] == 1,
        pool=settings.pool,
        bf16=current.dtype == torch.bfloat16,
        detach_reset=settings.detach_reset,
        backward="current_gradient" in arrays,
        threads=torch.get_num_threads(),
        **{name: array.data_ptr() for name, array in arrays.items() if array is not None},
    )
    if run(ctypes.byref(call)):
        raise MemoryError(f"lif: no memory for the membrane of {settings.time_steps} time steps")


def _forward(
    current: Tensor, constants: Constants, settings: Settings
) -> tuple[Tensor, Tensor | None]:
    spikes, membrane = empty_outputs(current, settings)
    _run(current, constants, settings, spikes=spikes, membrane=membrane)
    return spikes, membrane


def _backward(
    current: Tensor,
    constants: Constants,
    settings: Settings,
    spike_gradient: Tensor | None,
    membrane_gradient: Tensor | None,
) -> Tensor:
    result = torch.empty_like(current)
    _run(
        current,
        constants,
        settings,
        spike_gradient=spike_gradient,
        membrane_gradient=membrane_gradient,
        current_gradient=result,
    )
    return result


KERNELS = Kernels("native", _forward, _backward)
