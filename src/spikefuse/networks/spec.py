"""What a network is, as a frozen record: inputs, layer plan, fusion, budget, neuron. No tensors."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from spikefuse.core.checks import one_of
from spikefuse.core.record import ValueRecord
from spikefuse.core.registry import name_in
from spikefuse.data.sources.contract import CLASS_LIMITS, FUSED, RESERVED
from spikefuse.data.sources.registry import DEFAULT, SOURCES
from spikefuse.encoders import ENCODERS, Encoder
from spikefuse.fusion import FUSIONS
from spikefuse.fusion.contract import Shape
from spikefuse.networks.plans import PLANS, convolutions_of, plan_that_fits
from spikefuse.neurons import DENSE, NeuronSpec

InputShape = Annotated[tuple[Annotated[int, Field(ge=1)], ...], Field(min_length=1, max_length=4)]


def as_map(shape: tuple[int, ...]) -> Shape:
    """An input's shape as channels, height and width.

    Images and spectrograms are maps already. An array [features, time] is a map of one channel,
    like a spectrogram; a vector [features] is a map of one place with so many channels; frames
    [C, H, W, time] are a map with a channel for each of C at each time.

    Example:
        >>> as_map((6, 50)), as_map((30,)), as_map((2, 34, 34, 16))
        ((1, 6, 50), (30, 1, 1), (32, 34, 34))
    """
    if len(shape) == 1:
        return shape[0], 1, 1
    if len(shape) == 4:
        return shape[0] * shape[3], shape[1], shape[2]
    channels, height, width = shape if len(shape) == 3 else (1, *shape)
    return channels, height, width


def as_step(shape: tuple[int, ...]) -> Shape:
    """What one step sees of an input whose last axis is time: a map without that axis.

    Example:
        >>> as_step((6, 50)), as_step((1, 28, 28)), as_step((2, 34, 34, 16))
        ((1, 6, 1), (1, 28, 1), (2, 34, 34))
    """
    *rest, _ = shape
    channels, height, width = {1: (1, *rest, 1), 2: (*rest, 1), 3: tuple(rest)}[len(rest)]
    return channels, height, width


class NetworkSpec(ValueRecord):
    """One network: its inputs, layers, budget, neuron and time steps.

    Args:
        network: "snn" or its dense twin "dnn" (a neuron that does not spike, one time step).
        modality: The only modality's name, or "fused" for several; follows from `input_shapes`.
        input_shapes: Of each modality, in the order in which they meet: [C, H, W], [features,
            time], [features] or frames [C, H, W, time]; see `as_map` and `as_step`.
        plan: A name in `PLANS`.
        fusion: A name in `spikefuse.fusion.FUSIONS`; "none" for a single modality.
        budget: Wanted number of parameters; `budget.solve_width` finds the width that meets it.
        neuron: The hidden neurons.
        time_steps: T.
        readout: "mean-current" (time-mean of the last layer's current) or "spike-count".
        classes: K, from 2 to 1,000; by default those of the default source.
        encoder: A name in `spikefuse.encoders.ENCODERS`.
        encoders: By modality, where one has another encoder than that.
    """

    network: Literal["snn", "dnn"] = "snn"
    modality: str = ""
    input_shapes: dict[str, InputShape]
    plan: Annotated[str, name_in("plan", PLANS)] = "pool-twice"
    fusion: Annotated[str, name_in("fusion", FUSIONS)] = "none"
    budget: Annotated[int, Field(ge=100)] = 1_600_000
    neuron: NeuronSpec = NeuronSpec()
    time_steps: Annotated[int, Field(ge=1)] = 4
    readout: Literal["mean-current", "spike-count"] = "mean-current"
    classes: Annotated[int, Field(ge=CLASS_LIMITS[0], le=CLASS_LIMITS[1])] = len(
        SOURCES[DEFAULT].classes
    )
    encoder: Annotated[str, name_in("encoder", ENCODERS)] = "direct"
    encoders: dict[str, Annotated[str, name_in("encoder", ENCODERS)]] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _name_the_modality(cls, values: object) -> object:
        if not isinstance(values, dict) or values.get("modality"):
            return values
        names = list(values.get("input_shapes") or ())
        return values | {"modality": names[0] if len(names) == 1 else FUSED}

    @model_validator(mode="after")
    def _modalities_make_sense(self) -> Self:
        for name in self.input_shapes:
            plain = name.replace("-", "").replace("_", "")
            if name in RESERVED or not plain.isalnum() or name != name.lower():
                raise ValueError(
                    "input_shapes must name modalities by lower-case letters, digits, '-' and "
                    f"'_', and not {', '.join(sorted(RESERVED))}, got {name!r}"
                )
        names = tuple(self.input_shapes)
        wanted = names[0] if len(names) == 1 else FUSED
        if not names or self.modality != wanted:
            raise ValueError(
                f"input_shapes must name the modality {self.modality!r} alone, or several for "
                f"{FUSED!r}, got {names}"
            )
        if FUSIONS[self.fusion].for_one != (len(names) == 1):
            raise ValueError(
                "fusion must be 'none' for one modality and a kind of fusion for several, "
                f"got {self.fusion!r} for {', '.join(names)}"
            )
        for name in self.encoders:
            one_of("network", "modality in encoders", name, names)
        for name, shape in self.input_shapes.items():
            if self.encoder_of(name).takes_time and len(shape) == 1:
                raise ValueError(
                    f"encoder must be one for inputs without time, got one that takes the time of "
                    f"{name!r}, {list(shape)}"
                )
        for branch, shape in FUSIONS[self.fusion].branches(self.maps).items():
            convolutions_of(self.plan, branch, shape)
        return self

    @model_validator(mode="after")
    def _dense_or_spiking(self) -> Self:
        if self.network == "dnn":
            if self.neuron.is_spiking or self.time_steps != 1:
                raise ValueError(f"a dnn has neuron {DENSE!r} and one time step")
            if self.readout != "mean-current":
                raise ValueError("a dnn has readout 'mean-current'")
            for name in (self.encoder, *self.encoders.values()):
                if not ENCODERS[name].is_static:
                    raise ValueError(f"a dnn has encoder 'direct', got {name!r}")
        elif not self.neuron.is_spiking:
            raise ValueError(f"an snn has a spiking neuron, got {self.neuron.model!r}")
        return self

    def encoder_of(self, modality: str) -> type[Encoder]:
        """The encoder of one modality."""
        return ENCODERS[self.encoders.get(modality, self.encoder)]

    @property
    def maps(self) -> dict[str, Shape]:
        """Channels, height and width of each modality at one step."""
        return {
            name: (as_step if self.encoder_of(name).takes_time else as_map)(shape)
            for name, shape in self.input_shapes.items()
        }

    @property
    def fitting_plan(self) -> str:
        """The usual layers, or where some branch is too small for them those that fit each."""
        return plan_that_fits(FUSIONS[self.fusion].branches(self.maps).values())

    @property
    def is_static(self) -> bool:
        """Whether all inputs are the same at every time step."""
        return all(self.encoder_of(name).is_static for name in self.input_shapes)

    def is_static_branch(self, branch: str) -> bool:
        """Whether the input of a branch is; one that is no modality's own sees all of them."""
        own = branch in self.input_shapes
        return self.encoder_of(branch).is_static if own else self.is_static
