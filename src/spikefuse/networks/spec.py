"""What a network is, as frozen records: neuron, layer plan, fusion, budget. No tensors here."""

from dataclasses import dataclass
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from spikefuse.neurons import Surrogate

MODALITIES: dict[str, tuple[str, ...]] = {
    "image": ("image",),
    "audio": ("audio",),
    "fused": ("image", "audio"),
}
"""Which inputs a network of each modality sees, in order."""

CLASSES = 10


@dataclass(frozen=True)
class Conv:
    """A 3x3 convolution with padding 1, an activation and, with `pool`, a 2x2 maximum."""

    channels: int
    pool: bool


@dataclass(frozen=True)
class Plan:
    """The layers of one branch before the hidden dense layer, whose width the budget decides."""

    convolutions: tuple[Conv, ...]
    notation: str


PLANS: dict[str, Plan] = {
    "pool-twice": Plan((Conv(32, True), Conv(64, True)), "32C3-P2-64C3-P2-FC(h)-10"),
    "simple-audio": Plan((Conv(32, False), Conv(64, True)), "32C3-64C3-P2-FC(h)-10"),
    "mlp": Plan((), "FC(h)-10"),
}
"""Layer plans by name."""


class NeuronSpec(BaseModel):
    """A neuron model with its constants; the defaults are the preset `lab` (SCIENCE of the docs).

    The dense twin's `relu` has no leak, threshold or reset; they are set to neutral values so that
    equal networks have equal records.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: Literal["lif", "if", "relu"] = "lif"
    leak: Annotated[float, Field(ge=0, le=1)] = 0.9
    threshold: Annotated[float, Field(gt=0)] = 1.0
    reset: Literal["soft", "hard", "none"] = "soft"
    detach_reset: bool = False
    surrogate: Literal["boxcar", "atan", "fast_sigmoid", "triangle"] = "boxcar"
    surrogate_width: Annotated[float, Field(gt=0)] | None = None

    @model_validator(mode="before")
    @classmethod
    def _fill_in(cls, values: object) -> object:
        if not isinstance(values, dict):
            return values
        filled = dict(values)
        model = filled.get("model", "lif")
        if model == "if":
            filled["leak"] = 1.0
        if model == "relu":
            return {"model": "relu", "leak": 1.0, "reset": "none", "surrogate_width": 0.5}
        name = filled.get("surrogate", "boxcar")
        if filled.get("surrogate_width") is None and isinstance(name, str):
            filled["surrogate_width"] = Surrogate(name).width
        return filled

    def surrogate_function(self) -> Surrogate:
        """The surrogate derivative this neuron learns with."""
        return Surrogate(self.surrogate, self.surrogate_width)


class NetworkSpec(BaseModel):
    """One network: its inputs, layers, budget, neuron and time steps.

    Args:
        network: "snn" or its dense twin "dnn" (ReLU, one time step).
        modality: "image", "audio" or "fused".
        input_shapes: Channels, height and width of each input of the modality.
        plan: A name in `PLANS`.
        fusion: A name in `spikefuse.fusion.FUSIONS`; "none" for a single modality.
        budget: Wanted number of parameters; `budget.solve_width` finds the width that meets it.
        neuron: The hidden neurons.
        time_steps: T.
        readout: "mean-current" (time-mean of the last layer's current) or "spike-count".
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    network: Literal["snn", "dnn"] = "snn"
    modality: Literal["image", "audio", "fused"] = "image"
    input_shapes: dict[str, tuple[int, int, int]]
    plan: Literal["pool-twice", "simple-audio", "mlp"] = "pool-twice"
    fusion: Literal["none", "input", "early", "late"] = "none"
    budget: Annotated[int, Field(ge=100)] = 1_600_000
    neuron: NeuronSpec = NeuronSpec()
    time_steps: Annotated[int, Field(ge=1)] = 4
    readout: Literal["mean-current", "spike-count"] = "mean-current"

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if tuple(self.input_shapes) != MODALITIES[self.modality]:
            raise ValueError(
                f"input_shapes must name {MODALITIES[self.modality]} for modality "
                f"{self.modality!r}, got {tuple(self.input_shapes)}"
            )
        if (self.modality == "fused") == (self.fusion == "none"):
            raise ValueError(
                "fusion must be 'none' for one modality and a kind of fusion for 'fused', "
                f"got {self.fusion!r} for {self.modality!r}"
            )
        if self.network == "dnn" and (self.neuron.model != "relu" or self.time_steps != 1):
            raise ValueError("a dnn has neuron 'relu' and one time step")
        if self.network == "dnn" and self.readout != "mean-current":
            raise ValueError("a dnn has readout 'mean-current'")
        if self.network == "snn" and self.neuron.model == "relu":
            raise ValueError("an snn has a spiking neuron, got 'relu'")
        return self
