"""What is to be trained: a network on some data, its seeds, and its dense twin."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from spikefuse.core.checks import nearest, require
from spikefuse.core.errors import InputError
from spikefuse.core.validation import refusal_of
from spikefuse.data.sources.contract import FUSED
from spikefuse.networks import solve_width
from spikefuse.networks.budget import count_macs, count_parameters
from spikefuse.training import TrialDefinition
from spikefuse.workbench.data import Dataset

SEEDS = 3


@dataclass(frozen=True)
class Network:
    """A network that can be trained; made by `network` and `twin`.

    Attributes:
        definition: Everything but seed and effort.
        seeds: One trained network each.
    """

    definition: TrialDefinition
    seeds: tuple[int, ...]

    @property
    def parameters(self) -> int:
        """Weights and biases of one network."""
        spec = self.definition.network_spec()
        return count_parameters(spec, solve_width(spec))

    @property
    def operations(self) -> int:
        """Multiply-accumulates of one inference, dense, over all time steps."""
        spec = self.definition.network_spec()
        return count_macs(spec, solve_width(spec))

    @property
    def label(self) -> str:
        """What a sentence calls it."""
        kind = self.definition.network.upper()
        joined = "" if self.definition.fusion == "none" else f", {self.definition.fusion} fusion"
        return f"{kind} ({self.definition.modality}{joined})"


def network(
    data: Dataset,
    neuron: str = "lif",
    fusion: str | None = None,
    parameters: int = 200_000,
    seeds: int | Sequence[int] = SEEDS,
    *,
    modality: str | None = None,
    **settings: Any,
) -> Network:
    """A spiking network (with neuron "relu" a dense one) for some data.

    Args:
        data: What it will see.
        neuron: A name in `spikefuse.neurons.NEURONS`.
        fusion: A name in `spikefuse.fusion.FUSIONS`; concatenated features if left out.
        parameters: Wanted number; the width that meets it is found.
        seeds: How many, counted from 0, or which.
        modality: One of the data's, or several with "+" between them; all if left out.
        settings: Further fields of a trial's definition: `time_steps`, `leak`, `reset`,
            `surrogate`, `plan`, `encoder`, ...

    Raises:
        InputError: A name or number is not allowed, or no width meets the budget.
    """
    sees = modality or (FUSED if len(data.modalities) > 1 else data.modalities[0])
    values: dict[str, Any] = {
        "network": "dnn" if neuron == "relu" else "snn",
        "neuron": neuron,
        "modality": sees,
        "budget": parameters,
        "size": str(parameters),
        "protocol": data.protocol,
        "data": data.settings,
        **settings,
    }
    if fusion is not None:
        values["fusion"] = fusion
    unknown = sorted(set(settings) - set(TrialDefinition.model_fields))
    if unknown:
        close = nearest(unknown[0], TrialDefinition.model_fields)
        hint = f" Did you mean {' or '.join(close)}?" if close else ""
        raise InputError(f"network: {unknown[0]!r} is no setting of a network.{hint}")
    try:
        definition = TrialDefinition.create(**values)
        solve_width(definition.network_spec())
    except ValidationError as error:
        raise InputError(refusal_of("network", error)) from None
    numbers = tuple(range(seeds)) if isinstance(seeds, int) else tuple(seeds)
    is_fine = len(numbers) > 0 and len(set(numbers)) == len(numbers)
    require(is_fine, "network", "seeds", "one or more different numbers", seeds)
    return Network(definition, numbers)


def twin(net: Network) -> Network:
    """The dense twin: same layers, parameters, data and seeds, ReLU for the neuron, one step."""
    values = {name: getattr(net.definition, name) for name in TrialDefinition.model_fields}
    for spiking in ("neuron", "encoder"):
        values.pop(spiking, None)
    return Network(TrialDefinition.create(**values | {"network": "dnn"}), net.seeds)
