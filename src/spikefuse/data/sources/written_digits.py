"""The embedded images: scikit-learn's bundled handwritten digits, 1,797 of 8x8 pixels, all real.

Source: E. Alpaydin, C. Kaynak, "Optical Recognition of Handwritten Digits", UCI Machine Learning
Repository, 1998, doi 10.24432/C50P49 (its test file); licence CC BY 4.0.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from spikefuse.data.settings import CLASSES
from spikefuse.data.sources.raw import Images

if TYPE_CHECKING:
    pass


TEST_PER_DIGIT = 36
"""The last 36 images of each digit are the official test set: 360 of 1,797.

The file goes from writer to writer, so its end holds writers hardly seen before it, as MNIST's
test set does; every fifth image instead would put each writer on both sides.
"""


def read_written_digits() -> Images:
    """Read the images from scikit-learn; their 0-16 ink scale becomes 0-255."""
    # Imported here: scikit-learn takes a second and only the embedded data needs it.
    import numpy as np
    import torch
    from sklearn.datasets import load_digits  # type: ignore[import-untyped, unused-ignore]

    ink, digits = load_digits(return_X_y=True)
    pixels = np.round(ink.reshape(-1, 8, 8) * (255 / 16)).astype(np.uint8)
    labels = digits.astype(np.int64)
    official_test = np.zeros(len(labels), bool)
    for digit in range(CLASSES):
        official_test[np.flatnonzero(labels == digit)[-TEST_PER_DIGIT:]] = True
    return Images(
        pixels=torch.from_numpy(pixels),
        labels=torch.from_numpy(labels),
        official_test=torch.from_numpy(official_test),
        digest=hashlib.sha256(pixels.tobytes() + labels.astype("<i8").tobytes()).hexdigest(),
    )
