"""Free Spoken Digit Dataset v1.0.10: 3,000 WAV clips, 6 speakers x 10 digits x 50 recordings.

Source: Z. Jackson and contributors, github.com/Jakobovski/free-spoken-digit-dataset; licence
CC BY-SA 4.0, so the clips are never part of the package.
"""

from __future__ import annotations

import hashlib
import io
import re
import wave
from pathlib import Path
from typing import TYPE_CHECKING

from spikefuse.core.errors import DataError
from spikefuse.data.settings import CLASSES, SAMPLE_RATE_HZ
from spikefuse.data.sources.raw import ClipName, Clips

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

_NAME = re.compile(r"([0-9])_([a-z]+)_(0|[1-9][0-9]*)\.wav")
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
        f"parse_name: a clip's name must be {{digit}}_{{speaker}}_{{index}}.wav with a speaker of "
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
    for below in SUBFOLDERS:
        candidate = folder / below
        if not wanted.isdisjoint(_wav_names(candidate)):
            return candidate
    return None


def missing_recordings(folder: Path) -> list[str]:
    """Names of the clips that are not in `folder`."""
    present = set(_wav_names(folder))
    return [name for name in expected_names() if name not in present]


def read_recordings(folder: Path) -> Clips:
    """Read and check every clip.

    Args:
        folder: Holds the 3,000 files; files that do not end in `.wav` are left alone.

    Raises:
        DataError: A clip is missing, truncated, in another format or misnamed, or the content
            has another SHA-256.
    """
    names = _wav_names(folder)
    clips = tuple(parse_name(name) for name in names)
    missing = missing_recordings(folder)
    if missing:
        raise DataError(
            f"read_recordings: folder must hold {len(expected_names()):,} clips, got {folder} "
            f"without {_some(missing)}. {_REMEDY}"
        )
    digest = hashlib.sha256()
    waveforms = []
    for name in names:
        content = _read_bytes(folder / name)
        digest.update(content)
        waveforms.append(parse_wav(content, name))
    if digest.hexdigest() != FSDD_SHA256:
        raise DataError(
            f"read_recordings: the clips of {folder} must have the combined SHA-256 {FSDD_SHA256}, "
            f"got {digest.hexdigest()}. {_REMEDY}"
        )
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
    except (wave.Error, EOFError) as error:
        raise DataError(
            f"read_recordings: {where} must be a whole WAV file, got: "
            f"{error or 'an early end'}. {_REMEDY}"
        ) from error
    if (channels, width, rate) != (1, 2, SAMPLE_RATE_HZ):
        raise DataError(
            f"read_recordings: {where} must be 1 channel, 16 bits, {SAMPLE_RATE_HZ} Hz, got "
            f"{channels} channels, {8 * width} bits, {rate} Hz. {_REMEDY}"
        )
    if len(data) != frames * width or not frames:
        raise DataError(
            f"read_recordings: {where} must hold the {frames} samples its header names (at least "
            f"1), got {len(data) // width}. {_REMEDY}"
        )
    return (np.frombuffer(data, "<i2") / 32768).astype(np.float32)


def _wav_names(folder: Path) -> list[str]:
    if not folder.is_dir():
        return []
    return sorted(path.name for path in folder.iterdir() if path.suffix.lower() == ".wav")


def _read_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(
            f"read_recordings: {path.name} must be readable, got: {error}. {_REMEDY}"
        ) from error


def _some(names: list[str]) -> str:
    shown = ", ".join(names[:3])
    return shown if len(names) <= 3 else f"{shown} and {len(names) - 3:,} more"
