"""The environment of worker processes: threads, and an allocator that keeps its memory."""

import os
from collections.abc import Mapping

MALLOC: Mapping[str, str] = {
    "MALLOC_MMAP_MAX_": "0",
    "MALLOC_TRIM_THRESHOLD_": str(2**40),
    "MALLOC_TOP_PAD_": str(100 * 2**20),
}
"""Settings of the GNU allocator; others ignore them.

Training makes the same large temporaries in every step. By default each goes back to the kernel
and is faulted in again, page by page; kept in the process, training is 20 to 80 % faster.
"""

_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


def worker_environment(threads: int) -> dict[str, str]:
    """What a worker process gets on top of its own environment.

    Settings of the allocator that the user has made stay as they are.
    """
    malloc = {name: value for name, value in MALLOC.items() if name not in os.environ}
    return malloc | {name: str(threads) for name in _THREADS}
