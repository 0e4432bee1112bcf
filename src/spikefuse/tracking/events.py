"""The events of trials, made of what an executor says of its jobs.

A job trains several trials at once; who listens wants to hear of each. Nothing is told of trials
that were stored before, and nothing here decides anything: the trial folders are the truth.
"""

import logging
import math
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

from spikefuse.core.deadline import OutOfTimeError
from spikefuse.core.untrusted import reason
from spikefuse.execution import Event
from spikefuse.results import TrialStore

_log = logging.getLogger(__name__)

STARTED, EPOCH, ENDED = "trial_started", "epoch", "trial_ended"
FAILED, STOPPED = "trial_failed", "trial_stopped"
RUN_STARTED, RUN_ENDED, RUN_STOPPED = "run_started", "run_ended", "run_stopped"
REPORT_WRITTEN = "report_written"
ENDS = (ENDED, FAILED, STOPPED)
"""What a trial that was begun comes to in a run."""
KINDS = (STARTED, EPOCH, *ENDS, RUN_STARTED, RUN_ENDED, RUN_STOPPED, REPORT_WRITTEN)
"""Every kind of event there is."""

OF_AN_EPOCH = ("train_loss", "train_accuracy", "validation_loss", "validation_accuracy")
"""What is told of every epoch; accuracies are shares of 1."""


@dataclass(frozen=True)
class TrialEvent:
    """Something that happened to a trial, or to the run as a whole.

    Attributes:
        kind: "trial_started", "epoch" any number of times, then "trial_ended", "trial_failed" or
            "trial_stopped" (by a time limit or by hand; the same command goes on). Around all of
            them "run_started" and "run_ended" or "run_stopped", then "report_written".
        trial: The trial's name, that of its folder; empty where the run is meant.
        label: The network and seed in words.
        data: Of an epoch `epoch`, `epochs` and `OF_AN_EPOCH`; at the end `state` and what was
            reached, or `error`. A number that is not finite is None.
        at: Unix time, s.
    """

    kind: str
    trial: str
    label: str
    data: Mapping[str, Any] = field(default_factory=dict)
    at: float = field(default_factory=time.time)

    @property
    def numbers(self) -> dict[str, float]:
        """What can be drawn over epochs, by "part/name".

        Example:
            >>> TrialEvent("epoch", "x", "", {"epoch": 1, "train_loss": 0.5}).numbers
            {'train/loss': 0.5}
        """
        names = (*OF_AN_EPOCH, "test_accuracy")
        found = {name: self.data.get(name) for name in names}
        return {name.replace("_", "/"): x for name, x in found.items() if x is not None}


class Mirror(Protocol):
    """Where events go."""

    def write(self, event: TrialEvent) -> None:
        """Take in one event."""
        ...

    def close(self) -> None:
        """Nothing follows."""
        ...


@dataclass(frozen=True)
class MirrorKind:
    """A mirror that can be asked for by name.

    Attributes:
        title: What it writes.
        make: Makes one, given the results folder.
        library: What the extra `tracking` has to have installed for it.
    """

    title: str
    make: Callable[[Path], Mirror]
    library: str | None = None


class Tracker:
    """Hears the events of jobs and tells those of trials; used as a context.

    Args:
        trials: Label by trial name, by job name.
        store: Where the trial folders are.
        mirrors: Who is told, in turn.
        command: What was typed, told first.
    """

    def __init__(
        self,
        trials: Mapping[str, Mapping[str, str]],
        store: TrialStore,
        mirrors: Sequence[Mirror],
        command: str = "",
    ) -> None:
        self._trials, self._store, self._mirrors = trials, store, list(mirrors)
        self._open: dict[str, str] = {}
        self._command = command
        self._ends: Counter[str] = Counter()

    def __enter__(self) -> Self:
        told = {"command": self._command, "out": str(self._store.root.resolve())}
        self._tell(RUN_STARTED, "", told | {"trials": sum(map(len, self._trials.values()))})
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            is_failure = isinstance(error, Exception) and not isinstance(error, OutOfTimeError)
            told = reason(error) if isinstance(error, Exception) else "the command was stopped"
            for trial in list(self._open):
                self._tell(FAILED if is_failure else STOPPED, trial, {"error": told})
            # A time limit leaves trials behind without an error.
            is_stopped = error is not None or self._ends[STOPPED] > 0
            ends = {kind.removeprefix("trial_"): self._ends[kind] for kind in ENDS}
            why = {} if error is None else {"error": told}
            self._tell(RUN_STOPPED if is_stopped else RUN_ENDED, "", ends | why)
        finally:
            for mirror in list(self._mirrors):
                self._guarded(mirror, mirror.close)

    def on_event(self, event: Event) -> None:
        """Take in one event of a job."""
        if event.kind == "progress":
            self._tell_epoch(event.data)
            return
        for trial, label in self._trials.get(event.job, {}).items():
            if event.kind == "started":
                self._open[trial] = label
                self._tell(STARTED, trial, {})
            elif event.kind == "finished":
                self._tell(ENDED, trial, self._reached(trial))
            else:
                kind = FAILED if event.kind == "failed" else STOPPED
                # A job that could not start has no other event.
                self._open.setdefault(trial, label)
                self._tell(kind, trial, {"error": str(event.data.get("error", ""))})
            if event.kind != "started":
                self._open.pop(trial, None)

    def _tell_epoch(self, data: Mapping[str, Any]) -> None:
        """One event a member that has not broken down, at the end of an epoch alone."""
        if data.get("validation_accuracy") is None:
            return
        for member in data["alive"]:
            trial = data["trials"][member]
            told = {name: _finite(data[name][member]) for name in OF_AN_EPOCH if data.get(name)}
            self._tell(EPOCH, trial, {"epoch": data["epoch"], "epochs": data["epochs"], **told})

    def _tell(self, kind: str, trial: str, data: Mapping[str, Any]) -> None:
        self._ends[kind] += kind in ENDS
        event = TrialEvent(kind, trial, self._open.get(trial, ""), data)
        for mirror in list(self._mirrors):
            self._guarded(mirror, partial(mirror.write, event))

    def _guarded(self, mirror: Mirror, call: Callable[[], None]) -> None:
        """Whatever a library or a full disk raises: no training is lost for a curve."""
        try:
            call()
        except Exception as problem:
            self._mirrors.remove(mirror)
            with suppress(Exception):
                mirror.close()
            name = type(mirror).__name__
            _log.warning("%s is left out, training goes on: %s", name, reason(problem))

    def _reached(self, trial: str) -> dict[str, Any]:
        results = self._store.read_final(trial).results
        state = results["status"]
        if state != "done":
            return {"state": state, "error": results["reason"], "seconds": results["seconds"]}
        return {
            "state": state,
            "test_accuracy": results["accuracy"]["test_best"],
            "best_epoch": results["best_epoch"],
            "seconds": results["seconds"],
        }


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
