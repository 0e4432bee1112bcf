"""Statistics come from distinct training clips, whatever the protocol repeats."""

import pytest
import torch

from spikefuse.core.errors import InputError
from spikefuse.data import Corpus, Pool, assign, row_statistics


def test_against_numpy(corpus: Corpus) -> None:
    indices = torch.tensor([3, 8, 3, 41])
    mean, std = row_statistics(corpus.audio, indices)
    bins = corpus.audio.inputs[[3, 8, 41]].numpy().astype("f8").transpose(2, 0, 1, 3).reshape(5, -1)

    assert mean.shape == std.shape == (1, 5, 1)
    assert mean.dtype == std.dtype == torch.float32
    assert mean.flatten().numpy() == pytest.approx(bins.mean(1), rel=1e-6, abs=1e-7)
    assert std.flatten().numpy() == pytest.approx(bins.std(1), rel=1e-6)


def test_repetition_changes_nothing(corpus: Corpus) -> None:
    alone = assign(corpus, "audio", "disjoint", 0).samples["train"]["audio"]
    fused = assign(corpus, "fused", "disjoint", 0).samples["train"]["audio"]
    assert len(fused) > len(alone)

    for one, other in zip(
        row_statistics(corpus.audio, alone), row_statistics(corpus.audio, fused), strict=True
    ):
        assert torch.equal(one, other)


def test_other_clips_do_not_count(corpus: Corpus) -> None:
    indices = torch.arange(10)
    changed = corpus.audio.inputs.clone()
    changed[10:] += 100
    pool = Pool(
        "audio",
        changed,
        corpus.audio.labels,
        corpus.audio.official_test,
        corpus.audio.names,
        corpus.audio.groups,
        corpus.audio.group_names,
    )

    assert torch.equal(row_statistics(pool, indices)[0], row_statistics(corpus.audio, indices)[0])


def test_standardised_training_clips(corpus: Corpus) -> None:
    indices = torch.arange(40)
    mean, std = row_statistics(corpus.audio, indices)
    standardised = (corpus.audio.inputs[indices] - mean) / std

    assert standardised.mean(dim=(0, 3)).abs().max() < 1e-6
    assert standardised.std(dim=(0, 3), correction=0) == pytest.approx(1, abs=1e-6)


def test_a_constant_bin_becomes_zero(corpus: Corpus) -> None:
    inputs = corpus.audio.inputs.clone()
    inputs[:, :, 2] = -11.0904
    count = len(inputs)
    pool = Pool(
        "audio",
        inputs,
        corpus.audio.labels,
        corpus.audio.official_test,
        ("x",) * count,
        torch.zeros(count),
    )
    mean, std = row_statistics(pool, torch.arange(count))

    assert std[0, 2, 0] == 1
    assert (((inputs - mean) / std)[:, :, 2].abs() < 1e-5).all()


def test_wrong_pool_and_no_clip_are_refused(corpus: Corpus) -> None:
    with pytest.raises(InputError, match="of real numbers, not of pixels, got 'image'"):
        row_statistics(corpus.image, torch.arange(3))
    with pytest.raises(InputError, match="at least one sample"):
        row_statistics(corpus.audio, torch.arange(0))
