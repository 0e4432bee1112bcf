"""Evaluations of a trial under further conditions: one sealed JSON file each, added at any time."""

import hashlib
import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from spikefuse.core.errors import StoreError
from spikefuse.results.atomic import make_folder, read_file, sync_folder, write_file
from spikefuse.results.documents import canonical_json, definition_hash, plain, pretty_json

EVALUATIONS = "evaluations"
_log = logging.getLogger(__name__)


def write_evaluation(
    folder: Path, condition: Mapping[str, Any], payload: Mapping[str, Any]
) -> None:
    """Store `payload` as the trial's result under `condition`.

    Raises:
        StoreError: It cannot be written.
        InputError: Condition or payload is not JSON.
    """
    where = "TrialFolder.write_evaluation"
    name = definition_hash(condition)
    body = {
        "condition": plain(condition, where),
        "payload": plain(payload, where, null_for_nan=True),
    }
    make_folder(folder / EVALUATIONS, where)
    path = folder / EVALUATIONS / f"{name}.json"
    write_file(path, pretty_json({**body, "sha256": _seal(body)}), where)
    sync_folder(path.parent)


def read_evaluation(folder: Path, condition: Mapping[str, Any]) -> dict[str, Any] | None:
    """The payload stored under `condition`; None when missing or damaged (the latter is logged)."""
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
    return sorted((folder / EVALUATIONS).glob("[0-9a-f]*.json"))


def evaluation_problem(path: Path) -> str | None:
    """What is wrong with an evaluation file; None if nothing is."""
    try:
        document = json.loads(read_file(path, "TrialStore.verify"))
        body = {"condition": document["condition"], "payload": document["payload"]}
        sealed = document["sha256"] == _seal(body)
        named = definition_hash(body["condition"]) == path.stem
    except (StoreError, ValueError, KeyError, TypeError, AttributeError) as error:
        return f"is damaged ({type(error).__name__})"
    if not sealed:
        return "does not match the hash that it carries"
    if not named:
        return "is not named by the hash of its condition"
    return None


def _load(path: Path) -> dict[str, Any] | None:
    if not path.is_file():
        return None
    problem = evaluation_problem(path)
    if problem is not None:
        _log.warning("%s %s; it counts as missing", path, problem)
        return None
    document: dict[str, Any] = json.loads(read_file(path, "TrialFolder.evaluation"))
    return document


def _seal(body: Mapping[str, Any]) -> str:
    return hashlib.sha256(canonical_json(body).encode()).hexdigest()
