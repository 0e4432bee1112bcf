"""Audio: WAV of any width, rate and number of channels; FLAC, OGG and MP3 by the extra `audio`.

Steps: mean of the channels, polyphase resampling to the common rate, pad or crop about the centre,
log-magnitude spectrogram, area-resize (`data/spectrogram.py`).
"""

import importlib
import io
import math
from collections import Counter
from collections.abc import Sequence
from typing import Annotated, Any

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field
from torch.nn import functional

from spikefuse.core.errors import MissingExtraError
from spikefuse.core.untrusted import reason
from spikefuse.data.own.kinds.contract import Decoded, Kind, Plan, Unreadable
from spikefuse.data.own.kinds.wav import read_wav
from spikefuse.data.own.refusals import refusal
from spikefuse.data.spectrogram import RECIPE, log_spectrogram, pad_or_crop

RATES_HZ = (1_000, 384_000)
MAXIMUM_SAMPLES = 1 << 26
"""Samples of one file over all channels (23 minutes of 48 kHz): more is refused, not unpacked."""

CLIPPED_RUN = 3
"""So many successive samples at full scale count as clipped: one or two may be a true peak."""

_FULL_SCALE = 32_767 / 32_768
_WAVE_STARTS = (b"RIFF", b"RIFX")


class AudioSettings(BaseModel):
    """What may be fixed about audio.

    Args:
        rate_hz: Rate that every file is brought to; by default the one that most files have, the
            lower where two are as frequent.
        length_ms: Length that every file is padded or cropped to about its centre; by default so
            long that 95 % of the files are whole, in steps of 50 ms, at most 10 s.
        window_ms: Length of the Hann window.
        hop_ms: Time between two windows.
        size: Rows (frequency) and columns (time) of the resized spectrogram; by default 28 rows,
            and 28 columns a second between 28 and 56.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    rate_hz: Annotated[int, Field(ge=RATES_HZ[0], le=RATES_HZ[1])] | None = None
    length_ms: Annotated[int, Field(ge=50, le=60_000)] | None = None
    window_ms: Annotated[float, Field(ge=2, le=500)] = 32
    hop_ms: Annotated[float, Field(ge=1, le=500)] = 16
    size: tuple[Annotated[int, Field(ge=4, le=256)], Annotated[int, Field(ge=4, le=256)]] | None = (
        None
    )


def read_sound(content: bytes) -> tuple[int, NDArray[np.float32]]:
    """Rate in Hz and samples [n, channels] of a file, whatever it is packed as.

    Raises:
        Unreadable: It is damaged, empty, too long or of an absurd rate.
        MissingExtraError: It is no WAV file and soundfile is not installed.
    """
    is_wave = content[:4] in _WAVE_STARTS or not content
    rate, samples = read_wav(content) if is_wave else _read_packed(content)
    if not samples.size:
        raise Unreadable("empty: it holds no samples")
    if samples.size > MAXIMUM_SAMPLES:
        raise Unreadable(f"{samples.size:,} samples, more than {MAXIMUM_SAMPLES:,}")
    if not RATES_HZ[0] <= rate <= RATES_HZ[1]:
        raise Unreadable(f"a rate of {rate:,} Hz, not {RATES_HZ[0]:,} to {RATES_HZ[1]:,}")
    if not np.isfinite(samples).all():
        raise Unreadable("samples that are no numbers (nan or infinite)")
    return rate, samples


def _read_packed(content: bytes) -> tuple[int, NDArray[np.float32]]:
    if content[:4] not in (b"fLaC", b"OggS") and not _is_mp3(content):
        raise Unreadable("no WAV, FLAC, OGG or MP3 file")
    try:
        soundfile: Any = importlib.import_module("soundfile")
    except (ImportError, OSError) as error:  # OSError: the package without its C library
        raise MissingExtraError("own data: reading FLAC, OGG or MP3", "audio") from error
    try:
        with soundfile.SoundFile(io.BytesIO(content)) as file:
            if file.frames * file.channels > MAXIMUM_SAMPLES:
                raise Unreadable(f"{file.frames:,} samples a channel, more than can be taken")
            return file.samplerate, file.read(dtype="float32", always_2d=True)
    except Unreadable:
        raise
    except Exception as error:  # whatever a decoder raises on a file is the file's fault
        raise Unreadable(f"damaged ({reason(error)})") from error


def _is_mp3(content: bytes) -> bool:
    """An ID3 tag, or the 11 set bits at the start of an MPEG frame."""
    frame = len(content) > 1 and content[0] == 0xFF and content[1] & 0xE0 == 0xE0
    return content[:3] == b"ID3" or frame


def look(content: bytes) -> tuple[int, float]:
    """Rate in Hz and length in seconds."""
    rate, samples = read_sound(content)
    return rate, len(samples) / rate


def plan(looks: Sequence[tuple[int, float]], settings: AudioSettings) -> Plan:
    """Settle rate, length and size on some files."""
    rates = Counter(rate for rate, _ in looks)
    rate = settings.rate_hz or min(rates, key=lambda each: (-rates[each], each))
    length_ms = settings.length_ms
    if length_ms is None:
        seconds = float(np.quantile([seconds for _, seconds in looks], 0.95))
        length_ms = min(max(50 * math.ceil(seconds * 20 - 1e-9), 50), 10_000)
    columns = min(max(28, 4 * round(7 * length_ms / 1000)), 56)
    filled = settings.model_copy(
        update={
            "rate_hz": rate,
            "length_ms": length_ms,
            "size": settings.size or (28, columns),
        }
    )
    window, hop = _window(filled)
    if hop > window or window < 8 or hop < 1:
        raise refusal(
            "hop_ms",
            f"at most window_ms ({filled.window_ms:g}), and both some samples at {rate:,} Hz",
            f"{filled.hop_ms:g}",
            "Choose a longer window or a shorter hop.",
        )
    assert filled.size is not None
    return Plan(filled, (1, *filled.size), np.dtype(np.float32), "1 x frequency x time")


def _window(settings: Any) -> tuple[int, int]:
    """Window, even so that the last row is half the rate, and hop, in samples."""
    window = 2 * round(settings.window_ms * settings.rate_hz / 2000)
    return window, round(settings.hop_ms * settings.rate_hz / 1000)


def decode(content: bytes, settled: Plan) -> Decoded:
    """Decode one file to a log-magnitude spectrogram [1, frequency, time] float32."""
    settings: Any = settled.settings
    rate, samples = read_sound(content)
    wave = torch.from_numpy(resampled(samples.mean(axis=1), rate, settings.rate_hz))
    wave = pad_or_crop(wave, settings.length_ms * settings.rate_hz // 1000)
    full = log_spectrogram(wave[None], *_window(settings))
    values = functional.interpolate(full[None], size=settings.size, mode="area")[0]
    facts = (
        float(rate),
        len(samples) / rate,
        float(samples.shape[1]),
        float(np.abs(samples).max()),
        float(_is_clipped(samples)),
    )
    return Decoded(values.numpy(), facts)


def resampled(wave: NDArray[np.float32], rate: int, wanted: int) -> NDArray[np.float32]:
    """A waveform at another rate.

    Args:
        wave: [n].
        rate: Its rate in Hz.
        wanted: The rate it gets, in Hz.

    Source: `scipy.signal.resample_poly`, a polyphase filter with a Kaiser window (5.0).
    """
    if rate == wanted:
        return wave
    from scipy.signal import resample_poly

    common = math.gcd(rate, wanted)
    result: NDArray[np.float32] = resample_poly(wave, wanted // common, rate // common)
    return result.astype(np.float32)


def _is_clipped(samples: NDArray[np.float32]) -> bool:
    """Whether a channel stays at one end of the scale for `CLIPPED_RUN` samples."""
    for end in (samples >= _FULL_SCALE, samples <= -1.0):
        run = end[CLIPPED_RUN - 1 :].copy()
        for shift in range(CLIPPED_RUN - 1):
            run &= end[shift : shift + len(run)]
        if run.any():
            return True
    return False


KIND = Kind(
    title="audio",
    samples="clips",
    suffixes=(".wav", ".flac", ".ogg", ".mp3"),
    settings=AudioSettings,
    recipe=f"resample-poly-{RECIPE}",
    facts=("rate_hz", "seconds", "channels", "peak", "clipped"),
    look=look,
    plan=plan,
    decode=decode,
)
