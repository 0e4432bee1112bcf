"""Files that appear whole or not at all: a temporary file in the same folder, fsync, replace.

A process that is killed between two bytes leaves at most a temporary file, which no reader looks
at and which the next writer of the folder sweeps away.
"""

import errno
import hashlib
import os
import platform
import re
import secrets
import stat
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from spikefuse.core.errors import StoreError
from spikefuse.core.untrusted import MOST_JSON_BYTES, is_trouble, read_regular, reason_of

VERIFY = "'spikefuse verify RUN'"
"""What messages name for a folder that does not fit together."""

_ABANDONED_S = 24 * 3600
_FULL = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}
_FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}
_TEMPORARY = re.compile(r"^\..+\.(?P<host>[0-9a-f]{8})-(?P<process>\d+)-[0-9a-f]{8}\.tmp$")


def write_file(path: Path, content: bytes | Sequence[bytes | memoryview], where: str) -> None:
    """Put `content` at `path`, so that a reader sees the old file or the new one, nothing between.

    Content in parts saves joining them, which counts for large tensors.

    The bytes are on the disk when this returns. The folder's entry is not: call `sync_folder`
    where the order of several files matters after a power cut.

    Raises:
        StoreError: The disk is full, the folder cannot be written, or another input/output error;
            an earlier file at `path` is untouched.
    """
    temporary = path.with_name(temporary_name(path.name))
    try:
        try:
            _write_new(temporary, [content] if isinstance(content, bytes) else content)
            os.replace(temporary, path)
        except BaseException:
            with suppress(OSError):
                temporary.unlink()
            raise
    except OSError as error:
        raise refusal(where, path, error) from error


def temporary_name(name: str) -> str:
    """A name that no other process takes, and that `sweep` knows as abandoned after its end."""
    return f".{name}.{_host()}-{os.getpid()}-{secrets.token_hex(4)}.tmp"


def _write_new(path: Path, parts: Sequence[bytes | memoryview]) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    descriptor = os.open(path, flags, 0o666)
    try:
        for part in parts:
            view = memoryview(part)
            while view:
                view = view[os.write(descriptor, view) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_folder(folder: Path) -> None:
    """Make the folder's entries durable, where the system has a way to ask for that."""
    if sys.platform == "win32":
        return
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


class UnreadableError(StoreError):
    """The system does not give what may well be there: nothing may be taken as lost or damaged."""


def unreadable(path: Path, where: str, error: OSError) -> UnreadableError:
    """One clear line for a file that the system does not give."""
    return UnreadableError(
        f"{where}: {path} must be a readable file, got: {reason_of(error)}. "
        "See to its disk and its permissions, then run the same command again."
    )


def read_file(path: Path, where: str, most: int = MOST_JSON_BYTES) -> bytes:
    """The whole content of a file of at most `most` bytes.

    Raises:
        UnreadableError: The system does not give it now.
        StoreError: It is missing, is no regular file or is larger.
    """
    try:
        return read_regular(path, most)
    except OSError as error:
        if is_trouble(error):
            raise unreadable(path, where, error) from error
        raise StoreError(
            f"{where}: {path} must be a readable file, got: {reason_of(error)}. "
            f"{VERIFY} names everything that is wrong in a results folder."
        ) from error


def is_file(path: Path, where: str) -> bool:
    """Whether there is a regular file.

    Raises:
        StoreError: The system does not tell, mostly because a folder may not be entered.
    """
    try:
        return stat.S_ISREG(os.stat(path).st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise _unreadable(_to_blame(path, error), where, error) from error


def is_folder(path: Path, where: str) -> bool:
    """Whether there is a folder.

    Raises:
        StoreError: The system does not tell, mostly because a folder above may not be entered.
    """
    try:
        return stat.S_ISDIR(os.stat(path).st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise _unreadable(_to_blame(path, error), where, error) from error


def list_folder(path: Path, where: str) -> list[Path]:
    """What lies in a folder, in order of the names; nothing where there is no folder.

    Raises:
        StoreError: It may not be entered, or cannot be read.
    """
    try:
        return sorted(path.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise _unreadable(path, where, error) from error


def _to_blame(path: Path, error: OSError) -> Path:
    """Whose fault it is that a path cannot be looked at: its folder's, but for a link or a name."""
    return path if error.errno in (errno.ELOOP, errno.ENAMETOOLONG) else path.parent


def _unreadable(folder: Path, where: str, error: OSError) -> UnreadableError:
    return UnreadableError(
        f"{where}: {folder} must be a readable folder, got: {reason_of(error)}. "
        "Change its permissions or choose another folder."
    )


def make_folder(path: Path, where: str) -> None:
    """Create a folder and its parents unless they exist.

    Raises:
        StoreError: That is not possible.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise refusal(where, path, error) from error


def refusal(where: str, path: Path, error: OSError) -> StoreError:
    """One clear line for an operating-system error met while writing `path`."""
    if error.errno in _FULL:
        return StoreError(
            f"{where}: the disk of {path.parent} must have free space, got: {reason_of(error)}. "
            "Free some space and run the same command again; what is stored is intact."
        )
    if error.errno in _FORBIDDEN:
        return StoreError(
            f"{where}: {path.parent} must be writable, got: {reason_of(error)}. "
            "Choose another folder or change its permissions."
        )
    if error.errno == errno.ENOENT:
        return StoreError(
            f"{where}: {path.parent} must stay while the command runs, got none: somebody removed "
            "or moved it. Run the same command again; what was stored in it is gone with it."
        )
    if error.errno in (errno.ENOTDIR, errno.EEXIST):
        return StoreError(
            f"{where}: {path} must lie in folders, got a file in the place of one. "
            "Choose another folder or move that file away."
        )
    return StoreError(
        f"{where}: {path} must be writable, got: {reason_of(error)}. "
        "Check the folder and run the same command again; what is stored is intact."
    )


def sweep(folder: Path) -> None:
    """Remove temporary files that no running process will ever put into place.

    A file of this machine is abandoned when its process is gone; one of another machine (a shared
    file system) when it is a day old.
    """
    with suppress(OSError):
        for path in folder.iterdir():
            if _is_abandoned(path):
                with suppress(OSError):
                    path.unlink()


def _is_abandoned(path: Path) -> bool:
    match = _TEMPORARY.match(path.name)
    if match is None:
        return False
    # Probing with signal 0 is safe on POSIX only: on Windows it would send Ctrl-C.
    if match["host"] == _host() and sys.platform != "win32":
        return not is_running(int(match["process"]))
    return time.time() - path.stat().st_mtime > _ABANDONED_S


def is_running(process: int) -> bool:
    """Whether a process of this machine is there."""
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


def _host() -> str:
    return hashlib.sha256(platform.node().encode()).hexdigest()[:8]
