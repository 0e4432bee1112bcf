"""WAV files of 8, 16, 24 and 32 bits and float: checked chunk by chunk, then decoded by SciPy."""

import io
import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spikefuse.core.untrusted import reason
from spikefuse.data.own.kinds.contract import Unreadable

_FORMATS = {1: "PCM", 3: "float", 0xFFFE: "extensible"}


def check_wav(content: bytes) -> None:
    """Walk the chunks of a WAV file; SciPy reads a cut one without a word or fails unclearly.

    Raises:
        Unreadable: A chunk is cut, `fmt ` or `data` is missing, or there are no samples.

    Source: Multimedia Programming Interface and Data Specifications 1.0 (RIFF): a chunk is a name
        of 4 characters, a little-endian uint32 size, the content, and a pad byte where the size
        is odd.
    """
    if content[:4] not in (b"RIFF", b"RIFX") or content[8:12] != b"WAVE":
        raise Unreadable("no WAV file" if content else "an empty file")
    order: Any = "little" if content[:4] == b"RIFF" else "big"
    position, seen, previous = 12, set(), b""
    while position + 8 <= len(content):
        name = content[position : position + 4]
        size = int.from_bytes(content[position + 4 : position + 8], order)
        left = len(content) - position - 8
        if not name.isascii() or size > left:
            raise Unreadable(_cut(name, size, left, previous))
        if name == b"fmt ":
            _check_format(content[position + 8 : position + 8 + size], order)
        if name == b"data":
            if size == 0:
                raise Unreadable("empty: it holds no samples")
            if b"fmt " not in seen:
                raise Unreadable("damaged: the samples stand before their format")
            return
        seen.add(name)
        previous = name if size % 2 else b""
        position += 8 + size + size % 2
    raise Unreadable(f"damaged: the {'data' if b'fmt ' in seen else 'fmt'} chunk is missing")


def _cut(name: bytes, size: int, left: int, previous: bytes) -> str:
    if previous and name not in (b"data", b"fmt ", b"LIST", b"fact"):
        odd = previous.decode("ascii").strip()
        return f"damaged: the {odd} chunk has an odd length and lacks its pad byte"
    shown = name.decode("ascii", "replace").strip()
    return f"cut: the header of chunk {shown!r} names {size:,} bytes, {left:,} are there"


def _check_format(chunk: bytes, order: Any) -> None:
    if len(chunk) < 16:
        raise Unreadable("damaged: the fmt chunk is too short")
    code, bits = (int.from_bytes(chunk[place : place + 2], order) for place in (0, 14))
    if code not in _FORMATS or bits not in (8, 16, 24, 32, 64):
        raise Unreadable(
            f"WAV format {code} of {bits} bits, not PCM of 8, 16, 24 or 32 bits or float"
            " (convert it, or pack it as FLAC)"
        )


def read_wav(content: bytes) -> tuple[int, NDArray[np.float32]]:
    """Rate in Hz and samples [n, channels]; whole numbers are scaled to [-1, 1)."""
    from scipy.io import wavfile

    check_wav(content)
    try:
        with warnings.catch_warnings():
            # Chunks that SciPy does not know (tags) are no fault of the file.
            warnings.simplefilter("ignore", wavfile.WavFileWarning)
            rate, samples = wavfile.read(io.BytesIO(content))
    except Exception as error:  # whatever a decoder raises on a file is the file's fault
        raise Unreadable(f"damaged ({reason(error)})") from error
    samples = samples[:, None] if samples.ndim == 1 else samples
    if samples.dtype == np.uint8:
        return rate, (samples.astype(np.float32) - 128) / 128
    if samples.dtype.kind == "i":
        # 24 bits come shifted up to 32.
        full = float(-int(np.iinfo(samples.dtype).min))
        return rate, (samples / full).astype(np.float32)
    return rate, samples.astype(np.float32)
