"""Results that no training wrote, though their seal fits: told by their trial, not by a key."""

from collections.abc import Iterator
from contextlib import contextmanager

from spikefuse.core.errors import SpikefuseError, StoreError
from spikefuse.results.atomic import VERIFY

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
        raise StoreError(
            f"results: trial {trial} must hold the results and evaluations that a training "
            f"writes, got others ({type(error).__name__}: {error}). Move its folder away and run "
            f"the same command again; {VERIFY} names other damage."
        ) from error
