"""How far a results folder is: read from what lies in it, nothing is timed and nothing planned."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from spikefuse.core.errors import StoreError
from spikefuse.results.journal import Failure, Journal, Planned, Worker
from spikefuse.results.seen import Seen, Sight
from spikefuse.results.store import TrialStore

STATES = ("done", "diverged", "running", "failed", "begun", "waiting")
"""What may have become of a planned network; begun is one with a checkpoint at which nobody works.
"""

_EVALUATIONS = 0.1
"""Share of a network's work that is evaluation under noise, roughly."""
_PACED = 200
"""Stored networks whose time is read."""


@dataclass(frozen=True)
class Status:
    """How far a results folder is.

    Args:
        counts: Number of planned networks in each of `STATES`.
        failures: Of networks that failed, what happened; each with its network's name.
        workers: Commands at work.
        left: Work that is not done, as a share of all that is planned.
        seconds_left: For one worker, as long as the stored networks took; None without any.
        damaged: Networks that cannot be read, and why.
    """

    counts: Mapping[str, int]
    failures: tuple[tuple[str, Failure], ...]
    workers: tuple[Worker, ...]
    left: float
    seconds_left: float | None
    damaged: tuple[str, ...]

    @property
    def is_complete(self) -> bool:
        """Whether nothing is left to do."""
        return not any(self.counts[state] for state in STATES[2:])


def read_status(root: Path) -> Status:
    """The state of every network that commands have wanted in this folder.

    Raises:
        StoreError: It is no results folder, cannot be read, or no command has noted its plan.
    """
    store, journal = TrialStore(root, read_only=True), Journal(root)
    damaged: list[str] = []
    planned = journal.planned(damaged)
    if not planned:
        raise StoreError(
            f"status: {root} must hold the plan of a run, got none. Give the command of the run "
            "again with --out and this folder: what is stored is not trained again."
        )
    failures, workers = journal.failures(), journal.workers()
    at_work = {name for worker in workers for of in worker.jobs.values() for name in of}
    seen, stored, missing = Seen(store), {}, {}
    for name, each in planned.items():
        try:
            found = seen.look(name)
        except StoreError as error:
            damaged.append(str(error))
            found = Sight("missing")
        stored[name] = found.state
        missing[name] = sum(wanted not in found.evaluations for wanted in each.conditions)
    states = {
        name: _shown(name, stored[name], missing[name], at_work, failures) for name in planned
    }
    counts = Counter(states.values())
    shares = {
        name: _share_left(store, each, stored[name], missing[name])
        for name, each in planned.items()
    }
    total = sum(each.cost for each in planned.values())
    left = sum(planned[name].cost * share for name, share in shares.items())
    done = [planned[name] for name, state in states.items() if state == "done"]
    pace = _seconds_a_unit(store, done)
    return Status(
        counts={state: counts[state] for state in STATES},
        failures=tuple(
            (planned[name].network, failures[name])
            for name, state in states.items()
            if state == "failed"
        ),
        workers=tuple(workers),
        left=left / total if total else 0.0,
        seconds_left=None if pace is None else left * pace,
        damaged=tuple(damaged),
    )


def _shown(
    name: str, stored: str, missing: int, at_work: set[str], failures: Mapping[str, Failure]
) -> str:
    """One of `STATES`."""
    if stored == "diverged" or (stored == "done" and not missing):
        return stored
    if name in at_work:
        return "running"
    if name in failures:
        return "failed"
    return "waiting" if stored == "missing" else "begun"


def _share_left(store: TrialStore, planned: Planned, stored: str, missing: int) -> float:
    """Work left of a network, as a share of all of it; evaluations count as a tenth."""
    if stored == "missing":
        return 1.0
    if stored == "diverged":
        return 0.0
    if stored == "done":
        return _EVALUATIONS * missing / max(1, len(planned.conditions))
    folder = store.folder(planned.trial)
    epochs = folder.definition().get("epochs")
    whole = epochs if isinstance(epochs, int) and epochs > 0 else 1
    return 1.0 - (1.0 - _EVALUATIONS) * min(1.0, len(folder.metrics()) / whole)


def _seconds_a_unit(store: TrialStore, done: Sequence[Planned]) -> float | None:
    """Seconds of a unit of cost, as stored networks took: of some, evenly over all."""
    seconds = cost = 0.0
    for each in done[:: max(1, len(done) // _PACED)]:
        took = store.read(each.trial).results.get("seconds")
        if isinstance(took, int | float) and took > 0:
            seconds += took
            cost += each.cost
    return seconds / cost if cost else None
