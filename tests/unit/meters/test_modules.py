"""Somebody's own modules: where inputs come from, steps and samples, and what is refused."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from spikefuse.core.errors import InputError
from spikefuse.meters.modules import count
from spikefuse.meters.recording import kind_of


class Threshold(nn.Module):
    """A neuron without memory; subclasses pretend to be those of other packages."""

    def forward(self, current: Tensor) -> Tensor:
        return (current > 0).to(current.dtype)


class LIFNode(Threshold):
    __module__ = "spikingjelly.activation_based.neuron.lif"
    step_mode = "s"


class IFNode(Threshold):
    __module__ = "spikingjelly.activation_based.neuron.integrate_and_fire"
    step_mode = "m"


class Leaky(nn.Module):
    __module__ = "snntorch._neurons.leaky"

    def __init__(self, reset_mechanism: str = "subtract") -> None:
        super().__init__()
        self.reset_mechanism = reset_mechanism

    def forward(self, current: Tensor, membrane: Tensor) -> tuple[Tensor, Tensor]:
        membrane = membrane * 0.5 + current
        return (membrane > 1).to(current.dtype), membrane


class LIF(Threshold):
    __module__ = "spikefuse.nn"


Head = Callable[[Tensor], Tensor]


class Between(nn.Module):
    """A neuron, something, and a layer."""

    def __init__(self, between: Head) -> None:
        super().__init__()
        self.neuron = LIFNode()
        self.between = between
        self.layer = nn.LazyLinear(3)

    def forward(self, x: Tensor) -> Tensor:
        return self.layer(self.between(self.neuron(x)))


def source_after(between: Head) -> str:
    module = Between(between)
    x = torch.rand(2, 4, 6, 6) - 0.5
    with torch.no_grad():
        module(x)
    return count(module, x).layers[-1].source


@pytest.mark.parametrize(
    "between",
    [
        lambda s: nn.MaxPool2d(2)(s).flatten(1),
        lambda s: nn.functional.max_pool2d(s, 2, 1).reshape(2, -1),
        lambda s: nn.AdaptiveMaxPool2d(2)(s).view(2, -1),
        lambda s: torch.cat([s, s.flip(1)], dim=1).flatten(1),
        lambda s: torch.stack(s.chunk(2, dim=1)).transpose(0, 1).flatten(1),
        lambda s: nn.Flatten()(s.permute(0, 2, 3, 1).contiguous()),
        lambda s: s[:, 1:].to(torch.float32).squeeze().flatten(1),
        lambda s: nn.Dropout(0.5).eval()(s.mT).flatten(1),
        lambda s: torch.relu(s).double().float().flatten(1),
    ],
)
def test_spikes_stay_spikes_through_what_only_moves_them(between: Head) -> None:
    assert source_after(between) == "spikes"


@pytest.mark.parametrize(
    "between",
    [
        lambda s: nn.AvgPool2d(2)(s).flatten(1),
        lambda s: (s * 2).flatten(1),
        lambda s: (s + 0).flatten(1),
        lambda s: s.add_(0).flatten(1),
        lambda s: s.mean(dim=1).flatten(1),
        lambda s: torch.cat([s, torch.zeros(2, 4, 6, 6)], dim=1).flatten(1),
        lambda s: nn.Dropout(0.5).train()(s).flatten(1),
        lambda s: nn.BatchNorm2d(4).eval()(s).flatten(1),
        lambda s: s.sigmoid().round().flatten(1),
    ],
)
def test_whatever_computes_makes_them_real(between: Head) -> None:
    assert source_after(between) == "real"


def test_the_source_decides_and_never_the_values() -> None:
    """Silence is no reason to add, ones are no reason to: the first layer multiplies."""
    net = nn.Sequential(nn.Linear(4, 3), LIFNode(), nn.Linear(3, 2))

    for x in (torch.zeros(2, 4), torch.ones(2, 4), torch.rand(2, 4)):
        assert [layer.source for layer in count(net, x).layers] == ["real", "spikes"]


def test_neurobenchs_documented_figure() -> None:
    """Linear(20, 5)-LIF, ones as spikes of a neuron, batch 5, T = 10: AC 1,000 a sample, no MAC."""
    net = nn.Sequential(IFNode(), nn.Linear(20, 5), IFNode())
    found = count(net, torch.ones(10, 5, 20), batch_axis=1)

    assert found.accumulates().tolist() == [1_000] * 5
    assert found.multiplies().tolist() == [0] * 5
    assert found.updates() == 10 * (20 + 5)


class Loop(nn.Module):
    """As snnTorch's tutorials do it: a loop over steps, the input the same at each."""

    def __init__(self, hoisted: bool, reset_mechanism: str = "subtract") -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 2, 3, padding=1)
        self.first = Leaky(reset_mechanism)
        self.dense = nn.Linear(2 * 2 * 2, 3)
        self.hoisted = hoisted

    def forward(self, x: Tensor) -> Tensor:
        membrane = torch.zeros(len(x), 2, 4, 4)
        current = self.conv(x)
        out = []
        for step in range(3):
            if step and not self.hoisted:
                current = self.conv(x)
            spikes, membrane = self.first(current * 10, membrane)
            out.append(self.dense(torch.max_pool2d(spikes, 2).flatten(1)))
        return torch.stack(out).sum(dim=0)


