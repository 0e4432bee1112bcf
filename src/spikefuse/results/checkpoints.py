"""A trial's checkpoint as it is read: whole and the trial's own, or not at all."""

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spikefuse.core.errors import StoreError
from spikefuse.core.untrusted import MOST_TENSOR_BYTES
from spikefuse.results.atomic import VERIFY, UnreadableError, is_file, read_file
from spikefuse.results.tensors import DamagedError, checkpoint_rows, unpack_checkpoint

if TYPE_CHECKING:
    from torch import Tensor

CHECKPOINT = "checkpoint.safetensors"
_WHERE = "results"
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint: tensors, the state that came with them, and the epochs sealed in it."""

    tensors: dict[str, "Tensor"]
    state: dict[str, Any]
    rows: list[dict[str, Any]]


def read_checkpoint(path: Path, trial: str) -> Checkpoint | None:
    """The checkpoint at a path; None when missing or damaged (logged).

    Raises:
        StoreError: It is another trial's. Who put it here may want to have it back.
    """
    if not is_file(path, _WHERE):
        return None
    try:
        content = read_file(path, _WHERE, MOST_TENSOR_BYTES)
        tensors, state, owner = unpack_checkpoint(content)
        rows = checkpoint_rows(content)
    except UnreadableError:
        raise  # it may be as sound as ever
    except (DamagedError, StoreError) as error:
        _log.warning("%s is damaged (%s); the trial starts again", path, error)
        return None
    if owner not in (None, trial):
        raise StoreError(
            f"{_WHERE}: {path} must be the checkpoint of its folder's trial, got that of trial "
            f"{owner}. Move this file away and run the same command again; {VERIFY} names "
            "every such file."
        )
    return Checkpoint(tensors, state, rows)


def checkpoint_problem(path: Path, trial: str) -> str | None:
    """What is wrong with the checkpoint at a path; None if nothing is, or there is none."""
    if not is_file(path, _WHERE):
        return None
    try:
        owner = unpack_checkpoint(read_file(path, _WHERE, MOST_TENSOR_BYTES))[2]
    except UnreadableError:
        raise
    except (DamagedError, StoreError) as error:
        return f"is damaged ({error})"
    return None if owner in (None, trial) else f"belongs to trial {owner}"
