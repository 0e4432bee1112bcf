"""Files that a user names for us to write: never in the place of what a results folder keeps."""

import os
import stat
from pathlib import Path

from spikefuse.core.errors import InputError
from spikefuse.results import manifest
from spikefuse.results.journal import JOURNAL

KEPT = frozenset(
    {
        *("results.csv", "energy.csv", "claims.json", "run.json"),
        *("readings.csv", "sensitivity.csv", "run.log"),
    }
)
"""Files of a results folder, beside its trials and its journal."""

_TRIALS = "trials"


def require_output(path: Path, where: str, option: str = "--out") -> None:
    """Refuse a place for a file that would take something else's place, before any work.

    A regular file that is there may be replaced: it was named.

    Args:
        path: The file that was named.
        where: Who writes.
        option: What names it.

    Raises:
        InputError: A pipe, device, link or folder is there, or a results folder keeps something
            there.
    """
    there = _kind(path)
    if there:
        raise InputError(
            f"{where}: {option} must name a file, got {path}, where {there} is. Name another file."
        )
    require_apart(path, where, option)


def require_apart(path: Path, where: str, option: str) -> None:
    """Refuse a place for a file that belongs to what a results folder keeps, there or not.

    Raises:
        InputError: It does.
    """
    kept = _kept_by(path)
    if kept is not None:
        raise InputError(
            f"{where}: {option} must not be what the results folder {kept} keeps, got {path}. Name "
            "a file outside of it."
        )


def _kind(path: Path) -> str:
    """What is there that is no file, in words; empty for a file or nothing."""
    try:
        mode = os.lstat(path).st_mode
    except (OSError, ValueError):  # whoever writes says what is wrong
        return ""
    kinds = {
        stat.S_ISDIR: "a folder",
        stat.S_ISLNK: "a link",
        stat.S_ISFIFO: "a pipe",
        stat.S_ISSOCK: "a socket",
    }
    other = "" if stat.S_ISREG(mode) else "a device"
    return next((name for is_one, name in kinds.items() if is_one(mode)), other)


def _kept_by(path: Path) -> Path | None:
    """The results folder or trial to which a file of that name belongs; None where to none."""
    folder = Path(os.path.realpath(path.parent))
    for each in (folder, *folder.parents):
        if os.path.isfile(each / manifest.TRIAL) and each.parent.name == _TRIALS:
            return each.parent.parent
    owner = folder.parent if folder.name in (_TRIALS, JOURNAL) else folder
    is_results = os.path.isdir(owner / _TRIALS) or os.path.isfile(owner / "results.csv")
    if is_results and (owner != folder or path.name in KEPT):
        return owner
    return None
