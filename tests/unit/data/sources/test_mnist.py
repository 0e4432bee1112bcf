"""MNIST's files: every way to keep them is read, every damage is one clear error."""

import gzip
import random
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spikefuse.core.errors import DataError
from spikefuse.data.sources.mnist import MNIST_SHA256, find_mnist, parse_idx, read_mnist


@given(st.lists(st.integers(0, 5), min_size=1, max_size=3), st.integers(0, 255))
def test_idx_is_read_back(shape: list[int], value: int) -> None:
    array = np.full(shape, value, np.uint8)
    sizes = b"".join(size.to_bytes(4, "big") for size in shape)
    content = bytes([0, 0, 8, len(shape)]) + sizes + array.tobytes()

    assert np.array_equal(parse_idx(content, "file"), array)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "an empty file"),
        (b"\x1f\x8b\x08\x00", "1f 8b 08 00"),
        (bytes([0, 0, 13, 1, 0, 0, 0, 0]), "unsigned bytes"),
        (bytes([0, 0, 8, 2, 0, 0, 0, 1]), "8 bytes"),
        (bytes([0, 0, 8, 1, 0]), "at least 8 bytes long for its header, got 5"),
        (bytes([0, 0, 8, 255, 0, 0, 0]), "at least 1024 bytes"),
        (bytes([0, 0, 8, 1, 255, 255, 255, 255]), r"7 bytes long for its header \(-1\), got 8"),
        (bytes([0, 0, 8, 2]) + b"\xff" * 8 + b"\1", r"\(-1 x -1\), got 13"),
        # Products that overflow 64 bits: 2^31 x 2^31 x 4 is 0, and 3 x -1 x -1 is 3.
        (bytes([0, 0, 8, 3]) + b"\x40\0\0\0" * 2 + b"\0\0\0\x10", "bytes long for its header"),
        (bytes([0, 0, 8, 3, 0, 0, 0, 3]) + b"\xff" * 8 + b"abc", "bytes long for its header"),
        # Nothing, of a length that no array has, and one byte of more sides than any has.
        (bytes([0, 0, 8, 4, 0, 0, 0, 0]) + b"\x7f\xff\xff\xff" * 3, "sides that an array"),
        (bytes([0, 0, 8, 255]) + b"\0\0\0\1" * 255 + b"a", "sides that an array can have"),
        (bytes([0, 0, 8, 1, 0, 0, 0, 3, 7, 7]), "11 bytes long .* got 10"),
        (bytes([0, 0, 8, 1, 0, 0, 0, 1, 7, 7]), "9 bytes long .* got 10"),
    ],
)
def test_broken_idx_is_refused(content: bytes, message: str) -> None:
    with pytest.raises(DataError, match=message):
        parse_idx(content, "file")


@pytest.mark.parametrize("below", [".", "mnist", "MNIST/raw", "mnist/MNIST/raw"])
@pytest.mark.parametrize("packed", [True, False])
def test_found_and_read_wherever_it_stands(
    tmp_path: Path, idx_files: dict[str, bytes], below: str, packed: bool
) -> None:
    folder = tmp_path / below
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in idx_files.items():
        path = folder / (f"{name}.gz" if packed else name)
        path.write_bytes(gzip.compress(content) if packed else content)
    found = find_mnist(tmp_path)
    assert found is not None
    images = read_mnist(found)

    assert found == folder
    assert images.pixels.shape == (60, 28, 28)
    assert images.official_test.tolist() == [False] * 40 + [True] * 20
    assert images.labels.tolist() == [i % 10 for i in range(40)] + [i % 10 for i in range(20)]
    assert images.pixels[0].numpy().tobytes() == idx_files["train-images-idx3-ubyte"][16:800]


KAGGLE = {
    "dot": lambda name: name.replace("-idx", ".idx"),
    "folder of its name": lambda name: f"{name}/{name}",
    "both": lambda name: f"{name.replace('-idx', '.idx')}/{name.replace('-idx', '.idx')}",
    "unpacked by a browser": lambda name: f"{name}.gz",
}


