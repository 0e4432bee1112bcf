"""What a trial's folder says, for readers that never train."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class TrialRecord:
    """What a trial's folder says, for readers that never train.

    Args:
        trial: Name of the folder: hash of the definition.
        state: "partial", "done" or "diverged".
        definition: Everything that defines the trial.
        metrics: One mapping per epoch; null where a number was not finite.
        results: The final numbers; empty for a partial trial.
        evaluations: By hash of the condition: the payload together with its "condition".
        provenance: Versions, device, precision; empty for a partial trial.
    """

    trial: str
    state: str
    definition: dict[str, Any]
    metrics: list[dict[str, Any]]
    results: dict[str, Any]
    evaluations: dict[str, dict[str, Any]]
    provenance: dict[str, Any]
