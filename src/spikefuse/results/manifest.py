"""The manifest of a finished trial: size and SHA-256 of each file, written last.

A folder without a manifest that fits is unfinished, whatever else lies in it.
"""

import hashlib
import os
import stat
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from spikefuse.core.untrusted import (
    MOST_JSON_BYTES,
    MOST_TENSOR_BYTES,
    decode_json,
    is_trouble,
    read_regular,
    reason_of,
)
from spikefuse.results.atomic import unreadable
from spikefuse.results.documents import pretty_json, refuse_newer

MANIFEST = "manifest.json"
TRIAL = "trial.json"
METRICS = "metrics.jsonl"
RESULTS = "results.json"
PROVENANCE = "provenance.json"
WEIGHTS = "weights.safetensors"
PREDICTIONS = "predictions.safetensors"
REQUIRED = (TRIAL, METRICS, RESULTS, PROVENANCE, WEIGHTS, PREDICTIONS)
"""Files of every finished trial."""

OBSERVATIONS = "observations.safetensors"
INTERFACE = "interface.json"
OPTIONAL = (OBSERVATIONS, INTERFACE)
"""Files that a finished trial may have; where the manifest names one, it must fit too."""

CARD = "card.md"
"""For people, and no part of the trial: whoever edits it has not damaged anything."""

FORMAT = 2
"""Of manifests, the newest that this version reads. One that names no interface has format 1: so
every version that does not know the file refuses the folder, in place of taking it for damaged."""

_TENSORS = ".safetensors"

SMALL = tuple(name for name in (*REQUIRED, *OPTIONAL) if not name.endswith(_TENSORS))
"""Files of a trial that are read and hashed whenever it is looked at."""

LARGE = tuple(name for name in (*REQUIRED, *OPTIONAL) if name.endswith(_TENSORS))
"""Its tensors."""

_WHERE = "results"


def digest(content: bytes) -> str:
    """SHA-256 in hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def compose(contents: Mapping[str, bytes]) -> bytes:
    """The manifest of the given file contents, by file name."""
    files = {
        name: {"bytes": len(content), "sha256": digest(content)}
        for name, content in sorted(contents.items())
    }
    return pretty_json({"format": FORMAT if INTERFACE in files else 1, "files": files})


@dataclass(frozen=True)
class Look:
    """What one look at a finished trial's folder gave.

    Attributes:
        problems: What keeps it from being a finished trial, one line each.
        contents: The files that were hashed and fit, apart from tensors: they are not read twice,
            so nothing can change between the comparison and the use.
    """

    problems: list[str]
    contents: dict[str, bytes] = field(default_factory=dict)


def problems(folder: Path, *, thorough: bool) -> list[str]:
    """What keeps the folder from being a finished trial, one line each; empty if nothing does.

    Args:
        folder: A trial's folder.
        thorough: Hash the tensor files too; otherwise only their size is compared, which is what
            planning a thousand trials can afford.

    Raises:
        UnreadableError: The system does not give a file now: it may be as sound as ever, and a
            trial that was finished is not trained again for that.
        NewerFormatError: A newer version wrote the folder.
    """
    return look(folder, (*REQUIRED, *OPTIONAL) if thorough else SMALL).problems


def look(folder: Path, hashed: Collection[str]) -> Look:
    """Compare a folder with its manifest.

    Args:
        folder: A trial's folder.
        hashed: Files that are read and hashed; of the others the size alone is compared.

    Raises:
        UnreadableError: As `problems`.
        NewerFormatError: As `problems`.
    """
    try:
        files = _read(folder)
    except FileNotFoundError:
        return Look([f"{MANIFEST} is missing"])
    except OSError as error:
        if is_trouble(error):
            raise unreadable(folder / MANIFEST, _WHERE, error) from error
        return Look([f"{MANIFEST} cannot be read ({reason_of(error)})"])
    except ValueError as error:
        return Look([f"{MANIFEST} is damaged ({error})"])
    seen = Look([f"{MANIFEST} does not name {name}" for name in REQUIRED if name not in files])
    for name, (size, expected) in files.items():
        try:
            content = _compared(f"{folder}/{name}", size, expected, name in hashed)
        except _ProblemError as problem:
            seen.problems.append(f"{name} {problem}")
            continue
        if content is not None and not name.endswith(_TENSORS):
            seen.contents[name] = content
    return seen


def expected_hash(folder: Path, name: str) -> str | None:
    """SHA-256 of a file as the manifest has it; None without a sound manifest.

    Raises:
        StoreError: The folder is of a newer format, or its manifest cannot be read now.
    """
    try:
        return _read(folder)[name][1]
    except (ValueError, KeyError):
        return None
    except OSError as error:
        if is_trouble(error):
            raise unreadable(folder / MANIFEST, _WHERE, error) from error
        return None


def _read(folder: Path) -> dict[str, tuple[int, str]]:
    document = decode_json(read_regular(f"{folder}/{MANIFEST}", MOST_JSON_BYTES))
    if not isinstance(document, dict):
        raise ValueError(f"it holds {type(document).__name__}, no mapping")
    refuse_newer(document, FORMAT, folder / MANIFEST)
    # No `in`: True equals 1.
    if not any(document.get("format") is known for known in range(1, FORMAT + 1)):
        raise ValueError(f"format {document.get('format')!r}, this version reads {FORMAT}")
    files = document.get("files")
    if not isinstance(files, dict):
        raise ValueError("it names no files")
    return {name: _entry(name, entry) for name, entry in files.items()}


def _entry(name: str, entry: object) -> tuple[int, str]:
    # A name is joined to the folder's: any other one would lead out of it, to a device even.
    if name not in (*REQUIRED, *OPTIONAL):
        raise ValueError(f"it names {name!r}, which is no file of a trial")
    size = entry.get("bytes") if isinstance(entry, dict) else None
    expected = entry.get("sha256") if isinstance(entry, dict) else None
    if type(size) is not int or not isinstance(expected, str):
        raise ValueError(f"it has no size and hash of {name}")
    return size, expected


def most_bytes(path: Path) -> int:
    """How large a file of a trial may be."""
    return _most(path.name)


def _most(name: str) -> int:
    return MOST_TENSOR_BYTES if name.endswith(_TENSORS) else MOST_JSON_BYTES


class _ProblemError(Exception):
    """What is wrong with a file."""


def _compared(path: str, size: int, expected: str, is_hashed: bool) -> bytes | None:
    """The content of a file that fits; None where it was not read.

    Raises:
        _ProblemError: It does not fit.
    """
    try:
        found = os.stat(path)
        if stat.S_ISREG(found.st_mode) and found.st_size != size:
            raise _ProblemError(f"has {found.st_size} bytes, the manifest says {size}")
        if not is_hashed and stat.S_ISREG(found.st_mode):
            return None
        content = read_regular(path, _most(path))
    except FileNotFoundError:
        raise _ProblemError("is missing") from None
    except OSError as error:
        if is_trouble(error):
            raise unreadable(Path(path), _WHERE, error) from error
        raise _ProblemError(f"cannot be read ({reason_of(error)})") from None
    if digest(content) != expected:
        raise _ProblemError("does not match the hash in the manifest")
    return content
