"""A corpus: every sample of both modalities, preprocessed, with labels, speakers and a fingerprint.

Which sample plays which part is not decided here but by `protocols.assign`.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from spikefuse.core.checks import require
from spikefuse.core.errors import DataError, InputError
from spikefuse.data.places.cache import cached, user_cache
from spikefuse.data.places.location import Location, banner_of
from spikefuse.data.settings import DataSettings
from spikefuse.data.sources.fsdd import find_recordings, read_recordings
from spikefuse.data.sources.mnist import find_mnist, read_mnist
from spikefuse.data.sources.raw import Clips, Images
from spikefuse.data.sources.spoken_digits import read_spoken_digits
from spikefuse.data.sources.written_digits import read_written_digits
from spikefuse.data.spectrogram import RECIPE, spectrograms

if TYPE_CHECKING:
    from torch import Tensor


_RESIZE_CHUNK = 5_000


@dataclass(frozen=True, eq=False)
class Pool:
    """Every sample of one modality, official training and test together.

    Args:
        modality: "image" or "audio".
        inputs: [N, 1, H, W]; images uint8 0..255, audio float32 log-magnitude spectrograms
            [N, 1, F, frames], not standardised.
        labels: [N] int64.
        official_test: [N] bool.
        names: Clip file names; () for images.
        speakers: [N] int64 positions in `speaker_names`; None for images.
        speaker_names: () for images.
    """

    modality: str
    inputs: Tensor
    labels: Tensor
    official_test: Tensor
    names: tuple[str, ...] = ()
    speakers: Tensor | None = None
    speaker_names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        count = len(self.inputs)
        lengths = [len(self.labels), len(self.official_test)]
        if self.modality == "audio":
            lengths += [len(self.names), 0 if self.speakers is None else len(self.speakers)]
        require(
            all(length == count for length in lengths),
            "Pool",
            "labels, official_test, names and speakers",
            f"as long as inputs ({count})",
            lengths,
        )


@dataclass(frozen=True, eq=False)
class Corpus:
    """Both pools of one source under one preprocessing.

    Args:
        source: "mnist-fsdd" or "builtin".
        image: Every image.
        audio: Every clip.
        fingerprint: 16 hexadecimal digits of a SHA-256 over content and preprocessing settings.
        banner: One sentence that says what data this is.
    """

    source: str
    image: Pool
    audio: Pool
    fingerprint: str
    banner: str


def load_corpus(settings: DataSettings, location: Location) -> Corpus:
    """Read, check and preprocess the data of a location.

    Spectrograms are kept in the user's cache folder under a hash of the clips and the settings.

    Args:
        settings: Source and preprocessing.
        location: Where the source is, from `locate`.

    Raises:
        InputError: The location holds another source than the settings name.
        DataError: The data is missing, damaged or not what it says it is.
    """
    if settings.source != location.source:
        raise InputError(
            f"data: location must hold source {settings.source!r}, got "
            f"{location.source!r} ({location.reason}). Locate the source the settings name."
        )
    images, clips = read_images(location), read_clips(location)
    audio_settings = settings.model_dump_json(
        include={"spectrogram_size", "n_fft", "hop", "clip_ms"}
    )
    key = _hash(clips.digest, RECIPE, audio_settings)[:32]
    cache = user_cache()
    folder = None if cache is None else cache / "spectrograms"
    inputs = cached(folder, key, lambda: spectrograms(clips.waveforms, settings))
    return Corpus(
        source=settings.source,
        image=Pool(
            modality="image",
            inputs=resize_images(images.pixels, settings.image_size),
            labels=images.labels,
            official_test=images.official_test,
        ),
        audio=Pool(
            modality="audio",
            inputs=inputs,
            labels=clips.labels,
            official_test=clips.official_test,
            names=tuple(str(name) for name in clips.names),
            speakers=clips.speakers,
            speaker_names=clips.speaker_names,
        ),
        fingerprint=_hash(images.digest, clips.digest, RECIPE, settings.model_dump_json())[:16],
        banner=banner_of(location),
    )


def read_images(location: Location) -> Images:
    """The images of a location as recorded.

    Raises:
        DataError: They are missing or damaged.
    """
    if location.source == "builtin":
        return read_written_digits()
    folder = _folder(location)
    return read_mnist(find_mnist(folder) or folder / "mnist")


def read_clips(location: Location) -> Clips:
    """The clips of a location as recorded.

    Raises:
        DataError: They are missing or damaged.
    """
    if location.source == "builtin":
        return read_spoken_digits()
    folder = _folder(location)
    return read_recordings(find_recordings(folder) or folder / "fsdd" / "recordings")


def _folder(location: Location) -> Path:
    if location.folder is None:
        raise DataError(
            f"data: location must name a folder for source {location.source!r}, got none. "
            "Make it with locate."
        )
    return location.folder


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


def _hash(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()
