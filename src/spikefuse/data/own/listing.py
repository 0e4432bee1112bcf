"""Files below a folder: listed in a fixed order, and never one that lies outside it."""

import os
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from spikefuse.data.own.refusals import refusal

_CLUTTER = {"thumbs.db", "desktop.ini", "__macosx"}
"""Files that operating systems leave behind; hidden files are clutter too."""


@dataclass(frozen=True)
class Listing:
    """What one folder holds, in the order of names.

    Args:
        folders: Names of the folders in it.
        files: Names of the plain files in it.
    """

    folders: tuple[str, ...]
    files: tuple[str, ...]


def list_folder(root: Path, folder: Path) -> Listing:
    """The visible folders and files of a folder at or below `root`.

    Raises:
        InputError: The folder cannot be read, or a link in it leads to a folder, or out of `root`.
    """
    folders, files = [], []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.startswith(".") or entry.name.lower() in _CLUTTER:
                    continue
                if entry.is_symlink():
                    _check_link(root, Path(entry.path))
                if entry.is_dir():
                    folders.append(entry.name)
                else:
                    files.append(entry.name)
    except OSError as error:
        raise refusal(
            str(folder), "a readable folder", error.strerror or str(error), "Check its name."
        ) from error
    return Listing(tuple(sorted(folders)), tuple(sorted(files)))


def _check_link(root: Path, path: Path) -> None:
    try:
        target = path.resolve()
    except (OSError, RuntimeError) as error:  # RuntimeError: links in a circle, before Python 3.13
        raise refusal(
            str(path.relative_to(root)), "a file", "a link that leads nowhere", "Take it away."
        ) from error
    if not target.is_relative_to(root.resolve()):
        raise refusal(
            str(path.relative_to(root)),
            f"inside {root.name}",
            f"a link to {target}",
            "Copy the file in place of the link.",
        )
    # A folder that is reached twice would count its files twice, or without end.
    if target.is_dir():
        raise refusal(
            str(path.relative_to(root)),
            "a folder of its own",
            f"a link to the folder {target.name}",
            "Take the link away.",
        )


def inside(root: Path, relative: str, where: str) -> Path:
    """The file of a relative path, which must lie in `root`.

    Args:
        root: The folder that paths are relative to.
        relative: As a table or a TOML file names it, with `/`.
        where: What a message calls the place of the path.

    Raises:
        InputError: The path is absolute, an address, goes up, or a link leads outside.
    """
    path = PurePosixPath(relative.replace("\\", "/"))
    has_drive = len(relative) > 1 and relative[1] == ":"
    bad = not relative.strip() or "\0" in relative or "://" in relative
    if bad or path.is_absolute() or has_drive or ".." in path.parts:
        raise refusal(
            where,
            f"a path below {root.name}, without '..'",
            repr(relative),
            "Copy the file there and name it from there.",
        )
    file = root / path
    if file.is_symlink():
        _check_link(root, file)
    if not file.resolve().is_relative_to(root.resolve()):
        raise refusal(
            where,
            f"inside {root.name}",
            f"{relative!r}, a link to {file.resolve()}",
            "Copy the file in place of the link.",
        )
    return file
