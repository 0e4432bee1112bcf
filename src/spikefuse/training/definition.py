"""The full definition of a trial: one network, its data, its training and its seed.

A trial's name is the hash of this record, so it holds everything that decides the numbers and
nothing else: no paths, no devices, no names of studies.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import Field, ValidationError, model_validator

from spikefuse.core.checks import one_of
from spikefuse.core.errors import InputError, StoreError
from spikefuse.core.plugins import with_plugins
from spikefuse.core.record import NamedRecord
from spikefuse.core.registry import name_in
from spikefuse.core.validation import refusal_of
from spikefuse.data import (
    KINDS,
    PROTOCOLS,
    SOURCES,
    DataSettings,
    Modality,
    Selection,
    Source,
    canonical,
)
from spikefuse.data.sources.registry import DEFAULT
from spikefuse.encoders import ENCODERS
from spikefuse.fusion import FUSIONS
from spikefuse.networks import PLANS, NetworkSpec, NeuronSpec
from spikefuse.neurons import DENSE, NEURONS, SHAPES
from spikefuse.neurons.lif import RESETS
from spikefuse.results import definition_hash
from spikefuse.training.base_network import BASE_NETWORK

if TYPE_CHECKING:
    from spikefuse.data import Corpus

_DATA = DataSettings(source=DEFAULT)


class TrialDefinition(NamedRecord):
    """One network to be trained. Field names are the columns of the tidy results.

    Args:
        network: Spiking, or its dense twin.
        modality: What it sees.
        size: S (1.6 M parameters), S/2 or S/3.
        budget: Number of parameters, in place of a size.
        plan: Layers of each branch.
        fusion: Where the inputs of a fused network meet.
        neuron: The hidden neurons; relu is the dense twin's.
        leak: Share of the membrane that is kept from step to step.
        threshold: Firing threshold.
        reset: Of the membrane after a spike: less the threshold, to zero, or none.
        detach_reset: No gradient through the reset.
        surrogate: Derivative that stands in for a spike's.
        surrogate_width: Width of the surrogate, in the unit of the membrane.
        time_steps: T.
        readout: Time-mean of the last layer's current, or its spikes.
        encoder: How inputs are spread over time; direct repeats them, sequence takes their time.
        protocol: Which clip pairs with which image; disjoint has no clip on two sides.
        data: Source and preprocessing.
        selection: Which part of the data.
        image_scale: unit (0-1), byte (0-255) or standard (mean 0, std 1).
        epochs: Passes over the training data.
        batch_size: Samples of a training step.
        learning_rate: Adam's.
        precision: Of convolutions and matrix products.
        seed: Of everything random.
        init: Initial weights as drawn, or calibrated: scaled until every layer fires.
        target_rate: Share of neurons that fire at a step, for calibrated initial weights.
        best_epoch: Of equal validation accuracies the first, or the one of lower loss.
        stop: After all epochs, or when validation accuracy no longer rises (plateau).
        pairs: Training pairs drawn once (fixed) or for each epoch (fresh).
        modulation: Of the gradients of branches; ogm-ge slows the modality that is ahead.
        modality_dropout: Share of training samples that lose one modality, which is zeros.
        spike_penalty: Weight of the share of neurons that fire at a step, added to the loss.
        plugins: Labels of the plugins that its parts come from; found, not chosen.
        constants: Further constants of the neuron, by name; those at their default are left out.
    """

    first_fields = frozenset(
        {
            *("network", "modality", "size", "budget", "plan", "fusion"),
            *("neuron", "leak", "threshold", "reset", "detach_reset"),
            *("surrogate", "surrogate_width", "time_steps", "readout"),
            *("protocol", "data", "selection", "image_scale"),
            *("epochs", "batch_size", "learning_rate", "precision", "seed"),
        }
    )

    network: Literal["snn", "dnn"] = "snn"
    modality: str = SOURCES[DEFAULT].modalities[0].name
    size: str = "S"
    budget: Annotated[int, Field(le=10**12)] = 1_600_000
    plan: Annotated[str, name_in("plan", PLANS)] = "pool-twice"
    fusion: Annotated[str, name_in("fusion", FUSIONS)] = "none"
    neuron: Annotated[str, name_in("neuron", NEURONS)] = "lif"
    leak: float = 0.9
    threshold: float = 1.0
    reset: Annotated[str, name_in("reset", RESETS)] = "soft"
    detach_reset: bool = False
    surrogate: Annotated[str, name_in("surrogate", SHAPES)] = "boxcar"
    surrogate_width: float | None = None
    time_steps: Annotated[int, Field(ge=1, le=1_000_000)] = 4
    readout: Literal["mean-current", "spike-count"] = "mean-current"
    encoder: Annotated[str, name_in("encoder", ENCODERS)] = "direct"

    protocol: Annotated[str, name_in("protocol", PROTOCOLS)] = "disjoint"
    data: DataSettings = _DATA
    selection: Selection = Selection()
    image_scale: Literal["unit", "byte", "standard"] = "unit"

    epochs: Annotated[int, Field(ge=1, le=10**9)] = 3
    batch_size: Annotated[int, Field(ge=1, le=10**9)] = 100
    learning_rate: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 1e-3
    precision: Literal["float32", "bf16"] = "float32"
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0
    init: Literal["plain", "calibrated"] = "plain"
    target_rate: Annotated[float, Field(gt=0, lt=1)] = 0.1
    best_epoch: Literal["first", "lower-loss"] = "first"
    stop: Literal["epochs", "plateau"] = "epochs"
    pairs: Literal["fixed", "fresh"] = "fixed"
    modulation: Literal["none", "ogm-ge"] = "none"
    modality_dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0
    spike_penalty: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0
    plugins: tuple[str, ...] = ()
    constants: dict[str, float] = {}  # noqa: RUF012 (a record's default is copied)

    @model_validator(mode="before")
    @classmethod
    def _with_plugins(cls, values: Any) -> Any:
        return with_plugins(cls, values)

    @model_validator(mode="before")
    @classmethod
    def _without_format(cls, values: object) -> object:
        # `trial.json` begins with the format of its name, which is no setting.
        if isinstance(values, dict) and "format" in values:
            return {name: value for name, value in values.items() if name != "format"}
        return values

    @model_validator(mode="after")
    def _fits_fusion(self) -> Self:
        kind = FUSIONS[self.fusion]
        if self.modulation != "none" and len(kind.branches(self.network_spec().maps)) < 2:
            raise ValueError(
                f"modulation must be 'none' where there are no two branches, got "
                f"{self.modulation!r} for {self.modality} with fusion {self.fusion!r}"
            )
        least = kind.least_epochs
        if self.epochs < least:
            raise ValueError(
                f"epochs must be at least {least} for fusion {self.fusion!r}, got {self.epochs}"
            )
        return self

    @classmethod
    def create(cls, **values: Any) -> Self:
        """A definition in its canonical form: equal networks get equal records.

        A dense network has one time step and what its neuron has (`NeuronSpec`); a single
        modality has no fusion, and only a protocol that holds out a group changes its split, so
        any other is written as the source's plain one.

        Raises:
            InputError: The source has no such modality, or the protocol or something selected is
                not for this source.
        """
        filled = dict(values)
        if filled.get("network") == "dnn":
            filled |= {"neuron": DENSE, "time_steps": 1, "readout": "mean-current"}
            filled |= {"encoder": "direct"}
        neuron_fields = ("leak", "threshold", "reset", "detach_reset", "surrogate")
        neuron = NeuronSpec(
            model=filled.get("neuron", "lif"),
            surrogate_width=filled.get("surrogate_width"),
            constants=filled.get("constants", {}),
            **{key: filled[key] for key in neuron_fields if key in filled},
        )
        filled |= neuron.model_dump(exclude={"model", "constants"})
        filled["constants"] = neuron.own_constants()
        if filled.get("init", "plain") == "plain" or filled.get("network") == "dnn":
            filled.pop("target_rate", None)
        if filled.get("network") == "dnn":
            filled.pop("spike_penalty", None)
        elif not NEURONS[neuron.model].is_spiking:
            spiking = ", ".join(name for name, each in NEURONS.items() if each.is_spiking)
            raise InputError(
                f"trial: neuron must be a spiking one of {spiking} for network 'snn', got "
                f"{neuron.model!r}. Choose one of these, or network 'dnn'."
            )
        data = DataSettings.model_validate(filled.setdefault("data", _DATA))
        source = SOURCES[data.source]
        modality = source.canonical(filled.get("modality", source.modalities[0].name))
        seen = source.seen_by(modality)
        if source.is_paired:
            filled.pop("pairs", None)
        if len(seen) == 1:
            filled["fusion"] = "none"
            for name in ("pairs", "modulation", "modality_dropout"):
                filled.pop(name, None)
        elif filled.get("fusion", "none") == "none":
            filled["fusion"] = "early"
        filled |= {"modality": modality, "protocol": _protocol(source, seen, filled)}
        if filled.get("network") != "dnn":
            filled["encoder"] = _encoder(seen, data, filled.get("encoder", "direct"))
        selection = Selection.model_validate(filled.get("selection", {}))
        holds_out = PROTOCOLS[filled["protocol"]].holds_out
        filled["selection"] = canonical(selection, source, seen, holds_out=holds_out)
        return cls(**filled)

    @classmethod
    def of_base(cls, **values: Any) -> Self:
        """`create` for what was asked for: what is not named is the base network's.

        Raises:
            InputError: As `create`.

        Example:
            >>> TrialDefinition.of_base(surrogate="boxcar").init
            'calibrated'
        """
        return cls.create(**{**BASE_NETWORK, **values})

    def on(self, corpus: "Corpus") -> Self:
        """The same definition for a corpus's content, which its name then holds.

        Only a source whose content is not pinned by hash needs this; see `DataSettings`.
        """
        data = self.data.model_copy(update={"fingerprint": corpus.content})
        return self.model_copy(update={"data": data})

    @property
    def name(self) -> str:
        """The trial's name: the hash of what defines it, see `NamedRecord.naming`."""
        return definition_hash(self.naming())

    @property
    def source(self) -> Source:
        """The record of its data source."""
        return SOURCES[self.data.source]

    @property
    def seen(self) -> tuple[Modality, ...]:
        """The modalities this network sees, in the source's order."""
        return self.source.seen_by(self.modality)

    @property
    def modalities(self) -> tuple[str, ...]:
        """Their names."""
        return tuple(each.name for each in self.seen)

    def network_spec(self) -> NetworkSpec:
        """The network to build."""
        return NetworkSpec(
            network=self.network,
            classes=len(self.source.classes),
            input_shapes={each.name: each.shape(self.data) for each in self.seen},
            plan=self.plan,
            fusion=self.fusion,
            budget=self.budget,
            neuron=NeuronSpec(
                model=self.neuron,
                leak=self.leak,
                threshold=self.threshold,
                reset=self.reset,
                detach_reset=self.detach_reset,
                surrogate=self.surrogate,
                surrogate_width=self.surrogate_width,
                constants=self.constants,
            ),
            time_steps=self.time_steps,
            readout=self.readout,
            encoder=self.encoder,
            encoders=self._encoders(),
        )

    def _encoders(self) -> dict[str, str]:
        """Encoders of the modalities that have another than the trial's."""
        if self.network == "dnn":
            return {}
        takes_time = ENCODERS[self.encoder].takes_time
        own = {
            each.name: each.encoder
            or ("direct" if takes_time and not _has_time(each, self.data) else self.encoder)
            for each in self.seen
        }
        return {name: encoder for name, encoder in own.items() if encoder != self.encoder}

    def population_key(self) -> str:
        """Equal for trials that can train as one population: same shape, same number of steps."""
        from spikefuse.networks.build import population_key

        shared = self.model_dump(
            mode="json",
            include={
                "protocol",
                "data",
                "selection",
                "image_scale",
                "epochs",
                "batch_size",
                "precision",
            },
        )
        if self.spike_penalty:  # these train by another step: members of both kinds stay apart
            shared["is_penalised"] = True
        return f"{population_key(self.network_spec())} {definition_hash(shared)}"


