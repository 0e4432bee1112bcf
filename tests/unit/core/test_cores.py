"""Cores: what the scheduler and a container's quota allow."""

import os
from pathlib import Path

import pytest

from spikefuse.core import cores as cores_module
from spikefuse.core.cores import usable_cores


@pytest.mark.parametrize(
    ("text", "cores"),
    [("max 100000", 2**16), ("250000 100000", 2), ("50000 100000", 1), ("", 2**16), ("1 0", 2**16)],
)
def test_quota_of_a_container(tmp_path: Path, text: str, cores: int) -> None:
    (tmp_path / "cpu.max").write_text(text)
    assert cores_module._container_cores(tmp_path / "cpu.max") == cores
    assert cores_module._container_cores(tmp_path / "missing") == 2**16


def test_usable_cores_is_what_the_scheduler_and_the_quota_allow(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: set(range(6)), raising=False)
    monkeypatch.setattr(cores_module, "_container_cores", lambda path: 2**16)
    assert usable_cores() == 6
    monkeypatch.setattr(cores_module, "_container_cores", lambda path: 4)
    assert usable_cores() == 4
