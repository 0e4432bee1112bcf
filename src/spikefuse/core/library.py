"""The C++ kernels: where their library is, whether it can be used, and on which threads it runs.

Built from `native/` when the package is installed on a machine with a compiler; without it every
caller has an implementation in PyTorch operations.
"""

from __future__ import annotations

import ctypes
import functools
import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from spikefuse.core.errors import InputError

if TYPE_CHECKING:
    pass


logger = logging.getLogger(__name__)

LIBRARY_NAME = "libspikefuse.so"
INTERFACE = 4
_POOL_SYMBOLS = ("GOMP_parallel", "omp_get_thread_num", "omp_get_num_threads")


@functools.cache
def _load() -> ctypes.CDLL | None:
    """The library on PyTorch's threads, None where it cannot be used."""
    found, _ = _find()
    return None if found is None else _prepare(found)


@functools.cache
def _find() -> tuple[ctypes.CDLL | None, str | None]:
    """The library, or the reason why there is none; PyTorch is not asked."""
    reason = "the C++ library was not built. Install GCC or Clang, then install spikefuse again"
    # An editable install keeps it in another folder of the package than this file.
    package = sys.modules[__package__] if __package__ else None
    folders = dict.fromkeys([Path(__file__).parent, *map(Path, getattr(package, "__path__", []))])
    for path in (folder / LIBRARY_NAME for folder in folders):
        if not path.is_file():
            continue
        try:
            library = ctypes.CDLL(str(path))
            interface = library.spikefuse_interface()
        except (OSError, AttributeError) as error:
            reason = f"{path} cannot be loaded: {error}"
            continue
        if interface == INTERFACE:
            library.spikefuse_instructions.restype = ctypes.c_char_p
            return library, None
        reason = f"{path} is of another version of spikefuse. Install spikefuse again"
    return None, reason


def _prepare(library: ctypes.CDLL) -> ctypes.CDLL:
    library.spikefuse_use_pool.argtypes = [ctypes.c_void_p] * 3
    for name in ("lif", "noise", "event_lif", "product"):
        getattr(library, f"spikefuse_{name}_size").restype = ctypes.c_int64
    for name in ("lif", "noise", "event_lif", "conv", "dense"):
        getattr(library, f"spikefuse_{name}_run").argtypes = [ctypes.c_void_p]
    library.spikefuse_kernels.restype = ctypes.c_char_p
    library.spikefuse_count_bits.restype = ctypes.c_int64
    library.spikefuse_count_bits.argtypes = [ctypes.c_void_p, ctypes.c_int64]
    library.spikefuse_expand_bits.argtypes = [*[ctypes.c_void_p] * 2, *[ctypes.c_int64] * 2]
    library.spikefuse_expand_events.argtypes = [*[ctypes.c_void_p] * 5, *[ctypes.c_int64] * 3]
    library.spikefuse_use_pool(*(_torch_pool() or (None, None, None)))
    return library


def _torch_pool() -> list[int] | None:
    """Addresses of the OpenMP functions that PyTorch itself uses, so that they share one pool."""
    import torch

    names = ("libtorch_cpu.so", "libtorch_cpu.dylib")
    for path in (Path(torch.__file__).parent / "lib" / name for name in names):
        try:
            # Looks in the libraries that libtorch_cpu brought with it too: its own OpenMP.
            torch_cpu = ctypes.CDLL(str(path))
            functions = [getattr(torch_cpu, symbol) for symbol in _POOL_SYMBOLS]
        except (OSError, AttributeError):
            continue
        return [ctypes.cast(function, ctypes.c_void_p).value or 0 for function in functions]
    logger.info("native: PyTorch's OpenMP was not found; the C++ kernels use one thread")
    return None


def available() -> bool:
    """Whether the library can be used on this machine."""
    return _find()[0] is not None


def why_not() -> str | None:
    """Why the library cannot be used and what to do; None when it can."""
    return _find()[1]


def instructions() -> str | None:
    """The instruction set that the kernels use here; None where there are none."""
    found, _ = _find()
    return None if found is None else str(found.spikefuse_instructions().decode())


def load() -> ctypes.CDLL:
    """The library.

    Raises:
        InputError: It cannot be used.
    """
    found = _load()
    if found is None:
        reason = why_not()
        raise InputError(f"native: the C++ kernels cannot be used: {reason}. Use backend 'auto'.")
    return found


def build_info() -> dict[str, str]:
    """What runs: whether the library is there, its instruction set and where threads come from."""
    found = _load()
    if found is None:
        return {"native": "no", "reason": why_not() or ""}
    return {
        "native": "yes",
        "instructions": found.spikefuse_instructions().decode(),
        "threads": "shared with PyTorch" if _torch_pool() else "one",
        "library": found._name,
    }


def restrict_instructions(name: str) -> None:
    """Use no wider instruction set than "avx512", "avx2", "portable" or "scalar", in this process.

    Raises:
        InputError: The processor or the build lacks it.
    """
    found = _load()
    if found is None or not found.spikefuse_restrict(name.encode()):
        raise InputError(
            f"native: instructions must be usable on this processor, got {name!r}. "
            f"{why_not() or 'Leave the choice to the library.'}"
        )
