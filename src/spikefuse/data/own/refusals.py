"""One sentence for what is wrong with somebody's own data."""

from collections.abc import Iterable, Sequence

from spikefuse.core.checks import nearest
from spikefuse.core.errors import InputError

WHERE = "own data"


def refusal(argument: str, constraint: str, got: str, remedy: str) -> InputError:
    """An error that names the place, the rule, what was found and what to do."""
    text = f"{WHERE}: {argument} must be {constraint}, got {got}. {remedy}"
    return InputError(one_line(text.rstrip()))


def one_line(text: str) -> str:
    r"""Text that any terminal prints on one line, whatever files are called.

    Example:
        >>> print(one_line("a\nb.wav"))
        a\nb.wav
    """
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode("ascii")
        for each in text
    )


def some(names: Sequence[str], most: int = 3) -> str:
    """The first few names, and how many more there are.

    Example:
        >>> some(["a", "b", "c", "d", "e"])
        'a, b, c and 2 more'
    """
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most:,} more"


def known_keys(given: Iterable[str], allowed: Iterable[str], where: str) -> None:
    """Refuse a key that nobody reads, which would otherwise have no effect without a word.

    Raises:
        InputError: A key is unknown; the nearest spelling comes with it.
    """
    choices = list(allowed)
    for key in given:
        if key in choices:
            continue
        close = nearest(key, choices)
        hint = f"Did you mean {' or '.join(close)}?" if close else "Take it out."
        raise refusal(f"a key of {where}", f"one of {', '.join(choices)}", repr(key), hint)
