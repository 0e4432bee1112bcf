"""Options `--events` and `--track`: checked early, turned into who hears of a run."""

import logging
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spikefuse.results import TrialStore
    from spikefuse.tracking.events import Mirror, Tracker

_log = logging.getLogger(__name__)


def check_tracking(track: str | None, events: Path | None = None) -> tuple[str, ...]:
    """The mirrors that are asked for, once each; what could not be written is refused.

    Raises:
        InputError: A name is unknown, or the file of events cannot be written.
        MissingExtraError: Its library is not installed.
    """
    from spikefuse.core.checks import one_of
    from spikefuse.core.errors import MissingExtraError
    from spikefuse.tracking.json_lines import require_writable
    from spikefuse.tracking.registry import MIRRORS

    if events is not None:
        require_writable(events)
    if track is None:
        return ()
    names = tuple(dict.fromkeys(name.strip() for name in track.split(",")))
    for name in names:
        one_of("spikefuse", "--track", name, MIRRORS)
        library = MIRRORS[name].library
        if library is not None and find_spec(library) is None:
            raise MissingExtraError(f"--track {name}", "tracking")
    return names


def tracker_of(
    events: Path | None,
    track: str | None,
    out: Path,
    store: "TrialStore",
    trials: Mapping[str, Mapping[str, str]],
    command: str = "",
) -> "Tracker":
    """Who hears of trials; nobody where neither option is given.

    Args:
        events: File of JSON lines.
        track: Names of mirrors, separated by commas.
        out: The results folder.
        store: Where the trial folders are.
        trials: Label by trial name, by job name.
        command: What was typed.

    Raises:
        InputError: A name is unknown, or the file cannot be written.
        MissingExtraError: A library is not installed.
    """
    from spikefuse.tracking.events import Tracker
    from spikefuse.tracking.json_lines import JsonLines
    from spikefuse.tracking.registry import MIRRORS

    names = check_tracking(track)
    mirrors: list[Mirror] = [] if events is None else [JsonLines(events)]
    made = [*mirrors, *(MIRRORS[name].make(out) for name in names)]
    return Tracker(trials, store, made, command)


def tell_report(events: Path | None, report: Path) -> None:
    """The last line of a command that ends with a report; mirrors show trials, and no report.

    Args:
        events: File of JSON lines.
        report: What was written.
    """
    from spikefuse.core.errors import SpikefuseError
    from spikefuse.tracking.events import REPORT_WRITTEN, TrialEvent
    from spikefuse.tracking.json_lines import JsonLines

    if events is None:
        return
    try:
        lines = JsonLines(events)
        lines.write(TrialEvent(REPORT_WRITTEN, "", "", {"path": str(report.resolve())}))
        lines.close()
    except SpikefuseError as problem:  # the report is there: no command fails for a line about it
        _log.warning("%s", problem)
