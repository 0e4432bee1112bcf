"""Which content a file had when it was last read, so that a second start opens none of 100,000.

A file is taken to be what it was while its size, its times of change and its place on the disk are:
`stat` alone is asked. The time of the last change of status (`ctime`) cannot be set by programs
that copy times, as the time of modification can.
"""

import hashlib
import os
import stat
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from spikefuse.data.own.description import Sample
from spikefuse.data.own.kinds.contract import Unreadable
from spikefuse.data.places.cache import read_tensors, write_tensors

MAXIMUM_FILE_BYTES = 1 << 28

Stamp = tuple[int, int, int, int, int]
"""Size in bytes, time of modification and of status change in ns, number on its disk, disk."""
_PARTS = 5
_DIGEST = hashlib.sha256().digest_size
_SETTLED_NS = 2_000_000_000
"""A file that changed so shortly before it was read may change again under the same times: clocks
of file systems tick in up to two seconds. It is read anew at the next start."""


def stamp_of(sample: Sample) -> Stamp:
    """What tells a file that has changed.

    Raises:
        Unreadable: There is no plain file of a size that is read.
    """
    try:
        status = os.stat(sample.path)
    except (OSError, ValueError) as error:
        raise Unreadable(getattr(error, "strerror", "") or type(error).__name__) from error
    # Reading a pipe or a device would wait or never end.
    if not stat.S_ISREG(status.st_mode):
        raise Unreadable("no plain file")
    if status.st_size > MAXIMUM_FILE_BYTES:
        raise Unreadable(f"{status.st_size:,} bytes, more than {MAXIMUM_FILE_BYTES:,}")
    return (
        status.st_size,
        status.st_mtime_ns,
        status.st_ctime_ns,
        status.st_ino % 2**63,
        status.st_dev % 2**63,
    )


def content_of(sample: Sample) -> bytes:
    """A file's bytes.

    Raises:
        Unreadable: It cannot be read.
    """
    try:
        with open(sample.path, "rb") as file:
            return file.read()
    except OSError as error:
        raise Unreadable(error.strerror or type(error).__name__) from error


class KnownFiles:
    """Digests of a modality's files, kept between starts.

    Args:
        folder: Where caches are kept; None keeps nothing.
        samples: The modality's, in order.
    """

    def __init__(self, folder: Path | None, samples: Sequence[Sample]) -> None:
        self._folder = folder
        self.names = tuple(sample.name for sample in samples)
        paths = "\0".join([os.getcwd(), *(sample.path for sample in samples)])
        digest = hashlib.sha256(b"files\0" + paths.encode("utf-8", "surrogateescape")).hexdigest()
        self._key = f"files-{digest[:32]}"
        self._stamps = np.full((len(samples), _PARTS), -1, np.int64)
        self._digests = np.zeros((len(samples), _DIGEST), np.uint8)
        self._changed = False
        kept = None if folder is None else read_tensors(folder, self._key)
        if kept is not None and self._fits(kept):
            self._stamps, self._digests = kept["stamps"].numpy(), kept["digests"].numpy()

    def _fits(self, kept: dict[str, torch.Tensor]) -> bool:
        mine: dict[str, NDArray[Any]] = {"stamps": self._stamps, "digests": self._digests}
        return kept.keys() == mine.keys() and all(
            kept[name].numpy().shape == each.shape and kept[name].numpy().dtype == each.dtype
            for name, each in mine.items()
        )

    def digest(self, place: int, stamp: Stamp) -> bytes | None:
        """SHA-256 of a file's content, if it is the file that was read; else None."""
        row: NDArray[np.int64] = self._stamps[place]
        return self._digests[place].tobytes() if tuple(row.tolist()) == stamp else None

    def keep(self, place: int, stamp: Stamp, digest: bytes) -> None:
        """Remember a file that was read after its stamp was taken."""
        is_settled = time.time_ns() - max(stamp[1:3]) > _SETTLED_NS
        self._stamps[place] = stamp if is_settled else -1
        self._digests[place] = np.frombuffer(digest, np.uint8)
        self._changed = True

    def save(self) -> None:
        """Write down what is known, where anything is new."""
        if self._folder is not None and self._changed:
            tensors = {"stamps": self._stamps, "digests": self._digests}
            kept = {name: torch.from_numpy(each) for name, each in tensors.items()}
            write_tensors(self._folder, self._key, kept)
