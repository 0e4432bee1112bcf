"""What was typed and does not fit, in one line and the house's words.

The parser's own errors come as a box of several lines, and those of numbers with the words of the
library that reads them. Everything else that is wrong is one line, so these are too.
"""

from typing import Any

import typer
from pydantic import ValidationError

from spikefuse.core.errors import InputError
from spikefuse.core.validation import constraint_of

USAGE: type[Exception] = next(
    base for base in typer.BadParameter.__mro__ if base.__name__ == "UsageError"
)
"""Of every complaint of the parser; it has no public name of its own."""


def is_help(error: Exception) -> bool:
    """Whether it is no complaint: a command without its words shows its help."""
    return type(error).__name__ == "NoArgsIsHelpError"


def refused(error: Any) -> InputError:
    """A complaint of the parser as an error of ours.

    Args:
        error: A `USAGE`.
    """
    words = error.ctx.command_path.split()[1:] if error.ctx is not None else []
    where = " ".join(words) or "spikefuse"
    hint = f"See `{' '.join(['spikefuse', *words, '--help'])}`."
    parameter, cause = getattr(error, "param", None), error.__cause__
    if parameter is not None and isinstance(cause, ValidationError):
        constraint, got = constraint_of(cause)
        return InputError(f"{where}: {_name(parameter)} must be {constraint}, got {got!r}. {hint}")
    close = list(getattr(error, "possibilities", None) or ())
    if close:
        hint = f"Did you mean {' or '.join(close)}?"
    said = " ".join((error.message if close else error.format_message()).split()).rstrip(".")
    end = "" if said.endswith("?") else "."
    return InputError(f"{where}: {said[:1].lower()}{said[1:]}{end} {hint}")


def _name(parameter: Any) -> str:
    """What a user types for it: the long option, or what the help calls an argument."""
    names = [name for name in parameter.opts if name.startswith("--")]
    return names[0] if names else str(parameter.human_readable_name)
