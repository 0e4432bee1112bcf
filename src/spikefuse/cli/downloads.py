"""Progress bars of downloads, in the shape that pooch drives."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

if TYPE_CHECKING:
    from spikefuse.data import ProgressFactory


@contextmanager
def download_progress(console: Console) -> "Iterator[ProgressFactory]":
    """Progress bars for downloads, one a file, as `locate` and `fetch` take them.

    Nothing is shown before the first file; where no terminal is, a line a file.
    """
    progress = Progress(
        BarColumn(bar_width=16),
        DownloadColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.description}", markup=False),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    try:
        yield partial(FileBar, console, progress)
    finally:
        progress.stop()


class FileBar:
    """One file's bar: pooch sets `total`, then calls `update`."""

    def __init__(self, console: Console, progress: Progress, name: str) -> None:
        if not console.is_terminal:
            console.print(f"downloading {name}")
        progress.start()
        self._progress = progress
        self._task = progress.add_task(name, total=None)
        self._total = 0.0
        self._seen = 0

    @property
    def total(self) -> float:
        """Bytes of the file; 0 where the server does not say."""
        return self._total

    @total.setter
    def total(self, value: float) -> None:
        self._total = value
        self._progress.update(self._task, total=value or None)

    def update(self, amount: int) -> None:
        """So many bytes more."""
        self._seen += amount
        self._progress.update(self._task, completed=self._seen)

    def reset(self) -> None:
        """Begin again; pooch does it before it fills the bar by the total, if that is known."""
        self._seen = 0 if self._total else self._seen

    def close(self) -> None:
        """The file is whole."""
        self._progress.update(self._task, total=self._seen, completed=self._seen)
