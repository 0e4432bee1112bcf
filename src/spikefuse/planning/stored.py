"""Is this evaluation stored? Asked here and nowhere else: by planning, by workers and by tables.

Three answers that differ by a default would train a network again for ever, or leave out its rows.
"""

import math
from collections.abc import Container, Iterable
from functools import lru_cache
from typing import Any

from spikefuse.results import TrialRecord, definition_hash
from spikefuse.training import NoiseCondition


def stored_evaluation(record: TrialRecord, condition: NoiseCondition) -> dict[str, Any] | None:
    """What was measured under a condition, with the condition; None where nothing was."""
    return record.evaluations.get(condition_name(condition))


def missing_conditions(
    record: TrialRecord, wanted: Iterable[NoiseCondition]
) -> list[NoiseCondition]:
    """The conditions under which nothing is stored, in their order."""
    return [each for each in wanted if stored_evaluation(record, each) is None]


def missing_among(stored: Container[str], wanted: Iterable[NoiseCondition]) -> list[NoiseCondition]:
    """The same, where the names of what is stored are known and nothing is read."""
    return [each for each in wanted if condition_name(each) not in stored]


def condition_name(condition: NoiseCondition) -> str:
    """The name under which an evaluation is stored."""
    # -0.0 equals 0.0, and has another name.
    return _name(condition, math.copysign(1.0, condition.noise_std))


@lru_cache(maxsize=4096)
def _name(condition: NoiseCondition, sign: float) -> str:
    # A few conditions serve thousands of trials, and naming takes a fifth of a millisecond.
    return definition_hash(condition.naming())
