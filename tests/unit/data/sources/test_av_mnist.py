"""Audio-visual MNIST: cut by components of training images, mixed at its decibels, same bytes."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
import torch

from spikefuse.core.errors import DataError
from spikefuse.data import DataSettings, load_corpus, locate, verify
from spikefuse.data.sources import av_mnist, mnist
from spikefuse.data.sources.parts import recordings_of
from spikefuse.data.sources.raw import Images


def images(count: int = 60, test: int = 20, seed: int = 0) -> Images:
    """Images that mostly vary along a few directions."""
    draw = np.random.default_rng(seed)
    basis = draw.normal(size=(9, 64)) * np.linspace(30, 3, 9)[:, None]
    pixels = np.clip(128 + draw.normal(size=(count, 9)) @ basis, 0, 255).astype(np.uint8)
    return Images(
        torch.from_numpy(pixels.reshape(count, 8, 8)),
        torch.arange(count) % 10,
        torch.arange(count) >= count - test,
        f"content {seed}",
    )


@pytest.fixture(autouse=True)
def no_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(av_mnist, "user_cache", lambda: None)


def test_images_are_their_projection_with_the_mean_restored() -> None:
    given = images()
    made = av_mnist.make_images(given).pixels.flatten(1).double()
    training = given.pixels[:40].flatten(1).double()
    mean = training.mean(dim=0)
    vectors = torch.linalg.svd(training - mean, full_matrices=False)[2][: av_mnist.COMPONENTS]
    wanted = (given.pixels.flatten(1).double() - mean) @ vectors.T @ vectors + mean.round()

    # Whole grey levels, and a mean that is rounded to one.
    assert (made - wanted.clamp(0, 255)).abs().max() < 1.1
    centred = training - mean
    kept = (centred @ vectors.T).square().sum() / centred.square().sum()
    found = (made[:40] - made[:40].mean(0)).square().sum() / centred.square().sum()
    assert abs(float(found - kept)) < 0.02, "but for what clipping takes"


def test_test_images_decide_nothing() -> None:
    given, other = images(), images(seed=1)
    pixels = torch.cat([given.pixels[:40], other.pixels[40:]])
    swapped = Images(pixels, given.labels, given.official_test, "another content")

    first, second = (av_mnist.make_images(each).pixels for each in (given, swapped))
    assert torch.equal(first[:40], second[:40])
    assert not torch.equal(first[40:], second[40:])


def test_the_same_bytes_for_any_number_of_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    given = images()
    whole = av_mnist.make_images(given)
    for chunk, workers in ((7, 1), (7, 3), (60, 2), (1, 4)):
        monkeypatch.setattr(av_mnist, "_CHUNK", chunk)
        assert av_mnist.make_images(given, workers).digest == whole.digest, (chunk, workers)


def test_components_are_those_of_exact_sums_in_any_order() -> None:
    flat = images().pixels.flatten(1).numpy()
    found = av_mnist.components_of(flat, 3)
    assert np.array_equal(found, av_mnist.components_of(flat[::-1].copy(), 3))
    lengths = np.sqrt((found.astype(float) ** 2).sum(axis=0))
    assert np.allclose(lengths, 65_536, rtol=1e-4)
    assert np.abs(found).max(axis=0).tolist() == found.max(axis=0).tolist()


@pytest.mark.parametrize("snr_db", [-6, 0, 12])
@pytest.mark.parametrize("samples", [3_001, 8_000, 9_500])
def test_noise_has_the_stated_level_over_the_whole_second(snr_db: int, samples: int) -> None:
    clip = (np.sin(np.arange(samples) / 7) * 0.3).astype(np.float32)
    clip = (np.round(clip * 32_768) / 32_768).astype(np.float32)
    mixed = av_mnist.drowned(clip, 5, snr_db).astype(float)
    kept = np.zeros(8_000)
    start = max(0, (8_000 - samples) // 2)
    cut = max(0, (samples - 8_000) // 2)
    kept[start : start + min(samples, 8_000)] = clip[cut : cut + 8_000]
    noise = mixed - kept
    inside = clip[cut : cut + 8_000].astype(float)
    level = 10 * np.log10((inside**2).mean() / (noise**2).mean())

    assert mixed.shape == (8_000,)
    assert abs(level - snr_db) < 0.01
    quarters = [part.std() for part in np.split(noise, 4)]
    assert max(quarters) < 1.1 * min(quarters), "before and after the clip as well"


def test_noise_is_white_nearly_gaussian_and_each_clips_own() -> None:
    noise = av_mnist.noise_of(3, 8_000) / 65_536
    assert np.array_equal(av_mnist.noise_of(3, 8_000) / 65_536, noise)
    assert abs(np.corrcoef(noise, av_mnist.noise_of(4, 8_000))[0, 1]) < 0.05
    assert abs(np.corrcoef(noise[1:], noise[:-1])[0, 1]) < 0.05
    # Variance of the sum of four uniform numbers on [-1, 1].
    assert abs(noise.var() - 4 / 3) < 0.06
    assert abs((noise**4).mean() / noise.var() ** 2 - 2.7) < 0.2


def test_read_from_a_folder_and_refused_with_other_bytes(
    data_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    location = locate("av-mnist", data_folder)
    settings = DataSettings(source="av-mnist")
    with pytest.raises(DataError, match="images made for av-mnist must have the SHA-256"):
        load_corpus(settings, location)
    given = mnist.read_mnist(data_folder / "mnist")
    monkeypatch.setattr(av_mnist, "IMAGES_SHA256", av_mnist.make_images(given).digest)
    clips = av_mnist.make_clips(recordings_of(data_folder), workers=3)
    monkeypatch.setattr(av_mnist, "CLIPS_SHA256", clips.digest)
    corpus = load_corpus(settings, location)

    assert corpus.image.inputs.shape == (60, 1, 28, 28)
    assert corpus.audio.inputs.shape == (120, 1, 28, 28)
    assert all(finding.ok for finding in verify(location))
    whole = b"".join(
        np.round(each.astype(float) * 32_768).astype("<i4").tobytes() for each in clips.waveforms
    )
    assert hashlib.sha256(whole).hexdigest() == clips.digest


def test_real_data_gives_the_pinned_bytes(real_data: Path) -> None:
    clips = av_mnist.make_clips(recordings_of(real_data))
    assert clips.digest == av_mnist.CLIPS_SHA256
    folder = mnist.find_mnist(real_data)
    assert folder is not None
    given = mnist.read_mnist(folder)
    made = av_mnist.make_images(given)
    assert made.digest == av_mnist.IMAGES_SHA256
    # Of the variance, 40.8 % lie along the components and this is left in grey levels.
    training = given.pixels[:60_000].flatten(1).double()
    cut = made.pixels[:60_000].flatten(1).double()
    share = cut.var(dim=0, correction=0).sum() / training.var(dim=0, correction=0).sum()
    assert abs(float(share) - 0.346) < 0.001
