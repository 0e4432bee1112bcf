"""Where a number comes from: versions, hardware, settings and source revision, as plain JSON.

Nothing here names a person or a machine: no user, no host, no path.
"""

from __future__ import annotations

import ctypes
import os
import platform
import subprocess
import sys
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import spikefuse
from spikefuse.core.cores import usable_cores

if TYPE_CHECKING:
    import torch


JSON: TypeAlias = "bool | int | float | str | list[JSON] | dict[str, JSON] | None"

LIBRARIES = (
    "torch",
    "numpy",
    "scipy",
    "scikit-learn",
    "matplotlib",
    "typer",
    "rich",
    "pydantic",
    "jinja2",
    "safetensors",
    "pooch",
)
OPTIONAL_LIBRARIES = ("ray", "triton")

# Instruction sets that decide which kernel runs and how fast: x86 and ARM names as Linux spells
# them in /proc/cpuinfo.
FEATURES = (
    "fma",
    "avx",
    "avx2",
    "avx512f",
    "avx512_vnni",
    "avx512_bf16",
    "avx512_fp16",
    "amx_tile",
    "amx_bf16",
    "asimd",
    "bf16",
    "sve",
    "sve2",
)


def describe(device: torch.device | str = "cpu") -> dict[str, JSON]:
    """Everything that a result's origin needs, ready for `json.dumps`.

    Args:
        device: Where the result is computed; an accelerator is described by model and memory.

    Returns:
        `spikefuse` (version), `revision` (of the source, None outside a checkout), `python`,
        `libraries` (None: not installed), `platform`, `processor`, `torch` (build and threads)
        and `device`.
    """
    import torch

    return {
        "spikefuse": spikefuse.__version__,
        "revision": revision(),
        "python": platform.python_version(),
        "libraries": {name: library_version(name) for name in LIBRARIES + OPTIONAL_LIBRARIES},
        "platform": describe_platform(),
        "processor": describe_processor(),
        "torch": describe_torch(),
        "device": describe_device(torch.device(device)),
    }


@cache
def library_version(name: str) -> str | None:
    """The installed version of a distribution, None when it is not installed."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


@cache
def revision() -> str | None:
    """Commit of the checkout this package runs from, with "+changes" when files differ from it.

    None for an installed package, a folder that is no checkout, or a machine without git.
    """
    root = Path(spikefuse.__file__).resolve().parents[2]
    if not (root / ".git").exists():  # else git would answer for a repository further up
        return None
    commit = _output(["git", "-C", str(root), "rev-parse", "HEAD"])
    changes = _output(["git", "-C", str(root), "status", "--porcelain", "--untracked-files=no"])
    if not commit or changes is None:
        return None
    return commit + ("+changes" if changes else "")


def describe_platform() -> dict[str, JSON]:
    """Operating system, its release and the machine's architecture; not its name."""
    return {
        "system": platform.system(),
        "release": platform.release(),
        "machine": platform.machine(),
        "implementation": sys.implementation.name,
    }


@cache
def _processor() -> tuple[str | None, tuple[str, ...], int | None]:
    return processor_model(), processor_features(), memory_bytes()


def describe_processor() -> dict[str, JSON]:
    """Model, cores, instruction sets and memory of this machine."""
    model, features, memory = _processor()
    return {
        "model": model,
        "cores": os.cpu_count(),
        "usable_cores": usable_cores(),
        "features": list(features),
        "memory_bytes": memory,
    }


def processor_model() -> str | None:
    """The processor's name as its maker writes it, None when the system does not say."""
    if sys.platform == "darwin":
        return _output(["sysctl", "-n", "machdep.cpu.brand_string"])
    fields = _cpuinfo()
    return fields.get("model name") or fields.get("Model") or platform.processor() or None


def processor_features() -> tuple[str, ...]:
    """Those of `FEATURES` that this processor has; empty where the system does not list them."""
    fields = _cpuinfo()
    present = set((fields.get("flags") or fields.get("Features") or "").split())
    return tuple(name for name in FEATURES if name in present)


def memory_bytes() -> int | None:
    """Physical memory, None when the system does not say."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return _windows_memory_bytes()


def describe_torch() -> dict[str, JSON]:
    """PyTorch's build and the settings that change its speed or its rounding."""
    import torch

    return {
        "version": str(torch.__version__),
        "build": torch.version.git_version,
        "cuda": torch.version.cuda,
        "capability": torch.backends.cpu.get_cpu_capability(),
        "threads": torch.get_num_threads(),
        "float32_matmul_precision": torch.get_float32_matmul_precision(),
        "deterministic": torch.are_deterministic_algorithms_enabled(),
    }


def describe_device(device: torch.device) -> dict[str, JSON]:
    """The device a result is computed on; for a GPU its model, memory and compute capability."""
    import torch

    described: dict[str, JSON] = {"type": device.type}
    if device.type == "cuda":
        properties = torch.cuda.get_device_properties(device)
        described["model"] = properties.name
        described["memory_bytes"] = properties.total_memory
        described["capability"] = f"{properties.major}.{properties.minor}"
    return described


@cache
def _cpuinfo() -> dict[str, str]:
    """Fields of the first processor in /proc/cpuinfo; empty on other systems."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return {}
    fields: dict[str, str] = {}
    for line in text.splitlines():
        name, separator, value = line.partition(":")
        if separator:
            fields.setdefault(name.strip(), value.strip())
    return fields


class _MemoryStatus(ctypes.Structure):
    """MEMORYSTATUSEX of the Windows API; only the length and the total are read."""

    _fields_ = (
        ("length", ctypes.c_ulong),
        ("load", ctypes.c_ulong),
        ("total", ctypes.c_ulonglong),
        ("others", ctypes.c_ulonglong * 6),
    )


def _windows_memory_bytes() -> int | None:
    library = getattr(ctypes, "windll", None)
    status = _MemoryStatus(length=ctypes.sizeof(_MemoryStatus))
    if library is None or not library.kernel32.GlobalMemoryStatusEx(ctypes.byref(status)):
        return None
    return int(status.total)


def _output(command: list[str]) -> str | None:
    """What a command prints, None when it is missing, fails or hangs."""
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=5, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout.strip()
