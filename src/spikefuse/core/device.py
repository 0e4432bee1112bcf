"""Devices: which one a name stands for, and whether it is here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from spikefuse.core.checks import one_of
from spikefuse.core.errors import ArgumentError

if TYPE_CHECKING:
    import torch


PRECISIONS: dict[str, str] = {"float32": "float32", "bf16": "bfloat16"}
"""Types in which convolutions and matrix products run, and PyTorch's names of them; weights and
membranes are float32."""


def product_type(precision: str) -> torch.dtype:
    """The type that a name in `PRECISIONS` stands for.

    Raises:
        InputError: The name is unknown.
    """
    import torch

    found: torch.dtype = getattr(
        torch, PRECISIONS[one_of("device", "precision", precision, PRECISIONS)]
    )
    return found


def resolve_device(name: str) -> torch.device:
    """The device with this name.

    Raises:
        InputError: PyTorch does not know the name, or this machine or build has no such device.

    Example:
        >>> resolve_device("cpu")
        device(type='cpu')
    """
    import torch

    try:
        device = torch.device(name)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError, NotImplementedError):
        here = ", ".join(_devices_here())
        raise ArgumentError(
            "device",
            "device",
            f"must be one that PyTorch has here ({here}), got {name!r}{_why_no_cuda(name)}. "
            "Leave the option out for the CPU.",
        ) from None
    if device.type == "meta":
        raise ArgumentError(
            "device", "device", "must hold numbers, got 'meta'. Choose cpu or cuda."
        )
    return device


def _devices_here() -> Iterator[str]:
    import torch

    yield "cpu"
    if torch.cuda.is_available():
        yield "cuda"
    if torch.backends.mps.is_available():
        yield "mps"


def _why_no_cuda(name: str) -> str:
    """PyTorch tells it in words of its own developers."""
    import torch

    if not name.startswith("cuda"):
        return ""
    if torch.version.cuda is None and torch.version.hip is None:
        return " (this build of PyTorch is for the CPU alone)"
    if not torch.cuda.is_available():
        return " (PyTorch finds no GPU, or no driver for it)"
    return f" (PyTorch finds {torch.cuda.device_count()} of them)"


def check_device(name: str) -> None:
    """Refuse a device that is not here; the processor is, and PyTorch need not be asked.

    Raises:
        InputError: As `resolve_device`.
    """
    if name != "cpu":
        resolve_device(name)


def count_devices(device: torch.device | str) -> int:
    """How many accelerators a name stands for: all that CUDA sees for "cuda", else one."""
    if device == "cpu":
        return 1
    import torch

    wanted = torch.device(device)
    return torch.cuda.device_count() if wanted == torch.device("cuda") else 1


def memory_of(device: torch.device | str) -> int | None:
    """Memory in bytes, of "cuda" that of the smallest GPU; None where PyTorch does not tell.

    All of the memory, not what is free at the moment: what is planned with it stays the same.
    """
    import torch

    wanted = torch.device(device)
    if wanted.type != "cuda":
        return None
    numbers = range(torch.cuda.device_count()) if wanted.index is None else (wanted.index,)
    return min(torch.cuda.get_device_properties(number).total_memory for number in numbers)


def resolve_precision(precision: str, device: torch.device | str = "cpu") -> str:
    """The name in `PRECISIONS` that `precision` stands for on this device.

    "auto" is float32 on every processor, so that a trial has one name on all of them: by events a
    spiking network trains faster than densely in bf16. On a GPU, where all products are dense, it
    is bf16 where the GPU multiplies bf16 matrices in hardware.

    Raises:
        InputError: The name is unknown.
    """
    one_of("device", "precision", precision, ("auto", *PRECISIONS))
    if precision != "auto":
        return precision
    if str(device).startswith("cuda"):
        import torch

        return "bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "float32"
    return "float32"


@contextmanager
def flushed_denormals() -> Iterator[None]:
    """Treat numbers too small for full precision as zero: they are slow and change nothing.

    The setting is the thread's own; it is put back at the end.
    """
    import torch

    was_flushed = (torch.tensor([1e-42]) * 1.0).item() == 0.0
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(was_flushed)
