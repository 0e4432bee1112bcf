"""Neuron models by name. Their modules are loaded when a network is made, PyTorch with them."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from spikefuse.neurons.contract import Constant, NeuronModel

if TYPE_CHECKING:
    from spikefuse.neurons.module import Neurons


def _lif(*arguments: Any) -> Neurons:
    from spikefuse.neurons.lif.neurons import LifNeurons

    return LifNeurons(*arguments)


def _plif(*arguments: Any) -> Neurons:
    from spikefuse.neurons.plif import PlifNeurons

    return PlifNeurons(*arguments)


def _relu(*arguments: Any) -> Neurons:
    from spikefuse.neurons.relu import ReluNeurons

    return ReluNeurons(*arguments)


_THRESHOLD = Constant(1.0, 0, math.inf, has_bounds=False)
_LIF = NeuronModel(
    "leaky integrate-and-fire",
    _lif,
    constants={"leak": Constant(0.9, 0, 1), "threshold": _THRESHOLD},
    differs=frozenset({"leak", "threshold", "reset"}),
    family="lif",
)

NEURONS: dict[str, NeuronModel] = {
    "lif": _LIF,
    "if": replace(_LIF, title="integrate-and-fire: no leak", fixed={"leak": 1.0}),
    "relu": NeuronModel("rectifier of the dense twin", _relu, is_spiking=False),
    "plif": NeuronModel(
        "leaky integrate-and-fire whose leak is learned, one a layer",
        _plif,
        constants={"leak": Constant(0.9, 0, 1, has_bounds=False), "threshold": _THRESHOLD},
        learned=1,
        differs=frozenset({"leak", "threshold", "reset"}),
    ),
}
"""Neuron models by name."""

DENSE = "relu"
"""The dense twin's neuron."""
