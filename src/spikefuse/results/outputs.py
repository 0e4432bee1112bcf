"""Places that a user names: nothing is written over what is kept, by us or by somebody else."""

import os
import re
import stat
from collections.abc import Iterable, Iterator
from itertools import product
from pathlib import Path

from spikefuse.core.errors import InputError
from spikefuse.results import manifest
from spikefuse.results.inspect import NAME

PAGE = "report.html"
"""A results folder's page, which reports alone replace."""

_TABLE = b"study,trial,"
_SIGNS = {
    "run.json": b'"profile_settings"',
    "results.csv": _TABLE,
    "energy.csv": _TABLE,
    "readings.csv": _TABLE,
    "sensitivity.csv": b"claim,reading,",
    "claims.json": b'"format": "spikefuse claims',
    "answer.json": b'"format": "spikefuse ask',
    "data.json": b'"banner"',
}
"""Files of a results folder, and what such a file begins with in about its first 4,096 bytes."""

_LOG = "run.log"
KEPT = frozenset({*_SIGNS, _LOG, "data.png", "index.csv", "readings.json", PAGE})
"""Files of a results folder, beside its folders."""

_ASIDE = re.compile(r".+\.(earlier|unreadable)-\d+")
"""What was moved aside, see `analysis.earlier`."""
_TRIALS, _PLANS = "trials", ("journal", "plans")
_FOLDERS = frozenset({_TRIALS, "journal", "modules", "figures", "tables", "mlruns", "tensorboard"})
OF_A_PAGE = frozenset({PAGE, "figures", "tables"})
"""What a report writes."""

_HEAD_BYTES = 4096


def require_output(
    path: Path,
    where: str,
    option: str = "--out",
    *,
    of: Path | None = None,
    its: frozenset[str] = frozenset(),
    reads: Iterable[Path] = (),
) -> None:
    """Refuse a place for a file that would take something else's place, before any work.

    A regular file that is there may be replaced: it was named.

    Args:
        path: The file that was named.
        where: Who writes.
        option: What names it.
        of: The results folder that the command is about.
        its: Names in that folder that the command itself writes.
        reads: Files that the same command reads or writes.

    Raises:
        InputError: A pipe, device, link or folder is there, a results folder keeps something
            there, or the command needs the file for something else.
    """
    there = _kind(path)
    if there:
        raise InputError(
            f"{where}: {option} must name a file, got {path}, where {there} is. Name another file."
        )
    require_apart(path, where, option, of=of, its=its)
    if any(is_same(path, each) for each in reads):
        raise InputError(
            f"{where}: {option} must be a file of its own, got {path}, which the same command "
            "needs for something else. Name another file."
        )


def require_apart(
    path: Path,
    where: str,
    option: str,
    *,
    of: Path | None = None,
    its: frozenset[str] = frozenset(),
) -> None:
    """Refuse a place for a file that belongs to what a results folder keeps, there or not.

    Raises:
        InputError: It does.
    """
    kept = _kept_by(path, of, its)
    if kept is not None:
        raise InputError(
            f"{where}: {option} must not be what {_told(kept)} keeps, got {path}. Name a file "
            "outside of it."
        )


def require_beside(path: Path, out: Path, where: str, option: str) -> None:
    """Refuse a file that is a folder a command is about to fill, or what it will keep there.

    Raises:
        InputError: It is, or the folder would lie below it.
    """
    for place, root in product(_forms(path), _forms(out)):
        is_above = root.is_relative_to(place)
        name, *below = place.relative_to(root).parts if root in place.parents else ("",)
        if is_above or name in _FOLDERS or (_is_kept(name) and not below):
            told = "is or lies in" if is_above else "keeps"
            raise InputError(
                f"{where}: {option} must not be what {_told(root)} {told}, got {path}. Name a file "
                "outside of it."
            )


def require_folder(out: Path, where: str, option: str = "--out") -> None:
    """Refuse a place for a results folder: within another's, or over files of somebody's own.

    Raises:
        InputError: It lies there, is or lies below a file, or holds a file of a name of ours that
            no run wrote.
    """
    file = _file_at(out)
    if file is not None:
        told = "is a file" if file == out else f"lies below the file {file}"
        raise InputError(
            f"{where}: {option} must be a folder, got {out}, which {told}. Name another one."
        )
    for place in _forms(out):
        for owner in (place, *place.parents):
            inside = place.relative_to(owner).parts[:1]
            if _is_trial(owner) or (inside and inside[0] in _FOLDERS and is_results(owner)):
                raise InputError(
                    f"{where}: {option} must lie outside of what {_told(owner)} keeps, got {out}. "
                    "Name another folder."
                )
    # A page is refused where one is written, and a log is added to.
    others = sorted(KEPT - {PAGE, _LOG})
    other = next((name for name in others if os.path.lexists(out / name)), None)
    if other is not None and not is_results(out):
        raise InputError(
            f"{where}: {option} must be a results folder or hold no files of their names, got "
            f"{out} with {other}, which no run wrote. Name another folder."
        )


def is_results(folder: Path) -> bool:
    """Whether a folder holds results of ours: trials, the journal of a run, or its tables."""
    if os.path.isdir(folder.joinpath(*_PLANS)) or _holds_trials(folder / _TRIALS):
        return True
    return any(sign in _head(folder / name) for name, sign in _SIGNS.items())


def is_same(one: Path, other: Path) -> bool:
    """Whether two paths name one place, there or not."""
    return os.path.realpath(one) == os.path.realpath(other)


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


def _file_at(out: Path) -> Path | None:
    """What is no folder at a place or, of a place that is not there, above it."""
    for each in (out, *out.absolute().parents):
        try:
            mode = os.stat(each).st_mode
        except (OSError, ValueError):  # not there; of other reasons, whoever makes it says which
            continue
        return None if stat.S_ISDIR(mode) else each
    return None


def _kept_by(path: Path, of: Path | None, its: frozenset[str]) -> Path | None:
    """The results folder or trial to which a file of that name belongs; None where to none."""
    for place in _forms(path):
        for owner in place.parents:
            name, *below = place.relative_to(owner).parts
            is_named = name in _FOLDERS if below else _is_kept(name)
            is_its = name in its and of is not None and is_same(owner, of)
            if _is_trial(owner) or (is_named and not is_its and is_results(owner)):
                return owner
    return None


def _is_kept(name: str) -> bool:
    return name in KEPT or _ASIDE.fullmatch(name) is not None


def _forms(path: Path) -> Iterator[Path]:
    """A place as it is said, and as links lead to it."""
    yield Path(os.path.abspath(path))
    try:
        yield Path(os.path.realpath(path))  # `..` behind a link leads out of where that leads
    except (OSError, ValueError):
        return  # whoever writes says what is wrong


def _told(owner: Path) -> str:
    if not _is_trial(owner):
        return f"the results folder {owner}"
    is_kept = owner.parent.name == _TRIALS
    return f"the results folder {owner.parent.parent}" if is_kept else f"the trial {owner}"


def _is_trial(folder: Path) -> bool:
    return NAME.fullmatch(folder.name) is not None and os.path.isfile(folder / manifest.TRIAL)


def _holds_trials(folder: Path) -> bool:
    try:
        with os.scandir(folder) as entries:
            return any(
                NAME.fullmatch(each.name) and os.path.isfile(os.path.join(each, manifest.TRIAL))
                for each in entries
            )
    except (OSError, ValueError):
        return False


def _head(path: Path) -> bytes:
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            return b""
        with path.open("rb") as file:
            return file.read(_HEAD_BYTES)
    except (OSError, ValueError):
        return b""
