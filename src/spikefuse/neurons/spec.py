"""A neuron model with its constants, as a frozen record in canonical form."""

from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from spikefuse.core.checks import one_of, require
from spikefuse.core.record import ValueRecord
from spikefuse.core.registry import name_in
from spikefuse.neurons.lif.resets import RESETS
from spikefuse.neurons.registry import NEURONS
from spikefuse.neurons.surrogate import SHAPES, Surrogate

_NEUTRAL: dict[str, Any] = {"leak": 1.0, "threshold": 1.0, "reset": "none", "detach_reset": False}
_NEUTRAL |= {"surrogate": "boxcar", "surrogate_width": 0.5, "constants": {}}
_OWN_FIELDS = ("leak", "threshold")


class NeuronSpec(ValueRecord):
    """A neuron model with its constants; the defaults are the preset `lab` (SCIENCE of the docs).

    Equal neurons have equal records: what a model does not have is written neutral, what it fixes
    is written as it is. This is the one place that knows it.

    Args:
        model: A name in `spikefuse.neurons.NEURONS`.
        leak: Decay of the membrane per step; where a model learns it, its first value.
        threshold: The neuron fires above it.
        reset: A name in `spikefuse.neurons.lif.RESETS`.
        detach_reset: No gradient through the spike in the reset.
        surrogate: A name in `spikefuse.neurons.SHAPES`.
        surrogate_width: Its width; the shape's own if None.
        constants: Further constants of a model, by name; those left out have their default.

    Example:
        >>> NeuronSpec(model="if", leak=0.5) == NeuronSpec(model="if")
        True
    """

    model: Annotated[str, name_in("neuron", NEURONS)] = "lif"
    leak: Annotated[float, Field(ge=0, le=1)] = 0.9
    threshold: Annotated[float, Field(gt=0)] = 1.0
    reset: Annotated[str, name_in("reset", RESETS)] = "soft"
    detach_reset: bool = False
    surrogate: Annotated[str, name_in("surrogate", SHAPES)] = "boxcar"
    surrogate_width: Annotated[float, Field(gt=0)] | None = None
    constants: dict[str, float] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _fill_in(cls, values: object) -> object:
        if not isinstance(values, dict):
            return values
        filled = dict(values)
        model = NEURONS.get(filled.get("model", "lif"))
        if model is None:
            return filled  # refused by the field, with the nearest spelling
        if not model.is_spiking:
            return {**_NEUTRAL, **model.fixed, "model": filled["model"]}
        filled |= model.fixed
        name = filled.get("surrogate", "boxcar")
        if filled.get("surrogate_width") is None and name in SHAPES:
            filled["surrogate_width"] = Surrogate(name).width
        own = {key: constant.default for key, constant in model.constants.items()}
        own = {key: value for key, value in own.items() if key not in _OWN_FIELDS}
        filled["constants"] = own | dict(filled.get("constants") or {})
        return filled

    @model_validator(mode="after")
    def _in_range(self) -> Self:
        known = NEURONS[self.model].constants
        further = [name for name in known if name not in _OWN_FIELDS]
        for name in self.constants:
            where = f"neuron {self.model!r}"
            require(bool(further), where, "constants", "left out: it has no further ones", name)
            one_of(where, "a constant", name, further)
        values = {name: getattr(self, name) for name in _OWN_FIELDS} | self.constants
        for name, constant in known.items():
            if name not in NEURONS[self.model].fixed:
                constant.check(f"neuron {self.model!r}", name, values[name])
        return self

    @property
    def is_spiking(self) -> bool:
        """Whether its output is spikes."""
        return NEURONS[self.model].is_spiking

    @property
    def learned(self) -> int:
        """Parameters of a layer, beside the weights."""
        return NEURONS[self.model].learned

    def own_constants(self) -> dict[str, float]:
        """Further constants that are not at their model's default."""
        known = NEURONS[self.model].constants
        return {k: v for k, v in self.constants.items() if v != known[k].default}

    def surrogate_function(self) -> Surrogate:
        """The surrogate derivative this neuron learns with."""
        return Surrogate(self.surrogate, self.surrogate_width)

    def shared(self) -> dict[str, Any]:
        """What all members of a population have in common, if theirs is this neuron."""
        model = NEURONS[self.model]
        values = self.model_dump(exclude={*model.differs, "constants"})
        values["model"] = model.family or self.model
        values["constants"] = {k: v for k, v in self.constants.items() if k not in model.differs}
        return values
