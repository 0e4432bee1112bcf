"""Synaptic operations against counts by hand, the fixtures of two peers, and a plain loop."""

from itertools import product

import pytest
import torch
from torch import Tensor, nn

from spikefuse.core.errors import InputError
from spikefuse.meters.counts import Counts
from spikefuse.meters.modules import count
from spikefuse.meters.operations import Counter, as_active, conv_synapses, linear_synapses
from spikefuse.meters.recording import synapses_of

W = torch.tensor([[1.3, 0, -3.2], [0, 1.2, -5.1], [-1.1, 2.7, 0]])
FIGURES = {"conv1": 215_168, "conv2": 3_276_800, "hidden": 1_605_632, "readout": 5_120}


def spikes_at(*places: tuple[int, int]) -> Tensor:
    maps = torch.zeros(1, 1, 4, 4)
    for row, column in places:
        maps[0, 0, row, column] = 1
    return maps


TWO = spikes_at((0, 0), (1, 2))


def of_layer(layer: nn.Module, x: Tensor) -> tuple[int, int, int]:
    """Fan-out, effective and dense operations of one sample and step."""
    (found,) = count(layer, x).layers
    return int(found.fan_out.sum()), int(found.effective.sum()), found.shape.dense


@pytest.mark.parametrize(
    ("x", "fan_out", "effective"),
    [((0, 1.3, -1), 6, 4), ((0, 1, 1), 6, 4), ((0, 0, 0), 0, 0)],
)
def test_fixtures_of_a_linear_layer(x, fan_out, effective) -> None:
    layer = nn.Linear(3, 3, bias=False)
    layer.weight.data = W

    assert of_layer(layer, torch.tensor([x], dtype=torch.float32)) == (fan_out, effective, 9)


@pytest.mark.parametrize(
    ("x", "stride", "expected", "dense"),
    [
        (TWO, 1, 26, 200),
        (TWO * 0.5, 1, 26, 200),
        (torch.ones(1, 1, 4, 4), 1, 200, 200),
        (nn.functional.max_pool2d(TWO, 2), 1, 16, 32),
        (nn.functional.avg_pool2d(TWO, 2), 1, 16, 32),
        (spikes_at((1, 2)), 2, 4, 50),
    ],
)
def test_fixtures_of_a_convolution(x, stride, expected, dense) -> None:
    layer = nn.Conv2d(1, 2, 3, padding=1, stride=stride)

    assert of_layer(layer, x) == (expected, expected, dense)


def test_dense_figures_of_the_papers_network() -> None:
    layers = {
        "conv1": conv_synapses(torch.ones(32, 1, 3, 3), (1, 28, 28), padding=(1, 1, 1, 1)),
        "conv2": conv_synapses(torch.ones(64, 32, 3, 3), (32, 14, 14), padding=(1, 1, 1, 1)),
        "hidden": linear_synapses(torch.ones(512, 64 * 7 * 7)),
        "readout": linear_synapses(torch.ones(10, 512)),
    }

    assert {name: each.shape.dense for name, each in layers.items()} == FIGURES
    assert sum(each.shape.dense for each in layers.values()) == 5_102_720
    assert 4 * sum(each.shape.dense for each in layers.values()) == 20_410_880
    padded = 9 * (28 * 28 * 32 + 14 * 14 * 32 * 64)
    assert padded + FIGURES["hidden"] + FIGURES["readout"] == 5_449_216


