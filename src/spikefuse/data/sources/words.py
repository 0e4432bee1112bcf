"""Labels that are words, as numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from spikefuse.core.checks import one_of


def numbered(
    where: str, labels: Any, classes: Sequence[str] | None
) -> tuple[Any, Sequence[str] | None]:
    """Labels with words by their number, and what the numbers stand for.

    Args:
        where: Who asks.
        labels: [N], or [N] by modality; what holds no words comes back as it is.
        classes: The order of the words; their alphabet if left out.

    Raises:
        InputError: A word is none of the classes; the nearest comes with it.

    Example:
        >>> numbered("dataset", ["oak", "ash", "oak"], None)
        ([1, 0, 1], ('ash', 'oak'))
        >>> numbered("dataset", [0, 1], None)
        ([0, 1], None)
    """
    by_name = labels if isinstance(labels, Mapping) else {"": labels}
    words = {name: _words(each) for name, each in by_name.items()}
    if any(each is None for each in words.values()):
        return labels, classes
    found = {name: each or [] for name, each in words.items()}
    order = tuple(classes) if classes is not None else tuple(sorted(set().union(*found.values())))
    place = {word: number for number, word in enumerate(order)}
    numbers = {
        name: [place[one_of(where, "labels", word, order)] for word in each]
        for name, each in found.items()
    }
    return numbers if isinstance(labels, Mapping) else numbers[""], order


def _words(labels: Any) -> list[str] | None:
    """A list of words; None where anything else is in it, or nothing."""
    each = labels.tolist() if hasattr(labels, "tolist") else labels
    if not isinstance(each, (list, tuple)) or not each:
        return None
    return list(each) if all(isinstance(label, str) for label in each) else None
