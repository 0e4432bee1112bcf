"""How much effort a question to some data gets, decided by the number of its samples.

A network needs updates, not epochs: of 150 samples it must see each some forty times, of 5,000
twice, and both take minutes. Few samples train fast, so there are more seeds, and small data needs
them: its test set is small, and the spread over seeds decides whether the answer is open.
"""

import math
from dataclasses import dataclass
from typing import Any

from spikefuse.core.checks import one_of
from spikefuse.data import SOURCES, DataSettings
from spikefuse.data.sources.contract import FUSED, Source
from spikefuse.networks.budget import count_macs, solve_width
from spikefuse.networks.plans import USUAL_PLAN, plan_that_fits
from spikefuse.networks.spec import as_map
from spikefuse.studies.controls import plain_protocol
from spikefuse.studies.design import Cell
from spikefuse.studies.profiles import PROFILES, Profile

AUTO = "auto"

PASSES = 8_000
"""Training samples that a network sees in all, counted with repetition."""
EPOCHS = (2, 40)
"""Fewest and most epochs."""
BATCHES, UPDATES = (16, 100), 8
"""Fewest and most samples of a step, and updates an epoch that few samples are cut for."""
MOST_TRAINED, MOST_TESTED = 5_000, 1_000
"""Samples of the leading modality that are used at most."""
FEW = 1_000
"""Up to so many training samples of the leading modality there are more seeds."""
SEEDS_OF_FEW, SEEDS_OF_MANY = 5, 3
MOST_MACS = 350e9
"""Multiply-accumulates of a step's forward pass over all samples and seeds of the largest network:
about 20 minutes of a 2017 core. Larger maps get fewer seeds, then fewer passes."""


class AskedProfile(Profile):
    """A profile whose networks fit the data.

    Args:
        plan: A name in `PLANS`.
        batches: Samples of a step, by modality; one that is not named gets the usual number.
    """

    plan: str = USUAL_PLAN
    batches: dict[str, int] = {}  # noqa: RUF012 (a record's default is copied)

    def settings(
        self, modality: str, size: str, source: str, fingerprint: str | None = None
    ) -> dict[str, Any]:
        """What the profile and the data decide of a trial's definition."""
        decided = super().settings(modality, size, source, fingerprint)
        if self.plan != USUAL_PLAN:
            decided["plan"] = self.plan
        if modality in self.batches:
            decided["batch_size"] = self.batches[modality]
        return decided


@dataclass(frozen=True)
class Effort:
    """What was decided, and the sentence that says so."""

    profile: AskedProfile
    said: str


def check_effort(name: str) -> str:
    """The name of an effort, before there is data that it could fit.

    Raises:
        InputError: There is no such profile.
    """
    return one_of("ask", "--profile", name, (AUTO, *PROFILES))


def effort_named(name: str, source: str) -> Effort:
    """The effort of a profile, or with "auto" that which fits the data.

    Raises:
        InputError: There is no such profile.
    """
    if check_effort(name) == AUTO:
        return effort_of(source)
    return effort_by(PROFILES[name], source)


def effort_by(profile: Profile, source: str) -> Effort:
    """The effort of a profile, with networks that fit the data."""
    fitting = AskedProfile(**profile.model_dump(), plan=plan_for(source, profile))
    return Effort(fitting, f"{profile.name}, {profile.summary}")


def profile_named(name: str, source: str) -> Profile:
    """The profile that a study is run with: as it is, but for layers where maps are too small.

    Example:
        >>> profile_named("smoke", "builtin") is PROFILES["smoke"]
        True
    """
    if name == AUTO:
        return effort_of(source).profile
    profile = PROFILES[name]
    is_usual = plan_for(source, profile) == USUAL_PLAN
    return profile if is_usual else effort_by(profile, source).profile


def plan_for(source: str, profile: Profile) -> str:
    """The usual plan where every modality's map is large enough for it.

    Example:
        >>> plan_for("builtin", PROFILES["smoke"])
        'pool-twice'
    """
    sizes = {"image_size": profile.image_size, "spectrogram_size": profile.spectrogram_size}
    settings = DataSettings(source=source, **sizes)
    return plan_that_fits(as_map(each.shape(settings)) for each in SOURCES[source].modalities)


def effort_of(source: str) -> Effort:
    """The effort for a source, by the number of its samples.

    Args:
        source: A name in `SOURCES`.

    Example:
        >>> effort = effort_of("builtin")
        >>> effort.profile.seeds, effort.profile.epochs
        (3, {'image': 6, 'audio': 9, 'fused': 6})
    """
    found = SOURCES[source]
    leading = found.modalities[0]
    trained = {each.name: _used(each.train) for each in found.modalities}
    macs = _macs(found)
    most = SEEDS_OF_FEW if trained[leading.name] <= FEW else SEEDS_OF_MANY
    seeds = min(most, max(SEEDS_OF_MANY, int(MOST_MACS / (PASSES * macs))))
    passes = min(PASSES, MOST_MACS / (seeds * macs))
    epochs = {name: _epochs(count, passes) for name, count in trained.items()}
    epochs[FUSED] = epochs[leading.name]
    profile = Profile(
        name=AUTO,
        summary="decided by the number of samples",
        images=MOST_TRAINED if leading.train > MOST_TRAINED else None,
        test_images=MOST_TESTED if leading.test > MOST_TESTED else None,
        clips=None,
        epochs=epochs,
        seeds=seeds,
        draws=1,
    )
    batches = {name: _batch(count) for name, count in trained.items()}
    batches[FUSED] = batches[leading.name]
    fit: dict[str, Any] = {"plan": plan_for(source, profile), "batches": batches}
    asked = AskedProfile(**profile.model_dump(), **fit)
    return Effort(asked, _said(found, asked, trained))


def _used(train: int) -> int:
    return min(train, MOST_TRAINED)


def _macs(source: Source) -> int:
    """Multiply-accumulates of a step of the network of all modalities, for one sample."""
    usual = PROFILES["quick"]
    profile = AskedProfile(**usual.model_dump(), plan=plan_for(source.name, usual))
    cell = Cell.create(network="dnn", modality=source.choices[-1], protocol=plain_protocol(source))
    settings = profile.settings(cell.modality, cell.size, source.name)
    spec = cell.trial(0, **settings).network_spec()
    return count_macs(spec, solve_width(spec))


def _epochs(samples: int, passes: float) -> int:
    low, high = EPOCHS
    return min(high, max(low, math.ceil(passes / max(1, samples))))


def _batch(samples: int) -> int:
    """Few samples are cut into small batches: eight updates an epoch, not one or two."""
    low, high = BATCHES
    return min(high, max(low, samples // UPDATES))


def _said(source: Source, profile: AskedProfile, trained: dict[str, int]) -> str:
    parts = ", ".join(
        f"{name} {count:,} samples x {profile.epochs[name]} epochs in batches of "
        f"{profile.batches[name]}"
        for name, count in trained.items()
    )
    leading = source.modalities[0]
    capped = [
        f"{used:,} of {there:,} {word} samples of {leading.name}"
        for used, there, word in (
            (profile.images, leading.train, "training"),
            (profile.test_images, leading.test, "test"),
        )
        if used is not None
    ]
    limit = f"; {' and '.join(capped)} are used" if capped else ""
    return f"{parts} (validation included), {profile.seeds} seeds{limit}"
