"""Layers with a leading population axis.

A member's numbers do not depend on who trains beside it, bit for bit: each member's product is a
call of its own, or all are one launch of kernels that keep members apart (`triton.py`).
"""

import math
from collections.abc import Callable
from dataclasses import replace

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from spikefuse.core.checks import require
from spikefuse.core.streams import torch_stream
from spikefuse.meters.operations import LayerShape, Synapses, conv_synapses, linear_synapses
from spikefuse.networks.population import triton
from spikefuse.networks.population.choice import Choice
from spikefuse.networks.population.events import event_product
from spikefuse.networks.population.onednn import linear
from spikefuse.neurons.lif import resolve_backend
from spikefuse.neurons.spikes import SpikeTensor


def _uniform_like_torch(shape: tuple[int, ...], fan_in: int, seed: int, name: str) -> Tensor:
    """PyTorch's default initialisation, uniform in +-1/sqrt(fan_in), from a named stream."""
    bound = 1 / math.sqrt(fan_in)
    return torch.rand(shape, generator=torch_stream(seed, "init", name)) * (2 * bound) - bound


class PopulationLayer(nn.Module):
    """Weights [P, ...] and biases [P, out], one stream of random numbers per member and layer.

    `backend` is that of the neurons; where it stands for Triton, products are Triton's too. Spikes
    that come as bits are multiplied by events or densely, as `products` says (`choice.PRODUCTS`).
    """

    def __init__(
        self,
        name: str,
        shape: tuple[int, ...],
        seeds: list[int],
        backend: str = "auto",
        products: str = "auto",
    ) -> None:
        super().__init__()
        fan_in = math.prod(shape[1:])
        self.name = name
        self.choice = Choice(products)
        self.backend = backend
        self._is_fused: dict[torch.device, bool] = {}
        self.weight = nn.Parameter(
            torch.stack([_uniform_like_torch(shape, fan_in, s, f"{name}.weight") for s in seeds])
        )
        self.bias = nn.Parameter(
            torch.stack([_uniform_like_torch(shape[:1], fan_in, s, f"{name}.bias") for s in seeds])
        )

    def products(self, x: Tensor) -> Tensor:
        """All members' outputs [P, N, ...] from [P, N, ...], in one launch."""
        raise NotImplementedError

    def _has_products(self, device: torch.device) -> bool:
        """Whether one launch serves all members; the other backends are for neurons alone."""
        if device not in self._is_fused:
            could = self.backend in ("auto", "triton")
            self._is_fused[device] = could and resolve_backend(self.backend, device) == "triton"
        return self._is_fused[device]

    def product(self, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        """One member's output from its input and weights."""
        raise NotImplementedError

    def synapses(self, member: int, shape: tuple[int, ...]) -> Synapses:
        """How many weights of one member each input has, in the shape of a sample's input."""
        raise NotImplementedError

    def _member(self, x: Tensor, weight: Tensor, bias: Tensor, steps: int, batch: int) -> Tensor:
        output = self.product(x.flatten(0, 1), weight.to(x.dtype), bias.to(x.dtype))
        return output.view(steps, batch, *output.shape[1:])

    def forward(self, x: Tensor) -> Tensor:
        """Every member's output, [P, T, B, ...] from [P, T, B, ...]."""
        if isinstance(x, SpikeTensor):
            return event_product(x, self.weight, self.bias, self.choice)
        steps, batch = x.shape[1:3]
        if self._has_products(x.device):
            output = self.products(x.flatten(1, 2))
            return output.view(len(x), steps, batch, *output.shape[2:])
        if len(x) == 1:
            # Views: the gradients of unbind and stack would be copies.
            weight, bias = self.weight.squeeze(0), self.bias.squeeze(0)
            return self._member(x.squeeze(0), weight, bias, steps, batch).unsqueeze(0)
        members = zip(x.unbind(0), self.weight.unbind(0), self.bias.unbind(0), strict=True)
        return torch.stack(
            [self._member(inputs, weight, bias, steps, batch) for inputs, weight, bias in members]
        )


class PopulationConv2d(PopulationLayer):
    """A 3x3 convolution with padding 1 on channels-last maps [P, T, B, H, W, C]."""

    def __init__(
        self,
        name: str,
        inputs: int,
        outputs: int,
        seeds: list[int],
        backend: str = "auto",
        products: str = "auto",
    ) -> None:
        super().__init__(name, (outputs, inputs, 3, 3), seeds, backend, products)

    def products(self, x: Tensor) -> Tensor:
        """The convolutions of [P, N, H, W, C]."""
        return triton.conv3x3(x, self.weight, self.bias)

    def synapses(self, member: int, shape: tuple[int, ...]) -> Synapses:
        """Those of an input [H, W, C]."""
        height, width, channels = shape
        weight = self.weight[member].detach()
        found = conv_synapses(
            weight, (channels, height, width), padding=(1, 1, 1, 1), biases=self.bias.shape[1]
        )
        fan_out = found.fan_out.permute(1, 2, 0)
        has_zeros = found.effective is not found.fan_out
        return Synapses(
            found.shape, fan_out, found.effective.permute(1, 2, 0) if has_zeros else fan_out
        )

    def product(self, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        """The convolution of [N, H, W, C]."""
        if x.shape[-1] == 1:
            # One channel lies in memory both ways; this stride makes PyTorch see channels-last.
            x = x.squeeze(-1).unsqueeze(-1)
        maps = F.conv2d(
            x.permute(0, 3, 1, 2),
            weight.contiguous(memory_format=torch.channels_last),
            bias,
            padding=1,
        )
        return maps.permute(0, 2, 3, 1).contiguous()


class PopulationLinear(PopulationLayer):
    """A dense layer on [P, T, B, F]."""

    def __init__(
        self,
        name: str,
        inputs: int,
        outputs: int,
        seeds: list[int],
        backend: str = "auto",
        products: str = "auto",
    ) -> None:
        super().__init__(name, (outputs, inputs), seeds, backend, products)

    def products(self, x: Tensor) -> Tensor:
        """The matrix products of [P, N, F]."""
        return triton.linear(x, self.weight, self.bias)

    def synapses(self, member: int, shape: tuple[int, ...]) -> Synapses:
        """Those of an input [F]."""
        return linear_synapses(self.weight[member].detach(), self.bias.shape[1])

    def product(self, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        """The matrix product of [N, F]."""
        return linear(x, weight, bias)


class PopulationPlaces(PopulationLinear):
    """A dense layer that all N places of a map share, on [P, T, B, N, F]."""

    def synapses(self, member: int, shape: tuple[int, ...]) -> Synapses:
        """Those of an input [N, F]."""
        places, inputs = shape
        one = super().synapses(member, (inputs,))
        own = one.shape
        sizes = replace(
            own,
            inputs=places * own.inputs,
            outputs=places * own.outputs,
            dense=places * own.dense,
        )
        fan_out, effective = (x.expand(places, -1) for x in (one.fan_out, one.effective))
        return Synapses(sizes, fan_out, fan_out if one.effective is one.fan_out else effective)

    def forward(self, x: Tensor) -> Tensor:
        """Every member's output at every place."""
        output: Tensor = super().forward(x.flatten(2, 3)).unflatten(2, (-1, x.shape[3]))
        return output


class Product(nn.Module):
    """A product of two activations [P, T, B, M, N] and [P, T, B, N, width], without weights.

    Every number of the first factor meets `width` numbers of the second, so that a spike in it
    stands for so many additions.
    """

    def __init__(self, name: str, width: int) -> None:
        super().__init__()
        self.name, self.width = name, width

    def synapses(self, member: int, shape: tuple[int, ...]) -> Synapses:
        """Those of a first factor [M, N]."""
        rows, columns = shape
        inputs = rows * columns
        sizes = LayerShape("linear", inputs, rows * self.width, inputs * self.width, 0, 0, 0)
        fan_out = torch.full(shape, self.width, dtype=torch.int64)
        return Synapses(sizes, fan_out, fan_out)

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        """[P, T, B, M, width]."""
        return first @ second


class PopulationLayers:
    """Makes the weights of parts that know no population; see `spikefuse.fusion.Layers`.

    Args:
        seeds: One per member.
        backend: The neurons'.
        fires: Puts the network's neurons behind a layer, as a site of its name.
    """

    def __init__(
        self,
        seeds: list[int],
        backend: str = "auto",
        fires: Callable[[PopulationPlaces], nn.Module] | None = None,
    ) -> None:
        self.seeds, self.backend, self._fires = seeds, backend, fires

    @property
    def members(self) -> int:
        """P."""
        return len(self.seeds)

    def linear(self, name: str, inputs: int, outputs: int) -> PopulationLinear:
        """A dense layer."""
        return PopulationLinear(name, inputs, outputs, self.seeds, self.backend)

    def firing(self, name: str, inputs: int, outputs: int) -> nn.Module:
        """A dense layer at each place, then the network's neurons."""
        require(self._fires is not None, "fusion", name, "made in a network, for its neurons", None)
        assert self._fires is not None
        return self._fires(PopulationPlaces(name, inputs, outputs, self.seeds, self.backend))

    def product(self, name: str, width: int) -> Product:
        """A product of two activations."""
        return Product(name, width)

    def parameter(self, name: str, shape: tuple[int, ...], fan_in: int) -> nn.Parameter:
        """A parameter [P, *shape]."""
        drawn = [_uniform_like_torch(shape, fan_in, seed, name) for seed in self.seeds]
        return nn.Parameter(torch.stack(drawn))
