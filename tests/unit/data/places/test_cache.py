"""The cache may vanish, break or be forbidden: results never change."""

import logging
import os
from pathlib import Path

import pytest
import torch
from torch import Tensor

from spikefuse.data.places.cache import cached, user_cache

VALUE = torch.arange(12.0).reshape(3, 4)


class Computation:
    def __init__(self) -> None:
        self.runs = 0

    def __call__(self) -> Tensor:
        self.runs += 1
        return VALUE


def test_second_time_is_read(tmp_path: Path) -> None:
    compute = Computation()
    results = [cached(tmp_path / "new", "key", compute) for _ in range(2)]

    assert compute.runs == 1
    assert torch.equal(results[0], results[1])
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["key.safetensors"]


def test_another_key_is_another_entry(tmp_path: Path) -> None:
    compute = Computation()
    for key in ("a", "b"):
        cached(tmp_path, key, compute)

    assert compute.runs == 2


@pytest.mark.parametrize("damage", ["flipped", "cut", "empty", "foreign"])
def test_damage_is_computed_again(
    tmp_path: Path, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    compute = Computation()
    cached(tmp_path, "key", compute)
    path = tmp_path / "key.safetensors"
    content = path.read_bytes()
    path.write_bytes(
        {
            "flipped": content[:-1] + bytes([content[-1] ^ 1]),
            "cut": content[:-5],
            "empty": b"",
            "foreign": b"not a tensor at all",
        }[damage]
    )
    with caplog.at_level(logging.WARNING):
        result = cached(tmp_path, "key", compute)

    assert torch.equal(result, VALUE)
    assert compute.runs == 2
    assert "computed again" in caplog.text
    assert path.read_bytes() == content


def test_folder_that_cannot_be_made(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").touch()
    compute = Computation()
    result = cached(tmp_path / "file", "key", compute)

    assert torch.equal(result, VALUE)
    assert "without this cache" in caplog.text


def test_full_disk_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    result = cached(tmp_path, "key", Computation())

    assert torch.equal(result, VALUE)
    assert "No space left" in caplog.text
    assert list(tmp_path.iterdir()) == []


def test_user_cache_is_this_programs() -> None:
    assert user_cache().name == "spikefuse"
