"""Marks of a trial's files: place, size and times, by which it is known that nothing has changed.

What Git does with its index. A file that changed a moment ago may change again within one tick of
the clock and keep its times, so marks of this moment say nothing.
"""

import hashlib
import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from spikefuse.results import manifest
from spikefuse.results.evaluations import EVALUATIONS

FINAL_STATES = ("done", "diverged")
"""Of a trial that is finished."""

_SETTLED_NS = 2 * 10**9
_FILES = (manifest.MANIFEST, *manifest.REQUIRED, *manifest.OPTIONAL)


def marked(folder: Path, *, evaluations: bool = True) -> tuple[str, int]:
    """Marks of all files of a finished trial, and when one changed last; "" where it is none.

    Args:
        folder: A trial's folder.
        evaluations: Mark its evaluations too.
    """
    base = str(folder)
    found: list[tuple[str, os.stat_result]] = []
    for name in _FILES:
        try:
            found.append((name, os.stat(f"{base}/{name}")))
        except OSError:
            if name in manifest.OPTIONAL:
                continue
            return "", 0
    if evaluations:
        try:
            with os.scandir(f"{base}/{EVALUATIONS}") as entries:
                found += sorted((entry.name, entry.stat()) for entry in entries)
        except FileNotFoundError:
            pass
        except OSError:
            return "", 0  # whoever reads them says what is wrong
    return _digest(found), max(max(at.st_mtime_ns, at.st_ctime_ns) for _, at in found)


def is_settled(changed_ns: int, asked_ns: int) -> bool:
    """Whether what changed last at one time, by marks of another, shows its next change."""
    return changed_ns < asked_ns - _SETTLED_NS


class States:
    """States of finished trials, read once while their files stay as they are.

    One command asks for a trial's state some twenty times, before each of its tensors. Whatever is
    read after the question is hashed again, so this forgives no change of content.
    """

    def __init__(self) -> None:
        self._known: dict[str, tuple[str, str]] = {}

    def of(self, folder: Path, read: Callable[[], str]) -> str:
        """The state of the trial in a folder.

        Args:
            folder: Its folder.
            read: Reads the state, where it is not known.
        """
        # Before it is read: what changes meanwhile has other marks afterwards.
        asked = time.time_ns()
        mark, changed = marked(folder, evaluations=False)
        known = self._known.get(folder.name)
        if known is not None and known[0] == mark:
            return known[1]
        state = read()
        if mark and state in FINAL_STATES and is_settled(changed, asked):
            self._known[folder.name] = mark, state
        return state


def _digest(found: Iterable[tuple[str, os.stat_result]]) -> str:
    told = [
        (name, at.st_mode, at.st_ino, at.st_size, at.st_mtime_ns, at.st_ctime_ns)
        for name, at in found
    ]
    return hashlib.blake2b(repr(told).encode(), digest_size=12).hexdigest()
