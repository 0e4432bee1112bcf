"""Rasters: the spikes behind one right and one wrong answer of each member.

Samples are looked at inside the batch in which they were tested, so that their spikes are those
that led to the answer, bit for bit.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from spikefuse.meters.contract import Meter, MeterKind, Subject

SHOWN_NEURONS = 128
"""At most this many neurons of a hidden dense layer are stored, evenly chosen."""

OUTCOMES = ("correct", "wrong")
"""The first sample of each is looked at; a network that is never wrong has only the other."""


@dataclass(frozen=True)
class _Sample:
    """One member's sample that is looked at."""

    member: int
    outcome: str
    position: int


class Rasters(Meter):
    """Keeps the spikes of the first right and the first wrong sample of each member.

    Gives, for each OUTCOME that a member has, `OUTCOME/position`, `OUTCOME/label`,
    `OUTCOME/predicted` and, for each modality, `OUTCOME/MODALITY` (which sample of the data), int32
    [1]; `OUTCOME/spikes/SITE`, uint8 [T, n], of hidden dense layers, and `OUTCOME/neurons/SITE`,
    int32 [n], which neurons these are; `OUTCOME/counts/SITE`, int32 [T, C], of convolutions: spikes
    of each channel.
    """

    def __init__(self, subject: Subject) -> None:
        super().__init__(subject)
        self._samples = _chosen(subject)
        self._here: list[_Sample] = []
        self._first = 0
        self._found: list[dict[str, Tensor]] = [{} for _ in range(subject.members)]
        for sample in self._samples:
            self._found[sample.member] |= _identity(subject, sample)

    def _among(self, first: int, count: int) -> list[_Sample]:
        return [each for each in self._samples if first <= each.position < first + count]

    def wants(self, first: int, count: int) -> bool:
        """Only batches that hold a sample are shown."""
        return bool(self._among(first, count))

    def begin(self, first: int, count: int) -> None:
        """Find the samples of this batch."""
        self._here, self._first = self._among(first, count), first

    def update(self, site: str, output: Tensor) -> None:
        """Keep the spikes of this batch's samples."""
        if site not in self.subject.sites:
            return
        for sample in self._here:
            one = output[sample.member, :, sample.position - self._first] != 0
            self._found[sample.member] |= _spikes(one, sample.outcome, site)

    def compute(self) -> list[dict[str, Tensor]]:
        """What was kept."""
        return self._found


def _chosen(subject: Subject) -> list[_Sample]:
    """The first correct and the first wrong sample of each member."""
    assert subject.predicted is not None
    assert subject.labels is not None
    right = subject.predicted == subject.labels
    samples = []
    for member in range(len(right)):
        for outcome, mask in zip(OUTCOMES, (right[member], ~right[member]), strict=True):
            positions = mask.nonzero()
            if len(positions):
                samples.append(_Sample(member, outcome, int(positions[0])))
    return samples


def _identity(subject: Subject, sample: _Sample) -> dict[str, Tensor]:
    """Where the sample stands, what it is and what the network made of it."""
    assert subject.labels is not None
    assert subject.predicted is not None
    known: dict[str, int | Tensor] = {
        "position": sample.position,
        "label": subject.labels[sample.member, sample.position],
        "predicted": subject.predicted[sample.member, sample.position],
    }
    known |= {name: each[sample.member, sample.position] for name, each in subject.samples.items()}
    return {
        f"{sample.outcome}/{name}": torch.tensor([int(value)], dtype=torch.int32)
        for name, value in known.items()
    }


def _spikes(spikes: Tensor, outcome: str, site: str) -> dict[str, Tensor]:
    """What is stored of one site's spikes: [T, n] of a dense layer, [T, H, W, C] of maps."""
    if spikes.dim() > 2:
        counts = spikes.flatten(1, -2).sum(dim=1)
        return {f"{outcome}/counts/{site}": counts.to(torch.int32).cpu()}
    neurons = spikes.shape[1]
    shown = min(neurons, SHOWN_NEURONS)
    chosen = torch.arange(shown, device=spikes.device) * neurons // shown
    return {
        f"{outcome}/spikes/{site}": spikes[:, chosen].to(torch.uint8).cpu(),
        f"{outcome}/neurons/{site}": chosen.to(torch.int32).cpu(),
    }


RASTERS = MeterKind("spikes of two samples", Rasters, "test", needs_spikes=True)
