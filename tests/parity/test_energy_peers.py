"""Counts and energy against SpikingJelly 2.0.0 and snnTorch (skipped where not installed)."""

from typing import Any

import pytest
import torch
from torch import nn

from spikefuse.meters.energy import price
from spikefuse.meters.modules import count

neuron = pytest.importorskip("spikingjelly.activation_based.neuron")
functional = pytest.importorskip("spikingjelly.activation_based.functional")
layer = pytest.importorskip("spikingjelly.activation_based.layer")
counters = pytest.importorskip("spikingjelly.activation_based.op_counter")
lemaire = pytest.importorskip("spikingjelly.activation_based.op_counter.analytical_energy")
simple = pytest.importorskip("spikingjelly.activation_based.op_counter.simple_energy")


def linear_networks() -> list[nn.Module]:
    torch.manual_seed(4)
    return [
        nn.Sequential(nn.Linear(8, 4), neuron.LIFNode(v_threshold=0.2), nn.Linear(4, 3)),
        nn.Sequential(nn.Linear(20, 64, bias=False), neuron.IFNode(v_threshold=0.1)),
        nn.Sequential(nn.Linear(300, 90), nn.Linear(90, 5)),  # larger than the first cache size
        nn.Sequential(
            neuron.IFNode(v_threshold=0.5),
            nn.Linear(30, 40),
            neuron.LIFNode(v_threshold=0.1),
            nn.Linear(40, 20, bias=False),
            neuron.IFNode(v_threshold=0.1),
            nn.Linear(20, 2),
        ),
    ]


@pytest.mark.parametrize("index", range(4))
def test_energy_of_linear_networks(index: int) -> None:
    net = linear_networks()[index]
    x = torch.randn(1, next(part for part in net if isinstance(part, nn.Linear)).in_features)
    found = count(net, x)
    functional.reset_net(net)
    theirs = lemaire.estimate_lemaire_energy(net, x)
    ours = {
        key: value.item() for key, value in price(found, "lemaire-2022").components_pj().items()
    }
    breakdown = theirs.breakdown_pj

    assert ours["operations"] == pytest.approx(breakdown["ops_pj"], rel=1e-12)
    assert ours["addressing"] == pytest.approx(breakdown["addressing_pj"], rel=1e-12)
    assert ours["weights"] + ours["bias"] == pytest.approx(breakdown["params_pj"], rel=1e-12)
    assert ours.get("state", 0) == pytest.approx(breakdown["potential_pj"], rel=1e-12)
    assert sum(ours.values()) == pytest.approx(theirs.total_pj, rel=1e-12)

    functional.reset_net(net)
    theirs = simple.estimate_simple_energy(net, x)
    ours = {key: v.item() for key, v in price(found, "horowitz-memory").components_pj().items()}
    # Operations differ: theirs have the neurons' own additions.
    assert ours["weights"] + ours["bias"] == pytest.approx(
        theirs.breakdown_pj["parameter_memory_pj"], rel=1e-12
    )
    assert ours.get("state", 0) == pytest.approx(
        theirs.breakdown_pj["neuron_state_memory_pj"], rel=1e-12
    )


def multi_step() -> nn.Module:
    torch.manual_seed(6)
    net = nn.Sequential(
        neuron.IFNode(v_threshold=0.6),  # so that every layer gets spikes, as SynOp counts
        layer.Conv2d(2, 6, 3, padding=1, stride=2),
        neuron.LIFNode(v_threshold=0.1),
        layer.Conv2d(6, 4, 3, padding=1, groups=2),
        neuron.IFNode(v_threshold=0.1),
        layer.MaxPool2d(2),
        layer.Flatten(),
        layer.Linear(4 * 2 * 2, 7),
        neuron.LIFNode(v_threshold=0.1),
        layer.Linear(7, 3),
    )
    functional.set_step_mode(net, "m")
    return net


def test_synaptic_operations_of_a_network_over_time() -> None:
    net = multi_step()
    x = torch.rand(5, 3, 2, 9, 9)
    found = count(net, x, batch_axis=1)
    functional.reset_net(net)
    counter: Any = counters.SynOpCounter()
    with counters.DispatchCounterMode([counter]), torch.no_grad():
        net(x)

    assert [each.source for each in found.layers] == ["spikes"] * 4
    assert int(found.accumulates().sum()) == counter.get_total()
    assert counter.get_total() > 0


@pytest.mark.parametrize(
    ("x", "mac", "synop"),
    [((0, 1.3, -1), 9, 0), ((0, 1, 1), 0, 6), ((0, 0, 0), 0, 0)],
)
def test_the_peers_column_of_the_fixtures(x, mac: int, synop: int) -> None:
    net = nn.Linear(3, 3, bias=False)
    rows = torch.tensor([x], dtype=torch.float32)
    found = [counters.MACCounter(), counters.SynOpCounter()]
    with counters.DispatchCounterMode(found), torch.no_grad():
        net(rows)

    assert [each.get_total() for each in found] == [mac, synop]
    # Where they see spikes our fan-out agrees; a real input has all its pairs in both.
    ours = count(net, rows)
    assert int(ours.layers[0].fan_out.sum()) == (synop or 0) or ours.dense() == mac


def test_snntorchs_neuron_is_known() -> None:
    snntorch = pytest.importorskip("snntorch")

    class Loop(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.neuron = nn.Linear(6, 5), snntorch.Leaky(beta=0.9, threshold=0.2)
            self.second = nn.Linear(5, 2)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            membrane = self.neuron.init_leaky()
            out = []
            for _ in range(3):
                spikes, membrane = self.neuron(self.first(x), membrane)
                out.append(self.second(spikes))
            return torch.stack(out)

    torch.manual_seed(0)
    found = count(Loop(), torch.rand(4, 6))
    (neurons,) = found.neurons

    assert [each.source for each in found.layers] == ["real", "spikes"]
    assert torch.equal(found.layers[1].events, neurons.spikes)
    assert neurons.spikes.shape == (3, 4)
    assert int(neurons.spikes.sum()) > 0
