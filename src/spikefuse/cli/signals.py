"""Signals end a command as Ctrl-C does: what is done is stored, one line, an exit code that tells.

SLURM sends SIGTERM before it kills, and SIGUSR1 where a job asks for a warning (`--signal`); a
closed terminal sends SIGHUP.
"""

import os
import signal
import sys
from types import FrameType
from typing import NoReturn

_CODES = {"SIGINT": 130, "SIGTERM": 143, "SIGHUP": 129, "SIGUSR1": 75}
"""128 and the signal's number, as shells have it; 75 of sysexits.h, "try again later", for a
warning: a script that asks for one starts the same command again."""

_SAID = "spikefuse: stopped.\n"

STOPPED = "Stopped. Nothing is lost: the same command goes on from here."


class Interrupted(BaseException):
    """A signal came outside work that stores by itself. No library answers it before we do."""


class _Last:
    """The signal that came last; one a process, as signals are."""

    name = "SIGINT"


def exit_code() -> int:
    """The code with which a command ends that a signal stopped."""
    return _CODES[_Last.name]


def listen() -> None:
    """Stop as Ctrl-C does for every signal that asks for it and is not ignored (`nohup`)."""
    for name in _CODES:
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, _stop)


def _stop(number: int, frame: FrameType | None) -> None:
    from spikefuse.core.deadline import request_stop, stop_requested

    _Last.name = signal.Signals(number).name
    is_second = stop_requested()
    # Work that checks stores what it has done; whoever is impatient asks twice.
    if is_second or not request_stop():
        if _imports(frame):
            # A module that is half loaded, in C above all, answers an exception in its own way.
            os.write(2, _SAID.encode())
            os._exit(exit_code())
        raise Interrupted


def _imports(frame: FrameType | None) -> bool:
    """Whether a module is being loaded."""
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False


def end() -> NoReturn:
    """End the command after an interrupt that nobody has answered: one line."""
    sys.stderr.write(_SAID)
    sys.exit(exit_code())
