"""Cost models: prices of operations and of memory, as data with their origin.

Absolute figures of two models never compare: they leave out different things.
"""

import tomllib
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from spikefuse.core.checks import nearest
from spikefuse.core.errors import ArgumentError, InputError
from spikefuse.core.registry import name_in, register
from spikefuse.core.untrusted import reason
from spikefuse.core.validation import refusal_of
from spikefuse.meters.accounting import ACCOUNTINGS

Price = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Points = tuple[tuple[Price, Price], ...]

_HOROWITZ = "Horowitz, Computing's energy problem, ISSCC 2014, doi:10.1109/ISSCC.2014.6757323"
_LEMAIRE = (
    "Lemaire et al., An analytical estimation of spiking neural networks energy efficiency, "
    "ICONIP 2022, arXiv:2210.13107, doi:10.1007/978-3-031-30105-6_48"
)


class CostModel(BaseModel):
    """What operations and accesses cost, and where the prices come from.

    Args:
        name: A plain word.
        source: Publication or measurement.
        process: The technology the prices hold for.
        precision: Of weights, sums and potentials.
        left_out: What the model does not price, in words.
        accounting: Which operations and accesses are priced, a name in
            `spikefuse.meters.accounting.ACCOUNTINGS`.
        mac_pj: A multiplication with addition, in pJ.
        ac_pj: An addition.
        update_pj: A neuron's update beyond what `accounting` prices.
        word_bytes: Of a weight, bias, input, output or potential.
        memory: Size of a buffer in bytes, and pJ a byte of an access to one of that size; linear
            between, flat outside. One point is a flat price; none: memory is not priced.
        queue_words: Words that a queue of spikes holds, where `accounting` has queues.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    source: str
    process: str
    precision: str
    left_out: str
    accounting: Annotated[str, name_in("accounting", ACCOUNTINGS)] = "synaptic"
    mac_pj: Price
    ac_pj: Price
    update_pj: Price = 0.0
    word_bytes: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 4.0
    memory: Points = ()
    queue_words: Annotated[int, Field(ge=1)] = 1000

    @model_validator(mode="after")
    def _sizes_rise(self) -> Self:
        sizes = [size for size, _ in self.memory]
        if any(later <= earlier for earlier, later in pairwise(sizes)):
            raise ValueError(f"memory must list buffers by rising size, got {sizes}")
        return self

    def byte_pj(self, buffer_bytes: float) -> float:
        """Price of one byte in a buffer of this size.

        Example:
            >>> COST_MODELS["lemaire-2022"].byte_pj(20 * 1024)
            3.75
        """
        if not self.memory:
            return 0.0
        below = self.memory[0]
        if buffer_bytes <= below[0]:
            return below[1]
        for above in self.memory[1:]:
            if buffer_bytes <= above[0]:
                share = (buffer_bytes - below[0]) / (above[0] - below[0])
                return below[1] + share * (above[1] - below[1])
            below = above
        return below[1]


def _horowitz(precision: str, mac_pj: float, ac_pj: float, word_bytes: float) -> list[CostModel]:
    """Operations alone, and with memory at one price a byte."""
    suffix = "" if precision == "float32" else f"-{precision}"
    shared: dict[str, Any] = {
        "precision": precision,
        "mac_pj": mac_pj,
        "ac_pj": ac_pj,
        "word_bytes": word_bytes,
    }
    return [
        CostModel(
            name=f"horowitz-45nm{suffix}",
            source=_HOROWITZ,
            process="45 nm, 0.9 V",
            left_out="memory, addressing, the neurons' own arithmetic, bias, communication, "
            "leakage",
            **shared,
        ),
        CostModel(
            name=f"horowitz-memory{suffix}",
            source=f"{_HOROWITZ}; 24.96 pJ a byte as in SpikingJelly 2.0.0 estimate_simple_energy",
            process="45 nm, 0.9 V",
            left_out="addressing, inputs and outputs, the neurons' own arithmetic, communication, "
            "leakage",
            memory=((0.0, 24.96),),
            **shared,
        ),
    ]


COST_MODELS: dict[str, CostModel] = {
    model.name: model
    for model in (
        *_horowitz("float32", 4.6, 0.9, 4),
        *_horowitz("float16", 1.5, 0.4, 2),
        *_horowitz("int32", 3.2, 0.1, 4),
        *_horowitz("int8", 0.23, 0.03, 1),
        CostModel(
            name="lemaire-2022",
            source=_LEMAIRE,
            process="45 nm, 0.9 V",
            precision="int32",
            left_out="communication between cores, off-chip memory, leakage, batch normalisation",
            accounting="lemaire",
            mac_pj=3.2,
            ac_pj=0.1,
            memory=((0.0, 0.0), (8 * 1024, 2.5), (32 * 1024, 5.0), (1024 * 1024, 25.0)),
        ),
    )
}
"""Cost models by name."""


def register_cost_model(model: CostModel) -> CostModel:
    """Add a cost model of one's own.

    Raises:
        InputError: The name is taken or is no plain word.
    """
    return register("cost model", COST_MODELS, model.name, model)


def cost_model(name: str) -> CostModel:
    """The cost model with this name, or the one in this TOML file.

    Raises:
        InputError: There is none, or the file is not a cost model.
    """
    if name in COST_MODELS:
        return COST_MODELS[name]
    if name.endswith(".toml"):
        return read_cost_model(Path(name))
    close = nearest(name, COST_MODELS)
    hint = f"Did you mean {' or '.join(close)}?" if close else "Or name a file that ends in .toml."
    known = ", ".join(COST_MODELS)
    refusal = f"must be one of {known}, or a TOML file, got {name!r}. {hint}"
    raise ArgumentError("energy", "model", refusal)


def read_cost_model(path: Path) -> CostModel:
    """A user's own cost model, a TOML file with the fields of `CostModel`.

    Raises:
        InputError: The file cannot be read, has an unknown key, or a value breaks its constraint.
    """
    where = f"cost model {path}"
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(
            f"{where}: file must be readable TOML, got {reason(error)}. Mend it or name another."
        ) from None
    for key in values:
        if key not in CostModel.model_fields:
            close = nearest(key, CostModel.model_fields)
            hint = f"Did you mean {' or '.join(close)}?" if close else "Remove it."
            raise InputError(
                f"{where}: key must be one of {', '.join(CostModel.model_fields)}, "
                f"got {key!r}. {hint}"
            )
    if values.get("name") in COST_MODELS:
        raise InputError(
            f"{where}: name must be one of its own, got {values['name']!r}, a built-in model's. "
            "Take another: figures would bear a published name."
        )
    try:
        return CostModel.model_validate(values)
    except ValidationError as error:
        raise InputError(f"{refusal_of(where, error)} Correct the file.") from None
