"""Events as JSON lines: one object a line, each written at once, so that a program can follow."""

import errno
import json
import os
import re
import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

from spikefuse.core.errors import InputError, StoreError
from spikefuse.core.untrusted import reason_of
from spikefuse.results.outputs import require_apart
from spikefuse.tracking.events import KINDS, TrialEvent

_EVENT = re.compile(rf'\{{\s*"event"\s*:\s*"({"|".join(KINDS)})"\s*,\s*"time"\s*:'.encode())
_BEGINS = tuple(f'{{"event": "{kind}", "time":'.encode() for kind in KINDS)
_MOST_BEGIN = 4096


def line_of(event: TrialEvent) -> str:
    """An event as strict JSON.

    Example:
        >>> line_of(TrialEvent("epoch", "1f", "snn image", {"epoch": 2}, at=0.0))
        '{"event": "epoch", "time": "1970-01-01T00:00:00+00:00", "trial": "1f", \
"label": "snn image", "epoch": 2}'
    """
    at = datetime.fromtimestamp(event.at, UTC).isoformat()
    told = {"event": event.kind, "time": at}
    of_trial = {"trial": event.trial, "label": event.label} if event.trial else {}
    return json.dumps(told | of_trial | dict(event.data), allow_nan=False)


def require_writable(path: Path, where: str = "spikefuse", option: str = "--events") -> None:
    """Refuse a file that no line can be added to, before anything is read or trained.

    Nothing is made to find out: another share of the same run may be making the file just now.

    Args:
        path: The file.
        where: Who asks.
        option: What names the file.

    Raises:
        InputError: It cannot be written.
    """
    _refuse_other(path, where, option)
    try:
        mode = _mode_of(path)
        if mode is not None and stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        # A broken link is made where it points to.
        place = path if mode is not None else path.resolve().parent
        if mode is None and not stat.S_ISDIR(os.stat(place).st_mode):
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
        if not os.access(place, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except (OSError, ValueError) as error:  # a path with a zero byte is a ValueError
        _refuse(path, error, where, option)


def _refuse_other(path: Path, where: str, option: str) -> None:
    """Refuse a file that holds something else than events: lines at its end would damage it.

    Raises:
        InputError: It does, or a results folder keeps it.
    """
    try:
        require_apart(path, where, option)
        if not path.is_file():
            return
        with path.open("rb") as file:
            begin, *further = file.read(_MOST_BEGIN).split(b"\n", 1)
    except OSError:
        return  # whoever opens it says what is wrong
    # Nothing, or what was torn within the first line; a whole line of this is something else's.
    is_torn = not further and any(each.startswith(begin) for each in _BEGINS)
    if not is_torn and not _EVENT.match(begin):
        raise InputError(
            f"{where}: {option} must be a file of events or a new one, got {path}, which holds "
            "something else. Name another file."
        )


def _mode_of(path: Path) -> int | None:
    """Kind and permissions of what is there; None of nothing."""
    try:
        return os.stat(path).st_mode
    except FileNotFoundError:
        return None


def _refuse(path: Path, error: OSError | ValueError, where: str, option: str) -> NoReturn:
    why = reason_of(error) if isinstance(error, OSError) else str(error)
    raise InputError(
        f"{where}: {option} must be a file that can be written, got {str(path)!r}: "
        f"{why}. Name one in a folder that is there."
    ) from error


class JsonLines:
    """A file that grows by a line an event; what is in it stays.

    Each line is one write. What a full disk, the machine's end or a kill within that write (at a
    page of 4 KiB, where Linux lets a process go) has torn is the last line; it is ended before the
    next one, so that it spoils no other.

    Args:
        path: The file; it is made if it is not there, its folder is not.
        where: Who asks.
        option: What names the file.

    Raises:
        InputError: It cannot be written.
    """

    def __init__(self, path: Path, where: str = "spikefuse", option: str = "--events") -> None:
        self._path = path
        try:
            is_torn = _is_torn(path)
            self._file = path.open("ab", buffering=0)
            if is_torn:
                self._file.write(b"\n")
        except OSError as error:
            _refuse(path, error, where, option)

    def write(self, event: TrialEvent) -> None:
        """Add a line.

        Raises:
            StoreError: The disk does not take it.
        """
        line = (line_of(event) + "\n").encode()
        try:
            if self._file.write(line) != len(line):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError as error:
            raise StoreError(
                f"spikefuse: {self._path} must take events, got: {reason_of(error)}. Make room; "
                "the same command goes on from here."
            ) from error

    def close(self) -> None:
        """Close the file."""
        try:
            self._file.close()
        except OSError:
            return  # told already: `write` keeps nothing back


def _is_torn(path: Path) -> bool:
    """Whether a file ends within a line. A pipe or a device has no end that could be looked at."""
    if not path.is_file() or not path.stat().st_size:
        return False
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) != b"\n"
