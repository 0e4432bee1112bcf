"""How far an exported network is from the trained one, measured on real samples."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from spikefuse.core.checks import require

FAITHFUL, APPROXIMATE, UNSUPPORTED = "faithful", "approximate", "unsupported"
LOGITS, BEYOND, CHANGED = 1e-4, 0.05, 1e-3
"""Faithful: of 95 in 100 samples all logits are within 1e-4 of the trained network's scale, and at
most one in a thousand answers is another. What is left are membranes that rounding puts across the
threshold: one spike changes all logits of its sample, and of a network with 534,000 parameters and
four steps that met 1 to 3 of 1,000 real samples. A graph that says another network moves them all.
"""

APPROXIMATE_CHANGED = 0.05
"""The share of changed answers up to which a network that is meant to be another one is written."""


@dataclass(frozen=True)
class Drift:
    """What differs on real samples.

    Attributes:
        samples: How many were run.
        logits: Largest difference of a logit, over the largest logit.
        beyond: Share of the samples with a logit that differs by more than `LOGITS`.
        changed: Share of the answers that are others.
        accuracy: Of the trained network on them.
        exported_accuracy: Of the exported one.
    """

    samples: int
    logits: float
    beyond: float
    changed: float
    accuracy: float
    exported_accuracy: float

    @property
    def is_faithful(self) -> bool:
        """Whether nothing but rounding differs."""
        return self.beyond <= BEYOND and self.changed <= CHANGED

    def __str__(self) -> str:
        """The figures in a sentence."""
        return (
            f"on {self.samples:,} test samples logits differ by at most {self.logits:.1e} of their "
            f"scale (beyond 1e-4 in {self.beyond * self.samples:,.0f} samples), "
            f"{100 * self.changed:.2f} % of the answers are others, accuracy "
            f"{100 * self.accuracy:.2f} % becomes {100 * self.exported_accuracy:.2f} %"
        )


@torch.no_grad()
def drift_of(
    run: Callable[[Mapping[str, Tensor]], Tensor],
    inputs: Mapping[str, Tensor],
    logits: Tensor,
    labels: Tensor,
    batch: int = 50,
) -> Drift:
    """Run an exported network on the samples that gave the trained network's logits.

    Args:
        run: Inputs [B, C, H, W] by modality to logits [B, K].
        inputs: [n, C, H, W] by modality, scaled.
        logits: [n, K] of the trained network.
        labels: [n].
        batch: Samples at once.
    """
    require(len(labels) > 0, "export", "--samples", "at least 1", len(labels))
    found = torch.cat(
        [
            run({name: x[first : first + batch] for name, x in inputs.items()})
            for first in range(0, len(labels), batch)
        ]
    )
    scale = logits.abs().max().clamp_min(1e-12)
    differences = (found - logits).abs().amax(dim=1).double() / scale
    answers, others = logits.argmax(dim=1), found.argmax(dim=1)
    return Drift(
        samples=len(labels),
        logits=float(differences.max()),
        # What is no number is beyond, too.
        beyond=float((~(differences <= LOGITS)).double().mean()),
        changed=float((answers != others).double().mean()),
        accuracy=float((answers == labels).double().mean()),
        exported_accuracy=float((others == labels).double().mean()),
    )