@pytest.mark.parametrize("hoisted", [False, True])
def test_a_loop_over_steps(hoisted: bool) -> None:
    torch.manual_seed(0)
    net, x = Loop(hoisted), torch.rand(2, 1, 4, 4) + 0.1
    net.conv.weight.data.abs_()
    found = count(net, x)
    conv, dense = found.layers

    assert conv.is_static == hoisted
    assert conv.fan_out.tolist() == [[200, 200]] * 3
    assert found.multiplies().tolist() == [600, 600]
    assert found.multiplies("once").tolist() == ([200, 200] if hoisted else [600, 600])
    assert dense.source == "spikes"
    assert found.accumulates().tolist() == (dense.events.sum(dim=0) * 3).tolist()
    (neurons,) = found.neurons
    assert (neurons.neurons, neurons.updates, neurons.leaks) == (32, 96, True)
    assert torch.equal(neurons.resets, neurons.spikes)
    assert int(neurons.spikes.sum()) > 0


def test_without_a_reset_nothing_is_reset() -> None:
    (neurons,) = count(Loop(True, "none"), torch.ones(1, 1, 4, 4)).neurons

    assert int(neurons.resets.sum()) == 0


def test_samples_and_steps_stand_where_they_belong() -> None:
    net = nn.Sequential(IFNode(), nn.Linear(4, 2))
    x = torch.zeros(3, 2, 4)  # [T, B, F]
    x[0, 1] = 1
    x[2, 0, 0] = 1
    expected = [[0, 4], [0, 0], [1, 0]]

    assert count(net, x, batch_axis=1).layers[0].events.tolist() == expected


def test_batch_before_steps() -> None:
    net = nn.Linear(4, 2)
    x = torch.zeros(2, 3, 4)  # [B, T, F]
    x[1, 0] = 1
    x[0, 2, 0] = 1

    assert count(net, x).layers[0].events.tolist() == [[0, 4], [0, 0], [1, 0]]


@pytest.mark.parametrize("batches", [(1, 4), (2, 3), (5,)])
def test_counts_do_not_depend_on_the_batch(batches: tuple[int, ...]) -> None:
    torch.manual_seed(1)
    net = nn.Sequential(
        nn.Conv2d(1, 3, 3, padding=1), LIFNode(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(27, 4)
    )
    x = torch.randn(5, 1, 6, 7)
    whole = count(net, x)
    parts = [count(net, part) for part in x.split(list(batches))]

    for index, layer in enumerate(whole.layers):
        for kind in ("events", "fan_out", "effective"):
            pieces = [getattr(part.layers[index], kind) for part in parts]
            assert torch.equal(torch.cat(pieces, dim=1), getattr(layer, kind))
    spikes = torch.cat([part.spikes() for part in parts])
    assert torch.equal(spikes, whole.spikes())


def test_all_counts_are_int64() -> None:
    found = count(nn.Sequential(nn.Linear(3, 3), LIFNode(), nn.Linear(3, 1)), torch.ones(1, 3))

    for layer in found.layers:
        assert {layer.events.dtype, layer.fan_out.dtype, layer.effective.dtype} == {torch.int64}
    assert {found.multiplies().dtype, found.accumulates().dtype, found.spikes().dtype} == {
        torch.int64
    }


def test_a_dense_network_multiplies_everywhere_and_has_no_neurons() -> None:
    found = count(nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2)), torch.ones(1, 4))

    assert [layer.source for layer in found.layers] == ["real", "real"]
    assert found.neurons == ()
    assert found.dense() == 18