def plain(layer: nn.Module, x: Tensor) -> tuple[int, int, int]:
    """The definition as a loop: one input value and one weight after the other."""
    fan_out = effective = dense = 0
    if isinstance(layer, nn.Linear):
        for value, weights in zip(x[0], layer.weight.t(), strict=True):
            fan_out += len(weights) if value else 0
            effective += int((weights != 0).sum()) if value else 0
            dense += len(weights)
        return fan_out, effective, dense
    assert isinstance(layer, nn.Conv2d)
    filters, per_group, rows, columns = layer.weight.shape
    _, _, height, width = x.shape
    _, _, down, across = layer(x).shape
    top, left = layer._reversed_padding_repeated_twice[2], layer._reversed_padding_repeated_twice[0]
    for f, c, i, j, y, z in product(*map(range, (filters, per_group, rows, columns, down, across))):
        row = y * layer.stride[0] + i * layer.dilation[0] - top
        column = z * layer.stride[1] + j * layer.dilation[1] - left
        if not (0 <= row < height and 0 <= column < width):
            continue
        channel = f // (filters // layer.groups) * per_group + c
        is_active = bool(x[0, channel, row, column] != 0)
        dense += 1
        fan_out += is_active
        effective += is_active and bool(layer.weight[f, c, i, j] != 0)
    return fan_out, effective, dense


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (nn.Conv2d(3, 4, 3, padding=1), (3, 5, 4)),
        (nn.Conv2d(2, 3, (3, 2), stride=(2, 3), padding=(2, 0)), (2, 7, 8)),
        (nn.Conv2d(4, 6, 3, padding=1, groups=2, dilation=2), (4, 6, 5)),
        (nn.Conv2d(3, 3, (1, 3), padding="same", groups=3), (3, 4, 4)),
        (nn.Conv2d(1, 2, 1, stride=2), (1, 3, 3)),
        (nn.Linear(7, 5), (7,)),
    ],
)
def test_equals_a_plain_loop(layer, shape) -> None:
    torch.manual_seed(3)
    x = (torch.rand(1, *shape) < 0.4).float()
    with torch.no_grad():
        layer.weight[torch.rand_like(layer.weight) < 0.3] = 0

        assert of_layer(layer, x) == plain(layer, x)


def test_what_is_put_around_the_input_counts_unless_it_is_zero() -> None:
    layer = nn.Conv2d(1, 2, 3, padding=1, padding_mode="circular")

    # Every input is seen by all nine taps of two filters, wherever it lies.
    assert of_layer(layer, TWO) == (36, 36, 288)


def test_counts_beyond_float32_are_exact() -> None:
    """2^24 + 1 is no float32: a sum in float32 would lose the last operation."""
    width = 2**24 + 1
    counter = Counter(torch.ones(width, dtype=torch.int64))

    assert counter.dtype == torch.float64
    assert counter(torch.ones(1, width, dtype=counter.dtype)).item() == width


def test_weights_that_no_short_float_holds_are_exact() -> None:
    counter = Counter(torch.tensor([257, 1, 514]))

    assert counter.dtype == torch.float64
    assert counter(as_active(torch.tensor([[1.0, 0.0, 2.0]]), counter.dtype)).item() == 771


@pytest.mark.parametrize("shape", [(0, 3), (2, 0, 3)])
def test_no_samples_have_no_operations(shape) -> None:
    counter = Counter(torch.tensor([1, 2, 3]))

    assert counter(torch.zeros(shape)).shape == shape[:-1]


def test_a_value_that_is_no_number_counts() -> None:
    assert as_active(torch.tensor([float("nan"), 0.0, -0.0])).tolist() == [1, 0, 0]


def test_refuses_a_kernel_larger_than_the_input() -> None:
    with pytest.raises(InputError, match="kernel must be at most"):
        conv_synapses(torch.ones(1, 1, 5, 5), (1, 3, 3))


def test_refuses_a_weight_of_other_channels() -> None:
    with pytest.raises(InputError, match="weight must be a kernel of 1 groups over 2 channels"):
        conv_synapses(torch.ones(1, 1, 3, 3), (2, 5, 5))


def test_weights_are_counted_as_stored() -> None:
    shape = synapses_of(nn.Conv2d(4, 6, 3, groups=2), (4, 5, 5)).shape

    assert (shape.weights, shape.biases, shape.outputs) == (6 * 2 * 9, 6, 6 * 3 * 3)
    assert isinstance(count(nn.Linear(2, 2), torch.ones(1, 2)), Counts)
