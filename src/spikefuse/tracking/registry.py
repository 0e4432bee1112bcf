"""Mirrors by name."""

from spikefuse.tracking.events import MirrorKind
from spikefuse.tracking.mlflow import MlflowMirror
from spikefuse.tracking.tensorboard import TensorBoardMirror

MIRRORS: dict[str, MirrorKind] = {
    "tensorboard": MirrorKind("curves for TensorBoard", TensorBoardMirror, "tensorboard"),
    "mlflow": MirrorKind("a run a trial for MLflow", MlflowMirror, "mlflow"),
}
