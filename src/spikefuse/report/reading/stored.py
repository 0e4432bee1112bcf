"""The default networks of a run, and the tensors that their trials stored."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spikefuse.analysis.figures import FIGURES
from spikefuse.analysis.table import DEFAULT_STUDIES
from spikefuse.core.errors import SpikefuseError, StudyError
from spikefuse.report.reading.sources import Run, Trial
from spikefuse.results import TrialFolder, TrialStore

# Rows of other studies may have the same levels and yet be other networks.
_STUDIES = tuple(dict.fromkeys([*(figure.study for figure in FIGURES), *DEFAULT_STUDIES]))

Arrays = Mapping[str, NDArray[Any]]


def default_trials(run: Run, network: str, modality: str, steps: int = 4) -> dict[int, Trial]:
    """The finished trials of the default network under the pairing without a leak, by seed.

    Args:
        run: The run.
        network: "snn" or "dnn".
        modality: A level of that column.
        steps: Time steps of a spiking network.

    Raises:
        StudyError: A row cannot be read, or two say different things of one cell and seed.
    """
    levels = run.table.default_levels(network, modality) | {"size": "S", "protocol": run.protocol}
    if network == "snn":
        levels["time_steps"] = steps
    by_name = {trial.name: trial for trial in run.trials if trial.state == "done"}
    series = run.table.series(study=_STUDIES, **levels)
    return {seed: by_name[name] for seed, name in series.trials.items() if name in by_name}


def in_order(sites: Iterable[str], modalities: Sequence[str]) -> list[str]:
    """Layers in order: convolutions before hidden layers, branches as the networks have them.

    Example:
        >>> in_order(["fused.hidden", "audio.conv1", "image.conv1"], ["image", "audio", "fused"])
        ['image.conv1', 'audio.conv1', 'fused.hidden']
    """

    def rank(site: str) -> tuple[bool, int, str]:
        branch, _, layer = site.partition(".")
        place = modalities.index(branch) if branch in modalities else len(modalities)
        return not layer.startswith("conv"), place, site

    return sorted(sites, key=rank)


@dataclass
class Shelf:
    """Reads tensors of trials; what cannot be read becomes a notice, once.

    Attributes:
        notices: In sentences.
    """

    run: Run
    notices: list[str] = field(default_factory=list)

    def trials(self, network: str, modality: str, steps: int = 4) -> dict[int, Trial]:
        """`default_trials`; none where the rows contradict each other."""
        try:
            return default_trials(self.run, network, modality, steps)
        except StudyError as error:
            text = f"The networks behind the {modality} answers are not known ({error})."
            if text not in self.notices:
                self.notices.append(text)
            return {}

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
