"""Drawing and pairing by class: laws over random labels."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from spikefuse.core.errors import DataError, InputError
from spikefuse.core.streams import torch_stream
from spikefuse.data.splits.sampling import balanced_repetition, pair, quotas, stratified, without

label_lists = st.lists(st.integers(0, 4), min_size=1, max_size=60)


@given(st.lists(st.integers(0, 30), min_size=1, max_size=6), st.data())
def test_quotas_fill_the_size_in_proportion(counts: list[int], data: st.DataObject) -> None:
    size = data.draw(st.integers(0, sum(counts)))
    quota = quotas(torch.tensor(counts), size)

    assert int(quota.sum()) == size
    for got, count in zip(quota.tolist(), counts, strict=True):
        assert got <= count
        assert abs(got - size * count / max(sum(counts), 1)) < 1


@given(label_lists, st.data(), st.integers(0, 5))
def test_stratified_draws_from_each_class(
    values: list[int], data: st.DataObject, seed: int
) -> None:
    labels = torch.tensor(values)
    indices = torch.arange(len(values)) * 3 + 1
    size = data.draw(st.integers(0, len(values)))
    drawn = stratified(indices, labels, size, seed, "x")
    rest = without(indices, drawn)

    assert torch.equal(drawn, torch.unique(drawn))
    assert len(drawn) == size
    assert torch.equal(torch.cat([drawn, rest]).sort().values, indices)
    assert torch.equal(drawn, stratified(indices, labels, size, seed, "x"))
    counts = labels.bincount(minlength=5)
    got = labels[(drawn - 1) // 3].bincount(minlength=5)
    assert ((got - counts * size / len(values)).abs() < 1).all()


def test_streams_differ_by_seed_and_key() -> None:
    labels = torch.zeros(1000, dtype=torch.int64)
    draws = [
        stratified(torch.arange(1000), labels, 100, seed, key)
        for seed, key in ((0, "x"), (1, "x"), (0, "y"))
    ]

    for i, one in enumerate(draws):
        for other in draws[:i]:
            assert len(without(one, other)) > 50


def test_every_sample_is_drawn_alike() -> None:
    """200 draws of a tenth: each of 100 samples about 20 times (5 standard deviations)."""
    labels = torch.arange(100) % 10
    drawn = torch.cat([stratified(torch.arange(100), labels, 10, s, "x") for s in range(200)])

    assert (drawn.bincount(minlength=100) - 20).abs().max() < 5 * (200 * 0.1 * 0.9) ** 0.5


def test_too_many_are_refused() -> None:
    with pytest.raises(InputError, match="size must be from 0 to 3, got 4"):
        stratified(torch.arange(3), torch.zeros(3, dtype=torch.int64), 4, 0, "x")


def occurrences(values: Tensor, members: Tensor) -> list[int]:
    return [int((values == member).sum()) for member in members]


@given(st.integers(1, 20), st.integers(0, 100), st.integers(0, 5))
def test_repetition_is_balanced(count: int, size: int, seed: int) -> None:
    members = torch.arange(count) * 7
    repeated = balanced_repetition(members, size, torch_stream(seed, "x"))
    times = occurrences(repeated, members)

    assert sum(times) == size == len(repeated)
    assert max(times) - min(times) <= 1


def test_repetition_is_shuffled() -> None:
    repeated = balanced_repetition(torch.arange(10), 1000, torch_stream(0, "x"))

    assert not torch.equal(repeated[:10], repeated[10:20])
    assert len(repeated[:100].unique()) == 10


@given(label_lists, st.integers(1, 4), st.integers(0, 5))
def test_pairs_share_their_digit(values: list[int], per_digit: int, seed: int) -> None:
    labels = torch.tensor(values)
    clip_labels = torch.arange(5).repeat(per_digit)
    clips = torch.arange(5 * per_digit) + 100
    partners = pair(labels, clips, clip_labels, seed, "x")

    assert torch.equal(clip_labels[partners - 100], labels)
    for digit in range(5):
        times = occurrences(partners, clips[clip_labels == digit])
        assert max(times) - min(times) <= 1


def test_partners_differ_by_seed_and_key() -> None:
    labels = torch.zeros(1000, dtype=torch.int64)
    clips = torch.arange(1000)
    partners = [
        pair(labels, clips, labels, seed, key) for seed, key in ((0, "x"), (1, "x"), (0, "y"))
    ]

    for i, one in enumerate(partners):
        assert not any(bool((one == other).float().mean() > 0.1) for other in partners[:i])


def test_digit_without_clip_is_refused() -> None:
    with pytest.raises(DataError, match="no clip of class 1 among 1"):
        pair(torch.tensor([0, 1]), torch.tensor([9]), torch.tensor([0]), 0, "pairing", "train")
