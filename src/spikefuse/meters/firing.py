"""The share of neurons that fire at a step, as a number that has a gradient."""

import torch
from torch import Tensor

from spikefuse.meters.contract import Meter, Subject


class FiringShare(Meter):
    """Spikes per neuron and step over all sites of the subject, each neuron counting alike.

    Unlike other meters it keeps the graph: a penalty on it reaches the weights through the
    surrogate gradients.
    """

    def __init__(self, subject: Subject) -> None:
        super().__init__(subject)
        self._spikes: Tensor | None = None
        self._updates = 0

    def update(self, site: str, output: Tensor) -> None:
        """Add up a site's spikes."""
        if site not in self.subject.sites:
            return
        spikes = output.flatten(1).sum(dim=1, dtype=torch.float32)
        self._spikes = spikes if self._spikes is None else self._spikes + spikes
        self._updates += output[0].numel()

    def share(self) -> Tensor:
        """Of each member, [P]."""
        assert self._spikes is not None
        return self._spikes / self._updates