def _has_time(modality: Modality, data: DataSettings) -> bool:
    """Whether there is a time axis of more than one place."""
    return modality.has_time and modality.shape(data)[-1] > 1


def _encoder(seen: tuple[Modality, ...], data: DataSettings, asked: str) -> str:
    """The encoder of a spiking network: of its only kind of input, or the one that is asked for.

    Raises:
        InputError: It takes the time of inputs that have none, or is not for these inputs.
    """
    one_of("trial", "encoder", asked, ENCODERS)
    own = {each.encoder for each in seen}
    if len(own) == 1 and "" not in own:
        return own.pop()
    free = [each for each in seen if not each.encoder]
    names = ", ".join(each.name for each in free)
    if asked in {kind.encoder for kind in KINDS.values()}:
        raise InputError(
            f"trial: encoder must be one for {names}, got {asked!r}, which events have by "
            "themselves. Leave it out or name the others' encoder."
        )
    if ENCODERS[asked].takes_time and not any(_has_time(each, data) for each in free):
        raise InputError(
            f"trial: encoder must be one for inputs without a time axis ({names}), got {asked!r}. "
            "Choose direct, latency or rate, or a network with an input over time."
        )
    return asked


def stored_definition(values: Mapping[str, Any], where: str) -> TrialDefinition:
    """A definition as a trial's folder holds it.

    Args:
        values: From `TrialStore.read`, or sent to a worker.
        where: What is being done with it.

    Raises:
        MissingPluginError: It was made with a plugin that is not loaded.
        StoreError: Its data or another of its parts is not known here.
    """
    source = (values.get("data") or {}).get("source")
    if source not in SOURCES and not values.get("plugins"):
        raise StoreError(
            f"{where}: the trial's data {source!r} must be known here, got sources "
            f"{', '.join(SOURCES)}. Name the data that it was trained on (--data PATH); arrays in "
            "memory are known to the program alone that made them a source."
        )
    try:
        return TrialDefinition.model_validate(values)
    except ValidationError as error:
        raise StoreError(
            f"{refusal_of(where, error)} The trial's definition was written by another version "
            "of spikefuse, or by hand."
        ) from None


def _protocol(source: Source, seen: tuple[Modality, ...], filled: Mapping[str, Any]) -> str:
    """The protocol that a network's splits are made by."""
    plain = "paired" if source.is_paired else "disjoint"
    asked = str(filled.get("protocol", plain))
    rule = PROTOCOLS[one_of("trial", "protocol", asked, PROTOCOLS)]
    if len(seen) == 1:
        has_groups = bool(source.groups if source.is_paired else seen[0].groups)
        return asked if rule.holds_out and has_groups else plain
    fitting = [name for name, each in PROTOCOLS.items() if each.fits(source)]
    return one_of("trial", f"protocol for source {source.name!r}", asked, fitting)
