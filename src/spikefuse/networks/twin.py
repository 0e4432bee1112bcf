"""The dense twin of a spiking network: same layers, same parameters, ReLU and one time step."""

from spikefuse.networks.spec import NetworkSpec
from spikefuse.neurons import DENSE, NeuronSpec


def twin(spec: NetworkSpec) -> NetworkSpec:
    """The dense network that differs from `spec` in its neurons, and in what only time has.

    It sees the whole of an input whose time the spiking network takes for its steps: such a map is
    larger, and a plan that is made for a step's map must suit it.

    Example:
        >>> twin(NetworkSpec(input_shapes={"image": (1, 28, 28)})).neuron.model
        'relu'
    """
    return spec.model_copy(
        update={
            "network": "dnn",
            "neuron": NeuronSpec(model=DENSE),
            "time_steps": 1,
            "readout": "mean-current",
            "encoder": "direct",
            "encoders": {},
        }
    )
