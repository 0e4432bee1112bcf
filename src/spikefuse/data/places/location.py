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
from spikefuse.data.places.mirrors import ProgressFactory
from spikefuse.data.sources.contract import Source
from spikefuse.data.sources.raw import is_folder
from spikefuse.data.sources.registry import DEFAULT, FALLBACK, SOURCES, choices

_log = logging.getLogger(__name__)

ENVIRONMENT = "SPIKEFUSE_DATA"
"""Environment variable that names the data folder."""


@dataclass(frozen=True)
class Location:
    """Which source will be read, and from where.

    Args:
        source: A name in `SOURCES`.
        folder: The data folder; None for a source that needs none.
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
        data: "auto", or the source that must be used, by a name of `choices`. One that needs no
            folder looks at none.
        data_dir: A folder that must hold the source; so must the one that the environment
            variable `SPIKEFUSE_DATA` names. Neither is ever passed over in silence.
        offline: Never try the network.
        progress: Makes a progress bar for each file that is downloaded.

    Raises:
        InputError: `data` is unknown.
        DataError: The named folder is missing or incomplete, or the source is found nowhere.
    """
    known = choices()
    forced = known[one_of("locate", "data", data, known)]
    source = SOURCES[forced or DEFAULT]
    if source.lack is None:
        return Location(source.name, origin="option", reason=f"{source.title} was asked for")
    named = _named(source, data_dir)
    if named is not None:
        return named
    for origin, folder in _implicit_folders():
        try:
            found = _complete(source, folder, origin)
        except DataError as error:
            _log.warning("%s It is passed over.", error)
            continue
        if found is not None:
            return found
    return _from_network(source, forced is not None, offline, progress)


def _named(source: Source, data_dir: Path | None) -> Location | None:
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
            f"Name the folder that holds {source.title}, or none."
        )
    found = _complete(source, folder, origin)
    if found is None:
        lack = "" if source.lack is None else source.lack(folder)
        chosen = "" if source.name == DEFAULT else f" --data {source.name}"
        remedy = f"`spikefuse data fetch{chosen} --out {folder}` completes it."
        raise DataError(
            f"data: {argument} must hold {source.title}, got {folder}, where {lack}. "
            f"{remedy if source.fetch is not None else 'Complete it.'}"
        )
    return found


def _expanded(folder: Path) -> Path:
    """The folder with the home in the place of `~`, where there is one."""
    try:
        return folder.expanduser()
    except RuntimeError:  # no home; a folder may have that name
        return folder


def _complete(source: Source, folder: Path, origin: str) -> Location | None:
    """The location, if the folder holds the whole source."""
    if source.lack is None or source.lack(folder):
        return None
    return Location(source.name, folder, origin, f"found in {folder} ({origin})")


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
    source: Source, is_forced: bool, offline: bool, progress: ProgressFactory | None
) -> Location:
    """Download into the user's cache; failing that the embedded data, unless it is ruled out."""
    if source.fetch is None:
        problem = f"{source.title} are in no known folder and cannot be downloaded by this command"
    elif offline:
        problem = f"{source.title} are in no known folder and the network is not to be used"
    else:
        try:
            folder = download_folder()
            source.fetch(folder, progress)
        except DataError as error:
            problem = str(error)
        else:
            found = _complete(source, folder, "download")
            if found is not None:
                return found
            problem = f"{folder} is incomplete after the download"
    if is_forced:
        called = (*source.aliases, source.name)[0]
        raise DataError(
            f"data: data must be found for {called!r}, got nothing: {problem}. "
            f"Name a folder with --data-dir or {ENVIRONMENT}, or use --data {FALLBACK}."
        )
    _log.warning("using %s: %s", SOURCES[FALLBACK].title, problem)
    return Location(FALLBACK, origin="fallback", reason=problem)


def banner_of(location: Location) -> str:
    """What a terminal and a report say about the data of a location; names no path."""
    banner = SOURCES[one_of("banner_of", "source", location.source, SOURCES)].banner
    if location.origin != "fallback":
        return banner
    missed = SOURCES[DEFAULT].title
    return f"{banner} {missed} are in no known folder and could not be downloaded."
