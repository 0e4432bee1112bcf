"""From a clip to the picture a network sees: log magnitude of the short-time Fourier transform.

Steps: pad or crop about the centre, STFT with a Hann window (frames centred on multiples of the
hop, zeros beyond the ends), magnitude relative to a full-scale sine, natural logarithm with a
floor, area-resize. Nothing is standardised here: means come from training clips (`statistics`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from spikefuse.core.checks import require

if TYPE_CHECKING:
    from spikefuse.data.settings import DataSettings

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor


RECIPE = "log-stft-1"
"""Name of the steps above; it enters cache keys and fingerprints, so change it with them."""

MAGNITUDE_FLOOR = 2.0**-16
"""Smallest magnitude, relative to a full-scale sine: -96 dB, one step of a 16-bit recording.

Padding is exactly silent, so without a floor its logarithm is minus infinity. On FSDD's official
test a linear classifier prefers this floor to those 20 dB above or below it.
"""

DECIBELS_PER_NEPER = 20 / math.log(10)
"""Natural-log magnitudes times this are decibels relative to a full-scale sine."""

_CHUNK = 500


def pad_or_crop(waveform: Tensor, samples: int) -> Tensor:
    """Bring a waveform to a length, adding zeros or cutting equally at both ends.

    Args:
        waveform: [n].
        samples: Wanted length; where the difference is odd, the extra sample is at the end.

    Returns:
        [samples].

    Example:
        >>> import torch
        >>> pad_or_crop(torch.tensor([1.0, 2.0, 3.0]), 6).tolist()
        [0.0, 1.0, 2.0, 3.0, 0.0, 0.0]
        >>> pad_or_crop(torch.tensor([1.0, 2.0, 3.0]), 1).tolist()
        [2.0]
    """
    from torch.nn import functional

    surplus = len(waveform) - samples
    if surplus >= 0:
        return waveform[surplus // 2 : surplus // 2 + samples]
    return functional.pad(waveform, (-surplus // 2, -surplus - -surplus // 2))


def log_spectrogram(waveforms: Tensor, n_fft: int, hop: int) -> Tensor:
    """Natural-log STFT magnitude relative to a full-scale sine, floored at `MAGNITUDE_FLOOR`.

    Args:
        waveforms: [N, samples] in [-1, 1].
        n_fft: Window and transform length in samples.
        hop: Samples between frames.

    Returns:
        [N, n_fft // 2 + 1, samples // hop + 1], from log(2**-16) = -11.09 to about 0; row 0 is
        0 Hz, the last row half the sampling rate.
    """
    import torch

    require(waveforms.ndim == 2, "log_spectrogram", "waveforms", "[N, samples]", waveforms.shape)
    window = torch.hann_window(n_fft, dtype=waveforms.dtype)
    transform = torch.stft(
        waveforms,
        n_fft,
        hop_length=hop,
        window=window,
        center=True,
        pad_mode="constant",
        return_complex=True,
    )
    # A sine of amplitude 1 at a bin's frequency has magnitude sum(window) / 2.
    magnitude = transform.abs() / (window.sum() / 2)
    return magnitude.clamp_min(MAGNITUDE_FLOOR).log()


def spectrograms(waveforms: Sequence[NDArray[np.float32]], settings: DataSettings) -> Tensor:
    """The spectrogram of every clip, resized to what a network sees.

    Args:
        waveforms: N arrays of any length.
        settings: Lengths, window and size.

    Returns:
        [N, 1, spectrogram_size, spectrogram_size] float32, not standardised.
    """
    import torch
    from torch.nn import functional

    size = settings.spectrogram_size
    result = torch.empty(len(waveforms), 1, size, size)
    for start in range(0, len(waveforms), _CHUNK):
        chunk = torch.stack(
            [
                pad_or_crop(torch.from_numpy(waveform), settings.clip_samples)
                for waveform in waveforms[start : start + _CHUNK]
            ]
        )
        full = log_spectrogram(chunk, settings.n_fft, settings.hop)
        result[start : start + _CHUNK] = functional.interpolate(
            full[:, None], size=(size, size), mode="area"
        )
    return result
