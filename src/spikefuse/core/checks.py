"""Argument checks that answer with cause, constraint and remedy in one sentence."""

from collections.abc import Iterable
from difflib import SequenceMatcher, get_close_matches

from spikefuse.core.errors import ArgumentError

_NEARLY = 0.2
"""How much less like a name than the closest one another may be and still be meant."""


def nearest(name: str, allowed: Iterable[str]) -> list[str]:
    """Up to three allowed names whose spelling is close to `name`, the closest first.

    Example:
        >>> nearest("modality", ("data", "validation", "modalities"))
        ['modalities']
    """
    by_lower = {choice.lower(): choice for choice in allowed}
    word = name.lower()
    close = get_close_matches(word, by_lower, n=3, cutoff=0.4)
    alike = [SequenceMatcher(None, match, word).ratio() for match in close]
    return [
        by_lower[match]
        for match, ratio in zip(close, alike, strict=True)
        if ratio >= alike[0] - _NEARLY
    ]


def one_of(where: str, argument: str, value: str, allowed: Iterable[str]) -> str:
    """Return `value` if it is one of `allowed`.

    Raises:
        ArgumentError: It is not; the message lists the allowed values and the nearest spelling.
    """
    choices = list(allowed)
    if value in choices:
        return value
    close = nearest(str(value), choices)
    hint = f"Did you mean {' or '.join(close)}?" if close else "Choose one of these."
    refusal = f"must be one of {', '.join(choices)}, got {value!r}. {hint}"
    raise ArgumentError(where, argument, refusal)


def require(condition: bool, where: str, argument: str, constraint: str, got: object) -> None:
    """Refuse a value that breaks its constraint.

    Raises:
        ArgumentError: `condition` is false.
    """
    if not condition:
        raise ArgumentError(where, argument, f"must be {constraint}, got {got!r}.")
