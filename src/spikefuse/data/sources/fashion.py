"""Fashion-MNIST with spoken digits: images that leave a second modality room to help.

Class k of the images meets spoken digit k: they share a label and nothing else, so this is paired
by class, not truly paired.
"""

from __future__ import annotations

from spikefuse.data.places.download import fetch
from spikefuse.data.sources.mnist import FASHION
from spikefuse.data.sources.parts import FASHION_IMAGES, FSDD_CLIPS, combined

CLOTHES = (
    *("t-shirt", "trouser", "pullover", "dress", "coat"),
    *("sandal", "shirt", "sneaker", "bag", "ankle boot"),
)
"""Fashion-MNIST's classes in the order of its labels."""

FASHION_FSDD = combined(
    "fashion-fsdd",
    (FASHION_IMAGES, FSDD_CLIPS),
    title="Fashion-MNIST and FSDD",
    banner=(
        "Real data: Fashion-MNIST (60,000 training and 10,000 test images) and the Free Spoken "
        "Digit Dataset v1.0.10 (2,700 training and 300 test clips of 6 speakers); clothes of class "
        "k meet spoken digit k, paired by class, not truly paired."
    ),
    classes=CLOTHES,
    aliases=("fashion",),
    fetch=lambda folder, progress: fetch(folder, replace=True, progress=progress, images=FASHION),
)
"""Fashion-MNIST and the Free Spoken Digit Dataset, from a folder or downloaded."""
