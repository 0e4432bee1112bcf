"""A whole sitting: every contest, memory, stages, and `reproduce` from start to end."""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jinja2

from spikefuse.bench.match import OURS, Entrant, compare, memory, side_by_side
from spikefuse.bench.targets import TARGETS
from spikefuse.core.cores import usable_cores
from spikefuse.core.errors import StudyError
from spikefuse.core.provenance import describe
from spikefuse.results.atomic import write_file

PEERS = (
    "snntorch-documented",
    "snntorch-best",
    "snntorch-best-bf16",
    "spikingjelly-documented",
    "spikingjelly-best",
    "spikingjelly-best-bf16",
)
STEP = (
    "ours-bf16",
    "ours-float32",
    "ours-bf16-t16",
    "ours-eager",
    "ours-reference",
    "products-bf16",
    "products-float32",
    "plain-dnn",
)
NOISE = ("noise-bf16", "noise-float32", "noise-eager", "noise-reference")

Tell = Callable[[str], None]


PARTS = ("steps", "noise", "memory", "stages", "grid", "reproduce")
"""What a sitting measures, in this order."""


@dataclass(frozen=True)
class Sitting:
    """How to measure.

    Args:
        peers: The command that starts a peer (its name and threads follow), None without peers.
        rounds: How often each contestant is called.
        steps: Steps a call.
        threads: PyTorch threads of a contestant; one a core if None.
        profiles: Profiles of `reproduce` to be timed from start to end.
        keep: Folder in which their results stay, one folder a profile; they are removed if None.
        command: What the user typed, for the record.
    """

    peers: tuple[str, ...] | None
    rounds: int
    steps: int
    threads: int | None
    profiles: Sequence[str]
    keep: Path | None
    command: str

    @property
    def thread_count(self) -> int:
        """PyTorch threads of a contestant."""
        return self.threads or usable_cores()


def measure(
    sitting: Sitting,
    parts: Sequence[str],
    record: dict[str, Any],
    save: Callable[[dict[str, Any]], None],
    tell: Tell,
) -> dict[str, Any]:
    """Measure the named parts one after the other; the record is saved after each.

    Args:
        sitting: How.
        parts: Names of `PARTS`.
        record: Of earlier parts, which stay; empty at first.
        save: Receives the record whenever it has grown.
        tell: Receives progress.

    Raises:
        StudyError: A contestant or a run ended before its time; what was measured is saved.
    """
    record = {"contestants": {}, "memory_bytes": {}, "reproduce_s": {}} | record
    record |= {
        "command": sitting.command,
        "threads": sitting.thread_count,
        "rounds": sitting.rounds,
        "machine": describe(),
    }
    for part in (part for part in PARTS if part in parts):
        tell(part)
        _MEASURES[part](sitting, record, tell)
        record["finished"] = datetime.now(UTC).isoformat(timespec="seconds")
        save(record)
    return record


def _compare(
    names: Sequence[str], sitting: Sitting, record: dict[str, Any], steps: int, tell: Tell
) -> None:
    entrants = [Entrant(name, OURS) for name in names if name not in PEERS]
    entrants += [Entrant(name, sitting.peers) for name in names if name in PEERS and sitting.peers]
    found = compare(
        entrants, threads=sitting.thread_count, rounds=sitting.rounds, steps=steps, tell=tell
    )
    record["contestants"] |= {name: measured.record() for name, measured in found.items()}


def _steps(sitting: Sitting, record: dict[str, Any], tell: Tell) -> None:
    _compare((*STEP, *PEERS), sitting, record, sitting.steps, tell)


def _noise(sitting: Sitting, record: dict[str, Any], tell: Tell) -> None:
    _compare(NOISE, sitting, record, 1, tell)


def _memory(sitting: Sitting, record: dict[str, Any], tell: Tell) -> None:
    weighed = [Entrant(name, OURS) for name in ("ours-bf16", "ours-float32")]
    if sitting.peers:
        weighed += [Entrant(name, sitting.peers) for name in PEERS if "documented" in name]
    record["memory_bytes"] = {
        entrant.name: memory(entrant, sitting.thread_count) for entrant in weighed
    }


def _grid(sitting: Sitting, record: dict[str, Any], tell: Tell) -> None:
    """One network with all threads against one worker of one thread a core."""
    cores, entrant = usable_cores(), Entrant("ours-bf16", OURS)
    alone = compare([entrant], threads=cores, rounds=1, steps=4 * sitting.steps)
    record["grid"] = {
        "workers": cores,
        "steps_a_second_one_thread_each": side_by_side(entrant, cores, 4 * sitting.steps),
        "steps_a_second_all_threads": 1e3 / alone[entrant.name].median_ms,
    }


def _reproduce(sitting: Sitting, record: dict[str, Any], tell: Tell) -> None:
    for profile in sitting.profiles:
        tell(f"reproduce, profile {profile}")
        record["reproduce_s"][profile] = _time_reproduce(profile, sitting.keep)


def _where_time_goes(sitting: Sitting, record: dict[str, Any], tell: Tell) -> None:
    record["stages"] = _stages()


_MEASURES: dict[str, Callable[[Sitting, dict[str, Any], Tell], None]] = {
    "steps": _steps,
    "noise": _noise,
    "memory": _memory,
    "stages": _where_time_goes,
    "grid": _grid,
    "reproduce": _reproduce,
}


def _stages() -> dict[str, float]:
    """Shares of a training step, measured in a fresh process on one thread."""
    script = (
        "import json, torch; torch.set_num_threads(1); torch.set_flush_denormal(True)\n"
        "from spikefuse.bench.contestants import stages\n"
        "print(json.dumps(stages()))"
    )
    shares: dict[str, float] = json.loads(_output([sys.executable, "-c", script]))
    return shares


def _output(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise StudyError(f"bench: {command[0]} must end well, got exit {done.returncode}: {last}")
    return done.stdout.strip().splitlines()[-1]


def _time_reproduce(profile: str, keep: Path | None) -> float:
    """Seconds of `spikefuse reproduce` into an empty folder, process start to report."""
    with tempfile.TemporaryDirectory(prefix="spikefuse-bench-") as temporary:
        out = (keep or Path(temporary)) / profile
        if out.exists():
            raise StudyError(f"bench: {out} must not be there yet. Name another folder to --keep.")
        begin = time.perf_counter()
        options = ["--profile", profile, "--out", str(out)]
        _output([sys.executable, "-m", "spikefuse", "reproduce", *options])
        return time.perf_counter() - begin


def write_page(record: dict[str, Any], page: Path, notes: str) -> None:
    """Write the record as a page in Markdown; `notes` explains what a table cannot."""
    rows = []
    for target in TARGETS:
        value = target.value(record)
        rows.append(
            {
                "what": target.what,
                "bound": f"{target.sense} {target.bound:g}{target.unit}",
                "value": "not measured" if value is None else f"{value:.2f}{target.unit}",
                "met": "" if value is None else ("yes" if target.is_met(value) else "**no**"),
            }
        )
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("spikefuse.bench"),
        autoescape=False,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    text = environment.get_template("benchmarks.md").render(
        record=record, targets=rows, notes=notes.strip()
    )
    write_file(page, text.encode(), "bench")
