"""What was seen of finished trials, with the marks of their files, so that it is not read again.

Looking through a folder of 100,000 trials by reading and hashing takes minutes. As Git does with
its index, a trial whose files all have the place, size and times that they had when they were read
is taken for what it was; any other is read. Never the truth about a trial: tables and reports read
and hash what they show, and a folder without this note, or with a damaged one, reads as well.
"""

import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from spikefuse.core.errors import StoreError
from spikefuse.core.untrusted import MOST_TABLE_BYTES
from spikefuse.results import manifest
from spikefuse.results.atomic import make_folder, read_file, write_file
from spikefuse.results.evaluations import read_evaluations
from spikefuse.results.journal import JOURNAL
from spikefuse.results.marks import FINAL_STATES, is_settled, marked
from spikefuse.results.store import TrialStore

SEEN = "seen.txt"
WORTH = 1000
"""Finished trials from which on a note is kept; fewer are read as quickly."""

_HEAD = "spikefuse seen 1"
_WHERE = "results"


@dataclass(frozen=True)
class Sight:
    """What was seen of a trial.

    Args:
        state: As `TrialFolder.state` has it.
        evaluations: Names of its sound evaluations, where it is finished.
    """

    state: str
    evaluations: frozenset[str] = frozenset()


class Seen:
    """Looks at trials, and reads only those that changed since they were noted.

    Args:
        store: The results folder.
    """

    def __init__(self, store: TrialStore) -> None:
        self._store = store
        self._path = store.root / JOURNAL / SEEN
        self._noted = _noted(self._path)
        self._is_new = False

    def look(self, trial: str) -> Sight:
        """The state of a trial and the names of its evaluations.

        Raises:
            StoreError: As `TrialStore.state`.
        """
        # Before it is read: what changes meanwhile has other marks afterwards.
        asked = time.time_ns()
        mark, changed = marked(self._store.trials / trial)
        noted = self._noted.get(trial)
        if noted is not None and noted[0] == mark:
            return noted[1]
        state = self._store.state(trial)
        if state not in FINAL_STATES:
            return Sight(state)
        found = Sight(state, frozenset(read_evaluations(self._store.trials / trial)))
        if mark and is_settled(changed, asked):
            self._noted[trial] = mark, found
            self._is_new = True
        return found

    def keep(self) -> None:
        """Note what was seen, where that is worth it; what cannot be noted is not."""
        if not self._is_new or len(self._noted) < WORTH:
            return
        lines = (
            " ".join((name, mark, seen.state, *sorted(seen.evaluations)))
            for name, (mark, seen) in sorted(self._noted.items())
        )
        body = "\n".join(lines).encode()
        with suppress(StoreError):
            make_folder(self._path.parent, _WHERE)
            write_file(self._path, f"{_HEAD} {manifest.digest(body)}\n".encode() + body, _WHERE)
            self._is_new = False


def _noted(path: Path) -> dict[str, tuple[str, Sight]]:
    """What a note holds; nothing where there is none, or a damaged one."""
    try:
        head, _, body = read_file(path, _WHERE, MOST_TABLE_BYTES).partition(b"\n")
    except StoreError:
        return {}
    if head != f"{_HEAD} {manifest.digest(body)}".encode():
        return {}
    try:
        entries = (line.split(" ") for line in body.decode("ascii").splitlines())
        return {
            name: (mark, Sight(state, frozenset(evaluations)))
            for name, mark, state, *evaluations in entries
            if state in FINAL_STATES
        }
    except ValueError:  # sealed, but by whoever wrote something else in it
        return {}
