"""Options `--events` and `--track`: checked early, turned into who hears of a run."""

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spikefuse.results import TrialStore
    from spikefuse.tracking.events import Mirror, Tracker


def check_tracking(track: str | None) -> tuple[str, ...]:
    """The mirrors that are asked for, once each.

    Raises:
        InputError: A name is unknown.
        MissingExtraError: Its library is not installed.
    """
    from spikefuse.core.checks import one_of
    from spikefuse.core.errors import MissingExtraError
    from spikefuse.tracking.registry import MIRRORS

    if track is None:
        return ()
    names = tuple(dict.fromkeys(name.strip() for name in track.split(",")))
    for name in names:
        one_of("spikefuse", "--track", name, MIRRORS)
        if find_spec(name) is None:  # each has the name of its library
            raise MissingExtraError(f"--track {name}", "tracking")
    return names


def tracker_of(
    events: Path | None,
    track: str | None,
    out: Path,
    store: "TrialStore",
    trials: Mapping[str, Mapping[str, str]],
) -> "Tracker":
    """Who hears of trials; nobody where neither option is given.

    Args:
        events: File of JSON lines.
        track: Names of mirrors, separated by commas.
        out: The results folder.
        store: Where the trial folders are.
        trials: Label by trial name, by job name.

    Raises:
        InputError: A name is unknown, or the file cannot be written.
        MissingExtraError: A library is not installed.
    """
    from spikefuse.tracking.events import Tracker
    from spikefuse.tracking.json_lines import JsonLines
    from spikefuse.tracking.registry import MIRRORS

    names = check_tracking(track)
    mirrors: list[Mirror] = [] if events is None else [JsonLines(events)]
    return Tracker(trials, store, [*mirrors, *(MIRRORS[name](out) for name in names)])
