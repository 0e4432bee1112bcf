"""Events of a camera: read from N-MNIST's binary files and NumPy arrays, counted by bins of time.

Binary files have 5 bytes an event, big-endian: x (8 bits), y (8), polarity (1), time (23 bits, in
microseconds).

Source: Orchard, Jayawant, Cohen, Thakor, "Converting static image datasets to spiking neuromorphic
datasets using saccades", Frontiers in Neuroscience 9:437, 2015.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

    import numpy as np
    from numpy.typing import NDArray

EVENT_BYTES = 5
POLARITIES = 2
_LONGEST = 2**63 - 2
_MOST = 2**15 - 1

FIELDS = {
    "x": ("x",),
    "y": ("y",),
    "t": ("t", "ts", "time", "timestamp"),
    "p": ("p", "pol", "polarity", "on"),
}
"""Fields of a structured array, each with the names that it may have."""


@dataclass(frozen=True, eq=False)
class Events:
    """One recording, in any order.

    Args:
        x: Columns, [n] int64 from 0.
        y: Rows, [n] int64 from 0.
        on: Polarity, [n] int64: 1 where it grew brighter, 0 where darker.
        time: [n] int64, in whatever unit; only shares of a recording's own length matter.
    """

    x: NDArray[np.int64]
    y: NDArray[np.int64]
    on: NDArray[np.int64]
    time: NDArray[np.int64]


def parse_binary(content: bytes) -> Events:
    """The events of a binary file.

    Raises:
        ValueError: It is empty or no whole number of events.

    Example:
        >>> one = parse_binary(bytes([3, 7, 0b1000_0001, 0, 2]))
        >>> one.x.item(), one.y.item(), one.on.item(), one.time.item()
        (3, 7, 1, 65538)
    """
    import numpy as np

    if not content:
        raise ValueError("no event")
    if len(content) % EVENT_BYTES:
        raise ValueError(f"{len(content):,} bytes, no multiple of the {EVENT_BYTES} of an event")
    rows = np.frombuffer(content, np.uint8).reshape(-1, EVENT_BYTES).astype(np.int64)
    time = (rows[:, 2] & 0x7F) << 16 | rows[:, 3] << 8 | rows[:, 4]
    return Events(rows[:, 0], rows[:, 1], rows[:, 2] >> 7, time)


def is_structured(header: bytes) -> bool:
    """Whether a `.npy` file that begins so holds an array with named fields."""
    from numpy.lib import format as npy

    try:
        file = io.BytesIO(header)
        version = npy.read_magic(file)
        read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        return read(file)[2].names is not None
    except Exception:  # whatever a decoder raises on a file is the file's fault
        return False


def parse_structured(array: NDArray[Any]) -> Events:
    """The events of a structured array with fields x, y, t and p; see `FIELDS`.

    Raises:
        ValueError: A field is missing or holds what it cannot.
    """
    import numpy as np

    names = array.dtype.names or ()
    if array.ndim != 1 or not len(array):
        raise ValueError("no event" if array.ndim == 1 else f"shape {array.shape}, not [events]")
    found: dict[str, NDArray[np.int64]] = {}
    for field, spellings in FIELDS.items():
        name = next((each for each in spellings if each in names), None)
        if name is None:
            raise ValueError(f"fields {', '.join(names)}, none of them {' or '.join(spellings)}")
        values = array[name]
        if values.dtype.kind not in "biu" and not (
            values.dtype.kind == "f" and np.isfinite(values).all()
        ):
            raise ValueError(f"field {name} of type {values.dtype}, not numbers")
        found[field] = _whole(values, name, field == "t")
    low, high = int(found["p"].min()), int(found["p"].max())
    if not {low, high} <= {-1, 0, 1} or (low == -1 and (found["p"] == 0).any()):
        raise ValueError(f"polarities from {low} to {high}, not 0 and 1 or -1 and 1")
    if min(int(found["x"].min()), int(found["y"].min())) < 0:
        raise ValueError("places below 0")
    return Events(found["x"], found["y"], (found["p"] > 0).astype(np.int64), found["t"])


def _whole(values: NDArray[Any], name: str, is_time: bool) -> NDArray[np.int64]:
    import numpy as np

    if is_time and values.dtype.kind == "f":
        # Seconds, mostly: a millionth of the recording is fine enough to be counted by bins.
        span = float(np.ptp(values)) or 1.0
        millionths: NDArray[np.int64] = ((values - values.min()) / span * 1e6).astype(np.int64)
        return millionths
    whole: NDArray[np.int64] = values.astype(np.int64)
    if not np.array_equal(whole, values):
        raise ValueError(f"field {name} with numbers that are not whole")
    return whole


def count_events(events: Events, height: int, width: int, bins: int) -> NDArray[np.int16]:
    """Number of events of each polarity, place and equal bin of the recording's time.

    Args:
        events: One recording.
        height: Rows.
        width: Columns.
        bins: Equal parts between first and last event.

    Returns:
        [2, height, width, bins]: polarity 0 is darker, 1 is brighter.

    Raises:
        ValueError: An event lies outside, times are too far apart for 64 bits, or a place has more
            than 32,767 in one bin.

    Example:
        >>> recording = parse_binary(bytes([1, 0, 128, 0, 0, 1, 0, 128, 0, 9, 0, 1, 0, 0, 5]))
        >>> counted = count_events(recording, 2, 2, 2)
        >>> counted[1, 0, 1].tolist(), counted[0, 1, 0].tolist()
        ([1, 1], [0, 1])
    """
    import numpy as np

    right, below = int(events.x.max()), int(events.y.max())
    if right >= width or below >= height:
        raise ValueError(f"an event at x {right} or y {below}, outside {width} x {height}")
    first, last = int(events.time.min()), int(events.time.max())
    # Differences and their products with the bins are of 64 bits too: past that they wrap around.
    if last - first > _LONGEST // bins:
        raise ValueError(
            f"times from {first} to {last}, further apart than {_LONGEST // bins:,} steps of time"
        )
    since = events.time - first
    place = since * bins // (int(since.max()) + 1)
    flat = ((events.on * height + events.y) * width + events.x) * bins + place
    counts = np.bincount(flat, minlength=POLARITIES * height * width * bins)
    if counts.max() > _MOST:
        raise ValueError(f"{counts.max():,} events of one place in one bin, more than {_MOST:,}")
    return counts.astype(np.int16).reshape(POLARITIES, height, width, bins)
