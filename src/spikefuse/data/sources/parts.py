"""Parts of ready sources: one modality each, with where it is and how it is read.

A source of several data sets is its parts put together, see `combined`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spikefuse.core.errors import DataError
from spikefuse.data.places.cache import cached, user_cache
from spikefuse.data.pools import Pool
from spikefuse.data.sources import fsdd, mnist
from spikefuse.data.sources.contract import (
    Check,
    Fields,
    FileRecipe,
    Modality,
    Reading,
    Source,
)
from spikefuse.data.sources.raw import SAMPLE_RATE_HZ, Clips, Images
from spikefuse.data.spectrogram import RECIPE, spectrograms

if TYPE_CHECKING:
    from torch import Tensor

    from spikefuse.data.settings import DataSettings

_RESIZE_CHUNK = 5_000
IMAGE, AUDIO = "image", "audio"
_CLIP = ("spectrogram_size", "n_fft", "hop", "clip_ms")


@dataclass(frozen=True)
class Part:
    """One modality of a source that is read from a folder.

    Args:
        modality: As the source tells it.
        read: Settings and folder to the pool; refuses any content but the known one.
        digest: SHA-256 of that content.
        lack: What keeps a folder from holding it, in words; empty if nothing does.
        checks: Everything in a folder that can be checked by itself.
    """

    modality: Modality
    read: Callable[[DataSettings, Path], Pool]
    digest: Callable[[], str]
    lack: Callable[[Path], str]
    checks: Callable[[Path], Iterable[Check]]


def combined(name: str, parts: tuple[Part, ...], **more: Any) -> Source:
    """A source of parts, whose content is pinned.

    Args:
        name: Of the source.
        parts: In the order in which a network sees them.
        more: Further fields of `Source`.
    """

    def named(folder: Path | None) -> Path:
        if folder is None:
            raise DataError(
                f"data: location must name a folder for source {name!r}, got none. "
                "Make it with locate."
            )
        return folder

    def read(settings: DataSettings, folder: Path | None) -> Reading:
        pools = {part.modality.name: part.read(settings, named(folder)) for part in parts}
        return Reading(pools, tuple(part.digest() for part in parts))

    def checks(folder: Path | None) -> Iterator[Check]:
        for part in parts:
            yield from part.checks(named(folder))

    return Source(
        name=name,
        modalities=tuple(part.modality for part in parts),
        read=read,
        digests=lambda folder: tuple(part.digest() for part in parts),
        is_pinned=True,
        lack=lambda folder: " and ".join(filter(None, (part.lack(folder) for part in parts))),
        checks=checks,
        **more,
    )


# -- images ------------------------------------------------------------------------------------


def image_modality(train: int, test: int, mean: float = 0.1307, std: float = 0.3081) -> Modality:
    """Square grey images; mean and std of their training pixels, those of MNIST by default."""
    return Modality(
        name=IMAGE,
        kind="image",
        shape=lambda settings: (1, settings.image_size, settings.image_size),
        train=train,
        test=test,
        noun="images",
        pixel_mean=mean,
        pixel_std=std,
        fields=Fields("images", "test_images", "validation_share_image"),
        settings=("image_size",),
        from_file=lambda settings: FileRecipe("grey-pixels", {"size": settings.image_size}),
    )


def image_pool(images: Images, settings: DataSettings) -> Pool:
    """Images as a network sees them."""
    return Pool(
        modality=IMAGE,
        inputs=resize_images(images.pixels, settings.image_size),
        labels=images.labels,
        official_test=images.official_test,
    )


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


def idx_images(wanted: mnist.IdxSet, modality: Modality) -> Part:
    """The images of a data set of IDX files."""

    def place(folder: Path) -> Path:
        return mnist.find_mnist(folder, wanted) or folder / wanted.folder

    def lack(folder: Path) -> str:
        if mnist.find_mnist(folder, wanted) is not None:
            return ""
        return f"the four {wanted.title} files are in none of the folders " + ", ".join(
            wanted.subfolders
        )

    def checks(folder: Path) -> Iterator[Check]:
        for name in wanted.sha256:
            path = mnist.idx_path(place(folder), name)
            yield path.name, partial(_describe_idx, path, name, wanted)

    return Part(
        modality=modality,
        read=lambda settings, folder: image_pool(mnist.read_mnist(place(folder), wanted), settings),
        digest=lambda: wanted.pinned_digest,
        lack=lack,
        checks=checks,
    )


def _describe_idx(path: Path, name: str, wanted: mnist.IdxSet) -> str:
    shape = " x ".join(f"{size:,}" for size in mnist.read_mnist_file(path, name, wanted).shape)
    return f"{shape}, SHA-256 {wanted.sha256[name][:16]}..."


# -- clips -------------------------------------------------------------------------------------


def clip_modality(train: int, test: int, speakers: tuple[str, ...]) -> Modality:
    """Spoken digits as square spectrograms."""
    return Modality(
        name=AUDIO,
        kind="audio",
        shape=lambda settings: (1, settings.spectrogram_size, settings.spectrogram_size),
        train=train,
        test=test,
        noun="clips",
        groups=speakers,
        group_noun="speaker",
        fields=Fields(train="clips", validation="validation_share_audio", shuffled="shuffle_audio"),
        settings=_CLIP,
        extent=lambda settings: (settings.clip_ms, SAMPLE_RATE_HZ / 2),
        reckoned=(2_200, 550, 300),
        from_file=lambda settings: FileRecipe("clip", {n: getattr(settings, n) for n in _CLIP}),
    )


def clip_pool(clips: Clips, settings: DataSettings) -> Pool:
    """Clips as a network sees them.

    Spectrograms are kept in the user's cache folder under a hash of the clips and the settings.
    """
    audio_settings = settings.model_dump_json(include=set(_CLIP))
    parts = "\x1f".join((clips.digest, RECIPE, audio_settings))
    key = hashlib.sha256(parts.encode()).hexdigest()[:32]
    cache = user_cache()
    folder = None if cache is None else cache / "spectrograms"
    return Pool(
        modality=AUDIO,
        inputs=cached(folder, key, lambda: spectrograms(clips.waveforms, settings)),
        labels=clips.labels,
        official_test=clips.official_test,
        names=tuple(str(name) for name in clips.names),
        groups=clips.speakers,
        group_names=clips.speaker_names,
    )


def describe_clips(clips: Clips) -> str:
    """What a check says of clips."""
    test = int(clips.official_test.sum())
    speakers = len(clips.speaker_names)
    return (
        f"{len(clips.names):,} clips of {speakers} speakers, {test:,} of them test, "
        f"SHA-256 {clips.digest[:16]}..."
    )


def recordings_of(folder: Path) -> Clips:
    """The clips of FSDD in a data folder."""
    return fsdd.read_recordings(fsdd.find_recordings(folder) or folder / "fsdd" / "recordings")


def lack_of_recordings(folder: Path) -> str:
    """What keeps a folder from holding FSDD; empty if nothing does."""
    recordings = fsdd.find_recordings(folder)
    if recordings is None:
        return "no folder fsdd/recordings with WAV files is"
    missing = fsdd.missing_recordings(recordings)
    return f"{len(missing):,} FSDD clips are missing, the first is {missing[0]}" if missing else ""


def _besides(folder: Path) -> str:
    """WAV files that lie among the clips and are none."""
    found = fsdd.find_recordings(folder)
    foreign = [] if found is None else fsdd.foreign_recordings(found)
    return f"; not read, because no clips of FSDD: {', '.join(foreign)}" if foreign else ""


def check_of_recordings(folder: Path) -> tuple[Check, ...]:
    """Reads and describes the clips of FSDD."""
    described = lambda: describe_clips(recordings_of(folder)) + _besides(folder)  # noqa: E731
    return (("recordings", described),)


MNIST_IMAGES = idx_images(mnist.MNIST, image_modality(60_000, 10_000))

FASHION_IMAGES = idx_images(mnist.FASHION, image_modality(60_000, 10_000, 0.2860, 0.3530))

FSDD_CLIPS = Part(
    modality=clip_modality(2_700, 300, fsdd.SPEAKERS),
    read=lambda settings, folder: clip_pool(recordings_of(folder), settings),
    digest=lambda: fsdd.FSDD_SHA256,
    lack=lack_of_recordings,
    checks=check_of_recordings,
)
