"""Where nothing is written: into data that is somebody's own."""

import os
from pathlib import Path

from spikefuse.core.errors import InputError
from spikefuse.data.own.settings import read_toml
from spikefuse.data.sources.contract import Remake, Source
from spikefuse.data.sources.registry import SOURCES, choices

REMAKE = "spikefuse.data.own.source:remake_own"
"""What workers make a source of somebody's own by, and so what tells that it is one."""


def outside(out: Path, root: Path | None, command: str, option: str = "--out") -> None:
    """Refuse a results folder inside a folder of somebody's own data.

    Args:
        out: Where results would go.
        root: A folder or a table in one; None, or an archive, has no folder of its own.
        command: The command that was typed.
        option: What says where results go.

    Raises:
        InputError: It lies there.
    """
    if root is None:
        return
    is_table = root.suffix.lower() in (".csv", ".jsonl") and root.is_file()
    folder = (root.parent if is_table else root).resolve()
    if folder.is_dir() and out.resolve().is_relative_to(folder):
        raise InputError(
            f"{command}: {option} must lie outside the data, got {out}, which is in {folder}. Name "
            "a folder beside it: data of your own is never written into."
        )


def root_of(data: str) -> Path | None:
    """The folder, table or archive that `--data` names; of settings in TOML what they are about.

    Raises:
        InputError: The settings cannot be read.
    """
    known = choices()
    if data not in known:
        return root_at(Path(data).expanduser())
    name = known[data]
    return None if name is None else root_of_source(SOURCES[name])


def root_of_source(source: Source) -> Path | None:
    """Where a source's data is if it is somebody's own and was read from a path."""
    remake = source.remake
    if not isinstance(remake, Remake) or remake.entry != REMAKE:
        return None
    path = Path(remake.arguments["path"])
    # Settings that are gone since name nothing that could be written into.
    return root_at(path) if os.path.exists(path) else None


def root_at(path: Path) -> Path:
    """The folder, table or archive at a path; of settings in TOML what they are about.

    Raises:
        InputError: The settings cannot be read.
    """
    return read_toml(path)[0] if path.suffix.lower() == ".toml" else path


def results_apart(
    root: Path | None,
    out: Path | None,
    usual: str,
    command: str,
    *,
    option: str = "--out",
    events: Path | None = None,
) -> None:
    """Refuse results or events that would lie in the data, before a file of it is read.

    Args:
        root: As `root_of` gives it.
        out: The results folder that was asked for.
        usual: The one where none was, with `{}` for the name of the data's source.
        command: The command that was typed.
        option: What says where results go.
        events: The file of events that was asked for.

    Raises:
        InputError: They would.
    """
    # Path.exists would raise where a folder may not be entered, which `describe` has words for.
    if root is None or not os.path.exists(root):
        return
    from spikefuse.data.own.source import source_name  # takes PyTorch, which --help need not

    outside(out or Path(usual.format(source_name(root.resolve().name))), root, command, option)
    if events is not None:
        outside(events, root, command, "--events")
