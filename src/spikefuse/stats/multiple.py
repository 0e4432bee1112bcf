"""Many comparisons at once."""

from collections.abc import Sequence

import numpy as np

from spikefuse.core.checks import require


def holm(p_values: Sequence[float]) -> tuple[float, ...]:
    """Holm's adjusted p values, in the order given.

    Comparing them with alpha keeps the chance of even one false finding in the family at most
    alpha, whatever the dependence between the comparisons.

    Raises:
        InputError: A p value outside 0..1, or NaN.

    Source:
        S. Holm, "A simple sequentially rejective multiple test procedure", Scand. J. Stat. 6, 1979.

    Example:
        >>> holm([0.01, 0.04, 0.03])
        (0.03, 0.06, 0.06)
    """
    values = np.asarray(p_values, dtype=np.float64)
    require(values.ndim == 1, "holm", "p_values", "a flat list", values.shape)
    inside = bool(((values >= 0.0) & (values <= 1.0)).all())
    require(inside, "holm", "p_values", "between 0 and 1", values.tolist())
    order = np.argsort(values, kind="stable")
    steps = values[order] * np.arange(values.size, 0, -1)
    adjusted = np.empty_like(values)
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate(steps))
    return tuple(float(value) for value in adjusted)
