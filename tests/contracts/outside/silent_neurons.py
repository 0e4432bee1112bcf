"""A meter: the share of a site's neurons that never spike."""

import torch
from torch import Tensor

from spikefuse.core.registry import register
from spikefuse.meters import METERS, Meter, MeterKind, Subject


class SilentNeurons(Meter):
    def __init__(self, subject: Subject) -> None:
        super().__init__(subject)
        self.spiked: dict[str, Tensor] = {}

    def update(self, site: str, output: Tensor) -> None:
        if site in self.subject.sites:
            now = (output > 0).flatten(1, 2).any(dim=1)
            self.spiked[site] = now | self.spiked.get(site, torch.zeros_like(now))

    def compute(self) -> list[dict[str, Tensor]]:
        return [
            {
                f"silent/{site}": (~spiked[member]).double().mean().reshape(1).cpu()
                for site, spiked in self.spiked.items()
            }
            for member in range(self.subject.members)
        ]


register("meter", METERS, "silent", MeterKind("neurons that never spike", SilentNeurons))
