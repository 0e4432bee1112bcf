"""A share of the jobs, for job arrays on clusters with nothing installed."""

import re
from collections.abc import Sequence

from spikefuse.core.checks import require
from spikefuse.core.errors import InputError
from spikefuse.execution.array import AUTO, array_share
from spikefuse.execution.contract import Job, check_names, longest_first

MOST_SHARES = 100_000
"""More than any cluster's array; a share is an entry in memory."""

_TEXT = re.compile(r"\s*(\d{1,18})\s*/\s*(\d{1,18})\s*", re.ASCII)


def parse_shard(text: str) -> tuple[int, int]:
    """Index and count of a text "i/n", 1 <= i <= n; "auto" is this task's of a job array.

    Raises:
        InputError: The text is another one, or "auto" outside of a job array.

    Example:
        >>> parse_shard("2/8")
        (2, 8)
    """
    if text == AUTO:
        index, count = array_share()
        _require_few(count)
        return index, count
    match = _TEXT.fullmatch(text)
    if match is not None:
        index, count = int(match[1]), int(match[2])
        _require_few(count)
        if 1 <= index <= count:
            return index, count
    raise InputError(
        f"shard: shard must be 'i/n' with 1 <= i <= n, got {text!r}. "
        "For example 2/8 is the second of eight shares, auto that of this task of a job array."
    )


def _require_few(count: int) -> None:
    require(count <= MOST_SHARES, "shard", "shares", f"at most {MOST_SHARES:,}", count)


def shard(jobs: Sequence[Job], index: int, count: int) -> list[Job]:
    """The `index`-th (from 1) of `count` shares of the jobs, in the order of `jobs`.

    The shares are disjoint and complete, have about equal cost, and depend on names and costs
    only. So every task of an array must be given the same jobs: share the whole plan first, and
    skip what is stored afterwards.

    Raises:
        InputError: The index is not in 1..count, or two jobs have the same name.
    """
    require(count >= 1, "shard", "count", "1 or more", count)
    require(1 <= index <= count, "shard", "index", f"in 1..{count}", index)
    check_names(jobs)
    # Longest first into the lightest share: at most a third worse than the best possible.
    # Source: Graham (1969), Bounds on multiprocessing timing anomalies, doi:10.1137/0117039.
    loads = [(0.0, 0, share) for share in range(1, count + 1)]
    mine: set[str] = set()
    for job in longest_first(jobs):
        cost, number, share = min(loads)
        loads[share - 1] = (cost + job.cost, number + 1, share)
        if share == index:
            mine.add(job.name)
    return [job for job in jobs if job.name in mine]
