"""Population layers against PyTorch's own, and their initialisation."""

import torch
import torch.nn.functional as F

from spikefuse.networks.population import PopulationConv2d, PopulationLinear


def test_convolution_is_pytorchs() -> None:
    layer = PopulationConv2d("c", 3, 5, [0, 1])
    x = torch.randn(2, 4, 6, 7, 9, 3)
    got = layer(x)
    assert got.shape == (2, 4, 6, 7, 9, 5)
    for p in range(2):
        maps = x[p].flatten(0, 1).permute(0, 3, 1, 2)
        expected = F.conv2d(maps, layer.weight[p], layer.bias[p], padding=1)
        torch.testing.assert_close(
            got[p].flatten(0, 1).permute(0, 3, 1, 2), expected, atol=1e-5, rtol=1e-5
        )


def test_linear_is_pytorchs() -> None:
    layer = PopulationLinear("l", 3, 5, [0, 1])
    x = torch.randn(2, 4, 6, 3)
    for p in range(2):
        expected = F.linear(x[p], layer.weight[p], layer.bias[p])
        torch.testing.assert_close(layer(x)[p], expected)


def test_initial_weights_depend_on_seed_and_name_only() -> None:
    pair, single = PopulationLinear("l", 30, 20, [4, 9]), PopulationLinear("l", 30, 20, [9])
    assert torch.equal(pair.weight[1], single.weight[0])
    assert not torch.equal(pair.weight[0], pair.weight[1])
    other = PopulationLinear("m", 30, 20, [9])
    assert not torch.equal(other.weight, single.weight)


def test_initial_weights_have_pytorchs_bounds() -> None:
    layer = PopulationConv2d("c", 8, 64, [0])
    bound = 1 / (8 * 9) ** 0.5
    assert float(layer.weight.detach().abs().max()) <= bound
    # The standard deviation of a uniform distribution on +-bound.
    assert abs(float(layer.weight.std().detach()) - bound / 3**0.5) < 0.02 * bound
