"""A mapping that keeps what came last: what is read again soon, without all there ever was."""

from typing import TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")

MOST = 1024
"""Entries, unless said otherwise: networks of one seed and its neighbours lie well within."""


class Recent(dict[Key, Value]):
    """A dict that forgets its oldest entry for each that is one too many.

    Args:
        most: Entries that it keeps.

    Example:
        >>> kept = Recent(2)
        >>> kept["a"], kept["b"], kept["c"] = 1, 2, 3
        >>> kept
        {'b': 2, 'c': 3}
    """

    def __init__(self, most: int = MOST) -> None:
        super().__init__()
        self._most = most

    def __setitem__(self, key: Key, value: Value) -> None:
        if key not in self and len(self) >= self._most:
            del self[next(iter(self))]
        super().__setitem__(key, value)
