"""The manifest of a finished trial: size and SHA-256 of each file, written last.

A folder without a manifest that fits is unfinished, whatever else lies in it.
"""

import hashlib
import os
import stat
from collections.abc import Mapping
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
    try:
        files = _read(folder)
    except FileNotFoundError:
        return [f"{MANIFEST} is missing"]
    except OSError as error:
        if is_trouble(error):
            raise unreadable(folder / MANIFEST, _WHERE, error) from error
        return [f"{MANIFEST} cannot be read ({reason_of(error)})"]
    except ValueError as error:
        return [f"{MANIFEST} is damaged ({error})"]
    found = [f"{MANIFEST} does not name {name}" for name in REQUIRED if name not in files]
    for name, (size, expected) in files.items():
        problem = _compare(folder / name, size, expected, thorough)
        if problem:
            found.append(f"{name} {problem}")
    return found


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
    document = decode_json(read_regular(folder / MANIFEST, MOST_JSON_BYTES))
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
    return MOST_TENSOR_BYTES if path.suffix == _TENSORS else MOST_JSON_BYTES


def _compare(path: Path, size: int, expected: str, thorough: bool) -> str | None:
    try:
        found = os.stat(path)
        if stat.S_ISREG(found.st_mode) and found.st_size != size:
            return f"has {found.st_size} bytes, the manifest says {size}"
        if not thorough and path.suffix == _TENSORS and stat.S_ISREG(found.st_mode):
            return None
        content = read_regular(path, most_bytes(path))
    except FileNotFoundError:
        return "is missing"
    except OSError as error:
        if is_trouble(error):
            raise unreadable(path, _WHERE, error) from error
        return f"cannot be read ({reason_of(error)})"
    if digest(content) != expected:
        return "does not match the hash in the manifest"
    return None
