"""Laws of the pairing protocols."""

from collections.abc import Callable
from itertools import combinations
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from spikefuse.core.errors import DataError, InputError
from spikefuse.data import (
    SPLITS,
    Assignment,
    Corpus,
    DataSettings,
    Selection,
    assign,
    audit,
    load_corpus,
    locate,
)

MODALITIES = ("image", "audio", "fused")
PROTOCOLS = ("paper", "disjoint", "speaker")


def selection_for(protocol: str, **fields: object) -> Selection:
    speaker = {"held_out_speaker": "ben"} if protocol == "speaker" else {}
    return Selection.model_validate({**speaker, **fields})


def same(one: Assignment, other: Assignment) -> bool:
    return all(
        torch.equal(one.labels[split], other.labels[split])
        and one.samples[split].keys() == other.samples[split].keys()
        and all(
            torch.equal(indices, other.samples[split][modality])
            for modality, indices in one.samples[split].items()
        )
        for split in SPLITS
    )


def times(indices: Tensor, members: Tensor) -> Tensor:
    return indices.bincount(minlength=int(members.max()) + 1)[members]


@pytest.mark.parametrize("modality", MODALITIES)
@pytest.mark.parametrize("protocol", PROTOCOLS)
@given(seed=st.integers(0, 2**40))
@settings(max_examples=8, deadline=None)
def test_a_function_of_its_arguments(
    corpus: Corpus, modality: str, protocol: str, seed: int
) -> None:
    selection = selection_for(protocol)
    torch.manual_seed(seed % 7)
    first = assign(corpus, modality, protocol, seed, selection)
    torch.manual_seed(seed % 5 + 100)
    second = assign(corpus, modality, protocol, seed, selection)
    other = assign(corpus, modality, protocol, seed + 1, selection)

    assert same(first, second)
    assert not same(first, other)


@pytest.mark.parametrize("modality", MODALITIES)
@pytest.mark.parametrize("protocol", PROTOCOLS)
@given(
    images=st.integers(100, 300),
    test_images=st.integers(10, 100),
    clips=st.integers(80, 100),
    seed=st.integers(0, 3),
)
@settings(max_examples=10, deadline=None)
def test_labels_belong_to_every_sample(
    corpus: Corpus,
    modality: str,
    protocol: str,
    images: int,
    test_images: int,
    clips: int,
    seed: int,
) -> None:
    selection = selection_for(protocol, images=images, test_images=test_images, clips=clips)
    assignment = assign(corpus, modality, protocol, seed, selection)
    pools = {"image": corpus.image, "audio": corpus.audio}
    wanted = ("image", "audio") if modality == "fused" else (modality,)

    assert assignment.protocol == protocol
    for split in SPLITS:
        samples = assignment.samples[split]
        assert tuple(samples) == wanted
        for name, indices in samples.items():
            assert indices.dtype == torch.int64
            assert torch.equal(pools[name].labels[indices], assignment.labels[split])
    if modality != "audio":
        total = len(assignment.labels["train"]) + len(assignment.labels["validation"])
        assert total == images
        assert len(assignment.labels["validation"]) == round(0.2 * images)
        assert len(assignment.labels["test"]) == test_images


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("modality", MODALITIES)
def test_no_image_stands_twice(corpus: Corpus, protocol: str, modality: str) -> None:
    record = audit(corpus, assign(corpus, modality, protocol, 3, selection_for(protocol)))

    for first, second in combinations(SPLITS, 2):
        assert record.overlap(first, second).images in (0, None)
    for split in SPLITS:
        content = record.content(split)
        assert content.images in (content.samples, None)


@pytest.mark.parametrize("protocol", ["disjoint", "speaker"])
@given(recordings=st.integers(4, 9), images=st.integers(5, 40), seed=st.integers(0, 99))
@settings(max_examples=10, deadline=None)
def test_no_clip_on_two_sides(
    corpus_maker: Callable[..., Corpus], protocol: str, recordings: int, images: int, seed: int
) -> None:
    corpus = corpus_maker(images=images, recordings=recordings)
    record = audit(corpus, assign(corpus, "fused", protocol, seed, selection_for(protocol)))

    for first, second in combinations(SPLITS, 2):
        assert record.overlap(first, second).clips == 0


