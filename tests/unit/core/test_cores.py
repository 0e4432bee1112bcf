"""Cores: what the scheduler and a container's quota allow."""

import os
from pathlib import Path

import pytest

from spikefuse.core import cores as cores_module
from spikefuse.core.cores import usable_cores

NONE = 2**16


def quota(place: Path, text: str, version: int = 2) -> None:
    place.mkdir(parents=True, exist_ok=True)
    if version == 2:
        (place / "cpu.max").write_text(text)
    else:
        for name, value in zip(("quota", "period"), text.split(), strict=True):
            (place / f"cpu.cfs_{name}_us").write_text(value + "\n")


def cores(folder: Path, membership: str | None) -> int:
    if membership is not None:
        (folder / "membership").write_text(membership)
    return cores_module._container_cores(folder / "groups", folder / "membership")


@pytest.mark.parametrize(
    ("text", "expected"),
    [("max 100000", NONE), ("250000 100000", 2), ("50000 100000", 1), ("", NONE), ("1 0", NONE)],
)
@pytest.mark.parametrize("membership", ["0::/\n", None])
def test_quota_of_a_container(
    tmp_path: Path, text: str, expected: int, membership: str | None
) -> None:
    assert cores(tmp_path, membership) == NONE
    quota(tmp_path / "groups", text)
    assert cores(tmp_path, membership) == expected


@pytest.mark.parametrize("mount", ["cpu", "cpu,cpuacct"])
@pytest.mark.parametrize(
    ("text", "expected"), [("-1 100000", NONE), ("300000 100000", 3), ("20000 100000", 1)]
)
def test_quota_of_version_1(tmp_path: Path, mount: str, text: str, expected: int) -> None:
    quota(tmp_path / "groups" / mount, text, version=1)
    assert cores(tmp_path, f"4:memory:/a\n3:{mount}:/docker/0123\n1:name=systemd:/\n") == expected
    assert cores(tmp_path, "4:memory:/a\n") == NONE


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("bound", ["", "slurm", "slurm/job_7", "slurm/job_7/step_0"])
def test_any_group_around_binds(tmp_path: Path, version: int, bound: str) -> None:
    """SLURM bounds a job's group, and runs its steps in groups inside it."""
    mount = tmp_path / "groups" / ("cpu" if version == 1 else "")
    unlimited = "-1 100000" if version == 1 else "max 100000"
    for place in ("slurm", "slurm/job_7", "slurm/job_7/step_0", "slurm/job_8"):
        quota(mount / place, unlimited, version)
    quota(mount / "slurm/job_8", "100000 100000", version)
    controllers = "cpu" if version == 1 else ""
    membership = f"0:{controllers}:/slurm/job_7/step_0\n"
    assert cores(tmp_path, membership) == NONE
    quota(mount / bound, "200000 100000", version)
    assert cores(tmp_path, membership) == 2


def test_both_versions_side_by_side(tmp_path: Path) -> None:
    quota(tmp_path / "groups" / "cpu" / "job", "400000 100000", version=1)
    quota(tmp_path / "groups" / "unified" / "job", "max 100000")
    assert cores(tmp_path, "1:cpu:/job\n0::/job\n") == 4


def test_a_path_above_the_root_is_no_path(tmp_path: Path) -> None:
    quota(tmp_path, "100000 100000")
    quota(tmp_path / "groups", "300000 100000")
    assert cores(tmp_path, "0::/../../outside\n") == 3


def test_usable_cores_is_what_the_scheduler_and_the_quota_allow(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: set(range(6)), raising=False)
    monkeypatch.setattr(cores_module, "_container_cores", lambda groups, membership: NONE)
    assert usable_cores() == 6
    monkeypatch.setattr(cores_module, "_container_cores", lambda groups, membership: 4)
    assert usable_cores() == 4
