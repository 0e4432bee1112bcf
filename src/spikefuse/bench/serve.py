"""The contestant's side of a benchmark: build a step, then run it when told to.

Needs nothing but PyTorch, so that contestants live in environments of their own. One line of JSON
answers each line of standard input; see `spikefuse.bench.match` for the other side.
"""

import json
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

WARM_UP = 3
MEMORY_STEPS = 3


@dataclass(frozen=True)
class Contest:
    """One thing to be timed.

    Args:
        step: Runs it once.
        samples: How many samples one call handles.
        prepare: Puts everything in memory that stays there: weights, optimiser state.
        versions: Libraries by name.
    """

    step: Callable[[], object]
    samples: int = 100
    prepare: Callable[[], object] = lambda: None
    versions: Mapping[str, str] | None = None


def _timed(step: Callable[[], object]) -> float:
    begin = time.perf_counter()
    step()
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter() - begin


def _resident(field: str) -> int:
    """Bytes of this process by a field of /proc/self/status."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError(f"serve: /proc/self/status must have {field}")


def _memory(contest: Contest) -> dict[str, Any]:
    """Peak bytes beyond what stays; None where the system does not tell."""
    try:
        contest.prepare()
        before = _resident("VmRSS")
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # resets the peak
        for _ in range(MEMORY_STEPS):
            contest.step()
        return {"bytes": _resident("VmHWM") - before}
    except (OSError, RuntimeError):
        return {"bytes": None}


def _answer(content: Mapping[str, Any]) -> None:
    sys.stdout.write(json.dumps(content) + "\n")
    sys.stdout.flush()


def serve(make: Callable[[str], Contest], arguments: list[str]) -> None:
    """Answer until standard input ends.

    Args:
        make: Builds the contest with a name.
        arguments: Name and number of threads.
    """
    name, threads = arguments[0], int(arguments[1])
    torch.set_num_threads(threads)
    torch.set_flush_denormal(True)
    torch.manual_seed(0)
    contest = make(name)
    answer: dict[str, Any] = {
        "samples": contest.samples,
        "versions": {"torch": str(torch.__version__), **(contest.versions or {})},
    }
    _answer(answer)
    for line in sys.stdin:
        command, *rest = line.split()
        if command == "memory":
            answer = _memory(contest)
        elif command == "warm":
            answer = {"seconds": [_timed(contest.step) for _ in range(WARM_UP)]}
        else:
            answer = {"seconds": [_timed(contest.step) for _ in range(int(rest[0]))]}
        _answer(answer)
