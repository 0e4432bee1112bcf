"""Deadlines by a clock that moves when it is told to."""

import math

import pytest

from spikefuse.core.deadline import STORE, Deadline, OutOfTimeError, Pace, parse_duration
from spikefuse.core.errors import InputError


class FakeClock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_piece_that_fits_is_done_and_one_that_does_not_is_not() -> None:
    clock = FakeClock()
    deadline = Deadline(1100.0, clock)
    done = 0
    with pytest.raises(OutOfTimeError) as stop:  # noqa: PT012
        while True:
            deadline.check("step")
            with deadline.timing("step"):
                clock.now += 7.0
            deadline.advance()
            done += 1
    # A step is expected to take its mean and once more its longest: 14 s. After 13 steps 9 s are
    # left, after 12 there were 16.
    assert (done, clock.now, deadline.left) == (13, 1091.0, 9.0)
    assert stop.value.advanced == 13


def test_time_to_store_is_always_left() -> None:
    clock = FakeClock()
    deadline = Deadline(1100.0, clock)
    with deadline.timing(STORE):
        clock.now += 30.0
    with deadline.timing("step"):
        clock.now += 2.0
    clock.now = 1100.0 - 64.5  # two times 30 s and two times 2 s
    deadline.check("step")
    clock.now += 1.0
    with pytest.raises(OutOfTimeError):
        deadline.check("step")


def test_many_pieces_take_their_mean_and_once_the_longest() -> None:
    pace = Pace()
    assert pace.expect("batch", 100) == 0.0
    for seconds in (1.0, 1.0, 4.0):
        pace.note("batch", seconds)
    assert pace.expect("batch", 10) == 24.0
    for _ in range(20):  # the slow one is forgotten
        pace.note("batch", 1.0)
    assert pace.expect("batch", 10) == 11.0


def test_nothing_starts_after_the_deadline_even_if_it_was_never_measured() -> None:
    clock = FakeClock()
    deadline = Deadline(1000.5, clock)
    deadline.check("anything", 1000)
    clock.now = 1000.5
    with pytest.raises(OutOfTimeError):
        deadline.check("anything")


def test_a_piece_that_breaks_off_does_not_count() -> None:
    clock = FakeClock()
    deadline = Deadline(2000.0, clock)
    with pytest.raises(ValueError, match="broken"), deadline.timing("step"):
        raise ValueError("broken")
    assert not deadline.pace.knows("step")


def test_no_deadline_never_comes() -> None:
    deadline = Deadline()
    with deadline.timing("step"):
        pass
    deadline.check("step", 10**9)
    assert not deadline.is_set
    assert deadline.left == math.inf


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("9m", 540), ("1h30m", 5400), ("45s", 45), ("90", 90), ("2h", 7200), (" 1h 5s", None),
        ("1h5s", 3605), ("1.5h", 5400), ("0.5", 0.5), (" 9m ", 540), ("1m30", 90),
        ("", None), ("0", None), ("0m", None), ("-5", None), ("9 m", None), ("9min", None),
        ("m", None), ("nan", None), ("inf", None), ("1e3", None), ("5m1h", None), ("PT9M", None),
        ("٩m", None), ("9" * 20, None),
    ],
)  # fmt: skip
def test_durations(text: str, seconds: float | None) -> None:
    if seconds is not None:
        assert parse_duration("run", "--time-limit", text) == seconds
        return
    with pytest.raises(InputError) as refusal:
        parse_duration("run", "--time-limit", text)
    assert str(refusal.value) == (
        "run: --time-limit must be a time above 0 like 1h30m, 9m, 45s or 90 (seconds), "
        f"got {text!r}."
    )
