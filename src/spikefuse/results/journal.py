"""What is planned, at work and failed in a results folder, for who looks at it from outside.

Beside the trials and never the truth about them: a folder without a journal, or with an old one,
trains and reads as well.
"""

import hashlib
import os
import platform
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spikefuse.core.errors import StoreError
from spikefuse.results.atomic import is_running, list_folder, make_folder, read_file, write_file
from spikefuse.results.documents import canonical_json, parse_json, pretty_json

JOURNAL = "journal"
_PLANS, _RUNNING, _FAILED = "plans", "running", "failed"
_WHERE = "journal"


@dataclass(frozen=True)
class Planned:
    """A trial that some command wants.

    Args:
        trial: Its name.
        network: What people call it.
        cost: Work of all of it, in multiply-accumulates.
        conditions: Names of the evaluations that it must have.
    """

    trial: str
    network: str
    cost: float
    conditions: tuple[str, ...] = ()


@dataclass(frozen=True)
class Failure:
    """Why the work on a trial ended."""

    trial: str
    error: str
    at: float


@dataclass(frozen=True)
class Worker:
    """A command that is at work.

    Args:
        host: The machine's name.
        process: Its process number there.
        since: Unix time of its start.
        jobs: What it works on now, by name, and the trials of each.
        is_alive: Whether the process is there; None where this machine cannot tell.
    """

    host: str
    process: int
    since: float
    jobs: Mapping[str, tuple[str, ...]]
    is_alive: bool | None


class Journal:
    """Reads and writes the journal of one results folder.

    Writing never stops a run: what cannot be noted is not.

    Args:
        root: The results folder.
    """

    def __init__(self, root: Path) -> None:
        self._folder = root / JOURNAL
        self._since = time.time()
        self._jobs: dict[str, tuple[str, ...]] = {}

    # -- writing ---------------------------------------------------------------------------------

    def plan(self, trials: Iterable[Planned]) -> None:
        """Note what a command wants; the same plan is noted once."""
        document = {
            "trials": {
                each.trial: {
                    "network": each.network,
                    "cost": each.cost,
                    "conditions": list(each.conditions),
                }
                for each in trials
            }
        }
        name = hashlib.sha256(canonical_json(document).encode()).hexdigest()[:16]
        self._write(_PLANS, name, document)

    def started(self, job: str, trials: Iterable[str]) -> None:
        """Note that work on a job has begun."""
        self._jobs[job] = tuple(trials)
        self._sign()

    def ended(self, job: str) -> None:
        """Note that work on a job has ended."""
        self._jobs.pop(job, None)
        self._sign()

    def failed(self, trial: str, error: str | None) -> None:
        """Note why work on a trial ended; without an error, that it has not failed any more."""
        if error is not None:
            self._write(_FAILED, trial, {"error": error, "at": time.time()})
            return
        with suppress(OSError):
            self._path(_FAILED, trial).unlink(missing_ok=True)

    def leave(self) -> None:
        """Note that this process is not at work any more."""
        with suppress(OSError):
            self._path(_RUNNING, _own_name()).unlink(missing_ok=True)

    def _sign(self) -> None:
        document = {
            "host": platform.node(),
            "process": os.getpid(),
            "since": self._since,
            "jobs": {job: list(trials) for job, trials in self._jobs.items()},
        }
        self._write(_RUNNING, _own_name(), document)

    def _write(self, part: str, name: str, document: Mapping[str, Any]) -> None:
        path = self._path(part, name)
        with suppress(StoreError):
            make_folder(path.parent, _WHERE)
            write_file(path, pretty_json(document), _WHERE)

    # -- reading ---------------------------------------------------------------------------------

    def planned(self) -> dict[str, Planned]:
        """Every trial that some command wanted, by name.

        Raises:
            StoreError: The journal may not be read.
        """
        found: dict[str, Planned] = {}
        for _, document in self._documents(_PLANS):
            trials = document.get("trials")
            for name, entry in trials.items() if isinstance(trials, dict) else ():
                planned = _planned(name, entry)
                if planned is not None:
                    known = found.get(name, planned)
                    conditions = dict.fromkeys((*known.conditions, *planned.conditions))
                    found[name] = Planned(name, known.network, known.cost, tuple(conditions))
        return found

    def failures(self) -> dict[str, Failure]:
        """Trials whose work ended with an error since they were last finished, by name.

        Raises:
            StoreError: The journal may not be read.
        """
        return {
            name: Failure(name, str(document.get("error")), _number(document.get("at")))
            for name, document in self._documents(_FAILED)
        }

    def workers(self) -> list[Worker]:
        """Commands at work in this folder, as they have signed; those known to be gone left out.

        Raises:
            StoreError: The journal may not be read.
        """
        found = []
        for _, document in self._documents(_RUNNING):
            host, process = str(document.get("host")), int(_number(document.get("process")))
            is_alive = is_running(process) if host == platform.node() else None
            jobs = document.get("jobs")
            named = jobs if isinstance(jobs, dict) else {}
            trials = {job: tuple(map(str, of)) for job, of in named.items() if isinstance(of, list)}
            if is_alive is not False:
                since = _number(document.get("since"))
                found.append(Worker(host, process, since, trials, is_alive))
        return found

    def _documents(self, part: str) -> Iterator[tuple[str, dict[str, Any]]]:
        for path in list_folder(self._folder / part, _WHERE):
            if path.suffix == ".json" and not path.name.startswith("."):
                # Of a moment: it may be gone by now, and a damaged one says nothing.
                with suppress(StoreError):
                    yield path.stem, parse_json(read_file(path, _WHERE), path, _WHERE)

    def _path(self, part: str, name: str) -> Path:
        return self._folder / part / f"{name}.json"


def _own_name() -> str:
    host = hashlib.sha256(platform.node().encode()).hexdigest()[:8]
    return f"{host}-{os.getpid()}"


def _planned(name: str, entry: object) -> Planned | None:
    if not isinstance(entry, dict):
        return None
    conditions = entry.get("conditions")
    named = conditions if isinstance(conditions, list) else []
    return Planned(name, str(entry.get("network")), _number(entry.get("cost")), tuple(named))


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
