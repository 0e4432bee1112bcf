"""Events as JSON lines: one object a line, each written at once, so that a program can follow."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from spikefuse.core.errors import InputError, StoreError
from spikefuse.core.untrusted import reason_of
from spikefuse.tracking.events import TrialEvent


def line_of(event: TrialEvent) -> str:
    """An event as strict JSON.

    Example:
        >>> line_of(TrialEvent("epoch", "1f", "snn image", {"epoch": 2}, at=0.0))
        '{"event": "epoch", "time": "1970-01-01T00:00:00+00:00", "trial": "1f", \
"label": "snn image", "epoch": 2}'
    """
    at = datetime.fromtimestamp(event.at, UTC).isoformat()
    told = {"event": event.kind, "time": at, "trial": event.trial, "label": event.label}
    return json.dumps(told | dict(event.data), allow_nan=False)


class JsonLines:
    """A file that grows by a line an event; what is in it stays.

    Args:
        path: The file; it is made if it is not there, its folder is not.

    Raises:
        InputError: It cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._file: TextIO = path.open("a", encoding="utf-8")
        except OSError as error:
            raise InputError(
                f"spikefuse: --events must be a file that can be written, got {str(path)!r}: "
                f"{reason_of(error)}. Name one in a folder that is there."
            ) from error

    def write(self, event: TrialEvent) -> None:
        """Add a line and hand it to the system.

        Raises:
            StoreError: The disk does not take it.
        """
        try:
            self._file.write(line_of(event) + "\n")
            self._file.flush()
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
