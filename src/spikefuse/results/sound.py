"""Results that no training wrote, though their seal fits: told by their trial, not by a key."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from spikefuse.core.errors import SpikefuseError, StoreError

_MAPPINGS = ("accuracy", "rates", "audit")
_NUMBERS = ("seconds", "parameters", "macs")

_NONSENSE = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


@contextmanager
def read_as_results(trial: str) -> Iterator[None]:
    """Say that a trial's results are not what a training writes, where they turn out so.

    Args:
        trial: Its name.

    Raises:
        StoreError: What is done with them within the block fails for what they are.
    """
    try:
        yield
    except SpikefuseError:
        raise
    except _NONSENSE as error:
        told = f"some without {error}" if isinstance(error, KeyError) else "others"
        raise StoreError(
            f"results: trial {trial} must hold the results and evaluations that a training "
            f"writes, got {told}. Move its folder away and run the same command again."
        ) from error


def nonsense_in(results: Mapping[str, Any]) -> str | None:
    """What no training writes in the results or an evaluation of a trial; None if nothing is.

    Example:
        >>> nonsense_in({"accuracy": {"test_best": 7.5}})
        'accuracy test_best must be shares from 0 to 1, got 7.5'
    """
    for name in _MAPPINGS:
        if name in results and not isinstance(results[name], Mapping):
            return f"{name} must be a mapping, got {results[name]!r}"
    for name in _NUMBERS:
        if name in results and not _is_number(results[name]):
            return f"{name} must be a number, got {results[name]!r}"
    for name, value in results.get("accuracy", {}).items():
        values = value if isinstance(value, list) else [value]
        if not values or not all(v is None or (_is_number(v) and 0 <= v <= 1) for v in values):
            return f"accuracy {name} must be shares from 0 to 1, got {value!r}"
    return None


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
