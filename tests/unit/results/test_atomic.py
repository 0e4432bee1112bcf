import errno
import os
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from spikefuse.core.errors import StoreError
from spikefuse.results import atomic
from spikefuse.results.atomic import make_folder, read_file, sweep, write_file


def test_write_replaces_and_leaves_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "a file.json"
    write_file(path, b"one", "here")
    write_file(path, [b"t", memoryview(b"w"), b"o"], "here")
    assert path.read_bytes() == b"two"
    assert os.listdir(tmp_path) == [path.name]


def test_file_is_readable_by_others_as_the_umask_says(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        write_file(tmp_path / "a", b"one", "here")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o644


def test_content_is_on_the_disk_before_it_is_in_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []
    for name in ("write", "fsync", "replace"):
        original = getattr(os, name)

        def recorded(*arguments: object, name: str = name, original: object = original) -> object:
            calls.append(name)
            return original(*arguments)  # type: ignore[operator]

        monkeypatch.setattr(os, name, recorded)
    write_file(tmp_path / "a", b"one", "here")
    assert calls == ["write", "fsync", "replace"]


def test_short_writes_are_continued(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    original = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: original(descriptor, data[:2]))
    write_file(tmp_path / "a", b"seven b", "here")
    assert (tmp_path / "a").read_bytes() == b"seven b"


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (errno.ENOSPC, "must have free space, got: No space left on device. Free some space"),
        (errno.EROFS, "must be writable, got: Read-only file system. Choose another folder"),
        (errno.EACCES, "must be writable, got: Permission denied. Choose another folder"),
        (errno.EIO, "must be writable, got: Input/output error. Check the folder"),
    ],
)
@pytest.mark.parametrize("step", ["write", "fsync", "replace"])
def test_failure_keeps_the_old_file_and_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, words: str, step: str
) -> None:
    path = tmp_path / "a"
    write_file(path, b"old", "here")

    def fail(*_: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, step, fail)
    with pytest.raises(StoreError) as caught:
        write_file(path, b"new", "somewhere")
    message = str(caught.value)
    assert message.startswith("somewhere: ")
    assert words in message
    assert "\n" not in message
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a"]


def test_interrupt_leaves_no_temporary_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(_: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_file(tmp_path / "a", b"new", "here")
    assert os.listdir(tmp_path) == []


def test_file_in_the_place_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"")
    for path in (tmp_path / "a", tmp_path / "a" / "b"):
        with pytest.raises(StoreError, match="got a file in the place of one"):
            make_folder(path, "here")
    with pytest.raises(StoreError, match="got a file in the place of one"):
        write_file(tmp_path / "a" / "b", b"", "here")


def test_missing_file_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="must be a readable file, got: No such file"):
        read_file(tmp_path / "a", "here")


def _temporary(folder: Path, host: str, process: int) -> Path:
    path = folder / f".metrics.jsonl.{host}-{process}-01234567.tmp"
    path.write_bytes(b"torn")
    return path


@pytest.mark.skipif(sys.platform == "win32", reason="processes are probed on POSIX only")
def test_sweep_takes_what_dead_processes_left(tmp_path: Path) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    host = atomic._host()
    dead = _temporary(tmp_path, host, ended.pid)
    alive = _temporary(tmp_path, host, os.getpid())
    elsewhere = _temporary(tmp_path, "ffffffff", ended.pid)
    old = _temporary(tmp_path, "eeeeeeee", ended.pid)
    long_ago = time.time() - 2 * 24 * 3600
    os.utime(old, (long_ago, long_ago))
    kept = tmp_path / "results.json"
    kept.write_bytes(b"{}")
    sweep(tmp_path)
    assert [path.exists() for path in (dead, old)] == [False, False]
    assert [path.exists() for path in (alive, elsewhere, kept)] == [True, True, True]
