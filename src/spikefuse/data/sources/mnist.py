"""MNIST from its IDX files: gzip or raw, in any of the folders people keep them in.

Source: Y. LeCun, C. Cortes, C. Burges, "The MNIST database of handwritten digits"; licence
CC BY-SA 3.0, so the files are never part of the package.
"""

from __future__ import annotations

import gzip
import hashlib
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

from spikefuse.core.errors import DataError
from spikefuse.data.sources.raw import Images

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


MNIST_SHA256: dict[str, str] = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
"""SHA-256 of each file's UNPACKED content; gzip bytes differ between mirrors, content does not."""

SUBFOLDERS = (".", "mnist", "MNIST/raw", "mnist/MNIST/raw")
"""Where the four files may stand below a data folder: flat, `mnist/`, or as torchvision does."""

_UNSIGNED_BYTE = 0x08
_REMEDY = "`spikefuse data fetch` gets it whole (--out names a folder of your own)."


def find_mnist(folder: Path) -> Path | None:
    """The folder at or below `folder` that holds the four files, raw or gzip, or None."""
    for below in SUBFOLDERS:
        candidate = folder / below
        if not missing_mnist(candidate):
            return candidate
    return None


def missing_mnist(folder: Path) -> list[str]:
    """Names of the IDX files that are in `folder` neither raw nor as `.gz`."""
    return [
        name
        for name in MNIST_SHA256
        if not (folder / name).is_file() and not (folder / f"{name}.gz").is_file()
    ]


def read_mnist(folder: Path) -> Images:
    """Read and check the four files of one folder.

    Returns:
        70,000 images of 28x28; the 60,000 official training images come first.

    Raises:
        DataError: A file is missing, truncated, not IDX, or its content has another SHA-256.
    """
    import numpy as np
    import torch

    missing = missing_mnist(folder)
    if missing:
        raise DataError(
            f"read_mnist: folder must hold the four MNIST files (raw or .gz), got {folder} "
            f"without {', '.join(missing)}. {_REMEDY}"
        )
    arrays = {name: read_mnist_file(idx_path(folder, name), name) for name in MNIST_SHA256}
    pixels = np.concatenate([arrays["train-images-idx3-ubyte"], arrays["t10k-images-idx3-ubyte"]])
    labels = np.concatenate([arrays["train-labels-idx1-ubyte"], arrays["t10k-labels-idx1-ubyte"]])
    official_test = torch.zeros(len(labels), dtype=torch.bool)
    official_test[len(arrays["train-labels-idx1-ubyte"]) :] = True
    return Images(
        pixels=torch.from_numpy(pixels),
        labels=torch.from_numpy(labels.astype(np.int64)),
        official_test=official_test,
        digest=hashlib.sha256("".join(MNIST_SHA256.values()).encode()).hexdigest(),
    )


def idx_path(folder: Path, name: str) -> Path:
    """The raw file if there is one, else the gzip file."""
    raw = folder / name
    return raw if raw.is_file() else folder / f"{name}.gz"


def read_mnist_file(path: Path, name: str) -> NDArray[np.uint8]:
    """Read one file, raw or gzip, and check its unpacked content.

    Args:
        path: The file.
        name: Its key in `MNIST_SHA256`.

    Raises:
        DataError: The file cannot be read, is no whole IDX file, or has another SHA-256.
    """
    try:
        content = path.read_bytes()
        if path.suffix == ".gz":
            content = gzip.decompress(content)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(
            f"read_mnist: {path} must be a readable, whole file, got: {error}. {_REMEDY}"
        ) from error
    array = parse_idx(content, str(path))
    digest = hashlib.sha256(content).hexdigest()
    if digest != MNIST_SHA256[name]:
        raise DataError(
            f"read_mnist: {path} must unpack to content with SHA-256 {MNIST_SHA256[name]}, "
            f"got {digest}. {_REMEDY}"
        )
    return array


def parse_idx(content: bytes, where: str) -> NDArray[np.uint8]:
    """Parse an IDX file of unsigned bytes into an array of the shape its header names.

    Args:
        content: The unpacked file.
        where: What an error message calls it.

    Raises:
        DataError: The header or the length is wrong.

    Source: the IDX format, described on the MNIST page: two zero bytes, a type byte (0x08 is
        unsigned byte), the number of dimensions, each dimension as a big-endian int32, the data.

    Example:
        >>> parse_idx(bytes([0, 0, 8, 1, 0, 0, 0, 3, 7, 0, 9]), "three labels").tolist()
        [7, 0, 9]
    """
    import numpy as np

    if len(content) < 4 or content[:2] != b"\0\0" or content[2] != _UNSIGNED_BYTE:
        raise DataError(
            f"parse_idx: {where} must be an IDX file of unsigned bytes (start 00 00 08), "
            f"got the start {content[:4].hex(' ') or 'of an empty file'}. {_REMEDY}"
        )
    header = 4 + 4 * content[3]
    shape = tuple(np.frombuffer(content[4 : min(header, len(content))], ">i4").tolist())
    expected = header + int(np.prod(shape, dtype=np.int64))
    if len(shape) != content[3] or len(content) != expected:
        raise DataError(
            f"parse_idx: {where} must be {expected} bytes long for its header, "
            f"got {len(content)} bytes. {_REMEDY}"
        )
    return np.frombuffer(content, np.uint8, offset=header).reshape(shape)
