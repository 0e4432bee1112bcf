"""What stands between two weighted layers: neurons, and what may watch or disturb them."""

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor, nn

from spikefuse.core.checks import require
from spikefuse.meters import Meter
from spikefuse.neurons import NEURONS, Neurons, NeuronSpec
from spikefuse.neurons.lif.eager import pool_spikes
from spikefuse.neurons.spikes import as_floats
from spikefuse.noise import Noise


class Activation(nn.Module):
    """A site: a layer of neurons with a name.

    Args:
        name: Of the site, for example "image.conv1".
        time_steps: T.
        neurons: Each member's, of one model's family.
        backend: The neuron's implementation.
        products: How the layers that come next compute; unless it is "dense", spikes may leave as
            bits.
    """

    def __init__(
        self,
        name: str,
        time_steps: int,
        neurons: Sequence[NeuronSpec],
        backend: str = "auto",
        products: str = "dense",
    ) -> None:
        super().__init__()
        self.name = name
        self.time_steps = time_steps
        of, model = neurons[0].model, NEURONS[neurons[0].model]
        made = model.make(neurons, time_steps, backend)
        kind = type(made).__name__
        require(isinstance(made, Neurons), "neuron", f"what {of} makes", "a layer of Neurons", kind)
        learned = sum(each.numel() for each in made.parameters()) / len(neurons)
        told = f"what a layer of it learns for a member ({learned:g})"
        require(learned == model.learned, "neuron", f"learned of {of}", told, model.learned)
        self.neurons: Neurons = made
        self.neurons.writes_bits = products != "dense"

    def forward(
        self,
        current: Tensor,
        pool: bool = False,
        noise: Noise | None = None,
        meters: Sequence[Meter] = (),
    ) -> Tensor:
        """Respond to a current.

        Args:
            current: [P, T, B, ...], or [P, 1, B, ...] when it is the same at every step.
            pool: Take the 2x2 maximum of the output [P, T, B, H, W, C] over H and W.
            noise: Disturbs the current and the output, before or after pooling.
            meters: See what the neurons give, before noise and pooling.

        Returns:
            [P, T, B, ...].
        """
        if noise is not None:
            current = noise.before(self.name, current, self.time_steps, self.neurons)
        if not meters and (noise is None or not noise.reaches_output(self.name)):
            # The common case: a kernel that pools as it fires never writes the whole map.
            output: Tensor = self.neurons(current, pool)
            return self._pooled(output, noise)
        output = as_floats(self.neurons(current, False))
        for meter in meters:
            meter.update(self.name, output)
        if noise is not None:
            output = noise.after(self.name, output)
        return self._pooled(pool_spikes(output) if pool else output, noise)

    def _pooled(self, output: Tensor, noise: Noise | None) -> Tensor:
        if noise is None or not noise.reaches_pooled(self.name):
            return output
        return noise.pooled(self.name, as_floats(output))


@dataclass
class Watchers:
    """Who disturbs and watches the pass that is running; a part in between knows nothing of it."""

    noise: Noise | None = None
    meters: Sequence[Meter] = ()


class Firing(nn.Module):
    """A layer and the neurons behind it, as one part.

    Args:
        layer: Gives the current.
        activation: Responds to it.
        watchers: Of the pass that is running.
    """

    def __init__(self, layer: nn.Module, activation: Activation, watchers: Watchers) -> None:
        super().__init__()
        self.layer, self.activation, self._watchers = layer, activation, watchers

    def forward(self, x: Tensor) -> Tensor:
        """What the neurons give to the layer's current."""
        noise, meters = self._watchers.noise, self._watchers.meters
        output: Tensor = self.activation(self.layer(x), False, noise, meters)
        return output
