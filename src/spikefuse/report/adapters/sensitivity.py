"""Claims by reading from the rows of sensitivity.csv."""

import math
from collections.abc import Mapping, Sequence

from spikefuse.report.sensitivity import MARKS, Judged


def judged(rows: Sequence[Mapping[str, str]]) -> list[Judged]:
    """One record a row; a row without a claim or a reading is left out.

    Args:
        rows: With the columns claim, reading, verdict, measured, low, high and n, as text. An
            unknown verdict counts as inconclusive, a number that is none as not measured.
    """
    found = []
    for row in rows:
        claim, reading, verdict = (row.get(name) or "" for name in ("claim", "reading", "verdict"))
        if not claim or not reading:
            continue
        measured, low, high = (_number(row.get(name)) for name in ("measured", "low", "high"))
        found.append(
            Judged(
                claim,
                reading,
                verdict if verdict in MARKS else "inconclusive",
                measured,
                low,
                high,
                n=int(_number(row.get("n")) or 0),
            )
        )
    return found


def _number(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if math.isfinite(value) else None