@given(seed=st.integers(0, 99))
@settings(max_examples=10, deadline=None)
def test_held_out_speaker_is_heard_in_the_test_alone(corpus: Corpus, seed: int) -> None:
    for modality in ("audio", "fused"):
        assignment = assign(corpus, modality, "speaker", seed, selection_for("speaker"))
        record = audit(corpus, assignment)
        clips = assignment.samples["test"]["audio"]
        assert corpus.audio.groups is not None

        assert set(corpus.audio.groups[clips].tolist()) == {1}
        assert record.overlap("train", "test").speakers == 0
        assert record.overlap("validation", "test").speakers == 0
        # All 50 clips of the speaker, official test or not.
        assert record.content("test").clips == 50
        assert record.content("train").clips == 100 - round(100 * 500 / 2700)


@pytest.mark.parametrize("protocol", PROTOCOLS)
@given(images=st.integers(5, 60), recordings=st.integers(4, 9), seed=st.integers(0, 99))
@settings(max_examples=10, deadline=None)
def test_repetition_is_balanced(
    corpus_maker: Callable[..., Corpus], protocol: str, images: int, recordings: int, seed: int
) -> None:
    corpus = corpus_maker(images=images, recordings=recordings)
    assignment = assign(corpus, "fused", protocol, seed, selection_for(protocol))
    alone = assign(corpus, "audio", protocol, seed, selection_for(protocol))
    audio = {split: assignment.samples[split]["audio"] for split in SPLITS}
    parts = [(audio[split], alone.samples[split]["audio"]) for split in SPLITS]
    if protocol == "paper":
        # The paper repeats first: train and validation together are balanced, not each.
        together = [torch.cat([part[i] for part in parts[:2]]) for i in (0, 1)]
        parts = [(together[0], together[1]), parts[2]]

    for used, available in parts:
        for digit in range(10):
            members = available[corpus.audio.labels[available] == digit]
            repeated = times(used, members)
            assert int(repeated.max() - repeated.min()) <= 1


@pytest.mark.parametrize("seed", [0, 1])
def test_paper_shares_nearly_every_clip(corpus_maker: Callable[..., Corpus], seed: int) -> None:
    """12,000 images over 2,700 clips, as the paper's data has them."""
    corpus = corpus_maker(images=1200, recordings=100, test_recordings=10)
    record = audit(corpus, assign(corpus, "fused", "paper", seed))
    validation = record.overlap("train", "validation")

    assert record.content("train").samples == 9_600
    assert record.content("validation").samples == 2_400
    assert validation.clips is not None
    assert validation.clips_share is not None
    assert validation.clips_share > 0.99
    assert validation.clips > 1_500
    # The official test stays apart even here.
    assert record.overlap("train", "test").clips == 0


@pytest.mark.parametrize("seed", [0, 7])
def test_unimodal_splits_are_those_of_the_pairs(corpus: Corpus, seed: int) -> None:
    fused = assign(corpus, "fused", "disjoint", seed)
    for protocol in ("paper", "disjoint"):
        image, audio = (assign(corpus, name, protocol, seed) for name in ("image", "audio"))
        for split in SPLITS:
            assert torch.equal(image.samples[split]["image"], fused.samples[split]["image"])
            clips = fused.samples[split]["audio"]
            assert torch.isin(clips, audio.samples[split]["audio"]).all()
            # 240, 60 and 100 images are more than the clips of each split: all are used.
            if split != "validation":
                assert torch.equal(audio.samples[split]["audio"], clips.unique())


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_image_split_does_not_depend_on_the_protocol(corpus: Corpus, protocol: str) -> None:
    alone = assign(corpus, "image", "disjoint", 5)
    fused = assign(corpus, "fused", protocol, 5, selection_for(protocol))

    for split in SPLITS:
        assert torch.equal(alone.samples[split]["image"], fused.samples[split]["image"])


