"""Readings of what the paper leaves open: each departs from the reading `lab` in one thing.

The paper gives no input scale, layer plan, leak, surrogate, initial weights, noise sites or order
of splitting and pairing. `lab` is the guess at its network, and the other readings name what they
change of that, and which protocol and split their claims are judged on. The reading `base` is what
every command takes where nothing is asked for: the network that learns, see `BASE_NETWORK`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Literal

from spikefuse.noise.contract import Unit
from spikefuse.training import BASE_NETWORK

BASE, LAB = "base", "lab"
UNDER = "+"
"""In a level of the column `reading` between the reading that a study was run under and its own."""

_GUESS = {"surrogate": "boxcar", "init": "plain"}
_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True)
class Reading:
    """One way to read the paper where it is silent.

    Attributes:
        name: The level of the tidy column `reading`.
        topic: What the paper leaves open.
        says: The reading in a few words.
        trial: What it changes of a trial's definition.
        noise_sites: Hidden activations that get noise.
        noise_unit: What the standard deviation of noise counts in, see `NoiseCondition`.
        protocol: Pairing protocol of its fused networks.
        split: "test" (at the best validation epoch) or "validation" (best of all epochs).
    """

    name: str
    topic: str
    says: str
    trial: Mapping[str, Any] = field(default_factory=dict)
    noise_sites: Literal["all", "first", "last"] = "all"
    noise_unit: Unit = "absolute"
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


def _of_lab(
    name: str, topic: str, says: str, trial: Mapping[str, Any] = _NOTHING, **others: Any
) -> Reading:
    return Reading(name, topic, says, {**_GUESS, **trial}, **others)


READINGS: Mapping[str, Reading] = MappingProxyType(
    {
        reading.name: reading
        for reading in (
            Reading(
                BASE,
                "what learns",
                "triangle, calibrated; disjoint pairs, untouched test set",
                BASE_NETWORK,
            ),
            _of_lab(LAB, "everything", "boxcar, as drawn; disjoint pairs, untouched test set"),
            _of_lab(
                "best-validation",
                "reported number",
                "best validation accuracy of all epochs; disjoint pairs",
                split="validation",
            ),
            _of_lab(
                "paper-pairing",
                "split order",
                "pairs first, split afterwards; best validation accuracy of all epochs",
                protocol="paper",
                split="validation",
            ),
            _of_lab("byte", "image scale", "pixels from 0 to 255", {"image_scale": "byte"}),
            _of_lab(
                "standard", "image scale", "pixels of mean 0 and std 1", {"image_scale": "standard"}
            ),
            _of_lab(
                "simple-audio", "layer plan", "32C3-64C3-P2-FC(h)-10", {"plan": "simple-audio"}
            ),
            _of_lab("leak-0.5", "leak", "leak 0.5", {"leak": 0.5}),
            _of_lab("leak-0.99", "leak", "leak 0.99", {"leak": 0.99}),
            _of_lab("atan", "surrogate", "arc tangent", {"surrogate": "atan"}),
            _of_lab("fast_sigmoid", "surrogate", "fast sigmoid", {"surrogate": "fast_sigmoid"}),
            _of_lab("triangle", "surrogate", "triangle", {"surrogate": "triangle"}),
            _of_lab(
                "calibrated",
                "initial weights",
                "layers scaled until a tenth of their neurons fire",
                {"init": "calibrated"},
            ),
            _of_lab(
                "noise-first", "noise sites", "noise at each branch's first", noise_sites="first"
            ),
            _of_lab("noise-last", "noise sites", "noise at the last", noise_sites="last"),
        )
    }
)
"""Readings by name, the base first. Those that change no trial of `lab` need no training of their
own."""


def _census() -> dict[str, Reading]:
    found = {}
    for surrogate, width in (("boxcar", 0.5), ("boxcar", 1.0), ("triangle", 1.0), ("atan", 0.5)):
        for init in ("plain", "calibrated"):
            for leak in (0.9, 0.5):
                trial = {"surrogate": surrogate, "surrogate_width": width}
                trial |= {"leak": leak, "init": init}
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
            Reading(
                "whole-map",
                "time",
                "the whole map at every step, FC(h)-K",
                {**BASE_NETWORK, "plan": "mlp"},
            ),
            Reading(
                "sequence",
                "time",
                "the time axis as the steps, FC(h)-K",
                {**BASE_NETWORK, "plan": "mlp", "encoder": "sequence"},
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
            BASE_NETWORK,
            protocol="paper",
            split="validation",
        )
    }
)
"""What the study `leak` compares with both pairings."""

FRESH_PAIRS = "fresh-pairs"
"""The remedy that samples which came together cannot have."""

DROPOUTS: Mapping[str, float] = MappingProxyType(
    {f"modality-dropout-{share:g}": share for share in (0.2, 0.5)}
)
"""By remedy the share of training samples that lose a modality."""


def _remedy(name: str, says: str, **trial: Any) -> Reading:
    return Reading(name, "joint training", says, {**BASE_NETWORK, **trial})


REMEDY_READINGS: Mapping[str, Reading] = MappingProxyType(
    {
        reading.name: reading
        for reading in (
            _remedy(FRESH_PAIRS, "another partner of the class in every epoch", pairs="fresh"),
            _remedy("ogm-ge", "smaller gradients where a modality is ahead", modulation="ogm-ge"),
            *(
                _remedy(name, f"{share:.0%} of training samples lose one", modality_dropout=share)
                for name, share in DROPOUTS.items()
            ),
        )
    }
)
"""What the study `remedies` compares with the usual joint training."""

OWN_STD = "own-std"
"""The name of the reading of the study `robustness-own-std`."""

NOISE_READINGS: Mapping[str, Reading] = MappingProxyType(
    {
        OWN_STD: Reading(
            OWN_STD,
            "noise unit",
            "noise in units of the disturbed values' own standard deviation",
            BASE_NETWORK,
            noise_unit="std",
        )
    }
)
"""What the study `robustness-own-std` says of its noise; the networks are the usual ones."""

ALL_READINGS: Mapping[str, Reading] = MappingProxyType(
    {
        **READINGS,
        **CENSUS_READINGS,
        **TIME_READINGS,
        **LEAK_READINGS,
        **REMEDY_READINGS,
        **NOISE_READINGS,
    }
)
"""Readings by name, of every study. The claims are judged under `READINGS` alone."""


def is_remedy(level: str) -> bool:
    """Whether a level of the column `reading` names another way of joint training.

    Example:
        >>> is_remedy("lab+ogm-ge"), is_remedy("lab")
        (True, False)
    """
    return level.rpartition(UNDER)[2] in REMEDY_READINGS


def is_noise(level: str) -> bool:
    """Whether a level of the column `reading` says how noise counts, of the usual networks.

    Example:
        >>> is_noise("lab+own-std"), is_noise("lab")
        (True, False)
    """
    return level.rpartition(UNDER)[2] in NOISE_READINGS


NETWORK_READINGS = tuple(
    name for name, each in READINGS.items() if (each.protocol, each.split) == ("disjoint", "test")
)
"""Readings that any study can be run under: those that say nothing of pairing and of the split."""


def composed(reading: str, own: str) -> str:
    """The level of a cell whose study is run under a reading.

    Args:
        reading: One of `NETWORK_READINGS`.
        own: The cell's own level.

    Example:
        >>> composed("lab", "base"), composed("base", "sequence"), composed("lab", "sequence")
        ('lab', 'sequence', 'lab+sequence')
    """
    if own == BASE or reading == BASE:
        return reading if own == BASE else own
    if UNDER in own or own in {*READINGS, *CENSUS_READINGS}:
        return own
    return f"{reading}{UNDER}{own}"


def reading_of(level: str) -> Reading:
    """What a level of the column `reading` stands for.

    Example:
        >>> dict(reading_of("lab+whole-map").trial) == {
        ...     "surrogate": "boxcar", "init": "plain", "plan": "mlp"
        ... }
        True
    """
    name, _, own = level.rpartition(UNDER)
    if not name:
        return ALL_READINGS[own]
    found, above = ALL_READINGS[own], ALL_READINGS[name]
    added = {key: each for key, each in found.trial.items() if BASE_NETWORK.get(key) != each}
    return replace(
        found,
        name=level,
        says=f"{found.says}, of {name}",
        trial={**above.trial, **added},
        noise_sites=above.noise_sites,
    )
