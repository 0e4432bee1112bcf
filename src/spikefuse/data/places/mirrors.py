"""The servers that data sets come from: which of them answer, and one file from one of them.

All are asked at once, in threads that are left behind when they do not answer in time: a name
server that hangs cannot be interrupted, only not waited for.
"""

import logging
import queue
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from spikefuse.core.errors import DataError
from spikefuse.core.untrusted import reason

_log = logging.getLogger(__name__)

PROBE_SECONDS = 3.0
"""How long all mirrors together have to answer before there is said to be no network."""

_STALL_SECONDS = 15.0
_CHUNK_BYTES = 1 << 16


class Progress(Protocol):
    """A progress bar of one file, as pooch's downloader drives it."""

    total: float
    """Size in bytes, set when the server names it; 0 when it does not."""

    def update(self, amount: int) -> object:
        """Advance by a number of bytes."""

    def reset(self) -> object:
        """Go back to the start; pooch then updates by the total, so that the bar ends full."""

    def close(self) -> object:
        """The file is complete."""


ProgressFactory = Callable[[str], Progress]
"""Makes a bar for a file of a given name."""


def answering(wanted: Mapping[str, Mapping[str, str]], seconds: float) -> dict[str, list[str]]:
    """The mirrors of each data set, those that answered first; waits no longer than needed.

    Args:
        wanted: Data set -> mirror -> an address on it that must answer.
        seconds: Time for all of them together.

    Raises:
        DataError: For one data set no mirror answered in time.
    """
    answers: queue.SimpleQueue[tuple[str, str, str | None]] = queue.SimpleQueue()

    def ask(name: str, mirror: str, url: str) -> None:
        answers.put((name, mirror, _probe(url, seconds)))

    good: dict[str, list[str]] = {name: [] for name in wanted}
    problems = {mirror: "no answer" for mirrors in wanted.values() for mirror in mirrors}
    for name, mirrors in wanted.items():
        for mirror, url in mirrors.items():
            threading.Thread(target=ask, args=(name, mirror, url), daemon=True).start()
    end = time.monotonic() + seconds
    for _ in problems:
        try:
            name, mirror, problem = answers.get(timeout=max(end - time.monotonic(), 0.001))
        except queue.Empty:
            break
        if problem is None:
            good[name].append(mirror)
        else:
            problems[mirror] = problem
        if all(good.values()):
            break
    for name, mirrors in wanted.items():
        if not good[name]:
            tried = "; ".join(f"{mirror}: {problems[mirror]}" for mirror in mirrors)
            raise DataError(
                f"data: a mirror of {name} must answer within {seconds:g} s, got none ({tried}). "
                "Check the network, or copy the data and name its folder."
            )
    return {
        name: [*good[name], *(mirror for mirror in mirrors if mirror not in good[name])]
        for name, mirrors in wanted.items()
    }


def _probe(url: str, seconds: float) -> str | None:
    """None if the address answers, else what is wrong with it."""
    import requests

    try:
        with requests.get(url, stream=True, timeout=seconds) as response:
            return None if response.ok else f"status {response.status_code}"
    except requests.RequestException as error:
        return type(error).__name__
    except Exception as error:  # a thread must answer, whatever a proxy or resolver raises
        return repr(error)


def download(url: str, path: Path, progress: ProgressFactory | None) -> None:
    """Download one file.

    Raises:
        DataError: The server or the connection fails.
    """
    import pooch
    import requests

    bar = progress(path.name) if progress is not None else False
    downloader = pooch.HTTPDownloader(
        progressbar=bar, chunk_size=_CHUNK_BYTES, timeout=_STALL_SECONDS
    )
    try:
        downloader(url, str(path), None)
    except (requests.RequestException, ValueError) as error:
        raise DataError(
            f"data: {url} must be downloadable, got: {reason(error)}. Try again later."
        ) from error


def first_good(urls: Sequence[str], attempt: Callable[[str], None]) -> None:
    """Try one address after the other; the last one's error is raised when all fail."""
    for url in urls[:-1]:
        try:
            attempt(url)
        except DataError as error:
            _log.warning("%s The next mirror is tried.", error)
        else:
            return
    attempt(urls[-1])
