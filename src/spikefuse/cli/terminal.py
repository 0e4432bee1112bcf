"""What the terminal shows: the one place that decides about markup, lines and letters."""

import codecs
import contextlib
import io
import os
import sys
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

_PLAIN = {"±": "+/-", "−": "-", "–": "-", "—": "-", "…": "...", "×": "x", "·": ".", "≤": "<="}


def accept_any_text() -> None:
    """Let output in an encoding without some letter (ASCII, cp949) show the nearest, not fail."""
    codecs.register_error("spikefuse.plain", _plainly)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            with contextlib.suppress(ValueError):  # closed: the print that comes will say so
                stream.reconfigure(errors="spikefuse.plain")


def _plainly(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    letters = error.object[error.start : error.end]
    return "".join(_PLAIN.get(letter, "?") for letter in letters), error.end


def flush_output() -> None:
    """Write what was printed and is still held back.

    Raises:
        OSError: It cannot be written: the disk is full, or nobody reads any more.
    """
    if sys.stdout is not None and not sys.stdout.closed:
        sys.stdout.flush()


def discard_output() -> None:
    """Forget what cannot be written: at its end the interpreter would try again and complain."""
    with contextlib.suppress(OSError, ValueError):
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, sys.stdout.fileno())
        os.close(nothing)


def make_console(*, to_stderr: bool = False) -> "Console":
    """A console for a command.

    Text is text: a path or a name with brackets is no markup. A sentence stays on one line, which
    the terminal folds; in a log it can be searched.

    Args:
        to_stderr: Beside JSON on the standard output.
    """
    from rich.console import Console
    from rich.text import Text

    class Sentences(Console):
        def print(self, *objects: Any, **settings: Any) -> None:
            if all(isinstance(each, str | Text) for each in objects):
                settings.setdefault("soft_wrap", True)
            super().print(*objects, **settings)

    return Sentences(stderr=to_stderr, markup=False, highlight=False)


def fact(console: "Console", topic: str, text: object) -> None:
    """One line: what it is about, in bold, and what there is to say."""
    from rich.text import Text

    console.print(Text.assemble((f"{topic:<9}", "bold"), str(text)))


def news(console: "Console", text: str, style: str | None = None) -> None:
    """One line about what has just happened; in a log it carries the time of day."""
    stamp = "" if console.is_terminal else f"{time.strftime('%H:%M:%S')}  "
    console.print(f"{stamp}{text}", style=style)
