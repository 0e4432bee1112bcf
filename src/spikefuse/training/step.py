"""The training step of a population, on the device alone: the host need not look between steps."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial, reduce
from operator import add

import torch
import torch.nn.functional as F
from torch import Tensor

from spikefuse.encoders import Moment
from spikefuse.fusion.contract import ANSWER
from spikefuse.meters import Subject
from spikefuse.meters.firing import FiringShare
from spikefuse.networks import PopulationNetwork
from spikefuse.training.feed import Feed
from spikefuse.training.modulation import Modulation
from spikefuse.training.optimiser import PopulationAdam

Capture = Callable[[Callable[[], None], Sequence[Tensor]], Callable[[], None]]
"""Turns a step into one that is launched as a whole; see `graph.capture`."""


@dataclass(frozen=True)
class Sums:
    """What the steps of an epoch have added up to, for each member.

    Args:
        losses: Share of the epoch's mean loss.
        hits: Share of the epoch's samples that were classified rightly.
        broken: What was not finite and in which step, or None.
    """

    losses: list[float]
    hits: list[float]
    broken: list[tuple[str, int] | None]


class TrainingSteps:
    """Gather, forward, loss, backward, Adam, and the sums of an epoch.

    Everything a step reads or writes is a tensor that stays where it is, so one step can be
    captured and replayed. Without a capture the host looks for members that broke down before each
    update, and keeps their last finite weights.

    Args:
        network: In training mode while steps run.
        feed: Its data.
        optimiser: Of its weights.
        capture: Makes the step of a whole batch one launch; None runs its operations one by one.
    """

    def __init__(
        self,
        network: PopulationNetwork,
        feed: Feed,
        optimiser: PopulationAdam,
        capture: Capture | None = None,
    ) -> None:
        self.network, self.feed, self.optimiser = network, feed, optimiser
        self.batch_size = feed.definitions[0].batch_size
        self.samples = feed.size("train")
        self.alive = list(range(network.members))
        self.looks = capture is None
        self._capture = capture
        self._whole_batch: Callable[[], None] | None = None
        self._trained: tuple[str, ...] = ()
        self._modulation: Modulation | None = None
        if any(d.modulation != "none" for d in feed.definitions):
            self._modulation = Modulation(network, feed.definitions)
        zeros = partial(torch.zeros, device=feed.device)
        members = network.members
        # Apple's devices have no float64.
        exact = torch.float32 if feed.device.type == "mps" else torch.float64
        penalties = [definition.spike_penalty for definition in feed.definitions]
        self._penalties = torch.tensor(penalties, dtype=torch.float32, device=feed.device)
        self._is_penalised = any(penalties)
        self._subject = Subject(members, network.hidden_sites)
        self._order = zeros(members, self.samples, dtype=torch.int64)
        self._offsets = torch.arange(self.batch_size, device=feed.device)
        self._start, self._number = zeros(1, dtype=torch.int64), zeros(1, dtype=torch.int64)
        self._epoch = zeros(1, dtype=torch.int64)
        self._losses, self._hits = zeros(members, dtype=exact), zeros(members, dtype=exact)
        self._broken = {name: zeros(members, dtype=torch.int64) for name in ("loss", "gradient")}

    @property
    def count(self) -> int:
        """Steps of an epoch; the last one may have a smaller batch."""
        return -(-self.samples // self.batch_size)

    def begin(self, epoch: int, done: int, losses: Sequence[float], hits: Sequence[float]) -> None:
        """Put an epoch's order and sums in place; where other losses begin the step is captured.

        Args:
            epoch: Counted from 1.
            done: Steps of it that were done before.
            losses: What these have added up to, one per member.
            hits: The same of the right answers.
        """
        trained = self.network.losses(epoch, self.feed.definitions[0].epochs)
        is_new, self._trained = trained != self._trained, trained
        if self._capture is not None and is_new:
            self._prepare(self._capture)
        self._epoch.fill_(epoch)
        self.feed.begin(epoch)
        self._order.copy_(self.feed.training_order(epoch))
        self.rewind(done)
        for sums, before in ((self._losses, losses), (self._hits, hits)):
            sums.copy_(torch.tensor(before, dtype=sums.dtype))
        for steps in self._broken.values():
            steps.fill_(-1)

    def rewind(self, done: int = 0) -> None:
        """Go on with the sample after so many steps of the epoch."""
        self._number.fill_(done)
        self._start.fill_(done * self.batch_size)

    def _prepare(self, capture: Capture) -> None:
        """Capture the step of a whole batch, if there is one.

        A capture tries the step: nowhere else than at the start are there samples for it always.
        """
        self.rewind()
        if self.samples >= self.batch_size:
            self._whole_batch = capture(partial(self._step, self.batch_size), self._state())

    def run(self, first: int, count: int) -> None:
        """Steps `first` to `first + count - 1` of the epoch."""
        for number in range(first, first + count):
            size = min(self.batch_size, self.samples - number * self.batch_size)
            if size == self.batch_size and self._whole_batch is not None:
                self._whole_batch()
            else:
                self._step(size)

    def look(self) -> Sums:
        """The sums so far; waits for the device."""
        broken: list[tuple[str, int] | None] = [None] * len(self._losses)
        for what, steps in reversed(self._broken.items()):
            for member, step in enumerate(steps.tolist()):
                earlier = broken[member]
                if step >= 0 and (earlier is None or step <= earlier[1]):
                    broken[member] = what, step
        return Sums(self._losses.tolist(), self._hits.tolist(), broken)

    def _state(self) -> list[Tensor]:
        """Every tensor that a step changes."""
        own = [self._start, self._number, self._losses, self._hits, *self._broken.values()]
        return [*self.network.parameters(), *self.optimiser.tensors(), *own]

    def _step(self, size: int) -> None:
        """One update of every member with the order's next `size` samples."""
        positions = self._order.index_select(1, self._start + self._offsets[:size])
        batch = self.feed.batch("train", positions)
        firing = FiringShare(self._subject) if self._is_penalised else None
        meters = () if firing is None else (firing,)
        features = self.network.features(
            batch.inputs, meters=meters, moment=Moment(batch.samples, self._epoch)
        )
        by_head = self.network.head_logits(features, meters=meters)
        logits = self.network.answer(by_head)
        answers = {**by_head, ANSWER: logits}
        losses = reduce(add, (_losses(answers[name], batch.labels) for name in self._trained))
        self.optimiser.clear()
        aims = losses if firing is None else losses + self._penalties * firing.share()
        aims.sum().backward()
        if self._modulation is not None:
            self._modulation.apply(features, batch.labels, self._epoch, self._number)
        self._add(losses.detach(), logits.detach(), batch.labels)
        if self.looks:
            self.alive = [m for m, step in enumerate(self._worst()) if step < 0 and m in self.alive]
        self.optimiser.step(self.alive)
        self._start += size
        self._number += 1

    def _add(self, losses: Tensor, logits: Tensor, labels: Tensor) -> None:
        right = (logits.argmax(dim=-1) == labels).sum(dim=1)
        self._losses += losses.to(self._losses.dtype) * (labels.shape[1] / self.samples)
        self._hits += right.to(self._hits.dtype) / self.samples
        # The first layer's gradient is the last to be computed: what went wrong before it shows in
        # it. Members share no sum, so one that is not finite harms nobody.
        first = next(p.grad for p in self.network.parameters() if p.grad is not None)
        for what, values in (("loss", losses.unsqueeze(1)), ("gradient", first.flatten(1))):
            steps = self._broken[what]
            is_new = (steps < 0) & ~values.isfinite().all(dim=1)
            steps.copy_(torch.where(is_new, self._number, steps))

    def _worst(self) -> list[int]:
        worst: list[int] = torch.maximum(*self._broken.values()).tolist()
        return worst


def _losses(logits: Tensor, labels: Tensor) -> Tensor:
    """Mean cross-entropy [P] of logits [P, B, K]."""
    each = F.cross_entropy(logits.flatten(0, 1), labels.flatten(), reduction="none")
    return each.view(labels.shape).mean(dim=1)
