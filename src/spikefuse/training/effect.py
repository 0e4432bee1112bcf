"""Which settings matter for which values: a setting that is named and has no effect is refused.

A trial's definition is kept in its canonical form (`TrialDefinition.create`), so a setting that the
network does not have would vanish without a word, and one that its data do not have would change
the trial's name and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from spikefuse.data.sources.contract import Modality
from spikefuse.networks.budget import Width, branches
from spikefuse.neurons.registry import NEURONS
from spikefuse.noise.registry import NOISES
from spikefuse.stats.plateau import FEWEST_EPOCHS

if TYPE_CHECKING:
    from spikefuse.noise.condition import NoiseCondition
    from spikefuse.training.definition import TrialDefinition


@dataclass(frozen=True)
class Need:
    """What a setting needs to have an effect.

    Args:
        what: In words, to be read after "needs"; of a definition or condition, where they depend
            on its data.
        is_met: Whether a definition, or a condition, has it.
    """

    what: str | Callable[[Any], str]
    is_met: Callable[[Any], bool]

    def words(self, record: object) -> str:
        """What is needed, said of one record."""
        return self.what if isinstance(self.what, str) else self.what(record)


Chosen = Callable[[Modality], bool]


def _input(is_chosen: Chosen, otherwise: str) -> Need:
    """A network that sees one of the modalities that are chosen of its source.

    Args:
        is_chosen: Which modalities.
        otherwise: What is needed where the source has none.
    """

    def words(trial: TrialDefinition) -> str:
        names = _named(trial, is_chosen)
        article = "an" if names[:1] in "aeiou" else "a"
        return f"a network with {article} {names} input" if names else otherwise

    return Need(words, lambda trial: any(map(is_chosen, trial.seen)))


def _named(trial: TrialDefinition, is_chosen: Chosen) -> str:
    return " or ".join(each.name for each in trial.source.modalities if is_chosen(each))


def _own(field: str) -> tuple[Need, ...]:
    """A setting of single modalities: the source says of which."""

    def is_chosen(modality: Modality) -> bool:
        return field in (*modality.fields.names, *modality.settings)

    return (_input(is_chosen, "a data source that has it"),)


def _has(neuron: str, constant: str) -> bool:
    model = NEURONS[neuron]
    return constant in model.constants and constant not in model.fixed


def _has_groups(modality: Modality) -> bool:
    return bool(modality.groups)


def _protocol_words(trial: TrialDefinition) -> str:
    grouped = _named(trial, _has_groups)
    further = f", or protocol speaker and a network with {grouped}" if grouped else ""
    return f"a fused network{further}"


FUSED = Need("a fused network", lambda trial: len(trial.modalities) > 1)
SPIKING = Need("a spiking network", lambda trial: trial.network == "snn")
PIXELS = _input(lambda modality: modality.is_pixels, "data with pixels")
_OWN_CODE = Need(
    "an input that has no encoder of its own",
    lambda trial: not all(each.encoder for each in trial.seen),
)
_GROUPED = _input(_has_groups, "data with groups")
GROUPED = Need(_GROUPED.what, lambda trial: trial.protocol != "speaker" or _GROUPED.is_met(trial))


def _has_encoders(trial: TrialDefinition) -> bool:
    """Whether each modality has layers of its own before they meet."""
    spec = trial.network_spec()
    found = branches(spec, Width(1))
    return len(found) > 1 and any(branch.convolutions for branch in found)


# The membrane starts at 0 and what is left of it after the last step is not read.
LASTING = (Need("2 time steps or more", lambda trial: trial.time_steps > 1),)

UNPAIRED = Need("samples that are paired by class", lambda trial: not trial.source.is_paired)

TRIAL_NEEDS: dict[str, tuple[Need, ...]] = {
    "fusion": (FUSED,),
    "neuron": (SPIKING,),
    "leak": (
        SPIKING,
        *LASTING,
        Need("a neuron that leaks", lambda trial: _has(trial.neuron, "leak")),
    ),
    "threshold": (SPIKING,),
    "reset": (SPIKING, *LASTING),
    "detach_reset": (SPIKING, *LASTING, Need("a reset", lambda trial: trial.reset != "none")),
    "surrogate": (SPIKING,),
    "surrogate_width": (SPIKING,),
    "time_steps": (SPIKING,),
    "target_rate": (
        SPIKING,
        Need("init calibrated", lambda trial: trial.init == "calibrated"),
    ),
    "spike_penalty": (SPIKING,),
    "pairs": (FUSED, UNPAIRED),
    "best_epoch": (Need("2 epochs or more", lambda trial: trial.epochs > 1),),
    "stop": (
        Need(
            f"more than {FEWEST_EPOCHS} epochs, of which some are then left out",
            lambda trial: trial.epochs > FEWEST_EPOCHS,
        ),
    ),
    "modulation": (FUSED, Need("branches with convolutions of their own", _has_encoders)),
    "modality_dropout": (FUSED,),
    "readout": (SPIKING,),
    "encoder": (SPIKING, _OWN_CODE),
    "constants": (SPIKING,),
    "protocol": (
        Need(
            _protocol_words,
            lambda trial: (
                trial.protocol == "speaker" or len(trial.modalities) > 1 or trial.source.is_paired
            ),
        ),
        GROUPED,
    ),
    "held_out_speaker": (
        GROUPED,
        Need("protocol speaker", lambda trial: trial.protocol == "speaker"),
    ),
    "shuffle_audio": (FUSED,),
    "shuffled": (FUSED,),
    "image_scale": (PIXELS,),
    **{
        field: _own(field)
        for field in (
            *("images", "test_images", "validation_share_image", "image_size"),
            *("clips", "validation_share_audio", "spectrogram_size", "n_fft", "hop", "clip_ms"),
            "event_bins",
        )
    },
}
"""By field of a trial's definition, its selection and its data settings; others always matter."""