def test_normalisation_is_left_out_and_said() -> None:
    net = nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3), LIFNode()).eval()

    assert count(net, torch.ones(1, 4)).left_out == ("BatchNorm1d",)


def test_inputs_by_position_and_by_name() -> None:
    class Two(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b = nn.Linear(2, 2), nn.Linear(3, 2)

        def forward(self, left: Tensor, right: Tensor) -> Tensor:
            return self.a(left) + self.b(right)

    left, right = torch.ones(2, 2), torch.ones(2, 3)
    by_position, by_name = (
        count(Two(), (left, right)),
        count(Two(), {"right": right, "left": left}),
    )

    assert by_position.multiplies().tolist() == by_name.multiplies().tolist() == [10, 10]


def test_neurons_are_known_by_name_and_package() -> None:
    class Mine(LIFNode):
        pass

    assert kind_of(Mine()) is kind_of(LIFNode())
    assert kind_of(LIF()) is not None
    assert kind_of(Threshold()) is None
    for known in (IFNode(),):
        kind = kind_of(known)
        assert kind is not None
        assert not kind.leaks


@pytest.mark.parametrize(
    ("module", "x", "message"),
    [
        (nn.Conv1d(1, 1, 1), torch.ones(1, 1, 3), "got Conv1d at 'the top' with weight, bias"),
        (
            nn.Sequential(nn.ConvTranspose2d(1, 1, 1)),
            torch.ones(1, 1, 3, 3),
            "got ConvTranspose2d at '0'",
        ),
        (nn.Sequential(nn.ReLU()), torch.ones(1, 3), "one that calls Conv2d or Linear"),
        (nn.Linear(2, 2), "words", "inputs must be tensors with a batch axis 0, got str"),
    ],
)
def test_what_cannot_be_counted_is_refused(module: nn.Module, x: object, message: str) -> None:
    with pytest.raises(InputError, match=message):
        count(module, x)


@pytest.mark.parametrize(
    "product", [lambda x: x @ x.t(), lambda x: nn.functional.linear(x, torch.ones(3, 2)), torch.mm]
)
def test_a_product_beside_the_layers_is_refused(product) -> None:
    class Beside(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Linear(2, 2)

        def forward(self, x: Tensor) -> Tensor:
            x = self.layer(x)
            return product(x, x) if product is torch.mm else product(x)

    with pytest.raises(InputError, match="in Conv2d and Linear layers alone"):
        count(Beside(), torch.ones(2, 2))


def test_a_batch_that_does_not_divide_is_refused() -> None:
    class Halved(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Linear(2, 2)

        def forward(self, x: Tensor) -> Tensor:
            return self.layer(x[:2])

    with pytest.raises(InputError, match="batch must divide what passes layer, got 2 rows for"):
        count(Halved(), torch.ones(3, 2))


def test_leaves_no_hook_behind_also_after_an_error() -> None:
    net = nn.Sequential(nn.Linear(2, 2), nn.Linear(3, 2))
    with pytest.raises(RuntimeError):
        count(net, torch.ones(1, 2))

    assert all(not part._forward_hooks and not part._forward_pre_hooks for part in net)


def test_time_is_not_taken_for_the_batch() -> None:
    """[T, B, ...]: one sample of ten steps is not ten samples of one."""
    net = nn.Sequential(IFNode(), nn.Linear(20, 5), IFNode())
    with pytest.raises(InputError, match="batch_axis must be given where neurons are called over"):
        count(net, torch.ones(10, 5, 20))
    # An input that comes with the batch first has no time yet.
    assert count(nn.Sequential(nn.Linear(4, 3), LIFNode()), torch.ones(7, 4)).samples == 7


def test_neurons_over_time_on_an_input_that_is_repeated_within() -> None:
    """The batch is the input's first axis and the layers' second."""

    class Repeating(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.neuron, self.layer = IFNode(), nn.Linear(4, 3)

        def forward(self, x: Tensor) -> Tensor:
            return self.layer(self.neuron(x.expand(5, *x.shape))).mean(dim=0)

    x = torch.tensor([[1.0, 1.0, 1.0, 1.0], [1.0, -1.0, -1.0, -1.0]])
    found = count(Repeating(), x, batch_axis=0)
    assert found.samples == 2
    assert found.accumulates().tolist() == [5 * 4 * 3, 5 * 1 * 3]
