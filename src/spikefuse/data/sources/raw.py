"""What the readers hand over: images and clips as recorded, before any preprocessing."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from spikefuse.core.errors import DataError
from spikefuse.core.untrusted import reason_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

SAMPLE_RATE_HZ = 8_000
"""Rate of every clip: FSDD is recorded at it, the embedded clips are resampled to it."""

CLASSES = 10
"""Digits."""


@dataclass(frozen=True, eq=False)
class Images:
    """Every image of a data set, official training images first.

    Args:
        pixels: [N, H, W] uint8, 0 is background and 255 full ink.
        labels: [N] int64.
        official_test: [N] bool.
        digest: SHA-256 of the content, hexadecimal.
    """

    pixels: Tensor
    labels: Tensor
    official_test: Tensor
    digest: str


@dataclass(frozen=True)
class ClipName:
    """What a clip's file name `{digit}_{speaker}_{index}.wav` says."""

    digit: int
    speaker: str
    index: int

    def __str__(self) -> str:
        return f"{self.digit}_{self.speaker}_{self.index}.wav"


@dataclass(frozen=True, eq=False)
class Clips:
    """Every clip of a data set in the order of its file names.

    Args:
        waveforms: One float32 array in [-1, 1] a clip, 8 kHz mono, each of its own length.
        names: What the file names say.
        test_indices: Recordings of a speaker and digit below this index are the official test.
        digest: SHA-256 of the content, hexadecimal.
    """

    waveforms: Sequence[NDArray[np.float32]]
    names: tuple[ClipName, ...]
    test_indices: int
    digest: str

    @property
    def labels(self) -> Tensor:
        """Digits, [N] int64."""
        import torch

        return torch.tensor([name.digit for name in self.names], dtype=torch.int64)

    @property
    def official_test(self) -> Tensor:
        """Membership of the official test set, [N] bool."""
        import torch

        return torch.tensor([name.index < self.test_indices for name in self.names])

    @property
    def speaker_names(self) -> tuple[str, ...]:
        """The distinct speakers in alphabetical order."""
        return tuple(sorted({name.speaker for name in self.names}))

    @property
    def speakers(self) -> Tensor:
        """Positions in `speaker_names`, [N] int64."""
        import torch

        position = {speaker: i for i, speaker in enumerate(self.speaker_names)}
        return torch.tensor([position[name.speaker] for name in self.names], dtype=torch.int64)


def is_file(path: Path) -> bool:
    """Whether there is a regular file.

    Raises:
        DataError: Its folder may not be entered.
    """
    return stat.S_ISREG(_mode(path))


def is_folder(path: Path) -> bool:
    """Whether there is a folder.

    Raises:
        DataError: The one above it may not be entered.
    """
    return stat.S_ISDIR(_mode(path))


def _mode(path: Path) -> int:
    try:
        return os.stat(path).st_mode
    except (FileNotFoundError, NotADirectoryError):
        return 0
    except OSError as error:
        raise _closed(path.parent, error) from error


def list_folder(folder: Path) -> list[Path]:
    """What lies in a folder, in order of the names; nothing where there is no folder.

    Raises:
        DataError: It may not be read.
    """
    try:
        return sorted(folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise _closed(folder, error) from error


def _closed(folder: Path, error: OSError) -> DataError:
    return DataError(
        f"data: {folder} must be a folder that you may read, got: {reason_of(error)}. "
        "Change its permissions, or name another folder with --data-dir."
    )
