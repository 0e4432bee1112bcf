"""How many cores this process may use."""

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

_GROUPS = Path("/sys/fs/cgroup")
_MEMBERSHIP = Path("/proc/self/cgroup")
_UNLIMITED = 2**16


def usable_cores() -> int:
    """Cores that this process may use: a cluster's job often gets fewer than the machine has."""
    cores = os.cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):
        cores = len(os.sched_getaffinity(0))
    return max(1, min(cores, _container_cores(_GROUPS, _MEMBERSHIP)))


def _container_cores(groups: Path, membership: Path) -> int:
    """Cores that a Linux container's quota amounts to (control groups, versions 1 and 2).

    Each group is bound by its own quota and by those of all groups around it.

    Args:
        groups: Where the kernel shows the groups.
        membership: Names this process's group in each hierarchy.

    Source: cgroups(7); the kernel's cgroup-v2.rst ("cpu.max") and sched-bwc.rst.
    """
    found = [_UNLIMITED]
    for mount, group in _hierarchies(groups, membership):
        # A container is often shown its own group as the root, and told its path outside.
        for place in (mount / group, *(mount / group).parents):
            if mount in (place, *place.parents):
                found.append(_quota(place))
    return min(found)


def _hierarchies(groups: Path, membership: Path) -> Iterator[tuple[Path, str]]:
    """Where hierarchies that can bound processors are shown, and this process's group in each."""
    try:
        lines = membership.read_text().splitlines()
    except (OSError, ValueError):
        lines = ["0::/", "1:cpu:/"]
    for line in lines:
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        parts = [part for part in PurePosixPath(path).parts if part not in ("/", "..")]
        if not controllers:  # version 2, alone or beside version 1
            mounts = [groups, groups / "unified"]
        elif "cpu" in controllers.split(","):
            mounts = [groups / controllers, groups / "cpu"]
        else:
            continue
        for mount in mounts:
            yield mount, "/".join(parts)


def _quota(group: Path) -> int:
    """Cores that a group's own quota amounts to."""
    try:
        quota, period = (group / "cpu.max").read_text().split()
        return _cores(quota, period)
    except (OSError, ValueError, ZeroDivisionError):
        pass
    try:
        texts = ((group / f"cpu.cfs_{name}_us").read_text() for name in ("quota", "period"))
        return _cores(*texts)
    except (OSError, ValueError, ZeroDivisionError):
        return _UNLIMITED


def _cores(quota: str, period: str) -> int:
    if quota.strip() in ("max", "-1"):
        return _UNLIMITED
    return max(1, int(quota) // int(period))
