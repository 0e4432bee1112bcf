"""A second start opens no file that is as it was, and never takes a changed one for known."""

import os
from pathlib import Path

import numpy as np
import pytest
from own_files import write_array

from spikefuse.data.own import decode, known_files, read_own


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the files whose content was read to be known, looks at some of them apart."""
    names: list[str] = []
    original = known_files.KnownFiles.keep

    def keep(self: known_files.KnownFiles, place: int, *rest: object) -> None:
        names.append(self.names[place])
        original(self, place, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(known_files.KnownFiles, "keep", keep)
    return names


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Six files that were settled long ago."""
    for label in ("a", "b"):
        for i in range(3):
            write_array(tmp_path / "d" / "move" / label / f"{i}.npy", 10 * ord(label) + i)
    return tmp_path / "d"


def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files of a moment ago count as settled."""
    monkeypatch.setattr(known_files, "_SETTLED_NS", -1)


def test_what_is_as_it_was_is_not_opened(
    folder: Path, tmp_path: Path, opened: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    settled(monkeypatch)
    first = read_own(folder, cache=tmp_path / "cache")
    assert len(opened) == 6
    second = read_own(folder, cache=tmp_path / "cache")
    assert len(opened) == 6
    assert second.fingerprint == first.fingerprint
    # One content changed, its size and its time of modification kept: only that one is read.
    file = folder / "move" / "b" / "1.npy"
    before = file.stat()
    write_array(file, 999)
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert (file.stat().st_size, file.stat().st_mtime_ns) == (before.st_size, before.st_mtime_ns)
    third = read_own(folder, cache=tmp_path / "cache")
    assert opened[6:] == ["move/b/1.npy"]
    assert third.fingerprint != first.fingerprint
    assert np.allclose(third.modalities["move"].inputs[4].numpy(), np.load(file))
    # One file more is another list.
    write_array(folder / "move" / "b" / "3.npy", 7)
    assert len(read_own(folder, cache=tmp_path / "cache").modalities["move"].names) == 7


def test_files_of_this_moment_are_read_again(
    folder: Path, tmp_path: Path, opened: list[str]
) -> None:
    """The clock of a disk may stand still between two writes."""
    read_own(folder, cache=tmp_path / "cache")
    read_own(folder, cache=tmp_path / "cache")
    assert len(opened) == 12


def test_a_known_file_whose_decoded_chunk_is_gone_is_decoded_from_the_file(
    folder: Path, tmp_path: Path, opened: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    settled(monkeypatch)
    cache = tmp_path / "cache"
    first = read_own(folder, cache=cache)
    for entry in cache.glob("*.safetensors"):
        if not entry.name.startswith("files-"):
            entry.unlink()
    again = read_own(folder, cache=cache)
    assert len(opened) == 6
    assert (again.modalities["move"].inputs == first.modalities["move"].inputs).all()
    # And one that changes between the look and the reading is never taken for what it was.
    for entry in cache.glob("*.safetensors"):
        if not entry.name.startswith("files-"):
            entry.unlink()
    original = decode.stamp_of
    stamps = {each: original(each) for each in _samples(folder)}
    write_array(folder / "move" / "a" / "0.npy", 999)
    monkeypatch.setattr(decode, "stamp_of", lambda sample: stamps[sample])
    with pytest.raises(Exception, match=r"move/a/0.npy must be as it was, got another content"):
        read_own(folder, cache=cache)


def _samples(folder: Path) -> list:
    from spikefuse.data.own.discover import describe

    return list(describe(folder).modalities[0].samples)


def test_a_damaged_list_is_made_again(
    folder: Path, tmp_path: Path, opened: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    settled(monkeypatch)
    cache = tmp_path / "cache"
    first = read_own(folder, cache=cache)
    (entry,) = cache.glob("files-*.safetensors")
    entry.write_bytes(entry.read_bytes()[:-9] + b"123456789")
    assert read_own(folder, cache=cache).fingerprint == first.fingerprint
    assert len(opened) == 12
