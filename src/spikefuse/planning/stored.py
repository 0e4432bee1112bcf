"""Is this evaluation stored? Asked here and nowhere else: by planning, by workers and by tables.

Three answers that differ by a default would train a network again for ever, or leave out its rows.
"""

from collections.abc import Iterable
from typing import Any

from spikefuse.results import TrialFolder, TrialRecord, definition_hash
from spikefuse.training import NoiseCondition


def stored_evaluation(record: TrialRecord, condition: NoiseCondition) -> dict[str, Any] | None:
    """What was measured under a condition, with the condition; None where nothing was."""
    return record.evaluations.get(definition_hash(condition.naming()))


def missing_conditions(
    record: TrialRecord, wanted: Iterable[NoiseCondition]
) -> list[NoiseCondition]:
    """The conditions under which nothing is stored, in their order."""
    return [each for each in wanted if stored_evaluation(record, each) is None]


def missing_in(folder: TrialFolder, wanted: Iterable[NoiseCondition]) -> list[NoiseCondition]:
    """The same of a finished trial's folder, of which nothing else is read."""
    return [each for each in wanted if folder.evaluation(each.naming()) is None]
