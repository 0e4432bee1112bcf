"""N-MNIST, 1,100 recordings: an event camera that looks at MNIST's first images as it moves.

Recording K is of MNIST's training image K - 1, recording 60,000 + K of test image K - 1, so images
and events of equal position are truly paired: two views of one thing.

Source: Orchard, Jayawant, Cohen, Thakor, "Converting static image datasets to spiking neuromorphic
datasets using saccades", Frontiers in Neuroscience 9:437, 2015; licence CC BY-SA 4.0, so the
recordings are never part of the package. The subset is that of SLAYER's tests.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from spikefuse.core.errors import DataError
from spikefuse.core.untrusted import read_regular, reason
from spikefuse.data.events import count_events, parse_binary
from spikefuse.data.pools import Pool
from spikefuse.data.sources import mnist
from spikefuse.data.sources.contract import Check, Modality
from spikefuse.data.sources.digits import DIGITS
from spikefuse.data.sources.parts import (
    FSDD_CLIPS,
    IMAGE,
    Part,
    combined,
    idx_images,
    resize_images,
)
from spikefuse.data.sources.raw import is_file

if TYPE_CHECKING:
    from spikefuse.data.settings import DataSettings

EVENTS = "events"
SIDE = 34
"""Rows and columns of a recording."""

NMNIST_SHA256 = "c9f2cc6d1795a803aacdc877b633460f633aa8c295a70292f695ffbd24137154"
"""SHA-256 of the recordings' bytes in the order of their numbers, and of their labels' bytes."""

SUBFOLDERS = ("n-mnist-1100", "n-mnist", "NMNISTsmall", ".")
"""Where the files may stand below a data folder."""

LISTS = {"train1K.txt": range(1, 1_001), "test100.txt": range(60_001, 60_101)}
"""Files that say the class of each recording, and the recordings of each."""

_FIRST_TEST = 60_001
_MOST_BYTES = 2**20
_REMEDY = (
    "They are in bamsumit/slayerPytorch on GitHub, folder test/test_files/NMNISTsmall: copy that "
    "into a data folder as n-mnist."
)


def numbers() -> list[int]:
    """Numbers of the recordings: training, then test."""
    return [number for part in LISTS.values() for number in part]


def find_recordings(folder: Path) -> Path | None:
    """The first folder at or below `folder` that holds a list of recordings, or None."""
    places = (folder / below for below in SUBFOLDERS)
    return next((place for place in places if any(is_file(place / name) for name in LISTS)), None)


def missing_recordings(folder: Path) -> list[str]:
    """Names of the files that are not in `folder`."""
    names = [*LISTS, *(f"{number}.bs2" for number in numbers())]
    return [name for name in names if not is_file(folder / name)]


@dataclass(frozen=True)
class Recordings:
    """Every recording, training first.

    Args:
        contents: Bytes of each file.
        labels: Digit of each.
    """

    contents: tuple[bytes, ...]
    labels: tuple[int, ...]


def read_recordings(folder: Path) -> Recordings:
    """Read and check every recording.

    Raises:
        DataError: A file is missing or unreadable, or the content has another SHA-256.
    """
    missing = missing_recordings(folder)
    if missing:
        raise DataError(
            f"data: {folder} must hold the {len(numbers()):,} recordings of N-MNIST and their "
            f"lists, got it without {missing[0]} and {len(missing) - 1:,} more. {_REMEDY}"
        )
    labels = tuple(_labels(folder))
    contents = tuple(_read(folder / f"{number}.bs2") for number in numbers())
    digest = hashlib.sha256()
    for content in (*contents, bytes(labels)):
        digest.update(content)
    if digest.hexdigest() != NMNIST_SHA256:
        raise DataError(
            f"data: the recordings of {folder} must have the combined SHA-256 {NMNIST_SHA256}, "
            f"got {digest.hexdigest()}. {_REMEDY}"
        )
    return Recordings(contents, labels)


def _read(path: Path) -> bytes:
    try:
        return read_regular(path, _MOST_BYTES)
    except OSError as error:
        raise DataError(
            f"data: {path.name} must be readable, got: {reason(error)}. {_REMEDY}"
        ) from error


def _labels(folder: Path) -> Iterator[int]:
    for name, wanted in LISTS.items():
        lines = _read(folder / name).decode("ascii", "replace").splitlines()
        pairs = [line.split() for line in lines if line.strip() and not line.startswith("#")]
        for number, pair in zip(wanted, pairs, strict=False):
            is_fine = len(pair) == 2 and pair[0] == str(number) and pair[1] in map(str, range(10))
            if not is_fine:
                raise DataError(
                    f"data: {name} must say a digit of recording {number} in its place, got "
                    f"{' '.join(pair)!r}. {_REMEDY}"
                )
            yield int(pair[1])
        if len(pairs) != len(wanted):
            raise DataError(
                f"data: {name} must list {len(wanted):,} recordings, got {len(pairs):,}. {_REMEDY}"
            )


def _place(folder: Path) -> Path:
    return find_recordings(folder) or folder / SUBFOLDERS[0]


def _pool(settings: DataSettings, folder: Path) -> Pool:
    import numpy as np
    import torch

    read, bins = read_recordings(_place(folder)), settings.event_bins
    counts = np.empty((len(read.labels), 2, SIDE, SIDE, bins), np.int16)
    for place, content in enumerate(read.contents):
        counts[place] = count_events(parse_binary(content), SIDE, SIDE, bins)
    known = numbers()
    return Pool(
        modality=EVENTS,
        inputs=torch.from_numpy(counts),
        labels=torch.tensor(read.labels),
        official_test=torch.tensor([number >= _FIRST_TEST for number in known]),
        names=tuple(f"{number}.bs2" for number in known),
    )


def _lack(folder: Path) -> str:
    found = find_recordings(folder)
    if found is None:
        return (
            f"N-MNIST's recordings are in none of the folders {', '.join(SUBFOLDERS)} ({_REMEDY})"
        )
    missing = missing_recordings(found)
    return (
        f"{len(missing):,} N-MNIST files are missing, the first is {missing[0]}" if missing else ""
    )


def _checks(folder: Path) -> tuple[Check, ...]:
    def described() -> str:
        read = read_recordings(_place(folder))
        events = sum(len(content) for content in read.contents) // 5
        return (
            f"{len(read.labels):,} recordings, {events:,} events, SHA-256 {NMNIST_SHA256[:16]}..."
        )

    return (("events", described),)


NMNIST_EVENTS = Part(
    modality=Modality(
        name=EVENTS,
        kind="events",
        shape=lambda settings: (2, SIDE, SIDE, settings.event_bins),
        train=1_000,
        test=100,
        noun="recordings",
        settings=("event_bins",),
    ),
    read=_pool,
    digest=lambda: NMNIST_SHA256,
    lack=_lack,
    checks=_checks,
)

_MNIST = idx_images(
    mnist.MNIST,
    Modality(
        name=IMAGE,
        kind="image",
        shape=lambda settings: (1, settings.image_size, settings.image_size),
        train=1_000,
        test=100,
        noun="images",
        pixel_mean=0.1307,
        pixel_std=0.3081,
        settings=("image_size",),
    ),
)


def _frames(settings: DataSettings, folder: Path) -> Pool:
    """The MNIST images that the recordings are of, in the order of the recordings."""
    import torch

    images = mnist.read_mnist(mnist.find_mnist(folder) or folder / mnist.MNIST.folder)
    first_test = int((~images.official_test).sum())
    chosen = [n - 1 if n < _FIRST_TEST else n - _FIRST_TEST + first_test for n in numbers()]
    return Pool(
        modality=IMAGE,
        inputs=resize_images(images.pixels[chosen], settings.image_size),
        labels=images.labels[chosen],
        official_test=torch.tensor([number >= _FIRST_TEST for number in numbers()]),
        names=tuple(f"{number}.bs2" for number in numbers()),
    )


NMNIST_FRAMES = Part(_MNIST.modality, _frames, _MNIST.digest, _MNIST.lack, _MNIST.checks)

_SAYS = "N-MNIST (1,000 training and 100 test recordings of an event camera that looks at MNIST)"

N_MNIST = combined(
    "n-mnist",
    (NMNIST_FRAMES, NMNIST_EVENTS),
    title="N-MNIST's recordings and MNIST",
    banner=f"Real data: {_SAYS} with the images that they are of; truly paired.",
    classes=DIGITS,
    is_paired=True,
)
"""Images and events of one thing each."""

N_MNIST_FSDD = combined(
    "n-mnist-fsdd",
    (NMNIST_EVENTS, FSDD_CLIPS),
    title="N-MNIST's recordings and FSDD",
    banner=(
        f"Real data: {_SAYS} and the Free Spoken Digit Dataset v1.0.10 (2,700 training and 300 "
        "test clips of 6 speakers); paired by class, not truly paired."
    ),
    classes=DIGITS,
)
"""Events and spoken digits."""
