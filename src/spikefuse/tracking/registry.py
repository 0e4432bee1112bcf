"""Mirrors by name."""

from collections.abc import Callable
from pathlib import Path

from spikefuse.tracking.events import Mirror
from spikefuse.tracking.mlflow import MlflowMirror
from spikefuse.tracking.tensorboard import TensorBoardMirror

MIRRORS: dict[str, Callable[[Path], Mirror]] = {
    "tensorboard": TensorBoardMirror,
    "mlflow": MlflowMirror,
}
