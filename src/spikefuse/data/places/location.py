"""Where the data is: the first of several places that holds all of it, and never a silent guess.

Order: a folder the user names (option, then environment) · `shared/data` beside the checkout ·
the user's cache folder · a download into it · the embedded data.
"""

import logging
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from spikefuse.core.checks import one_of
from spikefuse.core.errors import DataError
from spikefuse.data.places.cache import user_cache
from spikefuse.data.places.download import ProgressFactory, fetch
from spikefuse.data.settings import DATA_CHOICES, Source
from spikefuse.data.sources.fsdd import find_recordings, missing_recordings
from spikefuse.data.sources.mnist import SUBFOLDERS, find_mnist
from spikefuse.data.sources.raw import is_folder

_log = logging.getLogger(__name__)

ENVIRONMENT = "SPIKEFUSE_DATA"
"""Environment variable that names the data folder."""


BANNERS: dict[str, str] = {
    "mnist-fsdd": (
        "Real data: MNIST (60,000 training and 10,000 test images) and the Free Spoken Digit "
        "Dataset v1.0.10 (2,700 training and 300 test clips of 6 speakers)."
    ),
    "builtin": (
        "EMBEDDED STAND-IN DATA, not MNIST and FSDD: 1,797 real 8x8 handwritten digits of "
        "scikit-learn and 1,000 spoken digits made by a speech synthesiser (5 voices); "
        "no number here can be compared with the paper's."
    ),
}
"""What a terminal and a report say about each source."""


@dataclass(frozen=True)
class Location:
    """Which source will be read, and from where.

    Args:
        source: "mnist-fsdd" or "builtin".
        folder: The data folder; None for the embedded data.
        origin: How it was found: "option", "environment", "checkout", "cache", "download",
            "fallback" (nothing else was found), or "given" (made by hand).
        reason: Why this place, in words for a person.
    """

    source: str
    folder: Path | None = None
    origin: str = "given"
    reason: str = "given"


def download_folder() -> Path:
    """The folder in the user's cache that downloads go to.

    Raises:
        DataError: The user has no home, and so no cache.
    """
    cache = user_cache()
    if cache is None:
        raise DataError(
            "data: downloads must have a folder to go to, got a user without a home. "
            "Set HOME, or name a folder with --data-dir (for `spikefuse data fetch` with --out)."
        )
    return cache / "data"


def locate(
    data: str = "auto",
    data_dir: Path | None = None,
    *,
    offline: bool = False,
    progress: ProgressFactory | None = None,
) -> Location:
    """Find the data, downloading it when nothing nearer has it.

    Args:
        data: "auto", or what must be used: "digits" (or "mnist-fsdd", the same) or "builtin",
            which needs no folder and looks at none.
        data_dir: A folder that must hold MNIST and FSDD; so must the one that the environment
            variable `SPIKEFUSE_DATA` names. Neither is ever passed over in silence.
        offline: Never try the network.
        progress: Makes a progress bar for each file that is downloaded.

    Raises:
        InputError: `data` is unknown.
        DataError: The named folder is missing or incomplete, or "digits" is found nowhere.
    """
    forced = DATA_CHOICES[one_of("locate", "data", data, DATA_CHOICES)]
    if forced == "builtin":
        return Location("builtin", origin="option", reason="the embedded data was asked for")
    named = _named(data_dir)
    if named is not None:
        return named
    for origin, folder in _implicit_folders():
        try:
            found = _complete(folder, origin)
        except DataError as error:
            _log.warning("%s It is passed over.", error)
            continue
        if found is not None:
            return found
    return _from_network(forced, offline, progress)


def _named(data_dir: Path | None) -> Location | None:
    """The folder the user names, or None if none is named."""
    environment = os.environ.get(ENVIRONMENT)
    if data_dir is not None:
        folder, origin, argument = data_dir, "option", "data folder"
    elif environment:
        folder, origin, argument = Path(environment), "environment", ENVIRONMENT
    else:
        return None
    folder = _expanded(folder)
    if not is_folder(folder):
        raise DataError(
            f"data: {argument} must be a folder that exists, got {folder}. "
            "Name the folder that holds mnist/ and fsdd/recordings/, or none."
        )
    found = _complete(folder, origin)
    if found is None:
        raise DataError(
            f"data: {argument} must hold MNIST and FSDD, got {folder}, where {_lack(folder)}. "
            f"`spikefuse data fetch --out {folder}` completes it."
        )
    return found


def _expanded(folder: Path) -> Path:
    """The folder with the home in the place of `~`, where there is one."""
    try:
        return folder.expanduser()
    except RuntimeError:  # no home; a folder may have that name
        return folder


def _complete(folder: Path, origin: str) -> Location | None:
    """The location, if the folder holds both data sets."""
    recordings = find_recordings(folder)
    if find_mnist(folder) is None or recordings is None or missing_recordings(recordings):
        return None
    return Location("mnist-fsdd", folder, origin, f"found in {folder} ({origin})")


def _lack(folder: Path) -> str:
    """What keeps a folder from being complete."""
    lacks = []
    if find_mnist(folder) is None:
        places = ", ".join(SUBFOLDERS)
        lacks.append(f"the four MNIST files are in none of the folders {places}")
    recordings = find_recordings(folder)
    if recordings is None:
        lacks.append("no folder fsdd/recordings with WAV files is")
    else:
        missing = missing_recordings(recordings)
        if missing:
            lacks.append(f"{len(missing):,} FSDD clips are missing, the first is {missing[0]}")
    return " and ".join(lacks)


def _implicit_folders() -> Iterator[tuple[str, Path]]:
    """Folders that are used if they are complete and passed over if not."""
    seen = set()
    starts = [Path(__file__).resolve().parent]
    with suppress(OSError):  # the working folder was deleted
        starts.insert(0, Path.cwd())
    for start in starts:
        for root in (start, *start.parents):
            if (root / "src" / "spikefuse" / "__init__.py").is_file() and root not in seen:
                seen.add(root)
                yield "checkout", root.parent / "shared" / "data"
    if user_cache() is not None:
        yield "cache", download_folder()


def _from_network(
    forced: Source | None, offline: bool, progress: ProgressFactory | None
) -> Location:
    """Download into the user's cache; without network the embedded data, unless it is ruled out."""
    if offline:
        problem = "MNIST and FSDD are in no known folder and the network is not to be used"
    else:
        try:
            folder = download_folder()
            fetch(folder, replace=True, progress=progress)
        except DataError as error:
            problem = str(error)
        else:
            found = _complete(folder, "download")
            if found is not None:
                return found
            problem = f"{folder} is incomplete after the download"
    if forced is not None:
        raise DataError(
            f"data: data must be found for 'digits', got nothing: {problem}. "
            f"Name a folder with --data-dir or {ENVIRONMENT}, or use --data builtin."
        )
    _log.warning("using the embedded data: %s", problem)
    return Location("builtin", origin="fallback", reason=problem)


def banner_of(location: Location) -> str:
    """What a terminal and a report say about the data of a location; names no path."""
    banner = BANNERS[one_of("banner_of", "source", location.source, BANNERS)]
    if location.origin != "fallback":
        return banner
    return f"{banner} MNIST and FSDD are in no known folder and could not be downloaded."
