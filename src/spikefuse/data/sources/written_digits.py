"""The embedded images: scikit-learn's bundled handwritten digits, 1,797 of 8x8 pixels, all real.

Source: E. Alpaydin, C. Kaynak, "Optical Recognition of Handwritten Digits", UCI Machine Learning
Repository, 1998, doi 10.24432/C50P49 (its test file); licence CC BY 4.0.
"""

from __future__ import annotations

import hashlib

from spikefuse.core.errors import DataError
from spikefuse.data.sources.raw import CLASSES, Images

WRITTEN_DIGITS_SHA256 = "0b7e9c3202d7bcd255d6a19a238d3743bf5e320ba74812a6679958a017c55382"
"""SHA-256 of pixels and labels, as `read_written_digits` makes them."""

TEST_PER_DIGIT = 36
"""The last 36 images of each digit are the official test set: 360 of 1,797.

The file goes from writer to writer, so its end holds writers hardly seen before it, as MNIST's
test set does; every fifth image instead would put each writer on both sides.
"""


def read_written_digits() -> Images:
    """Read the images from scikit-learn; their 0-16 ink scale becomes 0-255.

    Raises:
        DataError: scikit-learn's images are other ones.
    """
    # Imported here: scikit-learn takes a second and only the embedded data needs it.
    import numpy as np
    import torch
    from sklearn.datasets import load_digits  # type: ignore[import-untyped, unused-ignore]

    ink, digits = load_digits(return_X_y=True)
    pixels = np.round(ink.reshape(-1, 8, 8) * (255 / 16)).astype(np.uint8)
    labels = digits.astype(np.int64)
    digest = hashlib.sha256(pixels.tobytes() + labels.astype("<i8").tobytes()).hexdigest()
    if digest != WRITTEN_DIGITS_SHA256:
        raise DataError(
            f"read_written_digits: the digits of scikit-learn must have SHA-256 "
            f"{WRITTEN_DIGITS_SHA256}, got {digest}. Install the scikit-learn that spikefuse names."
        )
    official_test = np.zeros(len(labels), bool)
    for digit in range(CLASSES):
        official_test[np.flatnonzero(labels == digit)[-TEST_PER_DIGIT:]] = True
    return Images(
        pixels=torch.from_numpy(pixels),
        labels=torch.from_numpy(labels),
        official_test=torch.from_numpy(official_test),
        digest=digest,
    )
