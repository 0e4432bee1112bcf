"""Free Spoken Digit Dataset v1.0.10: 3,000 WAV clips, 6 speakers x 10 digits x 50 recordings.

Source: Z. Jackson and contributors, github.com/Jakobovski/free-spoken-digit-dataset; licence
CC BY-SA 4.0, so the clips are never part of the package.
"""

from __future__ import annotations

import hashlib
import io
import logging
import re
import struct
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from spikefuse.core.errors import DataError
from spikefuse.core.untrusted import read_regular, reason
from spikefuse.data.sources.raw import CLASSES, SAMPLE_RATE_HZ, ClipName, Clips, list_folder

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


FSDD_SHA256 = "ddb17656a0bca4c5ddace082be188ca630516dc2ef1110afe3c4e9cc71173de4"
"""SHA-256 of the bytes of all recordings, concatenated in C-locale order of their names."""

SPEAKERS = ("george", "jackson", "lucas", "nicolas", "theo", "yweweler")
RECORDINGS = 50
TEST_INDICES = 5
"""Recordings 0-4 of each speaker and digit are the official test set."""

SUBFOLDERS = ("fsdd/recordings", "recordings", "fsdd", "free-spoken-digit-dataset/recordings", ".")
"""Where the clips may stand below a data folder."""

_UNPACKED = "free-spoken-digit-dataset-*/recordings"
"""What GitHub's archives unpack to."""

_NAME = re.compile(r"([0-9])_([a-z]+)_(0|[1-9][0-9]*)\.wav")
_MOST_BYTES = 2**20
_log = logging.getLogger(__name__)
_REMEDY = "`spikefuse data fetch` gets it whole (--out names a folder of your own)."


def parse_name(name: str) -> ClipName:
    """What a clip's file name says.

    Raises:
        DataError: The name is not one of FSDD's 3,000.

    Example:
        >>> parse_name("7_jackson_32.wav")
        ClipName(digit=7, speaker='jackson', index=32)
    """
    match = _NAME.fullmatch(name)
    if match is not None:
        clip = ClipName(int(match[1]), match[2], int(match[3]))
        if clip.speaker in SPEAKERS and clip.index < RECORDINGS:
            return clip
    raise DataError(
        f"data: a clip's name must be {{digit}}_{{speaker}}_{{index}}.wav with a speaker of "
        f"{', '.join(SPEAKERS)} and an index below {RECORDINGS}, got {name!r}. "
        "Take the file out of the folder or give it its name back."
    )


def expected_names() -> list[str]:
    """The 3,000 file names in C-locale order."""
    return sorted(
        str(ClipName(digit, speaker, index))
        for digit in range(CLASSES)
        for speaker in SPEAKERS
        for index in range(RECORDINGS)
    )


def find_recordings(folder: Path) -> Path | None:
    """The first folder at or below `folder` that holds clips of FSDD, all or some, or None."""
    wanted = set(expected_names())
    for candidate in _places(folder):
        if not wanted.isdisjoint(_wav_names(candidate)):
            return candidate
    return None


def _places(folder: Path) -> Iterator[Path]:
    yield from (folder / below for below in SUBFOLDERS)
    for above in (folder, folder / "fsdd"):
        yield from sorted(above.glob(_UNPACKED))


def missing_recordings(folder: Path) -> list[str]:
    """Names of the clips that are not in `folder`."""
    present = set(_wav_names(folder))
    return [name for name in expected_names() if name not in present]


def foreign_recordings(folder: Path) -> list[str]:
    """Names of the WAV files in `folder` that are no clips of FSDD; they are never read."""
    wanted = set(expected_names())
    return [name for name in _wav_names(folder) if name not in wanted]


def read_recordings(folder: Path) -> Clips:
    """Read and check every clip.

    Args:
        folder: Holds the 3,000 files; other files are left alone.

    Raises:
        DataError: A clip is missing, truncated or in another format, or the content has another
            SHA-256.
    """
    foreign, missing = foreign_recordings(folder), missing_recordings(folder)
    if missing:
        besides = f" (but with {_some(foreign)})" if foreign else ""
        raise DataError(
            f"data: {folder} must hold the {len(expected_names()):,} clips of FSDD, got it "
            f"without {_some(missing)}{besides}. {_REMEDY}"
        )
    if foreign:
        _log.info("%s: not read, because no clips of FSDD: %s", folder, _some(foreign))
    names = expected_names()
    digest = hashlib.sha256()
    waveforms = []
    for name in names:
        content = read_clip(folder / name)
        digest.update(content)
        waveforms.append(parse_wav(content, name))
    if digest.hexdigest() != FSDD_SHA256:
        raise DataError(
            f"data: the clips of {folder} must have the combined SHA-256 {FSDD_SHA256}, "
            f"got {digest.hexdigest()}. {_REMEDY}"
        )
    clips = tuple(parse_name(name) for name in names)
    return Clips(waveforms, clips, TEST_INDICES, digest.hexdigest())


def parse_wav(content: bytes, where: str) -> NDArray[np.float32]:
    """Decode an 8 kHz mono 16-bit WAV file to float32 in [-1, 1).

    Raises:
        DataError: The file is truncated or has another format.
    """
    import numpy as np

    try:
        with wave.open(io.BytesIO(content)) as file:
            channels, width, rate, frames = file.getparams()[:4]
            data = file.readframes(frames)
    except (wave.Error, EOFError, struct.error, RuntimeError, ValueError, OSError) as error:
        # Whatever a damaged header makes the library do: a chunk without its pad byte, for one,
        # a seek beyond the end.
        raise DataError(
            f"data: {where} must be a whole WAV file, got: {reason(error)}. {_REMEDY}"
        ) from error
    if (channels, width, rate) != (1, 2, SAMPLE_RATE_HZ):
        raise DataError(
            f"data: {where} must be 1 channel, 16 bits, {SAMPLE_RATE_HZ} Hz, got "
            f"{channels} channels, {8 * width} bits, {rate} Hz. {_REMEDY}"
        )
    if len(data) != frames * width or not frames:
        raise DataError(
            f"data: {where} must hold the {frames} samples its header names (at least "
            f"1), got {len(data) // width}. {_REMEDY}"
        )
    return (np.frombuffer(data, "<i2") / 32768).astype(np.float32)


def read_clip(path: Path) -> bytes:
    """The bytes of a clip.

    Raises:
        DataError: It cannot be read.
    """
    try:
        return read_regular(path, _MOST_BYTES)
    except OSError as error:
        raise DataError(
            f"data: {path.name} must be readable, got: {reason(error)}. {_REMEDY}"
        ) from error


def _wav_names(folder: Path) -> list[str]:
    return [path.name for path in list_folder(folder) if path.suffix.lower() == ".wav"]


def _some(names: list[str]) -> str:
    shown = ", ".join(names[:3])
    return shown if len(names) <= 3 else f"{shown} and {len(names) - 3:,} more"
