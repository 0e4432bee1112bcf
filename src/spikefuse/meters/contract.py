"""The contract of a meter: it looks at what leaves a network's sites, pass by pass, and sums up.

A meter changes nothing. It sees the output of each site before noise and pooling, in order of
execution, batch after batch; `compute` is asked once, at the end.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import ClassVar

from torch import Tensor, nn


@dataclass(frozen=True)
class Subject:
    """What is measured.

    Args:
        members: P.
        sites: The activations that are measured, in order of execution.
        predicted: [P, n] what the network answers to the split's samples, if it was asked.
        labels: [P, n] what is right; None as above.
        samples: Modality -> [P, n], which sample of the data each is; empty as above.
    """

    members: int
    sites: tuple[str, ...]
    predicted: Tensor | None = None
    labels: Tensor | None = None
    samples: Mapping[str, Tensor] = field(default_factory=dict)


class Meter:
    """Measures one pass over a split. Its state stays on the network's device until `compute`.

    Args:
        subject: What is measured.
    """

    sees_sites: ClassVar[bool] = True
    """Whether it wants `update`: a pass without is faster, because neurons pool as they fire."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject

    def watching(self, network: nn.Module) -> AbstractContextManager[None]:
        """Around all passes: a meter that looks beyond the sites hangs its hooks on the network."""
        return nullcontext()

    def wants(self, first: int, count: int) -> bool:
        """Whether the batch of samples `first` to `first + count - 1` is worth a pass."""
        return True

    def begin(self, first: int, count: int) -> None:
        """The pass over such a batch begins."""

    def update(self, site: str, output: Tensor) -> None:
        """Look at what leaves a site.

        Args:
            site: Its name; one that the subject does not name is none of the meter's business.
            output: [P, T, B, ...]; not to be changed.
        """
        raise NotImplementedError

    def compute(self) -> list[dict[str, Tensor]]:
        """For each member, tensors to be stored, by name."""
        raise NotImplementedError


@dataclass(frozen=True)
class MeterKind:
    """A kind of meter: every trial is measured with it when its training ends.

    Args:
        title: What it measures, in a user's words.
        make: A meter for one pass.
        split: Whose samples are shown: "validation" or "test".
        samples: At most the first so many of them; all if None.
        needs_spikes: Whether it makes no sense of a dense network.
    """

    title: str
    make: Callable[[Subject], Meter]
    split: str = "validation"
    samples: int | None = None
    needs_spikes: bool = False
