"""Population layers against PyTorch's own, their initialisation, and who multiplies."""

from typing import Any

import pytest
import torch
import torch.nn.functional as F

from spikefuse.networks.population import PopulationConv2d, PopulationLinear, layers


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


@pytest.mark.parametrize("kind", [PopulationConv2d, PopulationLinear])
def test_one_launch_serves_all_members_where_the_backend_is_triton(
    monkeypatch: pytest.MonkeyPatch, kind: type[PopulationConv2d | PopulationLinear]
) -> None:
    asked: list[Any] = []
    monkeypatch.setattr(layers, "resolve_backend", lambda *given: asked.append(given) or "triton")
    taken: list[tuple[int, ...]] = []
    for name in ("conv3x3", "linear"):
        monkeypatch.setattr(
            layers.triton, name, lambda x, weight, bias: taken.append(x.shape) or x[..., :1] + 1
        )
    layer = kind("l", 3, 1, [0, 1], "auto")
    x = torch.rand(2, 4, 6, 7, 9, 3) if kind is PopulationConv2d else torch.rand(2, 4, 6, 3)
    for _ in range(2):
        assert torch.equal(layer(x), x[..., :1] + 1)
    assert taken == [(2, 24, *x.shape[3:])] * 2
    assert asked == [("auto", torch.device("cpu"))], "asked once a device"


@pytest.mark.parametrize("backend", ["native", "eager", "reference"])
def test_the_other_backends_are_of_neurons_alone(
    monkeypatch: pytest.MonkeyPatch, backend: str
) -> None:
    monkeypatch.setattr(layers, "resolve_backend", lambda *given: pytest.fail("was asked"))
    x = torch.rand(2, 1, 6, 30)
    plain, named = (PopulationLinear("l", 30, 20, [0, 1], name) for name in ("eager", backend))
    assert torch.equal(named(x), plain(x))
