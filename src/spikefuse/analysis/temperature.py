"""One number that makes a trained network's probabilities honest, from its validation logits.

Networks are surer than they are right, each by another factor, and a product of experts believes
them: the temperature T divides the logits so that the loss on validation is least. It changes no
network's own answer.

Source: C. Guo, G. Pleiss, Y. Sun, K. Q. Weinberger, "On calibration of modern neural networks",
ICML 2017.
"""

import math

import numpy as np
from numpy.typing import ArrayLike

from spikefuse.core.checks import require

LEAST, MOST = 0.05, 20.0
"""Between these a temperature is looked for; a network that is always right would want none."""


def temperature(logits: ArrayLike, labels: ArrayLike) -> float:
    """The temperature with the least mean cross-entropy.

    Args:
        logits: [n, K], finite.
        labels: [n], 0 to K - 1.

    Raises:
        InputError: Other shapes, nothing, or logits that are not finite.

    Example:
        >>> sure = [[4.0, 0.0]] * 4
        >>> round(temperature(sure, [0, 0, 0, 1]), 3)  # right three times in four: log 3 = 4 / T
        3.641
    """
    from scipy.optimize import minimize_scalar

    where = "temperature"
    scores, answers = np.asarray(logits, dtype=np.float64), np.asarray(labels, dtype=np.int64)
    require(scores.ndim == 2 and len(scores) > 0, where, "logits", "of shape [n, K]", scores.shape)
    require(answers.shape == scores.shape[:1], where, "labels", "one a row", answers.shape)
    require(bool(np.isfinite(scores).all()), where, "logits", "finite", "NaN or infinity")
    # Differences from the right class: the loss of a row is log(sum(exp(d / T))).
    gaps = scores - np.take_along_axis(scores, answers[:, None], axis=1)

    def loss(log_temperature: float) -> float:
        scaled = gaps / math.exp(log_temperature)
        top = scaled.max(axis=1)
        return float((top + np.log(np.exp(scaled - top[:, None]).sum(axis=1))).mean())

    bounds = (math.log(LEAST), math.log(MOST))
    found = minimize_scalar(loss, bounds=bounds, method="bounded", options={"xatol": 1e-6})
    return math.exp(float(found.x))
