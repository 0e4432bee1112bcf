"""Download images and FSDD: several mirrors, checked by SHA-256, never hanging offline."""

import errno
import logging
import lzma
import os
import shutil
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath

from spikefuse.core.errors import DataError
from spikefuse.core.untrusted import reason, reason_of
from spikefuse.data.places.mirrors import (
    PROBE_SECONDS,
    ProgressFactory,
    answering,
    download,
    first_good,
)
from spikefuse.data.sources.fsdd import (
    SUBFOLDERS,
    expected_names,
    find_recordings,
    parse_name,
    parse_wav,
    read_clip,
    read_recordings,
)
from spikefuse.data.sources.mnist import (
    FASHION,
    MNIST,
    IdxSet,
    find_idx,
    find_mnist,
    read_mnist,
    read_mnist_file,
)
from spikefuse.data.sources.raw import is_file

_IN_THE_WAY = (errno.EEXIST, errno.EISDIR, errno.ENOTDIR, errno.ENOENT, errno.ELOOP)
"""What the system says where a folder, link or file stands in the place of another."""

_log = logging.getLogger(__name__)

MNIST_MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
)
"""Folders that hold the four gzip files."""

FASHION_MIRRORS = (
    "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/",
    "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
)
"""The same of Fashion-MNIST."""

_MIRRORS = {MNIST.title: MNIST_MIRRORS, FASHION.title: FASHION_MIRRORS}

FSDD_MIRRORS = (
    "https://github.com/Jakobovski/free-spoken-digit-dataset/archive/refs/tags/v1.0.10.zip",
    "https://codeload.github.com/Jakobovski/free-spoken-digit-dataset/zip/refs/tags/v1.0.10",
)
"""Archives of tag v1.0.10. Their bytes may change, so the clips inside are checked."""

_MAXIMUM_CLIP_BYTES = 1 << 20


def fetch(
    folder: Path,
    *,
    replace: bool = False,
    progress: ProgressFactory | None = None,
    images: IdxSet = MNIST,
    mnist_mirrors: Sequence[str] | None = None,
    fsdd_mirrors: Sequence[str] = FSDD_MIRRORS,
    probe_seconds: float = PROBE_SECONDS,
) -> Path:
    """Download whatever `folder` lacks of images (into `mnist/`) and clips (`fsdd/recordings/`).

    Files appear under their names only after their content was checked. Only what is missing is
    written: a file that has one of the names and other content may be somebody's own (Fashion-MNIST
    comes under MNIST's names), so it is refused by name and left as it is.

    Args:
        folder: Made when missing.
        replace: Replace what is damaged: for a folder that is ours alone, the cache.
        progress: Makes a progress bar for each file.
        images: The data set of images.
        mnist_mirrors: Folders with its four gzip files, the preferred one first.
        fsdd_mirrors: Archives, the preferred one first.
        probe_seconds: Time for all mirrors together to answer.

    Returns:
        The folder, which holds both data sets whole.

    Raises:
        DataError: No mirror answers, none has the right content, the folder cannot be written, or
            other content stands under a name that is to be filled.
    """
    wanted: dict[str, dict[str, str]] = {}
    title = images.title

    def find(place: Path) -> Path | None:
        return find_mnist(place, images)

    if not _whole(folder, find, lambda place: read_mnist(place, images)):
        first = next(iter(images.sha256))
        mirrors_of = _MIRRORS[title] if mnist_mirrors is None else mnist_mirrors
        wanted[title] = {mirror: f"{mirror}{first}.gz" for mirror in mirrors_of}
    if not _whole(folder, find_recordings, read_recordings):
        wanted["FSDD"] = {mirror: mirror for mirror in fsdd_mirrors}
    if not wanted:
        return folder
    pictures = find(folder) or folder / images.folder
    recordings = find_recordings(folder) or folder / SUBFOLDERS[0]
    if not replace:  # told before the network is asked
        _refuse_others(title, _other_images(pictures, images) if title in wanted else [])
        _refuse_others("FSDD", _other_clips(recordings) if "FSDD" in wanted else [])
    mirrors = answering(wanted, probe_seconds)
    is_made = False
    try:
        folder.mkdir(parents=True, exist_ok=True)
        is_made = True
        with tempfile.TemporaryDirectory(prefix=".fetch-", dir=folder) as name:
            staging = Path(name)
            if title in mirrors:
                _fetch_images(images, pictures, staging, mirrors[title], progress, replace)
            if "FSDD" in mirrors:
                _fetch_recordings(recordings, staging, mirrors["FSDD"], progress, replace)
    except OSError as error:
        if is_made and error.errno in _IN_THE_WAY:
            raise DataError(
                f"data: nothing but the data set may stand under its names in {folder}, got "
                f"{error.filename2 or error.filename}: {reason_of(error)}. Move it away, or name "
                "another folder with --out."
            ) from error
        raise DataError(
            f"data: {folder} must be writable with 100 MB to spare, got: {reason_of(error)}. "
            "Name another folder with --out."
        ) from error
    read_mnist(pictures, images)
    read_recordings(recordings)
    return folder


def _other_images(folder: Path, wanted: IdxSet) -> list[Path]:
    """Files under a data set's names with other content."""
    found = ((name, find_idx(folder, name)) for name in wanted.sha256)
    others = [
        path for name, path in found if path is not None and not _whole_file(path, name, wanted)
    ]
    names = (folder / f"{name}{ending}" for name in wanted.sha256 for ending in ("", ".gz"))
    return others + [path for path in names if _is_no_file(path)]


