"""The default networks of a run, and the tensors that their trials stored."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spikefuse.analysis.figures import FIGURES
from spikefuse.analysis.rows import METRIC, Level, select
from spikefuse.core.errors import SpikefuseError
from spikefuse.report.reading.settings import MODALITIES
from spikefuse.report.reading.sources import Run, Trial
from spikefuse.results import TrialFolder, TrialStore

# Rows of other studies may have the same levels and yet be other networks.
_STUDIES = frozenset(figure.study for figure in FIGURES)
_USUAL: Mapping[str, tuple[str, ...]] = {
    "fusion": ("none", "early"),
    "pairing": ("", "None", "true", "True"),
    "held_out": ("", "None"),
    "reading": ("", "None", "base"),
}
_LEVELS: Mapping[str, Level] = {
    "size": "S",
    "protocol": "disjoint",
    "noise_std": 0.0,
    "metric": METRIC,
    "split": "test",
}
_SPIKING: Mapping[str, Level] = {"neuron": "lif", "reset": "soft"}

Arrays = Mapping[str, NDArray[Any]]


def default_trials(run: Run, network: str, modality: str, steps: int = 4) -> dict[int, Trial]:
    """The finished trials of the paper's default network under the disjoint pairing, by seed.

    Args:
        run: The run.
        network: "snn" or "dnn".
        modality: "image", "audio" or "fused".
        steps: Time steps of a spiking network.
    """
    levels: dict[str, Level] = {**_LEVELS, "network": network, "modality": modality}
    if network == "snn":
        levels |= {**_SPIKING, "time_steps": steps}
    by_name = {trial.name: trial for trial in run.trials if trial.state == "done"}
    found = {}
    for row in select(run.rows, levels):
        trial = by_name.get(str(row.get("trial")))
        usual = all(str(row.get(name, "")) in kept for name, kept in _USUAL.items() if name in row)
        seed = row.get("seed")
        if trial and usual and row.get("study") in _STUDIES and isinstance(seed, int):
            found[seed] = trial
    return dict(sorted(found.items()))


def site_rank(site: str) -> tuple[bool, int, str]:
    """Sorts layers: convolutions before hidden layers, image before audio.

    Example:
        >>> sorted(["fused.hidden", "audio.conv1", "image.conv2", "image.conv1"], key=site_rank)
        ['image.conv1', 'image.conv2', 'audio.conv1', 'fused.hidden']
    """
    branch, _, layer = site.partition(".")
    place = MODALITIES.index(branch) if branch in MODALITIES else len(MODALITIES)
    return not layer.startswith("conv"), place, site


@dataclass
class Shelf:
    """Reads tensors of trials; what cannot be read becomes a notice, once.

    Attributes:
        notices: In sentences.
    """

    run: Run
    notices: list[str] = field(default_factory=list)

    def predictions(self, trial: Trial) -> Arrays:
        """What the network answered; empty where that cannot be read."""
        return self._read(trial, "predictions", TrialFolder.predictions)

    def observations(self, trial: Trial) -> Arrays:
        """What its hidden layers did; empty where it is not stored or cannot be read."""
        return self._read(trial, "observations", TrialFolder.observations)

    def refuse(self, trial: Trial, what: str, reason: object) -> None:
        """Note that something was stored and makes no sense."""
        text = f"The {what} of trial {trial.name} could not be read ({reason})."
        if text not in self.notices:
            self.notices.append(text)

    def _read(self, trial: Trial, what: str, read: Callable[[TrialFolder], Any]) -> Arrays:
        try:
            folder = TrialStore(self.run.root, read_only=True).folder(trial.name)
            # The library that reads them gives them in another order each time.
            return {name: np.asarray(tensor) for name, tensor in sorted(read(folder).items())}
        except (SpikefuseError, OSError, TypeError, ValueError, RuntimeError) as error:
            self.refuse(trial, what, error)
            return {}
