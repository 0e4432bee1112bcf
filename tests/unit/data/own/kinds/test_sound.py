"""Audio: every width gives the same wave, resampling keeps tones, damage is named."""

import importlib
import struct
from pathlib import Path

import numpy as np
import pytest
import torch
from own_files import wav_bytes

from spikefuse.core.errors import InputError, MissingExtraError
from spikefuse.data.own.kinds import sound
from spikefuse.data.own.kinds.contract import Unreadable
from spikefuse.data.own.kinds.sound import AudioSettings, decode, look, plan, read_sound, resampled
from spikefuse.data.own.kinds.wav import check_wav
from spikefuse.data.spectrogram import log_spectrogram, pad_or_crop

WAVE = 0.5 * np.sin(2 * np.pi * 440 / 8_000 * np.arange(800))
ROOT = Path(__file__).resolve().parents[5]
BESIDE = (ROOT / "shared", ROOT.parent / "shared")
CASES = next((each for each in BESIDE if each.is_dir()), ROOT) / "cases" / "wav"


def as_wav(bits: int, floating: bool = False) -> bytes:
    if floating:
        return wav_bytes(WAVE.astype(f"<f{bits // 8}").tobytes(), code=3, bits=bits)
    if bits == 8:
        return wav_bytes((WAVE * 128 + 128).round().astype(np.uint8).tobytes(), bits=8)
    whole = (WAVE * 2 ** (bits - 1)).round().astype("<i8")
    samples = b"".join(struct.pack("<q", int(value))[: bits // 8] for value in whole)
    return wav_bytes(samples, bits=bits)


@pytest.mark.parametrize(
    ("bits", "floating"),
    [(8, False), (16, False), (24, False), (32, False), (32, True), (64, True)],
)
def test_every_width_gives_the_same_wave(bits: int, floating: bool) -> None:
    rate, samples = read_sound(as_wav(bits, floating))

    step = 2**-24 if floating else 2.0 ** -min(bits, 24)
    assert rate == 8_000
    assert samples.shape == (800, 1)
    assert np.abs(samples[:, 0] - WAVE).max() <= step + 2**-25


def test_channels_are_averaged() -> None:
    both = np.stack([WAVE, -WAVE], axis=1).astype("<f4")
    content = wav_bytes(both.tobytes(), code=3, bits=32, channels=2)
    settled = plan([look(content)], AudioSettings())

    decoded = decode(content, settled)
    assert decoded.facts[2:4] == (2.0, pytest.approx(0.5, abs=1e-3))
    assert np.ptp(decoded.values) == 0


def test_the_picture_is_that_of_the_built_in_spectrogram() -> None:
    content = as_wav(16)
    settled = plan([look(content)], AudioSettings(length_ms=1000))
    wave = pad_or_crop(torch.from_numpy(read_sound(content)[1][:, 0]), 8_000)
    full = log_spectrogram(wave[None], 256, 128)
    expected = torch.nn.functional.interpolate(full[None], size=(28, 28), mode="area")[0]

    assert torch.equal(torch.from_numpy(decode(content, settled).values), expected)


@pytest.mark.parametrize("rate", [11_025, 16_000, 44_100, 48_000, 6_000])
def test_a_tone_stays_a_tone_at_another_rate(rate: int) -> None:
    wave = np.sin(2 * np.pi * 440 * np.arange(rate) / rate).astype(np.float32)
    heard = resampled(wave, rate, 8_000)

    expected = np.sin(2 * np.pi * 440 * np.arange(8_000) / 8_000)
    assert len(heard) == 8_000
    assert np.abs(heard - expected)[400:-400].max() < 0.01


def test_what_follows_the_data() -> None:
    settled = plan([(8_000, 0.5), (16_000, 2.0), (16_000, 2.0)], AudioSettings()).settings
    assert (settled.rate_hz, settled.length_ms, settled.size) == (16_000, 2_000, (28, 56))
    settled = plan([(8_000, 30.0), (16_000, 0.02)], AudioSettings(rate_hz=4_000)).settings
    assert (settled.rate_hz, settled.length_ms) == (4_000, 10_000)


def test_a_hop_beyond_the_window_is_refused() -> None:
    with pytest.raises(InputError, match="hop_ms must be at most window_ms"):
        plan([(8_000, 1.0)], AudioSettings(window_ms=10, hop_ms=20))


GOOD = as_wav(16)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "an empty file"),
        (b"ID4 no sound at all", "no WAV, FLAC, OGG or MP3"),
        (GOOD[:30], "cut: the header of chunk 'fmt'"),
        (GOOD[:-2], "cut: the header of chunk 'data' names 1,600 bytes, 1,598 are there"),
        (wav_bytes(b""), "empty"),
        (GOOD[:12] + b"LIST\x03\0\0\0abc" + GOOD[12:], "odd length and lacks its pad byte"),
        (GOOD[:36], "the data chunk is missing"),
        (GOOD[:12], "the fmt chunk is missing"),
        (wav_bytes(bytes(80), code=2, bits=4), "WAV format 2 of 4 bits"),
        (wav_bytes(bytes(80), rate=3), "a rate of 3 Hz"),
        (wav_bytes(np.full(8, np.nan, "<f4").tobytes(), code=3, bits=32), "no numbers"),
    ],
)
def test_damage_is_named(content: bytes, reason: str) -> None:
    with pytest.raises(Unreadable, match=reason):
        read_sound(content)


