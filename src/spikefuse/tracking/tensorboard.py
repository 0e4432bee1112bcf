"""A mirror for TensorBoard: a folder of event files for each trial."""

from pathlib import Path
from typing import Any

from spikefuse.core.errors import MissingExtraError
from spikefuse.tracking.events import ENDED, EPOCH, STARTED, TrialEvent


class TensorBoardMirror:
    """Losses and accuracies over epochs, OUT/tensorboard/TRIAL; `tensorboard --logdir` shows them.

    Args:
        out: The results folder.

    Raises:
        MissingExtraError: TensorBoard is not installed.
    """

    def __init__(self, out: Path) -> None:
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError as error:
            raise MissingExtraError("--track tensorboard", "tracking") from error
        self._make: Any = SummaryWriter
        self._folder = out / "tensorboard"
        self._writers: dict[str, Any] = {}

    def write(self, event: TrialEvent) -> None:
        """Add the event's numbers; what is of no trial has no curve."""
        if not event.trial:
            return
        if event.trial not in self._writers:
            self._writers[event.trial] = self._make(str(self._folder / event.trial))
        writer = self._writers[event.trial]
        if event.kind == STARTED:
            writer.add_text("network", event.label, 0)
        elif event.kind == EPOCH:
            for name, value in event.numbers.items():
                writer.add_scalar(name, value, event.data["epoch"], walltime=event.at)
        elif event.kind == ENDED:
            for name, value in event.numbers.items():
                writer.add_scalar(name, value, event.data["best_epoch"], walltime=event.at)
        if event.kind not in (STARTED, EPOCH):
            self._writers.pop(event.trial).close()
        else:
            writer.flush()

    def close(self) -> None:
        """Close what is open."""
        for writer in self._writers.values():
            writer.close()
        self._writers.clear()
