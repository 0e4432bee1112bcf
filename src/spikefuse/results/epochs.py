"""The epochs of a trial as lines of JSON, `metrics.jsonl`: what is read has no gaps."""

import json
import logging
from pathlib import Path
from typing import Any

from spikefuse.core.untrusted import decode_json
from spikefuse.results.atomic import is_file, read_file

_WHERE = "results"
_log = logging.getLogger(__name__)


def read_epochs(path: Path) -> list[dict[str, Any]]:
    """One mapping per epoch in order; what follows a damaged line, and a torn last one, is dropped.

    Raises:
        StoreError: The file cannot be read.
    """
    return rows_in(read_file(path, _WHERE), path) if is_file(path, _WHERE) else []


def rows_in(content: bytes, path: Path) -> list[dict[str, Any]]:
    """The same of a content that was read; the path is named in the log."""
    lines = content.split(b"\n")
    rows: list[dict[str, Any]] = []
    for number, line in enumerate(lines, start=1):
        if number == len(lines) and not line:
            break
        row = _parse_row(line)
        # A torn line may end at a digit and still parse: without its line end it is not whole.
        if row is None or number == len(lines):
            _log.warning("%s: line %d is damaged; kept %d epochs", path, number, len(rows))
            break
        rows.append(row)
    return rows


def epoch_lines(rows: list[dict[str, Any]]) -> bytes:
    """The file of these epochs."""
    return "".join(json.dumps(row, allow_nan=False) + "\n" for row in rows).encode()


def _parse_row(line: bytes) -> dict[str, Any] | None:
    try:
        row = decode_json(line)
    except ValueError:
        return None
    return row if isinstance(row, dict) else None
