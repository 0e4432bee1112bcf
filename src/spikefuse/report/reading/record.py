"""Where results are and what their run wrote of itself: a table in the terminal needs no more."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from spikefuse.core.untrusted import MOST_JSON_BYTES, decode_json, read_regular, reason

logger = logging.getLogger(__name__)

RESULTS = "results.csv"
RUN = "run.json"


def read_record(root: Path) -> Mapping[str, Any]:
    """What a run wrote about itself; empty where that is missing or no record."""
    return mapping_of(read_json(root / RUN, []))


def read_unfinished(root: Path) -> str:
    """What the run of a results folder had not done when it wrote them; empty where nothing."""
    text = str(read_record(root).get("unfinished") or "")
    return "".join(letter if letter.isprintable() else "?" for letter in text[:600])


def read_json(path: Path, notices: list[str]) -> Any:
    """What a file of JSON says; empty where it is missing, or with a notice where it is damaged."""
    try:
        return decode_json(read_regular(path, MOST_JSON_BYTES))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        notice(notices, f"{path.name} could not be read ({reason(error)}).")
        return {}


def mapping_of(value: object) -> Mapping[str, Any]:
    """Entries by name; none where that is something else."""
    return value if isinstance(value, Mapping) else {}


def notice(notices: list[str], text: str) -> None:
    """Say what could not be read, in the log and to whoever reports."""
    logger.warning(text)
    notices.append(text)
