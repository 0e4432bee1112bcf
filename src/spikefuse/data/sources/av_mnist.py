"""Audio-visual MNIST: written digits whose energy is cut and spoken digits in noise.

Each modality alone then leaves much to be known, so what a second one adds can be seen. Made of
MNIST and FSDD, the same bytes on every computer and for any number of workers:

- images: the mean of the training images, and what the image adds to it along their first
  `COMPONENTS` principal components, rounded to whole grey levels;
- clips: padded or cropped about the centre to one second, with noise over the whole second, whose
  power is `SNR_DB` below that of the clip.

Images and clips share a class and nothing else: paired by class, not truly paired.

Source: in the spirit of Vielzeuf, Lechervy, Pateux, Jurie, "CentralNet: a multilayer approach for
multimodal fusion", 2018, arXiv 1808.07275 (images cut to 25 % of their energy, clips with noises of
the surroundings); with constants of its own, see `COMPONENTS` and `SNR_DB`.
"""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from spikefuse.core.errors import DataError
from spikefuse.data.places.cache import cached, user_cache
from spikefuse.data.places.download import fetch
from spikefuse.data.sources import mnist
from spikefuse.data.sources.contract import Check
from spikefuse.data.sources.digits import DIGITS
from spikefuse.data.sources.parts import (
    FSDD_CLIPS,
    MNIST_IMAGES,
    Part,
    clip_pool,
    combined,
    describe_clips,
    image_modality,
    image_pool,
    recordings_of,
)
from spikefuse.data.sources.raw import SAMPLE_RATE_HZ, Clips, Images

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from spikefuse.data.pools import Pool
    from spikefuse.data.settings import DataSettings

COMPONENTS = 7
"""Principal components that are kept: 40.8 % of the variance lies along them, 34.6 % are left after
rounding to grey levels from 0 to 255.

Single networks of 533,333 parameters with 5,000 images and 2 epochs, one seed, 1,000 test images:
dense 75.4 %, spiking 63.8 % (not trained to its end).
"""

SNR_DB = 6
"""Power of a clip over that of its noise, in decibels.

Single networks of 533,333 parameters with all clips and 8 epochs, one seed, 300 test clips: dense
83.0 %, spiking 78.0 %.
"""

IMAGES_SHA256 = "8c1542596ae2ebbe808afd42dd5d86da748b0d39f7e3c9a5368be109063cbd88"
"""SHA-256 of the made pixels and their labels."""

CLIPS_SHA256 = "5f640882f73c4f9a05c21504c8428f6da2db8fc78395dd796e972c3c7021f42f"
"""SHA-256 of the made samples, whole numbers of 16-bit steps, clip after clip."""

_UNIT = 2**16
"""A component's entries are whole multiples of 1 / _UNIT: sums of whole numbers are the same in
every order, so neither threads nor libraries change a pixel."""

_FINER = 2**8
_CHUNK = 5_000


def components_of(training: NDArray[np.uint8], count: int) -> NDArray[np.int64]:
    """The first principal components of images, as whole multiples of 1 / 65,536.

    Args:
        training: [N, D] pixels.
        count: How many.

    Returns:
        [D, count]; the entry of largest magnitude of each is positive.
    """
    import numpy as np

    total = np.zeros(training.shape[1])
    products = np.zeros((training.shape[1],) * 2)
    for start in range(0, len(training), _CHUNK):
        # Whole numbers below 2**53: float64 sums them exactly.
        chunk = training[start : start + _CHUNK].astype(np.float64)
        total += chunk.sum(axis=0)
        products += chunk.T @ chunk
    scatter = len(training) * products - np.outer(total, total)
    vectors = np.linalg.eigh(scatter)[1][:, ::-1][:, :count]
    largest = np.take_along_axis(vectors, np.abs(vectors).argmax(axis=0)[None], axis=0)
    whole: NDArray[np.int64] = np.round(vectors * np.sign(largest) * _UNIT).astype(np.int64)
    return whole


def cut_images(
    pixels: NDArray[np.uint8],
    mean: NDArray[np.int64],
    components: NDArray[np.int64],
    workers: int = 1,
) -> NDArray[np.uint8]:
    """Images with the energy of some components alone; the mean is restored.

    Args:
        pixels: [N, D].
        mean: [D] whole grey levels.
        components: [D, K], see `components_of`.
        workers: Threads; they change nothing but the time.
    """
    import numpy as np

    shares = components.astype(np.float64)

    def cut(start: int) -> NDArray[np.uint8]:
        # Every product and sum is of whole numbers below 2**53, so exact.
        along = (pixels[start : start + _CHUNK].astype(np.float64) - mean) @ shares
        along = np.round(along * (_FINER / _UNIT))
        added = np.round(along @ shares.T / (_FINER * _UNIT))
        return np.clip(mean + added, 0, 255).astype(np.uint8)

    with ThreadPoolExecutor(workers) as pool:
        return np.concatenate(list(pool.map(cut, range(0, len(pixels), _CHUNK))))


def noise_of(place: int, samples: int) -> NDArray[np.int64]:
    """Noise of one clip, nearly Gaussian whole numbers: a function of the clip's place alone.

    Each is the sum of four draws of 16 bits, less its mean.
    """
    import numpy as np

    raw = np.random.Philox(key=[place, 0x41562D4D4E495354]).random_raw(samples)
    four = raw.astype("<u8").view("<u2").reshape(samples, 4).astype(np.int64)
    noise: NDArray[np.int64] = 2 * four.sum(axis=1) - 4 * 65_535
    return noise


