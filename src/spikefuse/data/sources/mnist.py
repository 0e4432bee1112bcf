"""MNIST and Fashion-MNIST from their IDX files: gzip or raw, in the folders people keep them in.

Source: Y. LeCun, C. Cortes, C. Burges, "The MNIST database of handwritten digits", licence
CC BY-SA 3.0, so the files are never part of the package; H. Xiao, K. Rasul, R. Vollgraf,
"Fashion-MNIST: a novel image dataset for benchmarking machine learning algorithms",
arXiv 1708.07747, licence MIT. The second has the first's file names, sizes and format.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import math
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from spikefuse.core.errors import DataError
from spikefuse.core.untrusted import read_regular, reason
from spikefuse.data.sources.raw import Images, is_file

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

FASHION_SHA256: dict[str, str] = {
    "train-images-idx3-ubyte": "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
    "train-labels-idx1-ubyte": "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
    "t10k-images-idx3-ubyte": "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
    "t10k-labels-idx1-ubyte": "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
}
"""The same of Fashion-MNIST's files."""


@dataclass(frozen=True)
class IdxSet:
    """A data set of four IDX files: training and test, images and labels.

    Args:
        title: What it is called.
        sha256: By file name, see `MNIST_SHA256`.
        subfolders: Where the four files may stand below a data folder, in the order of looking.
        folder: The subfolder that downloads go to.
        source: The data source that it is fetched for; empty for the default one.
    """

    title: str
    sha256: Mapping[str, str]
    subfolders: tuple[str, ...]
    folder: str
    source: str = ""

    @property
    def remedy(self) -> str:
        """How a user gets it."""
        chosen = f" --data {self.source}" if self.source else ""
        return f"`spikefuse data fetch{chosen}` gets it whole (--out names a folder of your own)."

    @property
    def pinned_digest(self) -> str:
        """SHA-256 over the hashes of the four files: what `read_mnist` gives, or it refuses."""
        return hashlib.sha256("".join(self.sha256.values()).encode()).hexdigest()


MNIST = IdxSet("MNIST", MNIST_SHA256, (".", "mnist", "MNIST/raw", "mnist/MNIST/raw"), "mnist")
"""Flat, in `mnist/`, or as torchvision keeps it."""

FASHION = IdxSet(
    "Fashion-MNIST",
    FASHION_SHA256,
    ("fashion-mnist", "FashionMNIST/raw", "fashion-mnist/FashionMNIST/raw", "."),
    "fashion-mnist",
    "fashion-fsdd",
)
"""Flat comes last: those may be MNIST's files, which have the same names."""

IDX_SETS = (MNIST, FASHION)

_UNSIGNED_BYTE = 0x08
_GZIP = b"\x1f\x8b"
_MOST_BYTES = 2**26
"""Unpacked; the largest file of MNIST has 47 MB."""


def find_mnist(folder: Path, wanted: IdxSet = MNIST) -> Path | None:
    """The folder at or below `folder` that holds the four files, raw or gzip, or None."""
    for below in wanted.subfolders:
        candidate = folder / below
        if not missing_mnist(candidate):
            return candidate
    return None


def missing_mnist(folder: Path) -> list[str]:
    """Names of the IDX files that are in `folder` under none of their names."""
    return [name for name in MNIST_SHA256 if find_idx(folder, name) is None]


def read_mnist(folder: Path, wanted: IdxSet = MNIST) -> Images:
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
            f"data: folder must hold the four {wanted.title} files (raw or .gz), got {folder} "
            f"without {', '.join(missing)}. {wanted.remedy}"
        )
    arrays = {name: read_mnist_file(idx_path(folder, name), name, wanted) for name in wanted.sha256}
    pixels = np.concatenate([arrays["train-images-idx3-ubyte"], arrays["t10k-images-idx3-ubyte"]])
    labels = np.concatenate([arrays["train-labels-idx1-ubyte"], arrays["t10k-labels-idx1-ubyte"]])
    official_test = torch.zeros(len(labels), dtype=torch.bool)
    official_test[len(arrays["train-labels-idx1-ubyte"]) :] = True
    return Images(
        pixels=torch.from_numpy(pixels),
        labels=torch.from_numpy(labels.astype(np.int64)),
        official_test=official_test,
        digest=wanted.pinned_digest,
    )


