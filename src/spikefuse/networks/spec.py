"""What a network is, as a frozen record: inputs, layer plan, fusion, budget, neuron. No tensors."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from spikefuse.core.registry import name_in
from spikefuse.data.sources.contract import CLASS_LIMITS, FUSED, RESERVED
from spikefuse.data.sources.registry import DEFAULT, SOURCES
from spikefuse.encoders import ENCODERS
from spikefuse.fusion import FUSIONS
from spikefuse.fusion.contract import Shape
from spikefuse.networks.plans import PLANS, convolutions_of
from spikefuse.neurons import DENSE, NeuronSpec

InputShape = Annotated[tuple[Annotated[int, Field(ge=1)], ...], Field(min_length=1, max_length=3)]


def as_map(shape: tuple[int, ...]) -> Shape:
    """An input's shape as channels, height and width.

    Images and spectrograms are maps already. An array [features, time] is a map of one channel,
    like a spectrogram; a vector [features] is a map of one place with so many channels.

    Example:
        >>> as_map((6, 50)), as_map((30,))
        ((1, 6, 50), (30, 1, 1))
    """
    if len(shape) == 1:
        return shape[0], 1, 1
    channels, height, width = shape if len(shape) == 3 else (1, *shape)
    return channels, height, width


class NetworkSpec(BaseModel):
    """One network: its inputs, layers, budget, neuron and time steps.

    Args:
        network: "snn" or its dense twin "dnn" (a neuron that does not spike, one time step).
        modality: The only modality's name, or "fused" for several; follows from `input_shapes`.
        input_shapes: Of each modality, in the order in which they meet: [C, H, W], [features,
            time] or [features]; see `as_map`.
        plan: A name in `PLANS`.
        fusion: A name in `spikefuse.fusion.FUSIONS`; "none" for a single modality.
        budget: Wanted number of parameters; `budget.solve_width` finds the width that meets it.
        neuron: The hidden neurons.
        time_steps: T.
        readout: "mean-current" (time-mean of the last layer's current) or "spike-count".
        classes: K, from 2 to 1,000; by default those of the default source.
        encoder: A name in `spikefuse.encoders.ENCODERS`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

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
            if not ENCODERS[self.encoder].is_static:
                raise ValueError(f"a dnn has encoder 'direct', got {self.encoder!r}")
        elif not self.neuron.is_spiking:
            raise ValueError(f"an snn has a spiking neuron, got {self.neuron.model!r}")
        return self

    @property
    def maps(self) -> dict[str, Shape]:
        """Channels, height and width of each modality."""
        return {name: as_map(shape) for name, shape in self.input_shapes.items()}

    @property
    def is_static(self) -> bool:
        """Whether inputs are the same at every time step."""
        return ENCODERS[self.encoder].is_static
