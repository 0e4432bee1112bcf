"""Devices: which one a name stands for, and whether it is here."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from spikefuse.core.errors import InputError


def resolve_device(name: str) -> torch.device:
    """The device with this name.

    Raises:
        InputError: PyTorch does not know the name, or this machine or build has no such device.

    Example:
        >>> resolve_device("cpu")
        device(type='cpu')
    """
    try:
        device = torch.device(name)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        reason = (str(error).splitlines() or ["unknown"])[0].rstrip(".")
        raise InputError(
            f"device: --device must be one that PyTorch has here, got {name!r} ({reason}). "
            "Leave the option out for the CPU."
        ) from None
    if device.type == "meta":
        raise InputError("device: --device must hold numbers, got 'meta'. Choose cpu or cuda.")
    return device


@contextmanager
def flushed_denormals() -> Iterator[None]:
    """Treat numbers too small for full precision as zero: they are slow and change nothing.

    The setting is the thread's own; it is put back at the end.
    """
    was_flushed = (torch.tensor([1e-42]) * 1.0).item() == 0.0
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(was_flushed)
