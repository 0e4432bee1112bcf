"""The files of a finished trial: written until the manifest fits them, read only where it does."""

import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from spikefuse.core.errors import StoreError
from spikefuse.results import manifest
from spikefuse.results.atomic import VERIFY, read_file, sync_folder, write_file
from spikefuse.results.tensors import DamagedError

Parts = TypeVar("Parts")
_WHERE = "results"
_FINISH_ATTEMPTS = 20


def settle(folder: Path, contents: Mapping[str, bytes]) -> None:
    """Write the files and the manifest until the folder holds one process's set of them.

    If another process finishes the same trial in the same moment, files of both may lie side
    by side; no manifest fits such a mixture, so it never counts, and both write again after
    pauses of different length.

    Raises:
        StoreError: They cannot be written, or something else keeps writing there.
    """
    for attempt in range(_FINISH_ATTEMPTS):
        if _is_sound(folder):
            return
        for name, content in contents.items():
            write_file(folder / name, content, _WHERE)
        sync_folder(folder)
        write_file(folder / manifest.MANIFEST, manifest.compose(contents), _WHERE)
        sync_folder(folder)
        if _is_sound(folder):
            return
        time.sleep(0.01 * (attempt + 1) * (1 + os.getpid() % 7))
    raise StoreError(
        f"{_WHERE}: {folder} must keep what is written to it, got other content each time. "
        "See which other program writes there and run the same command again."
    )


def final_bytes(folder: Path, name: str) -> bytes:
    """A file of a finished trial; it was sound a moment ago, and is read a second time.

    Raises:
        StoreError: It cannot be read, or is not what it was.
    """
    path = folder / name
    content = read_file(path, _WHERE, manifest.most_bytes(path))
    if manifest.digest(content) != manifest.expected_hash(folder, name):
        raise StoreError(
            f"{_WHERE}: {path} must be the file that training wrote, got other content than "
            f"a moment ago. Run the same command again; {VERIFY} names what stays wrong."
        )
    return content


def final_parts(folder: Path, name: str, unpacked: Callable[[bytes], Parts]) -> Parts:
    """What a finished trial's file of tensors holds, by one of `results.tensors`' readers.

    Raises:
        StoreError: It cannot be read, or is not the file that training wrote.
    """
    path = folder / name
    content = read_file(path, _WHERE, manifest.most_bytes(path))
    try:
        if manifest.digest(content) != manifest.expected_hash(folder, name):
            raise DamagedError("it does not match the hash in the manifest")
        return unpacked(content)
    except DamagedError as error:
        raise StoreError(
            f"{_WHERE}: {path} must be the file that training wrote, got a damaged one "
            f"({error}). Move its folder away and run the same command again."
        ) from error


def _is_sound(folder: Path) -> bool:
    # Every byte counts here: tensors of two processes have the same size.
    return not manifest.problems(folder, thorough=True)
