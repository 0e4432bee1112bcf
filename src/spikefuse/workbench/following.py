"""Who hears of a training that Python asks for: a file of JSON lines."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from spikefuse.core.checks import require
from spikefuse.data.own.outside import outside
from spikefuse.results import TrialStore
from spikefuse.results.outputs import require_beside
from spikefuse.tracking.events import Tracker
from spikefuse.tracking.json_lines import JsonLines, require_writable


def events_file(events: str | Path | None, where: str) -> Path | None:
    """The file, checked before anything is read or trained.

    Args:
        events: As it was given.
        where: The function that was called.

    Raises:
        InputError: It is no path, or cannot be written.
    """
    if events is None:
        return None
    require(isinstance(events, str | os.PathLike), where, "events", "a path", events)
    # A home that is not there stays in the path, which is then refused like any other.
    path = Path(os.path.expanduser(events))
    require_writable(path, where, "events")
    return path


def events_apart(events: Path | None, root: Path | None, out: Path | None, where: str) -> None:
    """Refuse a file inside a folder of somebody's own data, or that trained networks will take.

    Args:
        events: From `events_file`.
        root: The folder of data; none where data are no folder.
        out: The folder that keeps what is trained; none if nothing does.
        where: The function that was called.

    Raises:
        InputError: It lies there.
    """
    if events is None:
        return
    outside(events, root, where, "events")
    if out is not None:
        require_beside(events, out, where, "events")


def follower(
    events: Path | None,
    labels: Mapping[str, Mapping[str, str]],
    store: TrialStore,
    where: str,
    call: str,
) -> Tracker:
    """Tells the file of trials; nobody where there is none.

    Args:
        events: From `events_file`.
        labels: Label by trial name, by job name: of what is trained.
        store: Where the trial folders are.
        where: The function that was called.
        call: The call in words.
    """
    mirrors = [] if events is None else [JsonLines(events, where, "events")]
    return Tracker(labels, store, mirrors, call)
