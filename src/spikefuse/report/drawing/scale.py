"""The accuracy axis: a straight zoom where values lie close, else a stretched one.

A plain axis from 0 to 100 % hides 99 against 99.9 %, and a zoom hides a fall to chance. An axis
in the odds right : wrong shows both: near the top, equal steps are equal factors of the error.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spikefuse.analysis.words import short_percent

# Keeps 100 % at a finite place; small against one error in 2,000 samples.
_TOP = 5e-4
# Keeps 0 % close below chance: nothing happens there that would deserve room.
_BOTTOM = 0.05
_ZOOM_SPAN = 0.12
# In the order in which they are given a place.
_STRETCHED_TICKS = (0.5, 0.9, 0.99, 0.1, 0.999, 0.75, 0.25, 0.98, 0.95, 0.995, 0.0)
_CLEAR = 1.2
_ENDS = (0.0, 0.25, 0.5, 0.75, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999, 1.0)
_STEPS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05)


def stretch(accuracy: NDArray[np.float64]) -> NDArray[np.float64]:
    """Place of an accuracy a on the stretched axis: ln((a + 0.05) / (1 - a + 0.0005))."""
    kept = np.clip(accuracy, 0.0, 1.0)
    return np.asarray(np.log((kept + _BOTTOM) / (1 - kept + _TOP)), dtype=np.float64)


def unstretch(place: NDArray[np.float64]) -> NDArray[np.float64]:
    """The inverse of `stretch`."""
    odds = np.exp(np.clip(place, -20, 20))
    return np.asarray((odds * (1 + _TOP) - _BOTTOM) / (1 + odds), dtype=np.float64)


@dataclass(frozen=True)
class AccuracyScale:
    """Kind, ends and ticks of an accuracy axis; accuracies in [0, 1].

    Attributes:
        chance: What guessing gives, where the number of classes is known.
    """

    stretched: bool
    low: float
    high: float
    ticks: tuple[float, ...]
    chance: float | None = None

    @property
    def note(self) -> str:
        """One sentence for the caption."""
        if self.stretched:
            return (
                "The axis is stretched towards 100 % (by the odds right to wrong), so that small "
                "differences near the top and a fall to chance both show."
            )
        return f"The axis is a zoom: it starts at {short_percent(self.low)} %, not at 0."


def choose_scale(
    values: Iterable[float],
    intervals: Iterable[tuple[float, float]] = (),
    chance: float | None = None,
) -> AccuracyScale:
    """The axis that shows every value, and intervals as far as they do not squeeze the values.

    Args:
        values: Accuracies.
        intervals: Their ends.
        chance: What guessing gives; None where that is not known.
    """
    points = [min(max(value, 0.0), 1.0) for value in values if math.isfinite(value)]
    if not points:
        return AccuracyScale(False, 0.0, 1.0, (0.0, 0.25, 0.5, 0.75, 1.0), chance)
    low, high = min(points), max(points)
    # Two seeds give intervals twelve standard errors wide; they may run off the axis.
    reach = max(0.7 * (high - low), 0.01)
    low = max(0.0, min([low, *(max(end[0], low - reach) for end in intervals)]))
    high = min(1.0, max([high, *(min(end[1], high + reach) for end in intervals)]))
    is_near = high - low <= _ZOOM_SPAN
    return _zoom(low, high, chance) if is_near else _stretched(low, high, chance)


def _zoom(low: float, high: float, chance: float | None) -> AccuracyScale:
    pad = max(0.06 * (high - low), 0.0005)
    low, high = max(0.0, low - pad), min(1.0, high + pad)
    step = next((step for step in _STEPS if (high - low) / step <= 6), _STEPS[-1])
    # Work in whole steps: 0.1 + 0.2 style residue would show up as a tick label.
    first, last = int(np.floor(low / step + 1e-9)), int(np.ceil(high / step - 1e-9))
    ticks = tuple(round(index * step, 6) for index in range(first, last + 1))
    return AccuracyScale(False, ticks[0], ticks[-1], ticks, chance)


def _stretched(low: float, high: float, chance: float | None) -> AccuracyScale:
    # The line of chance stands clear of the axis's end.
    clear = [tick for tick in _ENDS if tick == 0 or tick > _CLEAR * (chance or 0.0)]
    first = max(tick for tick in clear if tick <= low)
    last = min(tick for tick in _ENDS if tick >= high)
    kept = [first, last]
    places = [float(place) for place in stretch(np.array(kept))]
    gap = (places[1] - places[0]) / 13
    for tick in _STRETCHED_TICKS:
        place = float(stretch(np.array(tick)))
        if first < tick < last and all(abs(place - other) >= gap for other in places):
            kept.append(tick)
            places.append(place)
    return AccuracyScale(True, first, last, tuple(sorted(kept)), chance)
