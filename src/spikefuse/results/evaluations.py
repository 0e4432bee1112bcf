"""Evaluations of a trial under further conditions: one sealed JSON file each, added at any time."""

import hashlib
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from spikefuse.core.errors import StoreError
from spikefuse.results.atomic import (
    UnreadableError,
    is_file,
    list_folder,
    make_folder,
    read_file,
    sync_folder,
    write_file,
)
from spikefuse.results.documents import (
    canonical_json,
    definition_hash,
    parse_json,
    parsed_hash,
    plain,
    pretty_json,
)

EVALUATIONS = "evaluations"
_WHERE = "results"
_log = logging.getLogger(__name__)


def write_evaluation(
    folder: Path, condition: Mapping[str, Any], payload: Mapping[str, Any]
) -> None:
    """Store `payload` as the trial's result under `condition`.

    Raises:
        StoreError: It cannot be written.
        InputError: Condition or payload is not JSON.
    """
    content = sealed(folder.name, condition, payload)
    make_folder(folder / EVALUATIONS, _WHERE)
    path = folder / EVALUATIONS / f"{definition_hash(condition)}.json"
    write_file(path, content, _WHERE)
    sync_folder(path.parent)


def sealed(trial: str, condition: Mapping[str, Any], payload: Mapping[str, Any]) -> bytes:
    """What an evaluation's file holds.

    Raises:
        InputError: Condition or payload is not JSON.
    """
    body = {
        "trial": trial,
        "condition": plain(condition, _WHERE),
        "payload": plain(payload, _WHERE, null_for_nan=True),
    }
    return pretty_json({**body, "sha256": _seal(body)})


def read_evaluation(folder: Path, condition: Mapping[str, Any]) -> dict[str, Any] | None:
    """The payload stored under `condition`; None when missing or damaged (the latter is logged).

    Raises:
        UnreadableError: The system does not give the file now.
    """
    path = folder / EVALUATIONS / f"{definition_hash(condition)}.json"
    body = _load(path)
    return None if body is None else body["payload"]


def read_evaluations(folder: Path) -> dict[str, dict[str, Any]]:
    """Every sound evaluation by the hash of its condition: the payload with its condition."""
    found: dict[str, dict[str, Any]] = {}
    for path in evaluation_files(folder):
        body = _load(path)
        if body is not None:
            found[path.stem] = {"condition": body["condition"], **body["payload"]}
    return found


def evaluation_files(folder: Path) -> list[Path]:
    """The trial's evaluation files in order of their names."""
    return [
        path
        for path in list_folder(folder / EVALUATIONS, _WHERE)
        if path.suffix == ".json" and not path.name.startswith(".")
    ]


def evaluation_problem(path: Path) -> str | None:
    """What is wrong with an evaluation file; None if nothing is."""
    return read_whole(path)[1]


def _load(path: Path) -> dict[str, Any] | None:
    if not is_file(path, _WHERE):
        return None
    document, problem = read_whole(path)
    if problem is not None:
        _log.warning("%s %s; it counts as missing", path, problem)
        return None
    return document


def read_whole(path: Path) -> tuple[dict[str, Any], str | None]:
    """A file's document, and what is wrong with it; None if nothing is.

    Raises:
        UnreadableError: The system does not give the file now.
    """
    try:
        document = parse_json(read_file(path, _WHERE), path, _WHERE)
    except UnreadableError:
        raise  # it may be as sound as ever
    except StoreError as error:
        return {}, f"is damaged ({error})"
    kept = ("trial", "condition", "payload")
    body: dict[str, Any] = {key: document[key] for key in kept if key in document}
    condition, payload = body.get("condition"), body.get("payload")
    if not isinstance(condition, dict) or not isinstance(payload, dict):
        return {}, "is damaged (it holds no condition with its payload)"
    if document.get("sha256") != _seal(body):
        return {}, "does not match the hash that it carries"
    if parsed_hash(condition) != path.stem:
        return {}, "is not named by the hash of its condition"
    # Files of the first version do not say whose they are.
    owner = body.get("trial", path.parent.parent.name)
    if owner != path.parent.parent.name:
        return {}, f"belongs to trial {owner}"
    return document, None


def _seal(body: Mapping[str, Any]) -> str:
    return hashlib.sha256(canonical_json(body).encode()).hexdigest()
