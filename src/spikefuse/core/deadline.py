"""A moment by which work must have stopped, and how long its pieces have taken so far.

The moment is one of the wall clock (Unix time): unlike a monotonic clock it means the same in every
process and, within the error of their clocks, on every node of a cluster.
"""

import math
import re
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from spikefuse.core.errors import InputError, SpikefuseError

STORE = "store"
"""The piece of work that keeps what was done; time for one is always left."""

_RECENT = 20
_DURATION = re.compile(
    r"(?:(?P<h>\d+(?:\.\d+)?)h)?(?:(?P<m>\d+(?:\.\d+)?)m)?(?:(?P<s>\d+(?:\.\d+)?)s?)?", re.ASCII
)
_SECONDS = {"h": 3600, "m": 60, "s": 1}

Clock = Callable[[], float]


class _Stop:
    """Whether this process is to stop at its next check, and whether it is at work that checks.

    One a process: signals are. A handler that raised in the middle of a training step would leave
    weights that no step count belongs to.
    """

    requested = False
    regions = 0


def request_stop() -> bool:
    """Have the work of this process stop at its next check; whether it is at work that checks."""
    if _Stop.regions:
        _Stop.requested = True
    return bool(_Stop.regions)


def stop_requested() -> bool:
    """Whether `request_stop` has been called during work that checks."""
    return _Stop.requested


@contextmanager
def stoppable() -> Iterator[None]:
    """Work that calls `Deadline.check` between its pieces, and stores what is done when it ends."""
    _Stop.regions += 1
    try:
        yield
    finally:
        _Stop.regions -= 1


class OutOfTimeError(SpikefuseError):
    """The next piece of work does not fit before the deadline. What is done is stored.

    Args:
        advanced: How many pieces were done since the deadline was set.
    """

    def __init__(self, advanced: int) -> None:
        cause = "as asked" if stop_requested() else "before the time limit"
        super().__init__(f"stopped {cause}; the same command goes on from here")
        self.advanced = advanced


class Pace:
    """How long pieces of work of each kind have taken in this process."""

    def __init__(self) -> None:
        self._seconds: dict[str, deque[float]] = {}

    def note(self, kind: str, seconds: float) -> None:
        """Remember how long one piece took; the last 20 of a kind count."""
        self._seconds.setdefault(kind, deque(maxlen=_RECENT)).append(seconds)

    def knows(self, kind: str) -> bool:
        """Whether a piece of this kind was measured."""
        return kind in self._seconds

    def expect(self, kind: str, times: int = 1) -> float:
        """Seconds that so many pieces will take: each the mean, and once more the longest.

        The longest stands for what the mean hides: a machine that is busy for a moment. 0 for a
        kind that was never measured, so that the first piece is always tried.

        Example:
            >>> pace = Pace()
            >>> pace.note("step", 1.0), pace.note("step", 3.0)
            (None, None)
            >>> pace.expect("step"), pace.expect("step", 10), pace.expect("other")
            (5.0, 23.0, 0.0)
        """
        known = self._seconds.get(kind)
        return times * sum(known) / len(known) + max(known) if known else 0.0


class Deadline:
    """Stops work in time, in pieces that fit.

    Args:
        at: The moment in Unix time; None never comes.
        clock: Tells the time.
    """

    def __init__(self, at: float | None = None, clock: Clock = time.time) -> None:
        self.at = math.inf if at is None else at
        self.advanced = 0
        self.pace = Pace()
        self._clock = clock

    @property
    def is_set(self) -> bool:
        """Whether the moment comes at all."""
        return math.isfinite(self.at)

    @property
    def left(self) -> float:
        """Seconds until the moment; negative when it has passed."""
        return self.at - self._clock()

    def check(self, kind: str, times: int = 1) -> None:
        """Stop if so many pieces, and storing what is done, do not fit any more, or as asked.

        Raises:
            OutOfTimeError: They do not.
        """
        if stop_requested() or self.left <= self.pace.expect(kind, times) + self.pace.expect(STORE):
            raise OutOfTimeError(self.advanced)

    @contextmanager
    def timing(self, kind: str) -> Iterator[None]:
        """Measure the piece of work inside; one that breaks off does not count."""
        begin = self._clock()
        yield
        self.pace.note(kind, self._clock() - begin)

    def advance(self) -> None:
        """Count a piece of work that a later run need not do again."""
        self.advanced += 1


def parse_duration(where: str, argument: str, text: str) -> float:
    """Seconds of a text like "1h30m", "9m", "45s" or "90".

    Raises:
        InputError: The text is another one, or no time at all.

    Example:
        >>> parse_duration("run", "--time-limit", "1h30m"), parse_duration("run", "limit", "90")
        (5400.0, 90.0)
    """
    match = _DURATION.fullmatch(text.strip())
    seconds = (
        sum(float(number) * _SECONDS[unit] for unit, number in match.groupdict().items() if number)
        if match
        else 0.0
    )
    # Beyond that no clock is right.
    if not 0 < seconds < 1e9:
        raise InputError(
            f"{where}: {argument} must be a time above 0 like 1h30m, 9m, 45s or 90 (seconds), "
            f"got {text!r}."
        )
    return seconds