def test_every_cut_of_a_file_is_named() -> None:
    for end in range(len(GOOD) - 1):
        with pytest.raises(Unreadable):
            read_sound(GOOD[:end])


def test_tags_and_a_pad_byte_are_no_damage() -> None:
    check_wav(GOOD[:12] + b"LIST\x03\0\0\0abc\0" + GOOD[12:])


def test_three_samples_at_full_scale_are_clipped() -> None:
    def clipped(*peak: float) -> bool:
        wave = np.concatenate([WAVE[:50], peak, WAVE[:50]])
        content = wav_bytes((wave * 32767).round().astype("<i2").tobytes())
        return bool(decode(content, plan([look(content)], AudioSettings())).facts[4])

    assert not clipped(1, 1)
    assert not clipped(1, 1, 0.9, 1)
    assert clipped(1, 1, 1)


def test_packed_audio_needs_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> object:
        raise ImportError(name)

    monkeypatch.setattr(importlib, "import_module", missing)
    with pytest.raises(MissingExtraError, match=r'pip install "spikefuse\[audio\]"'):
        sound.read_sound(b"fLaC" + bytes(40))


@pytest.mark.parametrize("form", ["FLAC", "OGG", "MP3"])
def test_packed_audio_is_heard(tmp_path: Path, form: str) -> None:
    soundfile = pytest.importorskip("soundfile")
    path = tmp_path / f"a.{form.lower()}"
    wave = 0.5 * np.sin(2 * np.pi * 440 / 16_000 * np.arange(8_000))
    soundfile.write(path, wave, 16_000, format=form)
    rate, samples = read_sound(path.read_bytes())

    assert rate == 16_000
    spectrum = np.abs(np.fft.rfft(samples[:8_000, 0]))
    assert abs(np.argmax(spectrum) * 2 - 440) <= 2
    with pytest.raises(Unreadable):
        read_sound(path.read_bytes()[:40])


@pytest.mark.skipif(not CASES.is_dir(), reason="the shared cases are not beside the checkout")
@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("pcm24.wav", None),
        ("float32.wav", None),
        ("stereo.wav", None),
        ("extensible16.wav", None),
        ("data-size-zero.wav", "empty"),
        ("list-odd-nopad.wav", "lacks its pad byte"),
        ("truncated-header.wav", "cut"),
    ],
)
def test_shared_cases(name: str, reason: str | None) -> None:
    content = (CASES / name).read_bytes()
    if reason is None:
        rate, samples = read_sound(content)
        assert rate == 8_000
        assert len(samples) == 800
        # Two of the cases are silent.
        assert np.abs(samples).max() == pytest.approx(0.03 * (name[0] in "se"), abs=1e-3)
    else:
        with pytest.raises(Unreadable, match=reason):
            read_sound(content)
