"""Where nothing is written: into data that is somebody's own."""

from pathlib import Path

from spikefuse.core.errors import InputError
from spikefuse.data.own.settings import read_toml
from spikefuse.data.sources.registry import choices


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
    if data in choices():
        return None
    root = Path(data).expanduser()
    return read_toml(root)[0] if root.suffix.lower() == ".toml" else root
