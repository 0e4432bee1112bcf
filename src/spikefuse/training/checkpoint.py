"""Save and load how far a member has come: weights, best weights, optimiser, counters."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from torch import Tensor

from spikefuse.networks import PopulationNetwork
from spikefuse.results import TrialFolder
from spikefuse.training.optimiser import PopulationAdam


@dataclass
class Progress:
    """How far one member has come. All of it is in its checkpoint."""

    epoch: int = 0
    best_epoch: int = 0
    best_accuracy: float = -1.0
    last_accuracy: float = -1.0
    seconds: float = 0.0
    best_weights: dict[str, Tensor] = field(default_factory=dict)
    diverged: str | None = None


_COUNTERS = ("epoch", "best_epoch", "best_accuracy", "last_accuracy", "seconds")


def save_progress(
    folder: TrialFolder,
    network: PopulationNetwork,
    optimiser: PopulationAdam,
    member: int,
    progress: Progress,
) -> None:
    """Write a member's checkpoint; the one before it is replaced when the new one is whole."""
    parts = {
        "weights": network.member_state(member),
        "best": progress.best_weights,
        "optimiser": optimiser.member_state(member),
    }
    tensors = {f"{part}/{key}": value for part, ts in parts.items() for key, value in ts.items()}
    folder.write_checkpoint(tensors, {key: getattr(progress, key) for key in _COUNTERS})


def load_progress(
    folder: TrialFolder, network: PopulationNetwork, optimiser: PopulationAdam, member: int
) -> Progress | None:
    """Put a member where its checkpoint left it; None when there is none."""
    checkpoint = folder.read_checkpoint()
    if checkpoint is None:
        return None
    tensors, counters = checkpoint
    network.load_member(member, _part(tensors, "weights"))
    optimiser.load_member(member, _part(tensors, "optimiser"))
    return Progress(**counters, best_weights=_part(tensors, "best"))


def _part(tensors: Mapping[str, Tensor], part: str) -> dict[str, Tensor]:
    prefix = f"{part}/"
    return {key.removeprefix(prefix): t for key, t in tensors.items() if key.startswith(prefix)}
