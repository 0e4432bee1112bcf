"""The two sources of the paper's study: real digits, and embedded ones that stand in for them.

Both pair images of handwritten digits with spoken ones. Their content is pinned: reading refuses
any other.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from spikefuse.core.errors import DataError
from spikefuse.data.places.cache import cached, user_cache
from spikefuse.data.places.download import fetch
from spikefuse.data.pools import Pool
from spikefuse.data.sources import fsdd, mnist
from spikefuse.data.sources.contract import Check, Fields, Modality, Reading, Source
from spikefuse.data.sources.raw import CLASSES, Clips, Images
from spikefuse.data.sources.spoken_digits import (
    SPOKEN_DIGITS_SHA256,
    VOICES,
    read_spoken_digits,
)
from spikefuse.data.sources.written_digits import WRITTEN_DIGITS_SHA256, read_written_digits
from spikefuse.data.spectrogram import RECIPE, spectrograms

if TYPE_CHECKING:
    from torch import Tensor

    from spikefuse.data.settings import DataSettings

_RESIZE_CHUNK = 5_000
IMAGE, AUDIO = "image", "audio"


def _image_shape(settings: DataSettings) -> tuple[int, int, int]:
    return (1, settings.image_size, settings.image_size)


def _audio_shape(settings: DataSettings) -> tuple[int, int, int]:
    return (1, settings.spectrogram_size, settings.spectrogram_size)


def _image(train: int, test: int) -> Modality:
    return Modality(
        name=IMAGE,
        kind="image",
        shape=_image_shape,
        train=train,
        test=test,
        noun="images",
        pixel_mean=0.1307,  # of MNIST's training pixels
        pixel_std=0.3081,
        fields=Fields("images", "test_images", "validation_share_image"),
        settings=("image_size",),
    )


def _audio(train: int, test: int, speakers: tuple[str, ...]) -> Modality:
    return Modality(
        name=AUDIO,
        kind="audio",
        shape=_audio_shape,
        train=train,
        test=test,
        noun="clips",
        groups=speakers,
        group_noun="speaker",
        fields=Fields(train="clips", validation="validation_share_audio", shuffled="shuffle_audio"),
        settings=("spectrogram_size", "n_fft", "hop", "clip_ms"),
        reckoned=(2_200, 550, 300),
    )


def pools_of(images: Images, clips: Clips, settings: DataSettings) -> Reading:
    """Preprocess images and clips.

    Spectrograms are kept in the user's cache folder under a hash of the clips and the settings.
    """
    audio_settings = settings.model_dump_json(
        include={"spectrogram_size", "n_fft", "hop", "clip_ms"}
    )
    parts = "\x1f".join((clips.digest, RECIPE, audio_settings))
    key = hashlib.sha256(parts.encode()).hexdigest()[:32]
    cache = user_cache()
    folder = None if cache is None else cache / "spectrograms"
    inputs = cached(folder, key, lambda: spectrograms(clips.waveforms, settings))
    pools = {
        IMAGE: Pool(
            modality=IMAGE,
            inputs=resize_images(images.pixels, settings.image_size),
            labels=images.labels,
            official_test=images.official_test,
        ),
        AUDIO: Pool(
            modality=AUDIO,
            inputs=inputs,
            labels=clips.labels,
            official_test=clips.official_test,
            names=tuple(str(name) for name in clips.names),
            groups=clips.speakers,
            group_names=clips.speaker_names,
        ),
    }
    return Reading(pools, (images.digest, clips.digest))


def resize_images(pixels: Tensor, size: int) -> Tensor:
    """Bring square images to a size, bilinear, rounded to whole grey levels.

    Args:
        pixels: [N, H, W] uint8.
        size: Wanted height and width.

    Returns:
        [N, 1, size, size] uint8; the pixels themselves where they have this size already.
    """
    import torch
    from torch.nn import functional

    if pixels.shape[1:] == (size, size):
        return pixels[:, None]
    result = torch.empty(len(pixels), 1, size, size, dtype=torch.uint8)
    for start in range(0, len(pixels), _RESIZE_CHUNK):
        chunk = pixels[start : start + _RESIZE_CHUNK, None].float()
        resized = functional.interpolate(
            chunk, size=(size, size), mode="bilinear", align_corners=False, antialias=True
        )
        result[start : start + _RESIZE_CHUNK] = resized.round().clamp(0, 255).to(torch.uint8)
    return result


# -- real --------------------------------------------------------------------------------------


def _mnist_folder(folder: Path) -> Path:
    return mnist.find_mnist(folder) or folder / "mnist"


def _recordings(folder: Path) -> Clips:
    return fsdd.read_recordings(fsdd.find_recordings(folder) or folder / "fsdd" / "recordings")


def _named(folder: Path | None) -> Path:
    if folder is None:
        raise DataError(
            "data: location must name a folder for source 'mnist-fsdd', got none. "
            "Make it with locate."
        )
    return folder


def _read_real(settings: DataSettings, folder: Path | None) -> Reading:
    named = _named(folder)
    return pools_of(mnist.read_mnist(_mnist_folder(named)), _recordings(named), settings)


def _lack(folder: Path) -> str:
    """What keeps a folder from being complete."""
    lacks = []
    if mnist.find_mnist(folder) is None:
        places = ", ".join(mnist.SUBFOLDERS)
        lacks.append(f"the four MNIST files are in none of the folders {places}")
    recordings = fsdd.find_recordings(folder)
    if recordings is None:
        lacks.append("no folder fsdd/recordings with WAV files is")
    else:
        missing = fsdd.missing_recordings(recordings)
        if missing:
            lacks.append(f"{len(missing):,} FSDD clips are missing, the first is {missing[0]}")
    return " and ".join(lacks)


def _real_checks(folder: Path | None) -> Iterator[Check]:
    named = _named(folder)
    for name in mnist.MNIST_SHA256:
        path = mnist.idx_path(_mnist_folder(named), name)
        yield path.name, partial(_describe_idx, path, name)
    yield "recordings", lambda: _describe_clips(_recordings(named)) + _besides(named)


def _besides(folder: Path) -> str:
    """WAV files that lie among the clips and are none."""
    found = fsdd.find_recordings(folder)
    foreign = [] if found is None else fsdd.foreign_recordings(found)
    return f"; not read, because no clips of FSDD: {', '.join(foreign)}" if foreign else ""


def _describe_idx(path: Path, name: str) -> str:
    shape = " x ".join(f"{size:,}" for size in mnist.read_mnist_file(path, name).shape)
    return f"{shape}, SHA-256 {mnist.MNIST_SHA256[name][:16]}..."


def _describe_clips(clips: Clips) -> str:
    test = int(clips.official_test.sum())
    speakers = len(clips.speaker_names)
    return (
        f"{len(clips.names):,} clips of {speakers} speakers, {test:,} of them test, "
        f"SHA-256 {clips.digest[:16]}..."
    )


MNIST_FSDD = Source(
    name="mnist-fsdd",
    title="MNIST and FSDD",
    banner=(
        "Real data: MNIST (60,000 training and 10,000 test images) and the Free Spoken Digit "
        "Dataset v1.0.10 (2,700 training and 300 test clips of 6 speakers)."
    ),
    classes=tuple(str(digit) for digit in range(CLASSES)),
    modalities=(_image(60_000, 10_000), _audio(2_700, 300, fsdd.SPEAKERS)),
    read=_read_real,
    digests=lambda folder: (mnist.pinned_digest(), fsdd.FSDD_SHA256),
    is_pinned=True,
    aliases=("digits",),
    lack=_lack,
    fetch=lambda folder, progress: fetch(folder, replace=True, progress=progress),
    checks=_real_checks,
)
"""MNIST and the Free Spoken Digit Dataset, from a folder or downloaded."""

# -- embedded ----------------------------------------------------------------------------------


def _read_builtin(settings: DataSettings, folder: Path | None) -> Reading:
    return pools_of(read_written_digits(), read_spoken_digits(), settings)


def _describe_images(images: Images) -> str:
    count, height, width = images.pixels.shape
    test = int(images.official_test.sum())
    return f"{count:,} images of {height}x{width}, {test:,} of them test"


BUILTIN = Source(
    name="builtin",
    title="the embedded data",
    banner=(
        "EMBEDDED STAND-IN DATA, not MNIST and FSDD: 1,797 real 8x8 handwritten digits of "
        "scikit-learn and 1,000 spoken digits made by a speech synthesiser (5 voices); "
        "no number here can be compared with the paper's."
    ),
    classes=tuple(str(digit) for digit in range(CLASSES)),
    modalities=(_image(1_437, 360), _audio(900, 100, VOICES)),
    read=_read_builtin,
    digests=lambda folder: (WRITTEN_DIGITS_SHA256, SPOKEN_DIGITS_SHA256),
    is_pinned=True,
    checks=lambda folder: (
        ("written digits", lambda: _describe_images(read_written_digits())),
        ("spoken digits", lambda: _describe_clips(read_spoken_digits())),
    ),
)
"""Small data that is part of the package."""
