"""snnTorch and SpikingJelly on the benchmark network, as documented and in their best mode.

Runs in the peers' own environment; `make bench` makes it and `spikefuse bench --peers` calls this
file as `python benchmarks/peers.py NAME THREADS`. All train 32C3-P2-64C3-P2-FC512-10 at T = 4 on
batches of 100 with LIF neurons (leak 0.9, threshold 1, soft reset, arctangent surrogate), the
readout being the time-mean of the last layer's current, with PyTorch's fused Adam.

- documented: the network as the project's tutorial writes it.
- best: the static input's convolution once, convolutions over T x B at once, torch.compile.
- best-bf16: the same under bf16 autocast.
"""

import sys
from collections.abc import Callable
from importlib.metadata import version

import torch
import torch.nn.functional as F
from serve import Contest, serve  # spikefuse/bench/serve.py, put on the path by `spikefuse bench`
from torch import Tensor, nn

BATCH, STEPS, LEAK = 100, 4, 0.9


class SnnTorchDocumented(nn.Module):
    """The tutorial's loop over time: every layer at every step."""

    def __init__(self) -> None:
        super().__init__()
        import snntorch
        from snntorch import surrogate

        def neuron() -> nn.Module:
            return snntorch.Leaky(
                beta=LEAK, spike_grad=surrogate.atan(), reset_mechanism="subtract"
            )

        self.conv1, self.lif1 = nn.Conv2d(1, 32, 3, padding=1), neuron()
        self.conv2, self.lif2 = nn.Conv2d(32, 64, 3, padding=1), neuron()
        self.fc1, self.lif3 = nn.Linear(3136, 512), neuron()
        self.fc2 = nn.Linear(512, 10)

    def forward(self, x: Tensor) -> Tensor:
        """Logits [B, 10] of x [B, 1, 28, 28]."""
        mem1, mem2, mem3 = (lif.init_leaky() for lif in (self.lif1, self.lif2, self.lif3))
        currents = []
        for _ in range(STEPS):
            spikes, mem1 = self.lif1(self.conv1(x), mem1)
            spikes, mem2 = self.lif2(self.conv2(F.max_pool2d(spikes, 2)), mem2)
            spikes, mem3 = self.lif3(self.fc1(F.max_pool2d(spikes, 2).flatten(1)), mem3)
            currents.append(self.fc2(spikes))
        return torch.stack(currents).mean(0)


class SnnTorchBest(SnnTorchDocumented):
    """Layer by layer: what does not depend on the step before runs over all steps at once."""

    def _over_time(self, lif: nn.Module, currents: Tensor) -> Tensor:
        membrane = torch.zeros_like(currents[0])
        spikes = []
        for current in currents:
            fired, membrane = lif(current, membrane)
            spikes.append(fired)
        return torch.stack(spikes)

    def forward(self, x: Tensor) -> Tensor:
        """Logits [B, 10] of x [B, 1, 28, 28]."""
        current = self.conv1(x)
        spikes = self._over_time(self.lif1, current.expand(STEPS, *current.shape))
        maps = self.conv2(F.max_pool2d(spikes.flatten(0, 1), 2))
        spikes = self._over_time(self.lif2, maps.unflatten(0, (STEPS, -1)))
        features = self.fc1(F.max_pool2d(spikes.flatten(0, 1), 2).flatten(1))
        spikes = self._over_time(self.lif3, features.unflatten(0, (STEPS, -1)))
        return self.fc2(spikes.mean(0))


def _jelly_layers() -> dict[str, nn.Module]:
    from spikingjelly.activation_based import neuron, surrogate

    def lif() -> nn.Module:
        return neuron.LIFNode(
            tau=1 / (1 - LEAK),
            decay_input=False,
            v_threshold=1.0,
            v_reset=None,
            surrogate_function=surrogate.ATan(),
            step_mode="m",
        )

    return {"lif1": lif(), "lif2": lif(), "lif3": lif()}


