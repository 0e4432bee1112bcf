"""The dense product equals PyTorch's own, forward and backward, with oneDNN and without."""

import pytest
import torch
import torch.nn.functional as F

from spikefuse.networks.population import onednn

SHAPES = [(1, 1, 1), (5, 7, 3), (100, 512, 10), (33, 65, 130), (0, 4, 2)]


def _all(product, shape: tuple[int, int, int], dtype: torch.dtype) -> list[torch.Tensor]:
    rows, inputs, outputs = shape
    generator = torch.Generator().manual_seed(1)
    leaves = [
        torch.randn(size, generator=generator).to(dtype).requires_grad_()
        for size in ((rows, inputs), (outputs, inputs), (outputs,))
    ]
    result = product(*leaves)
    weights = torch.randn(result.shape, generator=generator).to(dtype)
    return [result, *torch.autograd.grad((result * weights).sum(), leaves)]


@pytest.mark.parametrize("shape", SHAPES)
def test_equals_the_product_in_float64(shape: tuple[int, int, int]) -> None:
    exact = _all(F.linear, shape, torch.float64)
    plain, ours = _all(F.linear, shape, torch.float32), _all(onednn.linear, shape, torch.float32)
    names = ("output", "gradient of x", "gradient of weight", "gradient of bias")
    for name, want, usual, got in zip(names, exact, plain, ours, strict=True):
        assert got.shape == want.shape, name
        if want.numel():
            allowed = 2 * (usual.double() - want).abs().max() + 1e-6 * want.abs().max()
            assert (got.double() - want).abs().max() <= allowed, name


def test_views_are_taken_as_they_are() -> None:
    weight = torch.randn(2, 3, 5)[1]
    x = torch.randn(5, 4).t()
    got = onednn.linear(x, weight, torch.zeros(3))
    torch.testing.assert_close(got, x @ weight.t())


def test_without_onednn_pytorch_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onednn, "has_onednn", lambda: False)
    monkeypatch.setattr(onednn, "_product", lambda *arguments: pytest.fail("oneDNN was called"))
    for got, want in zip(
        _all(onednn.linear, (5, 7, 3), torch.float32),
        _all(F.linear, (5, 7, 3), torch.float32),
        strict=True,
    ):
        assert torch.equal(got, want)


@pytest.mark.skipif(not onednn.has_onednn(), reason="this PyTorch has no oneDNN")
def test_a_wrong_gradient_would_be_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    right = onednn._product
    monkeypatch.setattr(onednn, "_product", lambda x, w, b=None: right(x, w, b) * (1 + 1e-4))
    with pytest.raises(AssertionError, match="output"):
        test_equals_the_product_in_float64((33, 65, 130))