def _other_clips(folder: Path) -> list[Path]:
    """Files under FSDD's names that are none of its clips, as far as that is known beforehand."""

    def is_other(path: Path) -> bool:
        try:
            parse_wav(read_clip(path), path.name)
        except DataError:
            return True
        return False

    paths = (folder / name for name in expected_names())
    return [path for path in paths if _is_no_file(path) or (is_file(path) and is_other(path))]


def _is_no_file(path: Path) -> bool:
    """Whether a folder, pipe, device or link that leads nowhere stands there."""
    return os.path.lexists(path) and not is_file(path)


def _refuse_others(data_set: str, others: Sequence[Path]) -> None:
    if others:
        more = f" and {len(others) - 3} more" if len(others) > 3 else ""
        raise DataError(
            f"data: files under the names of {data_set} must be its own, got other content in "
            f"{', '.join(map(str, others[:3]))}{more}. They are left as they are: move them away "
            "or name another folder with --out."
        )


def _whole(
    folder: Path, find: Callable[[Path], Path | None], read: Callable[[Path], object]
) -> bool:
    """Whether a data set is in the folder and passes its checks."""
    found = find(folder)
    if found is None:
        return False
    try:
        read(found)
    except DataError as error:
        _log.warning("%s", error)
        return False
    return True


def _fetch_images(
    wanted: IdxSet,
    target: Path,
    staging: Path,
    mirrors: Sequence[str],
    progress: ProgressFactory | None,
    replace: bool,
) -> None:
    target.mkdir(parents=True, exist_ok=True)
    for name in wanted.sha256:
        present = find_idx(target, name)
        if present is not None and _whole_file(present, name, wanted):
            continue
        packed = staging / f"{name}.gz"

        def attempt(mirror: str, name: str = name, packed: Path = packed) -> None:
            download(f"{mirror}{name}.gz", packed, progress)
            read_mnist_file(packed, name, wanted)

        first_good(mirrors, attempt)
        if replace and present is not None:
            present.unlink()  # it would be read before the good one
        _place(packed, target / packed.name, replace)


def _place(source: Path, target: Path, replace: bool) -> None:
    """Put a checked file into its place; never over another one unless that is asked for.

    Raises:
        DataError: Something has appeared there meanwhile.
    """
    if replace:
        source.replace(target)
        return
    try:
        _move_new(source, target)
    except FileExistsError:
        # What is no file is never opened: a pipe would be waited for.
        is_same = target.is_file() and target.read_bytes() == source.read_bytes()
        if not is_same:
            _refuse_others("the data set", [target])


def _move_new(source: Path, target: Path) -> None:
    try:
        os.link(source, target)  # fails where there is a file, which a rename would overwrite
    except FileExistsError:
        raise
    except OSError:  # a disk without hard links
        with target.open("xb") as file:
            try:
                file.write(source.read_bytes())
                file.flush()
            except OSError:
                target.unlink()  # half a file would be somebody's other content the next time
                raise


def _whole_file(path: Path, name: str, wanted: IdxSet) -> bool:
    try:
        read_mnist_file(path, name, wanted)
    except DataError:
        return False
    return True


def _fetch_recordings(
    target: Path,
    staging: Path,
    urls: Sequence[str],
    progress: ProgressFactory | None,
    replace: bool,
) -> None:
    archive, unpacked = staging / "fsdd.zip", staging / "recordings"

    def attempt(url: str) -> None:
        shutil.rmtree(unpacked, ignore_errors=True)
        unpacked.mkdir()
        download(url, archive, progress)
        unpack_recordings(archive, unpacked)
        read_recordings(unpacked)

    first_good(urls, attempt)
    target.mkdir(parents=True, exist_ok=True)
    paths = sorted(unpacked.iterdir())
    if not replace:
        present = [path for path in paths if is_file(target / path.name)]
        others = [
            target / path.name
            for path in present
            if read_clip(target / path.name) != path.read_bytes()
        ]
        _refuse_others("FSDD", others)
        paths = [path for path in paths if path not in present]
    for path in paths:
        _place(path, target / path.name, replace)


def unpack_recordings(archive: Path, folder: Path) -> None:
    """Take the clips out of an archive of the repository, and nothing else.

    Only the last part of a member's path is used and it must be a clip's name, so no member can
    be written outside `folder`.

    Raises:
        DataError: The archive is damaged or a clip in it is far too large.
    """
    for name, content in _clips_in(archive).items():
        (folder / name).write_bytes(content)


def _clips_in(archive: Path) -> dict[str, bytes]:
    clips = {}
    try:
        with zipfile.ZipFile(archive) as members:
            for member in members.infolist():
                path = PurePosixPath(member.filename)
                if path.parent.name != "recordings" or path.suffix != ".wav":
                    continue
                name = str(parse_name(path.name))
                if member.file_size > _MAXIMUM_CLIP_BYTES:
                    raise DataError(
                        f"data: {name} must be at most {_MAXIMUM_CLIP_BYTES:,} "
                        f"bytes, got {member.file_size:,}. Use another mirror."
                    )
                clips[name] = members.read(member)
    except (
        *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError, OSError),
        *(NotImplementedError, RuntimeError, ValueError),
    ) as error:
        raise DataError(
            f"data: {archive.name} must be a whole zip archive, got: {reason(error)}. "
            "Use another mirror."
        ) from error
    return clips
