"""The referee: turns, memory and trouble, with contestants of a few lines."""

import sys
from pathlib import Path

import pytest

from spikefuse.bench.match import Entrant, compare, memory, side_by_side
from spikefuse.core.errors import StudyError

SCRIPT = """
import sys, time
import torch
from serve import Contest, serve

kept = []

def make(name):
    if name == "broken":
        raise ValueError("no such contest")
    if name == "large":
        return Contest(lambda: torch.ones(25_000_000).sum(), 1, lambda: kept.append(torch.ones(10)))
    pause = {"slow": 0.02, "fast": 0.002}[name]
    return Contest(lambda: time.sleep(pause), 7, versions={"clock": "1"})

serve(make, sys.argv[1:])
"""


@pytest.fixture
def command(tmp_path: Path) -> tuple[str, ...]:
    script = tmp_path / "peers.py"
    script.write_text(SCRIPT)
    return sys.executable, str(script)


def test_contestants_are_timed_in_turn(command: tuple[str, ...]) -> None:
    told: list[str] = []
    entrants = [Entrant(name, command) for name in ("slow", "fast")]
    found = compare(entrants, threads=1, rounds=3, steps=4, tell=told.append)
    assert told[-3:] == ["round 1 of 3", "round 2 of 3", "round 3 of 3"]
    slow, fast = found["slow"].record(), found["fast"].record()
    assert slow["n"] == fast["n"] == 12
    assert slow["samples"] == 7
    assert slow["versions"]["clock"] == "1"
    assert slow["least_ms"] >= 20
    assert fast["least_ms"] >= 2
    assert slow["low_ms"] <= slow["median_ms"] <= slow["high_ms"]


def test_memory_is_what_a_step_takes_beyond_what_stays(command: tuple[str, ...]) -> None:
    taken = memory(Entrant("large", command), threads=1)
    if taken is None:
        pytest.skip("this system does not tell")
    assert 90e6 < taken < 150e6


def test_side_by_side_adds_up(command: tuple[str, ...]) -> None:
    # Two sleepers do not disturb each other: at most 50 steps a second each.
    assert 20 < side_by_side(Entrant("slow", command), workers=2, steps=5) <= 100


def test_a_contestant_that_ends_is_named(command: tuple[str, ...]) -> None:
    with pytest.raises(StudyError, match="broken must answer, but it ended: ValueError: no such"):
        compare([Entrant("broken", command)], threads=1, rounds=1, steps=1)