def drowned(waveform: NDArray[np.float32], place: int, snr_db: float) -> NDArray[np.float32]:
    """One second of a clip in noise.

    Args:
        waveform: In 16-bit steps of 1 / 32,768.
        place: Of the clip among all.
        snr_db: Power of the clip's own samples over that of the noise.

    Returns:
        [8,000] whole numbers of 16-bit steps over 32,768; loud noise goes beyond 1.
    """
    import numpy as np

    clip = np.round(waveform.astype(np.float64) * 32_768)
    surplus = len(clip) - SAMPLE_RATE_HZ
    if surplus >= 0:
        clip = clip[surplus // 2 : surplus // 2 + SAMPLE_RATE_HZ]
    noise = noise_of(place, SAMPLE_RATE_HZ).astype(np.float64)
    # Sums of squares of whole numbers, below 2**53: exact in every order.
    loud, quiet = (clip**2).sum() / len(clip), (noise**2).sum() / SAMPLE_RATE_HZ
    gain = np.sqrt(loud / quiet / 10 ** (snr_db / 10))
    second = np.zeros(SAMPLE_RATE_HZ)
    before = (SAMPLE_RATE_HZ - len(clip)) // 2
    second[before : before + len(clip)] = clip
    mixed: NDArray[np.float32] = (np.round(second + gain * noise) / 32_768).astype(np.float32)
    return mixed


def make_images(images: Images, workers: int = 1) -> Images:
    """The images of audio-visual MNIST, of those of MNIST; components are the training images'."""
    import numpy as np
    import torch

    count, height, width = images.pixels.shape
    flat = images.pixels.numpy().reshape(count, height * width)
    training = flat[~images.official_test.numpy()]
    mean = np.round(training.sum(axis=0, dtype=np.int64) / len(training)).astype(np.int64)
    cache = user_cache()
    components = cached(
        None if cache is None else cache / "av-mnist",
        hashlib.sha256(f"components-1 {images.digest} {COMPONENTS}".encode()).hexdigest()[:32],
        lambda: torch.from_numpy(components_of(training, COMPONENTS)),
    ).numpy()
    pixels = cut_images(flat, mean, components, workers).reshape(count, height, width)
    digest = hashlib.sha256(pixels.tobytes() + images.labels.numpy().astype("<i8").tobytes())
    return replace(images, pixels=torch.from_numpy(pixels), digest=digest.hexdigest())


def make_clips(clips: Clips, workers: int = 1) -> Clips:
    """The clips of audio-visual MNIST, of those of FSDD."""
    import numpy as np

    places = range(len(clips.waveforms))
    with ThreadPoolExecutor(workers) as pool:
        mixed = list(pool.map(partial(drowned, snr_db=SNR_DB), clips.waveforms, places))
    digest = hashlib.sha256()
    for waveform in mixed:
        digest.update(np.round(waveform.astype(np.float64) * 32_768).astype("<i4").tobytes())
    return replace(clips, waveforms=mixed, digest=digest.hexdigest())


def _require(what: str, found: str, wanted: str) -> None:
    if found != wanted:
        raise DataError(
            f"data: the {what} made for av-mnist must have the SHA-256 {wanted}, got {found}. "
            "This computer's arithmetic gives others; please report it with `spikefuse doctor`."
        )


def _images(folder: Path) -> Images:
    made = make_images(mnist.read_mnist(mnist.find_mnist(folder) or folder / mnist.MNIST.folder))
    _require("images", made.digest, IMAGES_SHA256)
    return made


def _clips(folder: Path) -> Clips:
    made = make_clips(recordings_of(folder))
    _require("clips", made.digest, CLIPS_SHA256)
    return made


def _read_images(settings: DataSettings, folder: Path) -> Pool:
    return image_pool(_images(folder), settings)


def _read_clips(settings: DataSettings, folder: Path) -> Pool:
    return clip_pool(_clips(folder), settings)


def _check_images(folder: Path) -> tuple[Check, ...]:
    def described() -> str:
        made = _images(folder)
        return f"{len(made.labels):,} of {COMPONENTS} components, SHA-256 {made.digest[:16]}..."

    return (*MNIST_IMAGES.checks(folder), ("made images", described))


def _check_clips(folder: Path) -> tuple[Check, ...]:
    made = ("made clips", lambda: f"{describe_clips(_clips(folder))}, {SNR_DB} dB")
    return (*FSDD_CLIPS.checks(folder), made)


AV_MNIST = combined(
    "av-mnist",
    (
        Part(
            image_modality(60_000, 10_000),
            _read_images,
            lambda: IMAGES_SHA256,
            MNIST_IMAGES.lack,
            _check_images,
        ),
        Part(FSDD_CLIPS.modality, _read_clips, lambda: CLIPS_SHA256, FSDD_CLIPS.lack, _check_clips),
    ),
    title="MNIST and FSDD",
    banner=(
        "Made harder from real data: MNIST (60,000 training and 10,000 test images) cut to "
        f"{COMPONENTS} principal components of the training images, and FSDD v1.0.10 (2,700 "
        f"training and 300 test clips of 6 speakers) in noise of {SNR_DB} dB signal to noise; "
        "paired by class, not truly paired."
    ),
    classes=DIGITS,
    fetch=lambda folder, progress: fetch(folder, replace=True, progress=progress),
)
"""Audio-visual MNIST, made of MNIST and FSDD where it is read."""
