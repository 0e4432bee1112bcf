import pytest
import torch
from event_cases import as_bits

from spikefuse.core import library
from spikefuse.neurons.spikes import SpikeTensor, count_bits

pytestmark = pytest.mark.skipif(not library.available(), reason=f"native: {library.why_not()}")


def some(*shape: int) -> torch.Tensor:
    return (torch.rand(shape, generator=torch.Generator().manual_seed(1)) < 0.3).float()


@pytest.mark.parametrize("channels", [1, 7, 8, 9, 32, 33, 100])
def test_bits_hold_the_spikes(channels: int) -> None:
    floats = some(2, 3, 5, channels)
    spikes = as_bits(floats)
    assert torch.equal(spikes.floats(), floats)
    assert spikes.counts == floats.flatten(1).sum(dim=1).tolist()
    assert spikes.density(1) == floats[1].double().mean().item()
    assert count_bits(spikes.bits) == floats.sum()


def test_any_operation_gets_floats() -> None:
    floats = some(2, 3, 5, 12)
    spikes = as_bits(floats)
    for result, wanted in (
        (spikes + 1, floats + 1),
        (spikes.mean(dim=1, keepdim=True), floats.mean(dim=1, keepdim=True)),
        (torch.cat([spikes, spikes + 1]), torch.cat([floats, floats + 1])),
        (spikes[1, 2], floats[1, 2]),
        (spikes.view(torch.int32), floats.view(torch.int32)),
    ):
        assert type(result) is torch.Tensor
        assert torch.equal(result, wanted)


def test_rows_of_whole_bytes_stay_bits_when_they_are_flattened() -> None:
    floats = some(2, 3, 5, 4, 4, 8)
    flat = as_bits(floats, needed=some(2, 3, 5, 4, 4, 8)).flatten(3)
    assert isinstance(flat, SpikeTensor)
    assert flat.shape == (2, 3, 5, 128)
    assert torch.equal(flat.floats(), floats.flatten(3))
    assert flat.needed is not None
    assert flat.needed.shape == (2, 3, 5, 16)
    other = as_bits(some(2, 3, 5, 4, 4, 9)).flatten(3)
    assert not isinstance(other, SpikeTensor)
    assert torch.equal(other, some(2, 3, 5, 4, 4, 9).flatten(3))


def test_features_side_by_side_stay_bits() -> None:
    first, second = some(2, 3, 5, 16), 1 - some(2, 3, 5, 24)
    both = torch.cat([as_bits(first), as_bits(second)], dim=-1)
    assert isinstance(both, SpikeTensor)
    assert torch.equal(both.floats(), torch.cat([first, second], dim=-1))
    assert both.counts == [int(n) for n in (first.sum((1, 2, 3)) + second.sum((1, 2, 3)))]
    assert both.needed is None
    for parts in (
        [as_bits(first), second],
        [as_bits(some(2, 3, 5, 9)), as_bits(second)],
    ):
        assert not isinstance(torch.cat(parts, dim=-1), SpikeTensor)
    batches = torch.cat([as_bits(first), as_bits(first)], dim=2)
    assert torch.equal(batches, torch.cat([first, first], dim=2))


def test_gradients_pass_through_views_and_sums() -> None:
    floats = some(2, 3, 5, 2, 2, 8)
    spikes = as_bits(floats).requires_grad_()
    plain = floats.clone().requires_grad_()
    for x in (spikes, plain):
        flat = x.flatten(3)
        (
            (flat * torch.arange(32.0)).sum() + (torch.cat([flat, flat], dim=-1) ** 2).sum()
        ).backward()
    assert spikes.grad is not None
    assert plain.grad is not None
    assert torch.equal(spikes.grad, plain.grad)
