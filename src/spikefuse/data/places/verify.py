"""Check every file of a location against its hash, one finding a line."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from spikefuse.core.errors import DataError
from spikefuse.data.corpus import read_clips, read_images
from spikefuse.data.places.location import Location
from spikefuse.data.sources.fsdd import find_recordings, foreign_recordings
from spikefuse.data.sources.mnist import MNIST_SHA256, find_mnist, idx_path, read_mnist_file
from spikefuse.data.sources.raw import Clips, Images


@dataclass(frozen=True)
class Finding:
    """One thing that was checked.

    Args:
        name: The file or set of files.
        ok: Whether it is what it should be.
        detail: What was found, or what is wrong.
    """

    name: str
    ok: bool
    detail: str


def verify(location: Location) -> tuple[Finding, ...]:
    """Read everything at a location; a fault becomes a finding, not an error."""
    findings = []
    if location.folder is None:
        findings.append(_finding("written digits", lambda: _images(read_images(location))))
    else:
        folder = find_mnist(location.folder) or location.folder / "mnist"
        for name in MNIST_SHA256:
            path = idx_path(folder, name)
            findings.append(_finding(path.name, partial(_idx, path, name)))
    clips = "spoken digits" if location.folder is None else "recordings"
    findings.append(_finding(clips, lambda: _clips(read_clips(location)) + _besides(location)))
    return tuple(findings)


def _finding(name: str, check: Callable[[], str]) -> Finding:
    try:
        return Finding(name, True, check())
    except DataError as error:
        return Finding(name, False, str(error))


def _idx(path: Path, name: str) -> str:
    shape = " x ".join(f"{size:,}" for size in read_mnist_file(path, name).shape)
    return f"{shape}, SHA-256 {MNIST_SHA256[name][:16]}..."


def _images(images: Images) -> str:
    count, height, width = images.pixels.shape
    test = int(images.official_test.sum())
    return f"{count:,} images of {height}x{width}, {test:,} of them test"


def _besides(location: Location) -> str:
    """WAV files that lie among the clips and are none."""
    folder = None if location.folder is None else find_recordings(location.folder)
    foreign = [] if folder is None else foreign_recordings(folder)
    return f"; not read, because no clips of FSDD: {', '.join(foreign)}" if foreign else ""


def _clips(clips: Clips) -> str:
    test = int(clips.official_test.sum())
    speakers = len(clips.speaker_names)
    return (
        f"{len(clips.names):,} clips of {speakers} speakers, {test:,} of them test, "
        f"SHA-256 {clips.digest[:16]}..."
    )
