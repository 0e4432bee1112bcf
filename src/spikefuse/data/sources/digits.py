"""The two sources of the paper's study: real digits, and embedded ones that stand in for them.

Both pair images of handwritten digits with spoken ones. Their content is pinned: reading refuses
any other.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from spikefuse.data.places.download import fetch
from spikefuse.data.sources.contract import Reading, Source
from spikefuse.data.sources.parts import (
    AUDIO,
    FSDD_CLIPS,
    IMAGE,
    MNIST_IMAGES,
    clip_modality,
    clip_pool,
    combined,
    describe_clips,
    image_modality,
    image_pool,
)
from spikefuse.data.sources.raw import CLASSES, Images
from spikefuse.data.sources.spoken_digits import (
    SPOKEN_DIGITS_SHA256,
    VOICES,
    read_spoken_digits,
)
from spikefuse.data.sources.written_digits import WRITTEN_DIGITS_SHA256, read_written_digits

if TYPE_CHECKING:
    from spikefuse.data.settings import DataSettings

DIGITS = tuple(str(digit) for digit in range(CLASSES))

MNIST_FSDD = combined(
    "mnist-fsdd",
    (MNIST_IMAGES, FSDD_CLIPS),
    title="MNIST and FSDD",
    banner=(
        "Real data: MNIST (60,000 training and 10,000 test images) and the Free Spoken Digit "
        "Dataset v1.0.10 (2,700 training and 300 test clips of 6 speakers)."
    ),
    classes=DIGITS,
    aliases=("digits",),
    fetch=lambda folder, progress: fetch(folder, replace=True, progress=progress),
)
"""MNIST and the Free Spoken Digit Dataset, from a folder or downloaded."""


def _read_builtin(settings: DataSettings, folder: Path | None) -> Reading:
    images, clips = read_written_digits(), read_spoken_digits()
    pools = {IMAGE: image_pool(images, settings), AUDIO: clip_pool(clips, settings)}
    return Reading(pools, (images.digest, clips.digest))


def _describe_images(images: Images) -> str:
    count, height, width = images.pixels.shape
    test = int(images.official_test.sum())
    return f"{count:,} images of {height}x{width}, {test:,} of them test"


BUILTIN = Source(
    name="builtin",
    title="the embedded data",
    banner=(
        "EMBEDDED STAND-IN DATA, not MNIST and FSDD: 1,797 real 8x8 handwritten digits of "
        "scikit-learn and 1,000 spoken digits made by a speech synthesiser (5 voices); "
        "no number here can be compared with the paper's."
    ),
    classes=DIGITS,
    modalities=(image_modality(1_437, 360), clip_modality(900, 100, VOICES)),
    read=_read_builtin,
    digests=lambda folder: (WRITTEN_DIGITS_SHA256, SPOKEN_DIGITS_SHA256),
    is_pinned=True,
    checks=lambda folder: (
        ("written digits", lambda: _describe_images(read_written_digits())),
        ("spoken digits", lambda: describe_clips(read_spoken_digits())),
    ),
)
"""Small data that is part of the package."""
