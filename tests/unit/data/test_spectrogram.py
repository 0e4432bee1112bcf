"""Spectrograms against closed forms: a sine has its bin and its level, silence the floor."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from spikefuse.core.errors import InputError
from spikefuse.data import DECIBELS_PER_NEPER, MAGNITUDE_FLOOR, DataSettings
from spikefuse.data.spectrogram import log_spectrogram, pad_or_crop, spectrograms

SETTINGS = DataSettings(source="builtin")


@given(st.integers(0, 40), st.integers(1, 40))
def test_pad_and_crop_keep_the_centre(length: int, samples: int) -> None:
    waveform = torch.arange(1.0, length + 1)
    result = pad_or_crop(waveform, samples)
    kept = result[result > 0]

    assert len(result) == samples
    assert len(kept) == min(length, samples)
    before, after = (kept[0] - 1, length - kept[-1]) if length else (0, 0)
    if samples < length:
        assert 0 <= after - before <= 1
    else:
        zeros = (result == 0).tolist()
        left = zeros.index(False) if False in zeros else len(zeros)
        right = zeros[::-1].index(False) if False in zeros else 0
        assert not length or 0 <= right - left <= 1


@pytest.mark.parametrize("amplitude", [1.0, 0.1, 0.001])
@pytest.mark.parametrize("n_fft", [128, 256])
def test_a_sine_has_its_bin_and_its_level(amplitude: float, n_fft: int) -> None:
    bin_index = 20
    time = torch.arange(8000) / 8000
    sine = amplitude * torch.sin(2 * math.pi * bin_index * 8000 / n_fft * time)
    spectrogram = log_spectrogram(sine[None].double(), n_fft, 128)
    inner = spectrogram[0, :, 2:-2]

    assert spectrogram.shape == (1, n_fft // 2 + 1, 63)
    assert (inner.argmax(dim=0) == bin_index).all()
    assert inner[bin_index] == pytest.approx(math.log(amplitude), abs=1e-4)
    # A Hann window halves the amplitude in the two bins beside.
    assert inner[bin_index + 1] == pytest.approx(math.log(amplitude / 2), abs=1e-3)


def test_silence_is_the_floor() -> None:
    spectrogram = log_spectrogram(torch.zeros(2, 8000), 256, 128)

    assert spectrogram.unique().tolist() == [pytest.approx(math.log(2**-16))]
    assert math.log(MAGNITUDE_FLOOR) * DECIBELS_PER_NEPER == pytest.approx(-96.33, abs=0.01)


def test_only_batches_are_taken() -> None:
    with pytest.raises(InputError, match=r"waveforms must be \[N, samples\]"):
        log_spectrogram(torch.zeros(8000), 256, 128)


def test_resizing_keeps_the_mean() -> None:
    """Each cell is the mean of an area: of 3 bins, and of the frames that touch it."""
    generator = np.random.default_rng(0)
    noise = generator.normal(0, 0.1, 8000).astype(np.float32)
    settings = SETTINGS.model_copy(update={"clip_ms": 1008, "spectrogram_size": 43})
    resized = spectrograms([noise], settings)[0, 0]
    full = log_spectrogram(pad_or_crop(torch.from_numpy(noise), 8064)[None], 256, 128)[0]

    assert full.shape == (129, 64)
    assert resized.shape == (43, 43)
    rows = full.reshape(43, 3, 64).mean(dim=1)
    torch.testing.assert_close(resized[:, 0], rows[:, :2].mean(dim=1))
    torch.testing.assert_close(resized[:, 42], rows[:, 62:].mean(dim=1))


def test_clips_do_not_depend_on_their_neighbours() -> None:
    generator = np.random.default_rng(0)
    clips = [generator.normal(0, 0.1, n).astype(np.float32) for n in (1, 900, 8000, 19_000)]
    together = spectrograms(clips * 126, SETTINGS)

    assert together.shape == (504, 1, 28, 28)
    assert together.dtype == torch.float32
    for index, clip in enumerate(clips):
        assert torch.equal(spectrograms([clip], SETTINGS)[0], together[index])
    assert torch.equal(together[:4], together[500:])


def test_time_runs_along_the_last_axis() -> None:
    late = np.zeros(8000, np.float32)
    # Bin 96 of 129.
    late[6000:] = 0.5 * np.sin(2 * np.pi * 3000 / 8000 * np.arange(2000)).astype(np.float32)
    picture = spectrograms([late], SETTINGS)[0, 0]
    row, column = divmod(int(picture.argmax()), 28)

    assert row == 96 * 28 // 129
    assert column >= 21


@pytest.mark.parametrize(
    "wrong", [{"hop": 257}, {"n_fft": 8}, {"image_size": 0}, {"source": "cifar"}, {"path": "x"}]
)
def test_settings_refuse(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        DataSettings.model_validate({"source": "builtin", **wrong})
