"""Readings of what the paper leaves open: each departs from the base reading in one thing.

The paper gives no input scale, layer plan, leak, surrogate, noise sites or order of splitting and
pairing. The base reading is what a `Cell` and the settings of `spikefuse.training` default to; a
reading names what it changes, and which protocol and split its claims are judged on.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

BASE = "base"


@dataclass(frozen=True)
class Reading:
    """One way to read the paper where it is silent.

    Attributes:
        name: The level of the tidy column `reading`.
        topic: What the paper leaves open.
        says: The reading in a few words.
        trial: What it changes of a trial's definition.
        noise_sites: Hidden activations that get noise.
        protocol: Pairing protocol of its fused networks.
        split: "test" (at the best validation epoch) or "validation" (best of all epochs).
    """

    name: str
    topic: str
    says: str
    trial: Mapping[str, Any] = field(default_factory=dict)
    noise_sites: Literal["all", "first", "last"] = "all"
    protocol: Literal["paper", "disjoint"] = "disjoint"
    split: Literal["test", "validation"] = "test"

    def settings(self, modality: str) -> dict[str, Any]:
        """What it changes of the definition of a network of that modality.

        How images are scaled says nothing about an audio network: its trial stays the base's.
        """
        kept = dict(self.trial)
        if modality == "audio":
            kept.pop("image_scale", None)
        return kept


READINGS: Mapping[str, Reading] = MappingProxyType(
    {
        reading.name: reading
        for reading in (
            Reading(BASE, "everything", "the defaults; disjoint pairs, untouched test set"),
            Reading(
                "best-validation",
                "reported number",
                "best validation accuracy of all epochs; disjoint pairs",
                split="validation",
            ),
            Reading(
                "paper-pairing",
                "split order",
                "pairs first, split afterwards; best validation accuracy of all epochs",
                protocol="paper",
                split="validation",
            ),
            Reading("byte", "image scale", "pixels from 0 to 255", {"image_scale": "byte"}),
            Reading(
                "standard", "image scale", "pixels of mean 0 and std 1", {"image_scale": "standard"}
            ),
            Reading(
                "simple-audio", "layer plan", "32C3-64C3-P2-FC(h)-10", {"plan": "simple-audio"}
            ),
            Reading("leak-0.5", "leak", "leak 0.5", {"leak": 0.5}),
            Reading("leak-0.99", "leak", "leak 0.99", {"leak": 0.99}),
            Reading("atan", "surrogate", "arc tangent", {"surrogate": "atan"}),
            Reading("fast_sigmoid", "surrogate", "fast sigmoid", {"surrogate": "fast_sigmoid"}),
            Reading("triangle", "surrogate", "triangle", {"surrogate": "triangle"}),
            Reading(
                "calibrated",
                "initial weights",
                "layers scaled until a tenth of their neurons fire",
                {"init": "calibrated"},
            ),
            Reading(
                "noise-first", "noise sites", "noise at each branch's first", noise_sites="first"
            ),
            Reading("noise-last", "noise sites", "noise at the last", noise_sites="last"),
        )
    }
)
"""Readings by name, the base first. Those that change no trial need no training of their own."""


def _census() -> dict[str, Reading]:
    found = {}
    for surrogate, width in (("boxcar", 0.5), ("boxcar", 1.0), ("triangle", 1.0), ("atan", 0.5)):
        for init in ("plain", "calibrated"):
            for leak in (0.9, 0.5):
                trial = {"surrogate": surrogate, "surrogate_width": width, "leak": leak}
                trial |= {"init": init} if init != "plain" else {}
                name = f"{surrogate}-{width:g}-{init}-leak-{leak:g}"
                says = f"{surrogate} of width {width:g}, {init} initial weights, leak {leak:g}"
                found[name] = Reading(name, "networks that learn", says, trial)
    return found


CENSUS_READINGS: Mapping[str, Reading] = MappingProxyType(_census())
"""What the study `census` compares: surrogate, initial weights and leak, crossed."""

TIME_READINGS: Mapping[str, Reading] = MappingProxyType(
    {
        reading.name: reading
        for reading in (
            # A step of a sequence is one column, too small to halve: so also the whole map.
            Reading("whole-map", "time", "the whole map at every step, FC(h)-K", {"plan": "mlp"}),
            Reading(
                "sequence",
                "time",
                "the time axis as the steps, FC(h)-K",
                {"plan": "mlp", "encoder": "sequence"},
            ),
        )
    }
)
"""What the study `time-axis` compares: the same layers on the whole map and on its parts."""

MATCHED = "matched-clips"
"""The name of the reading of the study `leak`."""

LEAK_READINGS: Mapping[str, Reading] = MappingProxyType(
    {
        MATCHED: Reading(
            MATCHED,
            "split order",
            "pairs first, with as many distinct clips in training as disjoint pairs have",
            protocol="paper",
            split="validation",
        )
    }
)
"""What the study `leak` compares with both pairings."""

ALL_READINGS: Mapping[str, Reading] = MappingProxyType(
    {**READINGS, **CENSUS_READINGS, **TIME_READINGS, **LEAK_READINGS}
)
"""Every level of the column `reading`. The claims are judged under `READINGS` alone."""
