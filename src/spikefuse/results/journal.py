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
from spikefuse.core.untrusted import MOST_TABLE_BYTES
from spikefuse.results.atomic import (
    UnreadableError,
    is_file,
    is_running,
    list_folder,
    make_folder,
    read_file,
    write_file,
)
from spikefuse.results.documents import canonical_json, parse_json, pretty_json
from spikefuse.results.inspect import NAME

JOURNAL = "journal"
_PLANS, _RUNNING, _FAILED = "plans", "running", "failed"
_WHERE = "journal"
_DAMAGED = "its note in the journal is damaged"


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
        self._write(_PLANS, _plan_name(document), document)

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

    def planned(self, problems: list[str] | None = None) -> dict[str, Planned]:
        """Every trial that some command wanted, by name.

        Args:
            problems: Gets a line for every damaged plan: with one, less seems to be left than is.

        Raises:
            StoreError: The journal may not be read.
        """
        found: dict[str, Planned] = {}
        for path in self._files(_PLANS):
            document, problem = _plan_in(path)
            if problem and problems is not None:
                problems.append(problem)
            trials = document.get("trials", {})
            for name, entry in trials.items():
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
            name: Failure(name, str(document.get("error", _DAMAGED)), _number(document.get("at")))
            for name, document in self._documents(_FAILED)
        }

    def workers(self) -> list[Worker]:
        """Commands at work in this folder, as they have signed; those known to be gone left out.

        Raises:
            StoreError: The journal may not be read.
        """
        found = []
        for _, document in self._documents(_RUNNING):
            if "host" not in document:
                continue  # a damaged note of a moment says nothing
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
        """The notes of a moment by name; what a damaged one says is empty."""
        for path in self._files(part):
            content = _content(path)
            if content is not None:
                try:
                    document = parse_json(content, path, _WHERE)
                except StoreError:
                    document = {}
                yield path.stem, document

    def _files(self, part: str) -> list[Path]:
        files = list_folder(self._folder / part, _WHERE)
        return [path for path in files if path.suffix == ".json" and not path.name.startswith(".")]

    def _path(self, part: str, name: str) -> Path:
        return self._folder / part / f"{name}.json"


def _content(path: Path) -> bytes | None:
    """A note; None where it is gone by now, or is no file.

    Raises:
        UnreadableError: The system does not give it now.
    """
    try:
        return read_file(path, _WHERE)
    except UnreadableError:
        raise
    except StoreError:
        return None


def _plan_in(path: Path) -> tuple[dict[str, Any], str]:
    """A plan, named by the hash of what it says, and what is wrong with it; empty if gone by now.

    Raises:
        UnreadableError: The system does not give it now.
    """
    if not is_file(path, _WHERE):
        return {}, ""
    try:
        document = parse_json(read_file(path, _WHERE, MOST_TABLE_BYTES), path, _WHERE)
    except UnreadableError:
        raise
    except StoreError:
        document = {}
    if _plan_name(document) == path.stem and isinstance(document.get("trials"), dict):
        return document, ""
    return {}, (
        f"{path} must be the plan that a command noted, got a damaged one: more may be planned "
        "than is shown. Delete it and give that command again."
    )


def _plan_name(document: Mapping[str, Any]) -> str:
    return hashlib.sha256(canonical_json(document).encode()).hexdigest()[:16]


def _own_name() -> str:
    host = hashlib.sha256(platform.node().encode()).hexdigest()[:8]
    return f"{host}-{os.getpid()}"


def _planned(name: str, entry: object) -> Planned | None:
    if not isinstance(entry, dict) or not NAME.fullmatch(name):
        return None
    conditions = entry.get("conditions")
    listed = conditions if isinstance(conditions, list) else []
    named = [each for each in listed if isinstance(each, str)]
    return Planned(name, str(entry.get("network")), _number(entry.get("cost")), tuple(named))


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
