"""How many threads PyTorch computes with, for a while."""

from collections.abc import Iterator
from contextlib import contextmanager

from spikefuse.core.checks import require

MOST_THREADS = 4096
"""More than any machine's cores; PyTorch falls over far more."""


def require_threads(threads: int | None, where: str, argument: str = "threads") -> None:
    """Refuse a number of threads that PyTorch cannot start.

    Raises:
        ArgumentError: It is below 1 or above any machine's cores.
    """
    if threads is not None:
        require(threads >= 1, where, argument, "1 or more", threads)
        require(threads <= MOST_THREADS, where, argument, f"at most {MOST_THREADS:,}", threads)


@contextmanager
def one_thread() -> Iterator[None]:
    """Compute with one thread within the block: for work too small to be worth sharing.

    Example:
        >>> import torch
        >>> before = torch.get_num_threads()
        >>> with one_thread():
        ...     torch.get_num_threads()
        1
        >>> torch.get_num_threads() == before
        True
    """
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