def test_paper_and_disjoint_have_the_same_test_pairs(corpus: Corpus) -> None:
    paper, disjoint = (assign(corpus, "fused", name, 5) for name in ("paper", "disjoint"))

    assert torch.equal(paper.samples["test"]["audio"], disjoint.samples["test"]["audio"])
    assert not torch.equal(paper.samples["train"]["audio"], disjoint.samples["train"]["audio"])


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_shuffled_audio_breaks_the_pairs_and_keeps_the_marginals(
    corpus: Corpus, protocol: str
) -> None:
    paired, shuffled = (
        assign(corpus, "fused", protocol, 0, selection_for(protocol, shuffle_audio=wanted))
        for wanted in (False, True)
    )

    for split in SPLITS:
        before, after = paired.samples[split]["audio"], shuffled.samples[split]["audio"]
        assert torch.equal(before.sort().values, after.sort().values)
        assert torch.equal(paired.samples[split]["image"], shuffled.samples[split]["image"])
        assert torch.equal(paired.labels[split], shuffled.labels[split])
        agree = corpus.audio.labels[after] == shuffled.labels[split]
        # Chance is 0.1 of 60 pairs or more.
        assert float(agree.float().mean()) < 0.3


def test_subset_is_stratified_and_seeded(corpus: Corpus) -> None:
    selection = Selection(images=100, test_images=20, clips=60)
    image, audio = (assign(corpus, name, "disjoint", 0, selection) for name in ("image", "audio"))

    assert image.labels["train"].bincount().tolist() == [8] * 10
    assert image.labels["validation"].bincount().tolist() == [2] * 10
    assert image.labels["test"].bincount().tolist() == [2] * 10
    assert len(audio.labels["train"]) == 60 - 11
    assert len(audio.labels["validation"]) == 11
    assert len(audio.labels["test"]) == 30


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("video", "paper"), "modality must be one of image, audio, fused, got 'video'"),
        (("fused", "disjiont"), "Did you mean disjoint"),
        (("fused", "speaker"), "held_out_speaker must be given .* Choose one of ada, ben, cy"),
        (("audio", "speaker"), "held_out_speaker must be given"),
    ],
)
def test_wrong_names_are_refused(corpus: Corpus, arguments: tuple[str, str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        assign(corpus, *arguments, seed=0)


@pytest.mark.parametrize(
    ("protocol", "fields", "message"),
    [
        ("speaker", {"held_out_speaker": "bem"}, "Did you mean ben"),
        ("disjoint", {"held_out_speaker": "ben"}, "must be None under protocol 'disjoint'"),
        ("paper", {"images": 301}, "images must be at most 300, got 301"),
        ("paper", {"test_images": 101}, "test_images must be at most 100, got 101"),
        ("paper", {"clips": 121}, "clips must be at most 120, got 121"),
    ],
)
def test_impossible_selections_are_refused(
    corpus: Corpus, protocol: str, fields: dict[str, object], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        assign(corpus, "fused", protocol, 0, Selection.model_validate(fields))


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"images": 2}, "image split must hold a sample, got validation empty"),
        ({"validation_share_image": 0.999}, "got train empty"),
        ({"clips": 2}, "audio split must hold a sample, got validation empty"),
        ({"clips": 12}, "audio must have every class that image has in the validation split"),
    ],
)
def test_empty_splits_are_refused(corpus: Corpus, fields: dict[str, object], message: str) -> None:
    with pytest.raises(DataError, match=message):
        assign(corpus, "fused", "disjoint", 0, Selection.model_validate(fields))


@pytest.mark.parametrize(
    "fields", [{"images": 0}, {"validation_share_audio": 1.0}, {"clip": 3}, {"images": "many"}]
)
def test_selection_refuses(fields: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=next(iter(fields))):
        Selection.model_validate(fields)


def test_numbers_of_the_real_data(real_data: Path) -> None:
    corpus = load_corpus(DataSettings(source="mnist-fsdd"), locate("auto", real_data))
    audio = audit(corpus, assign(corpus, "audio", "disjoint", 0))
    paper = audit(corpus, assign(corpus, "fused", "paper", 0))
    disjoint = audit(corpus, assign(corpus, "fused", "disjoint", 0))
    small = audit(corpus, assign(corpus, "fused", "paper", 0, Selection(images=12_000)))

    assert [content.samples for content in audio.splits] == [2200, 500, 300]
    assert [content.samples for content in disjoint.splits] == [48_000, 12_000, 10_000]
    assert [content.clips for content in disjoint.splits] == [2200, 500, 300]
    assert disjoint.overlap("train", "validation").clips == 0
    assert paper.overlap("train", "validation").clips_share == 1.0
    assert small.overlap("train", "validation").clips_share == pytest.approx(1, abs=0.01)
