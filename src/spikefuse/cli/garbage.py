"""When Python looks for garbage: not while a command starts, nor where it only reads and says.

Python looks through all objects again whenever their number has grown by a quarter, and once more
at the end. What a start loads stays, as do the rows that a table is made of: a tenth of the time to
an answer went into looking through them, and nothing was found.
"""

import atexit
import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager

READING = ("show", "claims", "compare", "doctor")
"""Commands that read, say what they found and end."""


@contextmanager
def kept() -> Iterator[None]:
    """Without a search for garbage; afterwards as before, in a process that has further work."""
    was_searched = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        # Into the oldest generation: else the next object made sets off a search through it all.
        gc.freeze()
        gc.unfreeze()
        if was_searched:
            gc.enable()


def begin(command: str) -> None:
    """The command that was typed is loaded and begins: one that works on collects from here on."""
    if command in READING:
        atexit.register(_leave)
    else:
        gc.enable()


def _leave() -> None:
    """At the end of the process: the last search then has nothing to look through."""
    # In a process that has done more, libraries of C++ complain of what is left alive.
    if "torch" not in sys.modules:
        gc.freeze()
