"""Profiles: how much effort a study gets. A profile changes effort, never the science."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from spikefuse.data import SOURCES, DataSettings, Selection

SIZES: dict[str, int] = {"S": 1_600_000, "S/2": 800_000, "S/3": 533_333}
"""Model sizes as parameter counts."""

Count = Annotated[int, Field(ge=1)]
Side = Annotated[int, Field(ge=4, le=256)]


def budget_of(size: str) -> int:
    """Parameters of a size: a named one, or a further part of S.

    Example:
        >>> budget_of("S/2"), budget_of("S/6")
        (800000, 266667)
    """
    return SIZES.get(size) or round(SIZES["S"] / int(size.removeprefix("S/")))


def share_of(size: str, parts: int) -> str:
    """The size of each of some equal parts of a network.

    Example:
        >>> share_of("S", 2), share_of("S/3", 2)
        ('S/2', 'S/6')
    """
    return f"S/{int(size.removeprefix('S').removeprefix('/') or 1) * parts}"


def _at_most(wanted: int | None, available: int) -> int | None:
    """The wanted number, or None (all) where a source has no more."""
    return None if wanted is None or wanted >= available else wanted


class Profile(BaseModel):
    """How many samples, epochs, seeds and noise draws a study gets.

    Args:
        images: Training samples of the source's leading modality used at most, validation included;
            None is all.
        test_images: Test samples of it used at most; None is all.
        clips: Training samples used of every other modality, validation included; None is all.
        image_size: Height and width of images; other sizes are resized.
        spectrogram_size: Height and width of spectrograms.
        epochs: By modality; one that is not named gets the most of them.
        seeds: Seeds 0 to seeds - 1.
        draws: Noise draws per noisy evaluation.
        precision: Of convolutions and matrix products; set for the machine, not by the profile.
        best_epoch: Which of equal validation accuracies is tested, see `TrialDefinition`. In long
            trainings they are the rule, and the first is the one trained least; where networks
            are stored under a profile it stays the first, or they would bear other names.
        stop: After all epochs, or where validation accuracy no longer rises; see `stats.plateau`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    summary: str
    images: Count | None = None
    test_images: Count | None = None
    clips: Count | None = None
    image_size: Side = 28
    spectrogram_size: Side = 28
    epochs: dict[str, Count]
    seeds: Annotated[int, Field(ge=1)]
    draws: Annotated[int, Field(ge=1)] = 2
    precision: Literal["float32", "bf16"] = "float32"
    best_epoch: Literal["first", "lower-loss"] = "first"
    stop: Literal["epochs", "plateau"] = "epochs"

    def settings(
        self, modality: str, size: str, source: str, fingerprint: str | None = None
    ) -> dict[str, Any]:
        """What the profile and the data decide of a trial's definition."""
        leading, *others = SOURCES[source].modalities
        train = {leading.name: _at_most(self.images, leading.train)}
        train |= {each.name: _at_most(self.clips, each.train) for each in others}
        test = {leading.name: _at_most(self.test_images, leading.test)}
        sizes = {"image_size": self.image_size, "spectrogram_size": self.spectrogram_size}
        return {
            "budget": budget_of(size),
            "data": DataSettings(source=source, fingerprint=fingerprint, **sizes),
            "selection": Selection.of(SOURCES[source], train, test),
            "epochs": self.epochs.get(modality, max(self.epochs.values())),
            "precision": self.precision,
            "best_epoch": self.best_epoch,
            "stop": self.stop,
        }

    def changed(self, effort: Mapping[str, Any]) -> Self:
        """The same profile with other values in some fields; epochs by modality are added to it.

        Raises:
            ValidationError: A value is not allowed.
        """
        values = self.model_dump() | dict(effort)
        if isinstance(effort.get("epochs"), Mapping):
            values["epochs"] = {**self.epochs, **effort["epochs"]}
        return type(self).model_validate(values, strict=True)


_OF_OTHERS = ("name", "summary", "precision", "seeds", "best_epoch", "stop")
EFFORT = tuple(name for name in Profile.model_fields if name not in _OF_OTHERS)
"""Fields of a profile that a study's file, or an option of `run`, may say otherwise."""

PROFILES: dict[str, Profile] = {
    profile.name: profile
    for profile in (
        Profile(
            name="smoke",
            summary="seconds: at toy size, to see that everything works",
            images=200,
            test_images=100,
            clips=120,
            image_size=8,
            spectrogram_size=8,
            epochs={"image": 2, "audio": 2, "fused": 2},
            seeds=2,
            draws=1,
        ),
        Profile(
            name="quick",
            summary="minutes: all six experiments at true sizes, fewer images and epochs",
            images=5_000,
            test_images=1_000,
            epochs={"image": 2, "audio": 8, "fused": 2},
            seeds=2,
            draws=1,
        ),
        Profile(
            name="medium",
            summary="hours: 12,000 training images, all test images, 5 seeds",
            images=15_000,  # a fifth of them validates
            epochs={"image": 10, "audio": 40, "fused": 10},
            seeds=5,
            draws=1,
            best_epoch="lower-loss",
        ),
        Profile(
            name="full",
            summary="days: all data, until validation accuracy no longer rises, 5 seeds",
            epochs={"image": 200, "audio": 200, "fused": 200},  # at most
            seeds=5,
            draws=1,
            best_epoch="lower-loss",
            stop="plateau",
        ),
        Profile(
            name="paper",
            summary="as published: all data, 200 epochs, 5 seeds",
            epochs={"image": 200, "audio": 200, "fused": 200},
            seeds=5,
            draws=3,
        ),
    )
}
"""Profiles by name."""
