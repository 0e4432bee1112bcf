"""The embedded spoken digits: 1,000 clips made once with a speech synthesiser, packed small.

`tools/make_spoken_digits.py` makes the file; `embedded/README.md` tells how, and its licence.

Packing: a clip is rounded to 127 levels of its own peak (7 bits; the rounding noise is 47 dB below
the peak, as quiet as the noise already in the clips), each sample is replaced by its difference to
the one before modulo 256, and the whole is deflated. Differences of speech are mostly small, so
they deflate well, and a running sum undoes them exactly.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
import zlib
from collections.abc import Sequence
from importlib.resources import files
from typing import TYPE_CHECKING

from spikefuse.core.errors import DataError
from spikefuse.data.sources.raw import ClipName, Clips

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


SPOKEN_DIGITS_SHA256 = "f3cf5a6db394684e1a9945cf5f11784ad2ebef582c57ee8d3cd5387d45e9938b"
"""SHA-256 of `embedded/spoken_digits.npz`."""

VOICES = ("awb", "kal", "kal16", "rms", "slt")
"""The synthesiser's voices, in alphabetical order."""

TEST_INDICES = 2
"""Variations 0-1 of each voice and digit are the official test set: a tenth, as in FSDD."""

LEVELS = 63
"""Samples are whole numbers from -63 to 63, times the clip's scale."""


def pack(waveforms: Sequence[NDArray[np.float32]], names: Sequence[ClipName]) -> bytes:
    """Pack clips into the bytes of one npz file; equal clips give equal bytes.

    Args:
        waveforms: Clips in [-1, 1], none of them silent throughout.
        names: What each clip is.
    """
    import numpy as np

    peaks = np.array([np.abs(waveform).max() for waveform in waveforms], np.float32)
    levels = [
        np.round(waveform / peak * LEVELS).astype(np.int8)
        for waveform, peak in zip(waveforms, peaks, strict=True)
    ]
    differences = [np.diff(level.view(np.uint8), prepend=np.uint8(0)) for level in levels]
    voices = sorted({name.speaker for name in names})
    buffer = io.BytesIO()
    np.savez_compressed(
        buffer,
        differences=np.concatenate(differences),
        lengths=np.array([len(level) for level in levels], np.uint16),
        scales=peaks / LEVELS,
        digits=np.array([name.digit for name in names], np.uint8),
        voices=np.array(voices),
        voice_of_clip=np.array([voices.index(name.speaker) for name in names], np.uint8),
        indices=np.array([name.index for name in names], np.uint8),
    )
    return buffer.getvalue()


def unpack(content: bytes) -> Clips:
    """Undo `pack`.

    Raises:
        DataError: The content is no such file.
    """
    import numpy as np

    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            fields = {name: arrays[name] for name in arrays.files}
        ends = np.cumsum(fields["lengths"].astype(np.int64))
        pieces = np.split(fields["differences"], ends[:-1])
        names = tuple(
            ClipName(int(digit), str(fields["voices"][voice]), int(index))
            for digit, voice, index in zip(
                fields["digits"], fields["voice_of_clip"], fields["indices"], strict=True
            )
        )
        waveforms = [
            np.cumsum(piece, dtype=np.uint8).view(np.int8).astype(np.float32) * scale
            for piece, scale in zip(pieces, fields["scales"], strict=True)
        ]
    except (KeyError, ValueError, IndexError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise DataError(
            f"unpack: content must be packed spoken digits, got: {error}. Install spikefuse again."
        ) from error
    return Clips(waveforms, names, TEST_INDICES, hashlib.sha256(content).hexdigest())


def read_spoken_digits() -> Clips:
    """Read the clips from the package.

    Raises:
        DataError: The package's file is missing or damaged.
    """
    file = files("spikefuse.data") / "embedded" / "spoken_digits.npz"
    try:
        content = file.read_bytes()
    except OSError as error:
        raise DataError(
            f"read_spoken_digits: {file} must be readable, got: {error}. Install spikefuse again."
        ) from error
    digest = hashlib.sha256(content).hexdigest()
    if digest != SPOKEN_DIGITS_SHA256:
        raise DataError(
            f"read_spoken_digits: {file} must have SHA-256 {SPOKEN_DIGITS_SHA256}, got {digest}. "
            "Install spikefuse again."
        )
    return unpack(content)
