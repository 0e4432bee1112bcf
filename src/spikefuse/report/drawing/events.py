"""Recordings of an event camera as pictures that show what moved when."""

from typing import Any

import numpy as np
from matplotlib.colors import to_rgb
from numpy.typing import NDArray

EVENT_COLOURS = {"OFF": "#0b63ab", "ON": "#b84e08"}
"""By polarity, in the order of the events' first axis: blue and orange, which all eyes tell."""


def parts_of_time(events: NDArray[Any], most: int) -> NDArray[np.float64]:
    """A recording in equal parts of its time, a colour for each polarity.

    Args:
        events: [polarities, H, W, bins] counts.
        most: Parts that there is place for; no more than there are bins.

    Returns:
        [parts, H, W, 3] in 0..1: white where nothing happened, the colour of the polarity where
        most did, their mixture where both.
    """
    parts = np.array_split(events.astype(np.float64), min(most, events.shape[-1]), axis=-1)
    counts = np.stack([part.sum(axis=-1) for part in parts])
    # A few pixels that flicker would leave all others pale.
    happened = counts[counts > 0]
    brightest = np.percentile(happened, 95, method="higher") if len(happened) else 1.0
    share = np.minimum(counts / brightest, 1.0)
    ink = 1 - np.array([to_rgb(colour) for colour in EVENT_COLOURS.values()])
    drawn: NDArray[np.float64] = np.clip(1 - np.einsum("tphw,pc->thwc", share, ink), 0, 1)
    return drawn


def side_by_side(parts: NDArray[np.float64], between: str) -> NDArray[np.float64]:
    """Parts in a row, a line of one pixel between them.

    Args:
        parts: [n, H, W, 3] in 0..1.
        between: Colour of the line.

    Returns:
        [H, n * (W + 1) - 1, 3].
    """
    count, height, width, _ = parts.shape
    drawn = np.empty((height, count * (width + 1) - 1, 3))
    drawn[:] = to_rgb(between)
    for number, part in enumerate(parts):
        left = number * (width + 1)
        drawn[:, left : left + width] = part
    return drawn
