"""Small data of known content: a corpus in memory, and folders that pass every check."""

import gzip
import hashlib
import io
import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from spikefuse.data import Corpus, Pool
from spikefuse.data.sources import fsdd, mnist

SPEAKERS = ("ada", "ben", "cy")

CorpusMaker = Callable[..., Corpus]


def make_corpus(
    images: int = 30, test_images: int = 10, recordings: int = 5, test_recordings: int = 1
) -> Corpus:
    """Ten digits, three speakers.

    Args:
        images: Training images of each digit.
        test_images: Test images of each digit.
        recordings: Clips of each digit and speaker.
        test_recordings: How many of them are the official test.
    """
    per_digit = images + test_images
    digits = torch.arange(10).repeat_interleave(per_digit)
    image_test = (torch.arange(per_digit) >= images).repeat(10)
    generator = torch.Generator().manual_seed(1)
    pixels = torch.randint(256, (10 * per_digit, 1, 4, 4), generator=generator, dtype=torch.uint8)
    names, labels, speakers, clip_test = [], [], [], []
    for digit in range(10):
        for speaker, name in enumerate(SPEAKERS):
            for index in range(recordings):
                names.append(f"{digit}_{name}_{index}.wav")
                labels.append(digit)
                speakers.append(speaker)
                clip_test.append(index < test_recordings)
    spectrograms = torch.randn(len(names), 1, 5, 4, generator=generator)
    return Corpus(
        source="builtin",
        pools={
            "image": Pool("image", pixels, digits, image_test),
            "audio": Pool(
                "audio",
                spectrograms,
                torch.tensor(labels),
                torch.tensor(clip_test),
                tuple(names),
                torch.tensor(speakers),
                SPEAKERS,
            ),
        },
        fingerprint="0" * 16,
        banner="Toy data.",
    )


@pytest.fixture(scope="session")
def corpus_maker() -> CorpusMaker:
    return make_corpus


@pytest.fixture(scope="session")
def corpus() -> Corpus:
    """300 + 100 images, 120 + 30 clips."""
    return make_corpus()


def idx(array: np.ndarray) -> bytes:
    """An IDX file of unsigned bytes."""
    sizes = b"".join(size.to_bytes(4, "big") for size in array.shape)
    return bytes([0, 0, 8, array.ndim]) + sizes + array.astype(np.uint8).tobytes()


def wav(samples: np.ndarray, rate: int = 8000, channels: int = 1, width: int = 2) -> bytes:
    """A WAV file."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframes(samples.astype("<i2").tobytes())
    return buffer.getvalue()


@pytest.fixture
def idx_files(monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """The four files of a small MNIST, whose hashes are the wanted ones for the test."""
    generator = np.random.default_rng(0)
    files = {}
    for part, count in (("train", 40), ("t10k", 20)):
        pixels = generator.integers(256, size=(count, 28, 28))
        files[f"{part}-images-idx3-ubyte"] = idx(pixels)
        files[f"{part}-labels-idx1-ubyte"] = idx(np.arange(count) % 10)
    for name, content in files.items():
        monkeypatch.setitem(mnist.MNIST_SHA256, name, hashlib.sha256(content).hexdigest())
    return files


@pytest.fixture
def clip_files(monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """An FSDD of two recordings, 120 clips, whose hash is the wanted one for the test."""
    monkeypatch.setattr(fsdd, "RECORDINGS", 2)
    monkeypatch.setattr(fsdd, "TEST_INDICES", 1)
    generator = np.random.default_rng(0)
    files = {
        name: wav(generator.integers(-9000, 9000, size=generator.integers(200, 400)))
        for name in fsdd.expected_names()
    }
    digest = hashlib.sha256(b"".join(files[name] for name in sorted(files))).hexdigest()
    monkeypatch.setattr(fsdd, "FSDD_SHA256", digest)
    return files


@pytest.fixture
def mnist_folder(tmp_path: Path, idx_files: dict[str, bytes]) -> Path:
    """`mnist/` with gzip files."""
    folder = tmp_path / "mnist"
    folder.mkdir()
    for name, content in idx_files.items():
        (folder / f"{name}.gz").write_bytes(gzip.compress(content))
    return folder


@pytest.fixture
def recordings_folder(tmp_path: Path, clip_files: dict[str, bytes]) -> Path:
    """`fsdd/recordings/` with its clips."""
    folder = tmp_path / "fsdd" / "recordings"
    folder.mkdir(parents=True)
    for name, content in clip_files.items():
        (folder / name).write_bytes(content)
    return folder


@pytest.fixture
def data_folder(tmp_path: Path, mnist_folder: Path, recordings_folder: Path) -> Path:
    """A complete data folder."""
    return tmp_path
