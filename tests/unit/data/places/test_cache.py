"""The cache may vanish, break or be forbidden: results never change."""

import errno
import hashlib
import logging
import os
from pathlib import Path

import pytest
import torch
from faults import Disk
from safetensors import safe_open
from safetensors.torch import save
from torch import Tensor

from spikefuse.data.places.cache import cached, cached_tensors, user_cache

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


def test_a_disk_that_turns_read_only_is_no_error(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The half of a file cannot be removed any more, and the answer is as good as ever."""
    with Disk(tmp_path, ("fsync", "unlink"), 0, errno.EROFS, lasts=True).installed():
        result = cached(tmp_path, "key", Computation())
    assert torch.equal(result, VALUE)
    assert "Read-only file system" in caplog.text
    assert torch.equal(cached(tmp_path, "key", Computation()), VALUE), "the half is no entry"


def test_user_cache_is_this_programs() -> None:
    folder = user_cache()
    assert folder is not None
    assert folder.name == "spikefuse"


def test_several_tensors_stand_in_one_entry(tmp_path: Path) -> None:
    tensors = {"a": torch.arange(6).view(2, 3), "b": torch.tensor([0.5])}
    cached_tensors(tmp_path, "k", lambda: tensors)
    stored = cached_tensors(tmp_path, "k", lambda: pytest.fail("computed again"))

    assert stored.keys() == tensors.keys()
    assert all(torch.equal(stored[name], tensor) for name, tensor in tensors.items())


def test_swapped_tensors_are_damage(tmp_path: Path) -> None:
    path = tmp_path / "k.safetensors"
    one, two = torch.tensor([1.0]), torch.tensor([2.0])
    cached_tensors(tmp_path, "k", lambda: {"a": one, "b": two})
    with safe_open(path, framework="pt") as file:
        metadata = file.metadata()
    path.write_bytes(save({"a": two, "b": one}, metadata))

    assert cached_tensors(tmp_path, "k", lambda: {"a": one, "b": two})["a"] == 1


def test_an_entry_of_before_there_were_several_stays_good(tmp_path: Path) -> None:
    value = torch.arange(4)
    digest = hashlib.sha256(b"torch.int64 (4,) " + value.numpy().tobytes()).hexdigest()
    (tmp_path / "k.safetensors").write_bytes(save({"value": value}, {"sha256": digest}))

    assert torch.equal(cached(tmp_path, "k", lambda: pytest.fail("computed again")), value)


@pytest.mark.parametrize("home", ["~/.cache/spikefuse", RuntimeError, KeyError])
def test_a_user_without_a_home_has_no_cache(
    monkeypatch: pytest.MonkeyPatch, home: str | type[Exception]
) -> None:
    def os_cache(name: str) -> str:
        if isinstance(home, str):
            return home
        raise home("Could not determine home directory.")

    monkeypatch.setattr("pooch.os_cache", os_cache)
    assert user_cache() is None
    assert cached(None, "key", lambda: torch.ones(2)).tolist() == [1, 1]