@pytest.mark.parametrize("layout", KAGGLE)
def test_usual_other_layouts(tmp_path: Path, idx_files: dict[str, bytes], layout: str) -> None:
    for name, content in idx_files.items():
        path = tmp_path / KAGGLE[layout](name)
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
    assert find_mnist(tmp_path) == tmp_path
    assert len(read_mnist(tmp_path).labels) == 60


def test_a_packed_file_without_its_ending(tmp_path: Path, idx_files: dict[str, bytes]) -> None:
    for name, content in idx_files.items():
        (tmp_path / name).write_bytes(gzip.compress(content))
    assert len(read_mnist(tmp_path).labels) == 60


def test_a_small_file_that_unpacks_to_a_flood(mnist_folder: Path) -> None:
    path = mnist_folder / "train-images-idx3-ubyte.gz"
    piece = gzip.compress(bytes(2**24))
    path.write_bytes(piece * 60)  # 1 GB in 1 MB
    tracemalloc.start()
    with pytest.raises(DataError, match=r"must unpack to at most 67,108,864 bytes, got more"):
        read_mnist(mnist_folder)
    assert tracemalloc.get_traced_memory()[1] < 2**28
    tracemalloc.stop()


def test_any_bytes_are_an_array_or_one_kind_of_error() -> None:
    draw = random.Random(3)
    sound = bytes([0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4]) + bytes(24)
    refused = 0
    for _ in range(3_000):
        content = bytearray(sound[: draw.randint(0, 40)] if draw.random() < 0.2 else sound)
        for _ in range(draw.randint(0, 4)):
            if content:
                content[draw.randrange(min(18, len(content)))] = draw.randrange(256)
        try:
            assert parse_idx(bytes(content), "file").dtype == np.uint8
        except DataError:
            refused += 1
    assert refused > 1_000


def test_three_of_four_files_are_not_found(mnist_folder: Path) -> None:
    (mnist_folder / "t10k-labels-idx1-ubyte.gz").unlink()

    assert find_mnist(mnist_folder.parent) is None
    with pytest.raises(DataError, match="without t10k-labels-idx1-ubyte"):
        read_mnist(mnist_folder)


def test_other_content_is_refused(mnist_folder: Path, idx_files: dict[str, bytes]) -> None:
    name = "train-labels-idx1-ubyte"
    content = bytearray(idx_files[name])
    content[-1] ^= 1
    (mnist_folder / f"{name}.gz").write_bytes(gzip.compress(bytes(content)))

    with pytest.raises(DataError, match=f"{name}.gz must unpack to .* {MNIST_SHA256[name]}"):
        read_mnist(mnist_folder)


@pytest.mark.parametrize("damage", ["cut", "no gzip", "flipped"])
def test_damaged_gzip_is_one_clear_error(mnist_folder: Path, damage: str) -> None:
    path = mnist_folder / "train-images-idx3-ubyte.gz"
    content = path.read_bytes()
    middle = len(content) // 2
    path.write_bytes(
        {
            "cut": content[:middle],
            "no gzip": b"<html>not found</html>",
            "flipped": content[:middle] + bytes([content[middle] ^ 0xFF]) + content[middle + 1 :],
        }[damage]
    )

    with pytest.raises(DataError, match=r"train-images-idx3-ubyte\.gz must .*spikefuse data fetch"):
        read_mnist(mnist_folder)


def test_real_files(real_data: Path) -> None:
    folder = find_mnist(real_data)
    assert folder is not None
    images = read_mnist(folder)
    training = images.labels[~images.official_test]

    assert images.pixels.shape == (70_000, 28, 28)
    assert int(images.official_test.sum()) == 10_000
    assert training.bincount().tolist() == [
        *(5923, 6742, 5958, 6131, 5842),
        *(5421, 5918, 6265, 5851, 5949),
    ]