class JellyDocumented(nn.Module):
    """Multi-step layers on an input repeated over time, as the documentation's conv example."""

    def __init__(self) -> None:
        super().__init__()
        from spikingjelly.activation_based import functional, layer

        lifs = _jelly_layers()
        self.body = nn.Sequential(
            layer.Conv2d(1, 32, 3, padding=1),
            lifs["lif1"],
            layer.MaxPool2d(2, 2),
            layer.Conv2d(32, 64, 3, padding=1),
            lifs["lif2"],
            layer.MaxPool2d(2, 2),
            layer.Flatten(),
            layer.Linear(3136, 512),
            lifs["lif3"],
            layer.Linear(512, 10),
        )
        functional.set_step_mode(self, "m")

    def forward(self, x: Tensor) -> Tensor:
        """Logits [B, 10] of x [B, 1, 28, 28]."""
        return self.body(x.unsqueeze(0).repeat(STEPS, 1, 1, 1, 1)).mean(0)


class JellyBest(nn.Module):
    """The first convolution once; the others over all steps at once."""

    def __init__(self) -> None:
        super().__init__()
        for name, module in _jelly_layers().items():
            setattr(self, name, module)
        self.conv1, self.conv2 = nn.Conv2d(1, 32, 3, padding=1), nn.Conv2d(32, 64, 3, padding=1)
        self.fc1, self.fc2 = nn.Linear(3136, 512), nn.Linear(512, 10)

    def forward(self, x: Tensor) -> Tensor:
        """Logits [B, 10] of x [B, 1, 28, 28]."""
        current = self.conv1(x)
        spikes = self.lif1(current.expand(STEPS, *current.shape))
        maps = self.conv2(F.max_pool2d(spikes.flatten(0, 1), 2))
        spikes = self.lif2(maps.unflatten(0, (STEPS, -1)))
        features = self.fc1(F.max_pool2d(spikes.flatten(0, 1), 2).flatten(1))
        spikes = self.lif3(features.unflatten(0, (STEPS, -1)))
        return self.fc2(spikes.mean(0))


def _contest(
    network: nn.Module, package: str, *, is_compiled: bool, is_bf16: bool, reset: Callable[[], None]
) -> Contest:
    optimiser = torch.optim.Adam(network.parameters(), fused=True)
    forward = torch.compile(network) if is_compiled else network
    x, y = torch.rand(BATCH, 1, 28, 28), torch.randint(0, 10, (BATCH,))

    def step() -> None:
        reset()
        optimiser.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled=is_bf16):
            logits = forward(x)
        F.cross_entropy(logits.float(), y).backward()
        optimiser.step()

    def prepare() -> None:
        for parameter in network.parameters():
            parameter.grad = torch.zeros_like(parameter)
        optimiser.step()
        optimiser.zero_grad()

    return Contest(step, BATCH, prepare, {package: version(package)})


def _snntorch(mode: str) -> Contest:
    network = SnnTorchDocumented() if mode == "documented" else SnnTorchBest()
    return _contest(
        network,
        "snntorch",
        is_compiled=mode != "documented",
        is_bf16=mode == "best-bf16",
        reset=lambda: None,
    )


def _spikingjelly(mode: str) -> Contest:
    from spikingjelly.activation_based import functional

    network = JellyDocumented() if mode == "documented" else JellyBest()
    return _contest(
        network,
        "spikingjelly",
        is_compiled=mode not in ("documented", "eager"),
        is_bf16=mode == "best-bf16",
        reset=lambda: functional.reset_net(network),
    )


def make(name: str) -> Contest:
    """The contest "PEER-MODE"."""
    peer, _, mode = name.partition("-")
    return {"snntorch": _snntorch, "spikingjelly": _spikingjelly}[peer](mode)


if __name__ == "__main__":
    serve(make, sys.argv[1:])
