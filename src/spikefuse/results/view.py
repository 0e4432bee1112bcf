"""One look at a trial: what is used of its files is what was compared with the manifest."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from spikefuse.core.errors import StoreError
from spikefuse.results import manifest
from spikefuse.results.atomic import VERIFY, is_file, read_file
from spikefuse.results.documents import definition_in, parse_json, parsed_hash
from spikefuse.results.marks import FINAL_STATES

_WHERE = "results"


@dataclass(frozen=True)
class View:
    """What one look at a trial gave.

    Attributes:
        state: "partial", "done" or "diverged".
        definition: Everything that defines the trial.
        problems: What keeps a trial with a manifest from being finished.
        results: Of a finished trial; else empty.
        contents: Small files of a finished trial that were read.
    """

    state: str
    definition: dict[str, Any]
    problems: tuple[str, ...] = ()
    results: dict[str, Any] = field(default_factory=dict)
    contents: dict[str, bytes] = field(default_factory=dict)


def view_of(folder: Path, hashed: Collection[str] = manifest.SMALL) -> View:
    """Look at a trial's folder once.

    Args:
        folder: It.
        hashed: Files that are read and hashed where the trial is finished.

    Raises:
        StoreError: The trial is missing, damaged, of a newer format or another one.
    """
    has_manifest = is_file(folder / manifest.MANIFEST, _WHERE)
    # First, because a newer format may name its folders by another rule.
    look = manifest.look(folder, hashed) if has_manifest else manifest.Look([])
    definition = definition_of(folder, look.contents)
    if look.problems or not has_manifest:
        return View("partial", definition, tuple(look.problems))
    results = document_in(folder, manifest.RESULTS, look.contents)
    status = results.get("status")
    if status not in FINAL_STATES:
        return View("partial", definition)
    return View(status, definition, (), results, look.contents)


def definition_of(folder: Path, contents: Mapping[str, bytes]) -> dict[str, Any]:
    """The definition of the trial in a folder, read unless its file is among the contents.

    Raises:
        StoreError: It is missing or damaged, of a newer format, or not the one whose hash is
            the folder's name: then the folder is a copy of another trial's.
    """
    document = document_in(folder, manifest.TRIAL, contents)
    definition = definition_in(document, folder / manifest.TRIAL)
    named = parsed_hash(definition)
    if named != folder.name:
        raise StoreError(
            f"results: {folder} must hold the trial that it is named by, got trial {named}. "
            f"Move this folder away and run the same command again; {VERIFY} names every such "
            "folder."
        )
    return definition


def document_in(folder: Path, name: str, contents: Mapping[str, bytes]) -> dict[str, Any]:
    """The mapping in a file of a folder, read unless it is among the contents.

    Raises:
        StoreError: It is missing or damaged.
    """
    path = folder / name
    content = contents[name] if name in contents else read_file(path, _WHERE)
    return parse_json(content, path, _WHERE)
