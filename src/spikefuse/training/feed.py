"""Gives a population its batches: indices, scaled inputs and labels, member by member."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from spikefuse.core.deadline import Deadline
from spikefuse.core.errors import DataError
from spikefuse.core.streams import torch_stream
from spikefuse.data import Assignment, Corpus, Pool, assign, require_content, row_statistics
from spikefuse.training.definition import TrialDefinition
from spikefuse.training.interface import scaled
from spikefuse.training.redrawn import KEPT, fresh_partners, lost_modalities

EVALUATION_BATCH = 100
"""Batch size of every evaluation. Noise is drawn per batch, so it is part of the numbers."""
_CHUNK = 500
"""Training samples that are averaged at once."""


@dataclass(frozen=True)
class Batch:
    """One batch of a population.

    Args:
        number: Its place in the pass.
        inputs: Modality -> [P, B, C, H, W]; of events [P, B, polarities, H, W, bins].
        labels: [P, B].
        samples: Modality -> [P, B], which sample of the data each is.
    """

    number: int
    inputs: dict[str, Tensor]
    labels: Tensor
    samples: dict[str, Tensor]


class Feed:
    """The data of one population. Members share sizes; order, split and pairing are their own.

    Args:
        corpus: The data.
        definitions: The members.
        device: Where batches are wanted.
        deadline: Evaluation stops before it, between two batches or before the first.

    Raises:
        DataError: The corpus is not the data of the definitions, or the members' splits differ
            in size.
    """

    def __init__(
        self,
        corpus: Corpus,
        definitions: Sequence[TrialDefinition],
        device: torch.device | str = "cpu",
        deadline: Deadline | None = None,
    ) -> None:
        self.deadline = deadline or Deadline()
        self.definitions = list(definitions)
        for data in dict.fromkeys(definition.data for definition in definitions):
            require_content(data, corpus, "training")
        self.assignments: list[Assignment] = [
            assign(corpus, d.modality, d.protocol, d.seed, d.selection) for d in definitions
        ]
        self.device = torch.device(device)
        self.pools: dict[str, Pool] = {
            each.name: corpus.pools[each.name] for each in definitions[0].seen
        }
        self._modalities = {each.name: each for each in definitions[0].seen}
        self._inputs = {name: pool.inputs.to(self.device) for name, pool in self.pools.items()}
        self._indices = {
            split: {
                name: torch.stack([a.samples[split][name] for a in self.assignments]).to(device)
                for name in self.pools
            }
            for split in self._same_sizes()
        }
        self._labels = {
            split: torch.stack([a.labels[split] for a in self.assignments]).to(device)
            for split in self._indices
        }
        shape = self._labels["train"].shape
        self._lost = torch.full(shape, KEPT, dtype=torch.int64, device=self.device)
        self._loses = any(d.modality_dropout > 0 for d in definitions)
        self._moments: dict[str, tuple[Tensor, Tensor]] = {}
        self._statistics = {
            name: self._row_statistics(name)
            for name, modality in self._modalities.items()
            if modality.is_standardised
        }

    def _row_statistics(self, name: str) -> tuple[Tensor, Tensor]:
        """Mean and standard deviation [P, 1, C, F, 1] of each member's training samples."""
        found = [
            row_statistics(self.pools[name], a.samples["train"][name]) for a in self.assignments
        ]
        mean, std = (torch.stack(each).unsqueeze(1) for each in zip(*found, strict=True))
        return mean.to(self.device), std.to(self.device)

    def training_moments(self, name: str) -> tuple[Tensor, Tensor]:
        """Mean, and mean square, of each input value over the training samples, [P, 1, ...]."""
        if name not in self._moments:
            places = self._indices["train"][name]
            total = square = torch.zeros(1, dtype=torch.float64, device=self.device)
            for first in range(0, places.shape[1], _CHUNK):
                chunk = places[:, first : first + _CHUNK]
                seen = self._scale(name, self._inputs[name][chunk]).double()
                total = total + seen.sum(dim=1, keepdim=True)
                square = square + seen.square().sum(dim=1, keepdim=True)
            count = places.shape[1]
            self._moments[name] = ((total / count).float(), (square / count).float())
        return self._moments[name]

    def _same_sizes(self) -> tuple[str, ...]:
        splits = ("train", "validation", "test")
        for split in splits:
            sizes = {len(a.labels[split]) for a in self.assignments}
            if len(sizes) != 1:
                raise DataError(
                    f"training: members of a population must have {split} splits of one size, "
                    f"got {sorted(sizes)}. Train them apart."
                )
        return splits

    def size(self, split: str) -> int:
        """Samples of each member's split."""
        return self._labels[split].shape[1]

    def labels(self, split: str) -> Tensor:
        """Labels [P, n] in the order of evaluation."""
        return self._labels[split]

    def _scale(self, name: str, x: Tensor) -> Tensor:
        """Real-valued inputs [P, B, C, H, W] as the networks see them."""
        scale = self.definitions[0].image_scale
        return scaled(x, self._modalities[name], scale, self._statistics.get(name))

    def statistics(self, name: str, member: int) -> tuple[list[list[float]], ...] | None:
        """Mean and standard deviation of one member's rows, [C][F]; None where there are none."""
        found = self._statistics.get(name)
        if found is None:
            return None
        return tuple(each[member, 0, ..., 0].tolist() for each in found)

    def batch(self, split: str, positions: Tensor, number: int = 0) -> Batch:
        """The samples at `positions` [P, B] of each member's split."""
        samples = {n: each.gather(1, positions) for n, each in self._indices[split].items()}
        inputs = {
            name: self._scale(name, self._inputs[name][indices])
            for name, indices in samples.items()
        }
        if self._loses and split == "train":
            lost = self._lost.gather(1, positions)
            for place, (name, x) in enumerate(inputs.items()):
                is_lost = (lost == place).view(*lost.shape, *[1] * (x.dim() - 2))
                inputs[name] = x.masked_fill(is_lost, 0)
        return Batch(number, inputs, self._labels[split].gather(1, positions), samples)

    def begin(self, epoch: int) -> None:
        """Draw the training pairs and lost modalities of an epoch, for the members that have them.

        Args:
            epoch: Counted from 1.
        """
        for member, definition in enumerate(self.definitions):
            assignment = self.assignments[member]
            if definition.pairs == "fresh":
                for name in definition.modalities[1:]:
                    drawn = fresh_partners(definition, assignment, name, self.pools[name], epoch)
                    self._indices["train"][name][member].copy_(drawn)
            if definition.modality_dropout > 0:
                self._lost[member].copy_(lost_modalities(definition, self.size("train"), epoch))

    def training_order(self, epoch: int) -> Tensor:
        """Positions [P, n] of the training split, in an order that is a function of (seed, epoch).

        It is drawn on the CPU, whatever the device: every device sees the same batches.

        Args:
            epoch: Counted from 1.
        """
        n = self.size("train")
        generators = [torch_stream(d.seed, "order", epoch) for d in self.definitions]
        return torch.stack([torch.randperm(n, generator=each) for each in generators])

    def evaluation_batches(self, split: str, limit: int | None = None) -> Iterator[Batch]:
        """A split in its fixed order, at most the first `limit` samples.

        Raises:
            OutOfTimeError: What is left of it does not fit before the deadline.
        """
        n = self.size(split) if limit is None else min(limit, self.size(split))
        everyone = torch.arange(n, device=self.device).expand(len(self.definitions), n)
        starts = range(0, n, EVALUATION_BATCH)
        for number, start in enumerate(starts):
            self.deadline.check("evaluation batch", times=len(starts) - number)
            with self.deadline.timing("evaluation batch"):
                yield self.batch(split, everyone[:, start : start + EVALUATION_BATCH], number)
