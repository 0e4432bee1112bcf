"""The audit against counts by hand."""

import pytest
import torch

from spikefuse.core.errors import InputError
from spikefuse.data import Assignment, Audit, Corpus, assign, audit

# Clips of the toy corpus: digit 0 has ada 0-4, ben 5-9, cy 10-14.
BY_HAND = {
    "train": {"image": [0, 1, 2, 3], "audio": [0, 0, 1, 5]},
    "validation": {"image": [4, 5, 3], "audio": [1, 5, 11]},
    "test": {"image": [30, 31], "audio": [12, 12]},
}


@pytest.fixture(scope="module")
def record(corpus: Corpus) -> Audit:
    samples = {
        split: {name: torch.tensor(indices) for name, indices in modalities.items()}
        for split, modalities in BY_HAND.items()
    }
    labels = {split: torch.zeros(len(s["image"])) for split, s in samples.items()}
    return audit(corpus, Assignment("paper", samples, labels))


def test_contents(record: Audit) -> None:
    counts = [(c.samples, c.images, c.clips, c.speakers) for c in record.splits]

    assert [content.split for content in record.splits] == ["train", "validation", "test"]
    assert counts == [(4, 4, 3, 2), (3, 3, 3, 3), (2, 2, 1, 1)]
    assert record.content("test") is record.splits[2]


def test_overlaps(record: Audit) -> None:
    first = record.overlap("train", "validation")
    second = record.overlap("train", "test")
    third = record.overlap("validation", "test")

    assert (first.images, first.clips, first.speakers) == (1, 2, 2)
    assert first.images_share == pytest.approx(1 / 3)
    assert first.clips_share == pytest.approx(2 / 3)
    assert first.speakers_share == pytest.approx(2 / 3)
    assert (second.images, second.clips, second.speakers) == (0, 0, 0)
    assert (third.images, third.clips, third.speakers) == (0, 0, 1)
    assert third.speakers_share == 1.0


def test_one_modality_leaves_the_other_empty(corpus: Corpus) -> None:
    image = audit(corpus, assign(corpus, "image", "disjoint", 0))
    audio = audit(corpus, assign(corpus, "audio", "disjoint", 0))

    assert image.content("train").clips is None
    assert image.content("train").speakers is None
    assert image.overlap("train", "test").clips_share is None
    assert audio.content("train").images is None
    assert audio.content("test").clips == 30


def test_json_there_and_back(record: Audit) -> None:
    assert Audit.model_validate(record.to_json()) == record
    assert record.to_json()["overlaps"][0]["clips"] == 2


def test_unknown_splits_are_refused(record: Audit) -> None:
    with pytest.raises(InputError, match="Did you mean train"):
        record.content("training")
    with pytest.raises(InputError, match="train-validation"):
        record.overlap("validation", "train")
