"""The log of a run: the library's words in a file; the terminal shows one line a failure.

What is logged with `extra={"is_news": True}` stands on the terminal, too.
"""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from spikefuse.cli.terminal import news
from spikefuse.core.untrusted import reason_of

if TYPE_CHECKING:
    from rich.console import Console


class _Log(logging.FileHandler):
    """A log file that never stops the work it tells of: what cannot be written is told once."""

    def __init__(self, file: Path, console: "Console") -> None:
        super().__init__(file, encoding="utf-8", delay=True)
        self._console = console
        self._is_told = False

    def emit(self, record: logging.LogRecord) -> None:
        try:
            super().emit(record)  # opens the file at the first record, and that may fail
        except OSError as error:
            self._tell(error)
        if getattr(record, "is_news", False):
            news(self._console, record.getMessage())

    def handleError(self, record: logging.LogRecord) -> None:
        error = sys.exc_info()[1]
        if isinstance(error, OSError):
            self._tell(error)
        else:
            super().handleError(record)

    def _tell(self, error: OSError) -> None:
        if not self._is_told:
            self._is_told = True
            told = f"{self.baseFilename} must be writable, got: {reason_of(error)}"
            news(self._console, f"no log: {told}. The run goes on.", style="red")


@contextmanager
def log_to(file: Path, console: "Console") -> Iterator[None]:
    """Send the library's log to a file while the block runs."""
    logger = logging.getLogger("spikefuse")
    handler = _Log(file, console)
    before = logger.propagate
    logger.addHandler(handler)
    logger.propagate = False
    try:
        yield
    finally:
        logger.propagate = before
        logger.removeHandler(handler)
        with suppress(OSError):  # what was left to write does not fit either
            handler.close()
