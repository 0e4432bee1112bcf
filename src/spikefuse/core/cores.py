"""How many cores this process may use."""

import os
from pathlib import Path


def usable_cores() -> int:
    """Cores that this process may use: a cluster's job often gets fewer than the machine has."""
    cores = os.cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):
        cores = len(os.sched_getaffinity(0))
    return max(1, min(cores, _container_cores(Path("/sys/fs/cgroup/cpu.max"))))


def _container_cores(path: Path) -> int:
    """Cores that a Linux container's quota amounts to (control groups, version 2)."""
    unlimited = 2**16
    try:
        quota, period = path.read_text().split()
        return unlimited if quota == "max" else max(1, int(quota) // int(period))
    except (OSError, ValueError, ZeroDivisionError):
        return unlimited
