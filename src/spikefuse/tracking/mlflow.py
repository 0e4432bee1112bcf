"""A mirror for MLflow: a run for each trial, in files below the results folder.

Nothing leaves the machine: the files are named as the place, whatever MLFLOW_TRACKING_URI says, and
MLflow's telemetry is switched off before the library is loaded.
"""

import os
from pathlib import Path
from typing import Any

from spikefuse.core.errors import MissingExtraError
from spikefuse.tracking.events import ENDED, EPOCH, FAILED, STOPPED, TrialEvent

EXPERIMENT = "spikefuse"
SETTINGS = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    # Without it MLflow 3.17 takes data bases alone, which need a server's worth of packages.
    "MLFLOW_ALLOW_FILE_STORE": "true",
}
STATUS = {ENDED: "FINISHED", FAILED: "FAILED", STOPPED: "KILLED"}


class MlflowMirror:
    """Losses and accuracies over epochs, OUT/mlruns; a trial that goes on keeps its run.

    Args:
        out: The results folder.

    Raises:
        MissingExtraError: MLflow is not installed.
    """

    def __init__(self, out: Path) -> None:
        os.environ.update(SETTINGS)
        try:
            from mlflow.tracking import MlflowClient
        except ImportError as error:
            raise MissingExtraError("--track mlflow", "tracking") from error
        self._client: Any = MlflowClient(tracking_uri=(out / "mlruns").absolute().as_uri())
        found = self._client.get_experiment_by_name(EXPERIMENT)
        create = self._client.create_experiment
        self._experiment: str = found.experiment_id if found else create(EXPERIMENT)
        self._runs: dict[str, str] = {}

    def write(self, event: TrialEvent) -> None:
        """Log the event's numbers, and how the trial ended; the run as a whole has no place."""
        if not event.trial:
            return
        run = self._run(event)
        step = event.data.get("epoch" if event.kind == EPOCH else "best_epoch", 0)
        at = int(1000 * event.at)  # ms
        for name, value in event.numbers.items():
            self._client.log_metric(run, name, value, timestamp=at, step=step)
        if event.kind in STATUS:
            is_diverged = event.data.get("state") == "diverged"
            if "error" in event.data:
                self._client.set_tag(run, "error", event.data["error"])
            status = "FAILED" if is_diverged else STATUS[event.kind]
            self._client.set_terminated(run, status, at)
            del self._runs[event.trial]

    def _run(self, event: TrialEvent) -> str:
        """The id of the trial's run."""
        if event.trial in self._runs:
            return self._runs[event.trial]
        asked = f"tags.trial = '{event.trial}'"
        found = self._client.search_runs([self._experiment], asked, max_results=1)
        if found:
            run: str = found[0].info.run_id
            self._client.update_run(run, status="RUNNING")
        else:
            tags = {"trial": event.trial}
            run = self._client.create_run(
                self._experiment, tags=tags, run_name=event.label or event.trial
            ).info.run_id
        self._runs[event.trial] = run
        return run

    def close(self) -> None:
        """Nothing is kept open."""
