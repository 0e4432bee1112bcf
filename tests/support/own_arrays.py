"""Made-up arrays of somebody's own."""

import numpy as np


def arrays(seed: int = 0, samples: int = 120) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Three modalities of four classes, each class a place where the numbers are high."""
    rng = np.random.default_rng(seed)
    labels = np.arange(samples) % 4
    picture = rng.integers(0, 60, (samples, 12, 12), dtype=np.uint8)
    motion = rng.normal(size=(samples, 6, 20)).astype(np.float32)
    for sample, label in enumerate(labels):
        picture[sample, 3 * label : 3 * label + 3] += 150
        motion[sample, label] += 2.0
    return {"picture": picture, "motion": motion}, labels
