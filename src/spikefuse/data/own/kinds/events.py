"""Recordings of event cameras: N-MNIST's binary files, and `.npy` files with named fields."""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from spikefuse.core.untrusted import reason
from spikefuse.data.events import (
    POLARITIES,
    Events,
    count_events,
    is_structured,
    parse_binary,
    parse_structured,
)
from spikefuse.data.own.kinds.contract import Decoded, Kind, Plan, Unreadable

_NPY = b"\x93NUMPY"
_HEADER_BYTES = 4096
_MOST_SIDE = 4096
Side = Annotated[int, Field(ge=1, le=_MOST_SIDE)] | None


class EventSettings(BaseModel):
    """What may be fixed about recordings of events.

    Args:
        height: Rows of the camera; by default as many as any looked at recording needs.
        width: Columns, likewise.
        bins: Equal parts of each recording's time, of which a network's steps are made: at least
            as many as it has steps.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    height: Side = None
    width: Side = None
    bins: Annotated[int, Field(ge=1, le=256)] = 16


def read_events(content: bytes) -> Events:
    """The events of a file.

    Raises:
        Unreadable: It is damaged, empty, or has other fields than events have.
    """
    try:
        if content.startswith(_NPY):
            return parse_structured(np.load(io.BytesIO(content), allow_pickle=False))
        return parse_binary(content)
    except Exception as error:  # whatever a decoder raises on a file is the file's fault
        raise Unreadable(reason(error)) from error


def claims(path: Path) -> bool:
    """Whether a `.npy` file has named fields: those are events, other arrays are not."""
    try:
        with path.open("rb") as file:
            return is_structured(file.read(_HEADER_BYTES))
    except OSError:
        return False


def look(content: bytes) -> tuple[int, int]:
    """Rows and columns that a recording needs.

    Raises:
        Unreadable: It is damaged, or larger than any camera.
    """
    events = read_events(content)
    sides = int(events.y.max()) + 1, int(events.x.max()) + 1
    if max(sides) > _MOST_SIDE:
        raise Unreadable(f"{sides[0]:,} rows, {sides[1]:,} columns; at most {_MOST_SIDE:,} of each")
    return sides


def plan(sizes: Sequence[tuple[int, int]], settings: EventSettings) -> Plan:
    """Settle rows, columns and bins on some recordings."""
    height = settings.height or max(size[0] for size in sizes)
    width = settings.width or max(size[1] for size in sizes)
    return Plan(
        EventSettings(height=height, width=width, bins=settings.bins),
        (POLARITIES, height, width, settings.bins),
        np.dtype(np.int16),
        "polarities x height x width x bins of time",
    )


def decode(content: bytes, settled: Plan) -> Decoded:
    """Count a recording's events by polarity, place and bin."""
    events = read_events(content)
    _, height, width, bins = settled.shape
    try:
        counts = count_events(events, height, width, bins)
    except ValueError as error:
        raise Unreadable(str(error)) from error
    return Decoded(counts, (float(len(events.x)),))


KIND = Kind(
    title="events",
    samples="recordings",
    suffixes=(".bin", ".bs2", ".npy"),
    settings=EventSettings,
    recipe="events-bins-1",
    facts=("length",),
    look=look,
    plan=plan,
    decode=decode,
    claims=claims,
)
