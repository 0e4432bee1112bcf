"""Noise from counters: published words, the normal distribution, and independence."""

import pytest
import torch
from scipy import stats

from spikefuse.core import counters
from spikefuse.core.errors import InputError
from spikefuse.core.gaussian import add_normal, normal


def test_words_are_those_of_splitmix64() -> None:
    published = [6457827717110365317, 3203168211198807973, 9817491932198370423]
    words = [word % 2**64 for word in counters.words(1234567, 0, 3, torch.device("cpu")).tolist()]
    assert words == published


def test_numbers_are_normal() -> None:
    x = normal(5, 4, 250_000)
    assert stats.kstest(x.flatten().numpy(), "norm").pvalue > 1e-3
    assert abs(x.mean().item()) < 4e-3
    assert abs(x.var().item() - 1) < 6e-3
    assert abs(stats.kurtosis(x.flatten().double().numpy())) < 0.03


@pytest.mark.parametrize("shift", [1, 15, 16, 17, 31, 32])
def test_neighbours_are_independent(shift: int) -> None:
    x = normal(6, 1, 200_000)[0]
    bound = 4.5 / (len(x) - shift) ** 0.5
    for one in (x, x.abs()):
        assert abs(torch.corrcoef(torch.stack([one[:-shift], one[shift:]]))[0, 1]) < bound


def test_seeds_and_steps_are_independent() -> None:
    rows = torch.cat([normal(seed, 3, 100_000) for seed in (0, 1, 2**62)])
    correlation = torch.corrcoef(rows) - torch.eye(len(rows))
    assert correlation.abs().max() < 4.5 / 100_000**0.5


def test_a_number_depends_on_its_place_alone() -> None:
    x = normal(9, 3, 1000)
    assert torch.equal(normal(9, 2, 1000), x[:2])
    assert torch.equal(normal(9, 1, 992), x[:1, :992])
    assert normal(9, 2, 0).shape == (2, 0)
    assert not torch.equal(normal(10, 3, 1000), x)


def test_pieces_of_the_work_do_not_change_a_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    """A CPU and a GPU take pieces of different size."""
    whole = normal(3, 2, 5_000)
    monkeypatch.setattr("spikefuse.core.counters.CHUNK", 16 * 7)
    assert torch.equal(normal(3, 2, 5_000), whole)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float64])
def test_noise_is_added_once_and_rounded_once(dtype: torch.dtype) -> None:
    current = torch.randn(2, 1, 5, 7).to(dtype)
    disturbed = add_normal(current, time_steps=3, std=0.5, seeds=[3, 4])
    assert disturbed.dtype == dtype
    for member, seed in enumerate((3, 4)):
        noise = normal(seed, 3, 35).view(3, 5, 7)
        expected = (current[member] + 0.5 * noise).to(dtype)
        assert torch.equal(disturbed[member], expected)


def test_what_does_not_fit_is_refused() -> None:
    current = torch.zeros(2, 3, 4)
    with pytest.raises(InputError, match="current must be 1 or 4 steps long, got 3"):
        add_normal(current, time_steps=4, std=1.0, seeds=[1, 2])
    with pytest.raises(InputError, match="seeds must be 2 long, got 1"):
        add_normal(current, time_steps=3, std=1.0, seeds=[1])
