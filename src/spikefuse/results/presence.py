"""Whether a worker sees the results folder of the command that sent it, or another of that name.

A relative path leads elsewhere from another working folder, and an absolute one to another disk on
another machine. Either would take hours of training to a place where nobody looks.
"""

import platform
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from spikefuse.core.errors import StoreError
from spikefuse.results.atomic import is_file, sweep, temporary_name, write_file
from spikefuse.results.store import TrialStore

_WHERE = "results"


@contextmanager
def presence(store: TrialStore) -> Iterator[str]:
    """Lay a sign into the store while the block runs, and give its name.

    One that a killed process has left is swept away by the next.

    Raises:
        StoreError: The store cannot be written.
    """
    sweep(store.trials)
    path = store.trials / temporary_name("presence")
    write_file(path, b"", _WHERE)
    try:
        yield path.name
    finally:
        with suppress(OSError):
            path.unlink()


def require_presence(root: Path, sign: str) -> None:
    """Refuse a results folder without the sign, before anything is written to it.

    Raises:
        StoreError: The sign is not there.
    """
    if not is_file(root / "trials" / sign, _WHERE):
        raise StoreError(
            f"{_WHERE}: {root} must be the results folder of the command that sent this job, got "
            f"another one of that name on {platform.node() or 'this machine'}. Name an --out on a "
            "disk that every node has at the same path."
        )
