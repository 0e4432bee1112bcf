"""Input and output below a folder that fails at one chosen call, as a disk or a network disk does.

A call is one that a program makes of the system: opening, writing, syncing, renaming, making a
folder, removing; or looking, listing, opening and reading. What is not below the folder is left.
"""

import errno
import io
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, cast

import pytest

WRITES = ("open to write", "write", "fsync", "replace", "link", "mkdir", "unlink")
READS = ("stat", "listdir", "open to read", "read")
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT


class Damage:
    """What a read gives instead of the file's bytes."""

    def __init__(self, name: str, change: Callable[[bytes], bytes]) -> None:
        self.name, self.change = name, change


def _flipped(content: bytes, place: float) -> bytes:
    if not content:
        return content
    where = min(len(content) - 1, int(len(content) * place))
    return content[:where] + bytes([content[where] ^ 1]) + content[where + 1 :]


DAMAGES = (
    Damage("nothing", lambda content: b""),
    Damage("short by one", lambda content: content[:-1]),
    Damage("half", lambda content: content[: len(content) // 2]),
    Damage("a bit in the first third", lambda content: _flipped(content, 0.3)),
    Damage("a bit near the end", lambda content: _flipped(content, 0.9)),
    Damage("zeros at the end", lambda content: content[:-16] + bytes(min(16, len(content)))),
)
ERRORS = (errno.ENOSPC, errno.EIO, errno.EACCES, errno.EROFS, errno.EDQUOT)
REASONS = {
    errno.ENOSPC: "must have free space, got: No space left on device",
    errno.EDQUOT: "must have free space, got: Disk quota exceeded",
    errno.EACCES: "must be writable, got: Permission denied",
    errno.EROFS: "must be writable, got: Read-only file system",
    errno.EIO: "must be writable, got: Input/output error",
}
"""What a sentence says of each."""


def content(root: Path) -> dict[str, bytes]:
    """Every file that a reader may look at."""
    files = sorted(path for path in root.rglob("*") if path.is_file())
    return {str(p.relative_to(root)): p.read_bytes() for p in files if not p.name.startswith(".")}


class Disk:
    """Counts the calls of some kinds below a folder; the `at`-th does what `fault` says, once.

    Args:
        root: The folder.
        kinds: Of `WRITES` or `READS`.
        at: Number of the call from 0; None lets all succeed.
        fault: An error's number, or a damage to what a read gives.
        lasts: Every call from then on fails, as on a disk that is full.
    """

    def __init__(
        self,
        root: Path,
        kinds: tuple[str, ...],
        at: int | None = None,
        fault: int | Damage = 0,
        *,
        lasts: bool = False,
    ) -> None:
        self.lasts = lasts
        self.root, self.kinds, self.at, self.fault = str(root), kinds, at, fault
        self.calls: list[str] = []
        self._ours: dict[int, str] = {}

    def meets(self, kind: str, path: object) -> bool:
        """Whether this call is the chosen one."""
        if kind not in self.kinds or not str(path).startswith(self.root):
            return False
        # Bytes are damaged where they are read, an error may come anywhere.
        if isinstance(self.fault, Damage) and kind != "read":
            return False
        self.calls.append(f"{kind} {Path(str(path)).name}")
        number = len(self.calls) - 1
        return number == self.at or (self.lasts and self.at is not None and number > self.at)

    def fail(self, path: object) -> None:
        """Raise the chosen error."""
        assert isinstance(self.fault, int)
        raise OSError(self.fault, os.strerror(self.fault), str(path))

    @contextmanager
    def installed(self) -> Iterator["Disk"]:
        """All calls go through this disk while the block runs."""
        with pytest.MonkeyPatch.context() as patch:
            for name, kind in _NAMES.items():
                patch.setattr(os, name, self._on_path(getattr(os, name), kind))
            patch.setattr(os, "open", self._open(os.open))
            patch.setattr(os, "close", self._close(os.close))
            patch.setattr(os, "write", self._write(os.write))
            patch.setattr(os, "fsync", self._sync)
            patch.setattr(os, "fdopen", self._fdopen(os.fdopen))
            yield self

    def _on_path(self, original: Callable[..., Any], kind: str) -> Callable[..., Any]:
        def called(path: Any = ".", *arguments: Any, **options: Any) -> Any:
            if self.meets(kind, path):
                self.fail(path)
            return original(path, *arguments, **options)

        return called

    def _open(self, original: Callable[..., int]) -> Callable[..., int]:
        def called(path: Any, flags: int, *arguments: Any, **options: Any) -> int:
            if self.meets("open to write" if flags & _WRITING else "open to read", path):
                self.fail(path)
            descriptor = original(path, flags, *arguments, **options)
            if str(path).startswith(self.root):
                self._ours[descriptor] = str(path)
            return descriptor

        return called

    def _close(self, original: Callable[[int], None]) -> Callable[[int], None]:
        def called(descriptor: int) -> None:
            self._ours.pop(descriptor, None)
            original(descriptor)

        return called

    def _write(self, original: Callable[..., int]) -> Callable[..., int]:
        def called(descriptor: int, data: Any) -> int:
            path = self._ours.get(descriptor, "")
            if path and self.meets("write", path):
                original(descriptor, bytes(data)[: len(data) // 2])  # a disk fills in the middle
                self.fail(path)
            return original(descriptor, data)

        return called

    def _sync(self, descriptor: int) -> None:
        # Not carried out: the machine stays on, and a thousand of them would take minutes.
        path = self._ours.get(descriptor, "")
        if path and self.meets("fsync", path):
            self.fail(path)

    def _fdopen(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def called(descriptor: int, *arguments: Any, **options: Any) -> Any:
            path = self._ours.pop(descriptor, "")
            file = original(descriptor, *arguments, **options)
            if not path or not self.meets("read", path):
                return file
            if isinstance(self.fault, Damage):
                return _Damaged(file, self.fault.change(cast(BinaryIO, file).read()))
            return _Failing(file, self.fault)

        return called


class _Damaged(io.BytesIO):
    """An open file with other bytes; its descriptor stays open as long as it does."""

    def __init__(self, file: Any, content: bytes) -> None:
        super().__init__(content)
        self._file = file

    def close(self) -> None:
        self._file.close()
        super().close()


class _Failing:
    """An open file whose bytes cannot be read."""

    def __init__(self, file: Any, code: int) -> None:
        self._file, self._code = file, code

    def __enter__(self) -> "_Failing":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def read(self, *_: object) -> bytes:
        raise OSError(self._code, os.strerror(self._code))


_NAMES = {
    "replace": "replace",
    "link": "link",
    "mkdir": "mkdir",
    "unlink": "unlink",
    "stat": "stat",
    "listdir": "listdir",
}