def idx_path(folder: Path, name: str) -> Path:
    """The file if there is one, raw before packed; else where a download goes."""
    return find_idx(folder, name) or folder / f"{name}.gz"


def find_idx(folder: Path, name: str) -> Path | None:
    """The first of the names that a file is kept under, or None.

    Raises:
        DataError: The folder may not be entered.
    """
    return next((path for path in _names(folder, name) if is_file(path)), None)


def _names(folder: Path, name: str) -> Iterator[Path]:
    # Kaggle's copy has a dot where the others have a dash, and each file in a folder of its name.
    for spelling in (name, name.replace("-idx", ".idx")):
        yield folder / spelling
        yield folder / f"{spelling}.gz"
        yield folder / spelling / spelling


def read_mnist_file(path: Path, name: str, wanted: IdxSet = MNIST) -> NDArray[np.uint8]:
    """Read one file, raw or gzip, and check its unpacked content.

    Args:
        path: The file. Whether it is packed is told by its first bytes: browsers unpack a file
            and leave it its name.
        name: Its name in the data set.
        wanted: The data set.

    Raises:
        DataError: The file cannot be read, is no whole IDX file, or has another SHA-256.
    """
    try:
        content = read_regular(path, _MOST_BYTES)
        if content.startswith(_GZIP):
            with gzip.GzipFile(fileobj=io.BytesIO(content)) as file:
                content = file.read(_MOST_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(
            f"data: {path} must be a readable, whole file, got: {reason(error)}. {wanted.remedy}"
        ) from error
    if len(content) > _MOST_BYTES:
        raise DataError(
            f"data: {path} must unpack to at most {_MOST_BYTES:,} bytes, got more. {wanted.remedy}"
        )
    array = parse_idx(content, str(path), wanted.remedy)
    digest = hashlib.sha256(content).hexdigest()
    if digest != wanted.sha256[name]:
        known = next((each.title for each in IDX_SETS if each.sha256.get(name) == digest), None)
        got = f"{digest}" if known is None else f"that of {known}"
        raise DataError(
            f"data: {path} must unpack to content with SHA-256 {wanted.sha256[name]} "
            f"({wanted.title}), got {got}. {wanted.remedy}"
        )
    return array


def parse_idx(content: bytes, where: str, remedy: str = "Get it again.") -> NDArray[np.uint8]:
    """Parse an IDX file of unsigned bytes into an array of the shape its header names.

    Args:
        content: The unpacked file.
        where: What an error message calls it.
        remedy: The end of an error message.

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
            f"data: {where} must be an IDX file of unsigned bytes (start 00 00 08), "
            f"got the start {content[:4].hex(' ') or 'of an empty file'}. {remedy}"
        )
    header = 4 + 4 * content[3]
    if len(content) < header:
        raise DataError(
            f"data: {where} must be at least {header} bytes long for its header, "
            f"got {len(content)} bytes. {remedy}"
        )
    shape = np.frombuffer(content[4:header], ">i4").tolist()
    # In Python's numbers: those of numpy would overflow, and then fit by chance.
    expected = header + math.prod(shape)
    if min(shape, default=0) < 0 or len(content) != expected:
        raise DataError(
            f"data: {where} must be {expected} bytes long for its header "
            f"({' x '.join(map(str, shape)) or 'no dimension'}), got {len(content)} bytes. "
            f"{remedy}"
        )
    try:
        return np.frombuffer(content, np.uint8, offset=header).reshape(shape)
    except ValueError as error:  # nothing at all, of more sides or of longer ones than arrays have
        raise DataError(
            f"data: {where} must have sides that an array can have, "
            f"got {' x '.join(map(str, shape))[:80]} ({error}). {remedy}"
        ) from error
