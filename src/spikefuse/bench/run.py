"""A whole sitting: every contest, memory, stages, and `reproduce` from start to end."""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jinja2

from spikefuse.bench.match import OURS, Entrant, compare, memory, side_by_side
from spikefuse.bench.targets import TARGETS
from spikefuse.core.cores import usable_cores
from spikefuse.core.errors import StudyError
from spikefuse.core.provenance import describe

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


def sitting(
    *,
    peers: tuple[str, ...] | None,
    rounds: int,
    steps: int,
    threads: int | None,
    profiles: Sequence[str],
    keep: Path | None = None,
    command: str,
    tell: Tell,
) -> dict[str, Any]:
    """Measure everything, one thing after the other.

    Args:
        peers: The command that starts a peer (its name and threads follow), None without peers.
        rounds: How often each contestant is called.
        steps: Steps a call.
        threads: PyTorch threads of a contestant; one a core if None.
        profiles: Profiles of `reproduce` to be timed from start to end.
        keep: Folder in which their results stay, one folder a profile; they are removed if None.
        command: What the user typed, for the record.
        tell: Receives progress.

    Raises:
        StudyError: A contestant or a run ended before its time.
    """
    cores = usable_cores()
    count = threads or cores
    entrants = [Entrant(name, OURS) for name in STEP]
    entrants += [Entrant(name, peers) for name in PEERS] if peers else []
    measured = compare(entrants, threads=count, rounds=rounds, steps=steps, tell=tell)
    noisy = [Entrant(name, OURS) for name in NOISE]
    measured |= compare(noisy, threads=count, rounds=rounds, steps=1, tell=tell)
    weighed = [Entrant("ours-bf16", OURS), Entrant("ours-float32", OURS)]
    weighed += [Entrant(name, peers) for name in PEERS if peers and name.endswith("documented")]
    tell("memory")
    record: dict[str, Any] = {
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": command,
        "threads": count,
        "rounds": rounds,
        "machine": describe(),
        "contestants": {name: found.record() for name, found in measured.items()},
        "memory_bytes": {entrant.name: memory(entrant, count) for entrant in weighed},
        "stages": _stages(),
        "grid": {
            "workers": cores,
            "steps_a_second_one_thread_each": side_by_side(weighed[0], cores, 4 * steps),
            "steps_a_second_all_threads": 1e3 / measured["ours-bf16"].median_ms,
        },
        "reproduce_s": {},
    }
    for profile in profiles:
        tell(f"reproduce, profile {profile}")
        record["reproduce_s"][profile] = _time_reproduce(profile, keep)
    return record


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
        _output(
            [sys.executable, "-m", "spikefuse", "reproduce"]
            + ["--profile", profile, "--out", str(out)]
        )
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
    page.write_text(text, encoding="utf-8")
