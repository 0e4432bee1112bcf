"""The manifest of a finished trial: size and SHA-256 of each file, written last.

A folder without a manifest that fits is unfinished, whatever else lies in it.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from spikefuse.results.documents import pretty_json

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
"""A file that a finished trial may have; where the manifest names it, it must fit too."""

_FORMAT = 1


def digest(content: bytes) -> str:
    """SHA-256 in hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def compose(contents: Mapping[str, bytes]) -> bytes:
    """The manifest of the given file contents, by file name."""
    files = {
        name: {"bytes": len(content), "sha256": digest(content)}
        for name, content in sorted(contents.items())
    }
    return pretty_json({"format": _FORMAT, "files": files})


def problems(folder: Path, *, thorough: bool) -> list[str]:
    """What keeps the folder from being a finished trial, one line each; empty if nothing does.

    Args:
        folder: A trial's folder.
        thorough: Hash the tensor files too; otherwise only their size is compared, which is what
            planning a thousand trials can afford.
    """
    try:
        files = _read(folder)
    except FileNotFoundError:
        return [f"{MANIFEST} is missing"]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        return [f"{MANIFEST} is damaged ({error})"]
    found = [f"{MANIFEST} does not name {name}" for name in REQUIRED if name not in files]
    for name, (size, expected) in files.items():
        problem = _compare(folder / name, size, expected, thorough)
        if problem:
            found.append(f"{name} {problem}")
    return found


def expected_hash(folder: Path, name: str) -> str | None:
    """SHA-256 of a file as the manifest has it; None without a readable manifest."""
    try:
        return _read(folder)[name][1]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _read(folder: Path) -> dict[str, tuple[int, str]]:
    manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_bytes())
    if manifest["format"] != _FORMAT:
        raise ValueError(f"format {manifest['format']!r}, this version reads {_FORMAT}")
    return {
        name: (int(entry["bytes"]), str(entry["sha256"]))
        for name, entry in manifest["files"].items()
    }


def _compare(path: Path, size: int, expected: str, thorough: bool) -> str | None:
    try:
        if path.stat().st_size != size:
            return f"has {path.stat().st_size} bytes, the manifest says {size}"
        if not thorough and path.suffix == ".safetensors":
            return None
        content = path.read_bytes()
    except FileNotFoundError:
        return "is missing"
    except OSError as error:
        return f"cannot be read ({error.strerror})"
    if digest(content) != expected:
        return "does not match the hash in the manifest"
    return None
