"""When a validation accuracy has stopped rising: the rule of verdicts, and of where training ends.

The best epoch is not among the last fifth, and over the last quarter of the epochs the accuracy
rises by less than 0.1 pp. Asked after every epoch the rule stops at the first lull; it says that
nothing is gained for a while, not that nothing ever will be.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

FEWEST_EPOCHS = 8
"""Below this the last quarter holds a single epoch, which has no slope."""
LAST_SHARE, SLOPE_SHARE, FLAT = 0.2, 0.25, 0.001


def reached_plateau(validation: Sequence[float]) -> bool:
    """Whether a validation accuracy, one number an epoch, had stopped rising.

    Example:
        >>> reached_plateau([0.5, 0.8, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9])
        True
        >>> reached_plateau([0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.87, 0.9])
        False
    """
    count = len(validation)
    if count < FEWEST_EPOCHS or not all(math.isfinite(value) for value in validation):
        return False
    best = max(range(count), key=lambda epoch: validation[epoch])
    if best >= count - math.ceil(LAST_SHARE * count):
        return False
    last = validation[count - math.ceil(SLOPE_SHARE * count) :]
    middle, mean = (len(last) - 1) / 2, math.fsum(last) / len(last)
    slope = math.fsum((place - middle) * (value - mean) for place, value in enumerate(last))
    slope /= math.fsum((place - middle) ** 2 for place in range(len(last)))
    return slope * (len(last) - 1) < FLAT


def has_settled(
    metrics: Iterable[Mapping[str, Any]], is_ready: Callable[[int, int], bool], epochs: int
) -> bool:
    """Whether what answers had stopped rising, by a trial's rows of epochs.

    Args:
        metrics: One mapping an epoch, with `validation_accuracy`; none where it was not finite.
        is_ready: Of a fusion: whether what answers has been trained after an epoch of so many.
        epochs: At most so many are trained.
    """
    known = [row.get("validation_accuracy") for row in metrics if is_ready(row["epoch"], epochs)]
    return reached_plateau([math.nan if value is None else value for value in known])
