"""What is to be trained: a network on some data, its seeds, and its dense twin."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from operator import index
from typing import Any

from pydantic import ValidationError

from spikefuse.core.checks import nearest, one_of, require
from spikefuse.core.errors import InputError
from spikefuse.core.validation import refusal_of
from spikefuse.data.sources.contract import FUSED
from spikefuse.networks import solve_width
from spikefuse.networks.budget import count_macs, count_parameters
from spikefuse.networks.plans import PLAN_OF_SMALL
from spikefuse.neurons import DENSE, NEURONS
from spikefuse.studies import MOST_SEEDS
from spikefuse.training import TrialDefinition
from spikefuse.training.effect import without_effect
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

    def __repr__(self) -> str:
        """What it is, in a line."""
        seeds = ", ".join(map(str, self.seeds))
        return f"Network({self.label}, {self.parameters:,} parameters, seeds {seeds})"


def network(
    data: Dataset,
    neuron: str = "lif",
    fusion: str | None = None,
    parameters: int = 200_000,
    seeds: int | Iterable[int] = SEEDS,
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
            `surrogate`, `encoder`, ...; the `plan` of layers follows the shapes if left out, and
            surrogate and initial weights are those with which layers fire (`BASE_NETWORK`).

    Raises:
        InputError: A name or number is not allowed or has no effect, or no width meets the budget.
    """
    require(isinstance(data, Dataset), "network", "data", "made by sf.dataset", type(data).__name__)
    is_name = modality is None or isinstance(modality, str)
    require(is_name, "network", "modality", "a name, several with '+' between them", modality)
    one_of("network", "neuron", neuron, NEURONS)
    sees = modality or (FUSED if len(data.modalities) > 1 else data.modalities[0])
    values: dict[str, Any] = {
        "network": "dnn" if neuron == DENSE else "snn",
        "neuron": neuron,
        "modality": sees,
        "budget": parameters,
        "size": str(parameters),
        "protocol": data.protocol,
        "data": data.settings,
        **settings,
    }
    chosen = dict(settings)
    if fusion is not None:
        values["fusion"] = chosen["fusion"] = fusion
    if neuron != "lif":
        chosen["neuron"] = neuron
    require("seed" not in settings, "network", "seed", "said as seeds=[...]", settings.get("seed"))
    unknown = sorted(set(settings) - set(TrialDefinition.model_fields))
    if unknown:
        close = nearest(unknown[0], TrialDefinition.model_fields)
        hint = f" Did you mean {' or '.join(close)}?" if close else ""
        raise InputError(f"network: {unknown[0]!r} is no setting of a network.{hint}")
    try:
        if "plan" not in settings:
            draft = TrialDefinition.of_base(**values, plan=PLAN_OF_SMALL)
            values["plan"] = draft.network_spec().fitting_plan
        definition = TrialDefinition.of_base(**values)
        _refuse_idle(definition, chosen)
        solve_width(definition.network_spec())
    except ValidationError as error:
        raise InputError(refusal_of("network", error)) from None
    return Network(definition, numbered_seeds("network", seeds))


def numbered_seeds(where: str, seeds: int | Iterable[int]) -> tuple[int, ...]:
    """So many seeds, counted from 0, or those that are named.

    Raises:
        InputError: They are no different whole numbers from 0, or none.

    Example:
        >>> numbered_seeds("fit", 2), numbered_seeds("fit", [7, 3])
        ((0, 1), (7, 3))
    """
    named = tuple(islice(seeds, MOST_SEEDS + 1)) if isinstance(seeds, Iterable) else (seeds,)
    try:
        numbers = tuple(index(each) for each in named)
    except TypeError:
        numbers = ()
    if not isinstance(seeds, Iterable) and numbers:
        numbers = tuple(range(min(numbers[0], MOST_SEEDS + 1)))
    is_fine = 0 < len(numbers) <= MOST_SEEDS and min(numbers) >= 0
    is_fine = is_fine and len(set(numbers)) == len(numbers)
    is_fine = is_fine and not any(isinstance(each, bool) for each in named)
    told = f"one or more different numbers from 0, or how many, at most {MOST_SEEDS:,}"
    require(is_fine, where, "seeds", told, seeds)
    return numbers


def _refuse_idle(definition: TrialDefinition, chosen: Mapping[str, Any]) -> None:
    """Refuse a setting that has no effect; records of settings are checked by themselves.

    Where training stops is a matter of its epochs, which are said when it is trained.
    """
    apart = ("data", "selection", "stop")
    named = {name: value for name, value in chosen.items() if name not in apart}
    idle = without_effect(definition, named)
    if idle is not None:
        raise InputError(f"network: {idle[0]} needs {idle[1]}. Here it would change nothing.")


def twin(net: Network) -> Network:
    """The dense twin: same layers, parameters, data and seeds, ReLU for the neuron, one step.

    Raises:
        InputError: It is no network made by `network`.
    """
    is_made = isinstance(net, Network)
    require(is_made, "twin", "net", "made by sf.network", type(net).__name__)
    values = {name: getattr(net.definition, name) for name in TrialDefinition.model_fields}
    for spiking in ("neuron", "encoder"):
        values.pop(spiking, None)
    return Network(TrialDefinition.create(**values | {"network": "dnn"}), net.seeds)
