"""Save and load how far a member has come: weights, best weights, optimiser, counters.

A checkpoint may lie in the middle of an epoch. The order of an epoch's data is a function of (seed,
epoch), so the number of steps done is all that is needed to go on with exactly the batches that are
left; the sums of the epoch so far come back exactly, too.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from torch import Tensor

from spikefuse.core.errors import StoreError
from spikefuse.networks import PopulationNetwork
from spikefuse.results import TrialFolder
from spikefuse.training.optimiser import PopulationAdam


@dataclass
class Progress:
    """How far one member has come. All of it is in its checkpoint but how it ended.

    `epoch` counts whole epochs; `step`, `loss`, `hits` and `epoch_seconds` belong to the one that
    has begun: steps done, and what these add to its means and its time.
    """

    epoch: int = 0
    step: int = 0
    loss: float = 0.0
    hits: float = 0.0
    epoch_seconds: float = 0.0
    best_epoch: int = 0
    best_accuracy: float = -1.0
    best_loss: float | None = None
    last_accuracy: float = -1.0
    seconds: float = 0.0
    best_weights: dict[str, Tensor] = field(default_factory=dict)
    diverged: str | None = None
    closed: bool = False
    """Whether it stopped at its plateau, was tested and has its results; of a finished folder."""

    @property
    def position(self) -> tuple[int, int]:
        """Whole epochs and steps of the next one that are done."""
        return self.epoch, self.step

    def close_epoch(self, epoch: int, accuracy: float) -> None:
        """Count an epoch as whole."""
        self.epoch, self.last_accuracy = epoch, accuracy
        self.seconds += self.epoch_seconds
        self.step, self.loss, self.hits, self.epoch_seconds = 0, 0.0, 0.0, 0.0


_COUNTERS = (
    "epoch",
    "step",
    "loss",
    "hits",
    "epoch_seconds",
    "best_epoch",
    "best_accuracy",
    "best_loss",
    "last_accuracy",
    "seconds",
)


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


def read_position(folder: TrialFolder) -> tuple[int, int]:
    """Whole epochs and steps of the next one that a trial's checkpoint holds."""
    checkpoint = folder.read_checkpoint()
    return (0, 0) if checkpoint is None else Progress(**checkpoint[1]).position


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


def require_epochs(folder: TrialFolder, progress: Progress) -> None:
    """Rewind a trial's epochs to its checkpoint.

    Raises:
        StoreError: They are not all there, and the checkpoint is of a version that did not carry
            them.
    """
    kept = folder.truncate_metrics(progress.epoch)
    if kept < progress.epoch:
        raise StoreError(
            f"training: {folder.path} must hold the {progress.epoch} epochs of its checkpoint, got "
            f"{kept} whole rows in metrics.jsonl. Delete its checkpoint.safetensors to train this "
            "network from the start."
        )


def _part(tensors: Mapping[str, Tensor], part: str) -> dict[str, Tensor]:
    prefix = f"{part}/"
    return {key.removeprefix(prefix): t for key, t in tensors.items() if key.startswith(prefix)}