NOISY = Need("noise above 0", lambda condition: condition.noise_std > 0)

_SAME = ("zeros", "mean")
"""What takes an input's place alike in every draw, if it takes that of every sample."""

DRAWN = Need(
    "noise that is drawn: this kind is the same every time",
    lambda condition: NOISES[condition.kind].fill not in _SAME or condition.noise_std < 1,
)

CONDITION_NEEDS: dict[str, tuple[Need, ...]] = {
    "noise_position": (NOISY,),
    "sites": (NOISY,),
    "draws": (NOISY, DRAWN),
    **dict.fromkeys(("kind", "unit", "common", "varies", "modalities"), (NOISY,)),
    "steps_share": (NOISY,),
}
"""By field of a noise condition."""


def without_effect(trial: TrialDefinition, given: Mapping[str, Any]) -> tuple[str, str] | None:
    """The first setting that was named and does nothing in this trial, with what it needs.

    Args:
        trial: Made from the settings.
        given: What a user named, by field of the definition, its selection or its data settings.

    Returns:
        The field and what it needs; the neutral value itself (1 time step of a dense network) may
        be named. None: everything matters.

    Example:
        >>> from spikefuse.training import TrialDefinition
        >>> without_effect(TrialDefinition.create(modality="image"), {"shuffle_audio": True})
        ('shuffle_audio', 'a fused network')
    """
    kept = {**dict(trial), **dict(trial.selection), **dict(trial.data)}
    del kept["constants"]  # those at their default are left out, unknown ones are refused
    for name, value in given.items():
        unmet = _unmet(TRIAL_NEEDS.get(name, ()), trial)
        if unmet is not None and not _is_neutral(kept, name, value, unmet):
            return name, unmet
        if name == "modality" and trial.source.canonical(value) == trial.modality:
            continue  # another spelling of what it sees
        if name in kept and kept[name] != value:
            if name == "fusion":  # of two modalities every kind is another network, but for "none"
                return name, f"a network of one modality: here it is {kept[name]!r}"
            named = value if isinstance(value, Mapping) else {}
            lacking = [each for each in named if each not in trial.modalities]
            if lacking:
                return name, f"a network that has {' and '.join(map(str, lacking))}"
            return name, f"other settings: here it is {kept[name]!r}, not {value!r}"
    return None


def condition_without_effect(
    condition: NoiseCondition, given: Mapping[str, Any]
) -> tuple[str, str] | None:
    """The same for a condition of noise."""
    for name in given:
        unmet = _unmet(CONDITION_NEEDS.get(name, ()), condition)
        if unmet is not None:
            return name, unmet
    return None


def _unmet(needs: tuple[Need, ...], record: object) -> str | None:
    return next((need.words(record) for need in needs if not need.is_met(record)), None)


def _is_neutral(kept: Mapping[str, Any], name: str, value: object, unmet: str) -> bool:
    """Whether the value is what the network has anyway, by its nature and not by a default."""
    return unmet == SPIKING.what and name in ("neuron", "time_steps") and kept[name] == value
