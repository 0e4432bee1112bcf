"""Sample by sample: the same samples by their indices, in any order, with the clips they share."""

import numpy as np
import pytest

from spikefuse.analysis.compare.samples import Answers, NoSamples, match, read_answers
from spikefuse.results import TrialStore


def answers(correct: list[int], source: str = "builtin", **samples: list[int]) -> Answers:
    indices = {name: np.array(index) for name, index in samples.items()}
    labels = next(iter(indices.values())) % 10
    return Answers(np.array(correct, dtype=bool), labels, indices, source)


def test_matches_by_index_whatever_the_order() -> None:
    found = match(
        answers([1, 1, 0, 0], image=[7, 3, 5, 9]), answers([1, 0, 1, 0], image=[3, 7, 4, 5])
    )
    assert found.a.tolist() == [True, True, False]
    assert found.b.tolist() == [False, True, False]
    assert found.differences.tolist() == [1.0, 0.0, 0.0]
    assert found.left_out == 2
    assert found.clusters is None


def test_fused_against_image_keeps_the_clips_in_both_directions() -> None:
    fused = answers([1, 0, 1], image=[1, 2, 3], audio=[8, 8, 6])
    image = answers([0, 1, 1], image=[3, 2, 1])
    found, back = match(fused, image), match(image, fused)
    assert found.a.tolist() == [True, False, True]
    assert found.b.tolist() == [True, True, False]
    assert found.clusters is not None
    assert found.clusters.tolist() == [8, 8, 6]
    assert sorted(zip(back.b.tolist(), back.a.tolist(), back.clusters.tolist(), strict=True)) == (
        sorted(zip(found.a.tolist(), found.b.tolist(), found.clusters.tolist(), strict=True))
    )


@pytest.mark.parametrize("swap", [False, True])
def test_fused_against_audio_repeats_the_clips_answer(swap: bool) -> None:
    fused = answers([1, 0, 1, 1], image=[18, 28, 36, 47], audio=[8, 8, 6, 7])
    audio = answers([0, 1], audio=[6, 8])
    found = match(audio, fused) if swap else match(fused, audio)
    ours, theirs = (found.b, found.a) if swap else (found.a, found.b)
    assert ours.tolist() == [True, False, True]
    assert theirs.tolist() == [True, True, False]
    assert found.clusters.tolist() == [8, 8, 6]
    assert found.left_out == 1


def test_two_fused_networks_must_share_the_pair() -> None:
    found = match(
        answers([1, 0, 1], image=[1, 2, 3], audio=[8, 8, 8]),
        answers([1, 1, 1], image=[1, 2, 3], audio=[8, 7, 8]),
    )
    assert found.a.tolist() == [True, True]
    assert found.left_out == 2
    assert found.clusters.tolist() == [8, 8]


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (answers([1], audio=[1]), "share no test samples: one sees image, the other sees audio"),
        (answers([1], image=[2]), "share no test samples: their seeds"),
        (answers([1], source="mnist-fsdd", image=[1]), "different data"),
        (Answers(np.array([True]), np.array([5]), {"image": np.array([1])}, "builtin"), "labels"),
    ],
)
def test_what_cannot_be_matched(other: Answers, message: str) -> None:
    with pytest.raises(NoSamples, match=message):
        match(answers([1], image=[1]), other)


def test_stored_predictions_come_back(tmp_path, trial) -> None:
    stored = trial(tmp_path, [True, False, True], {"image": [4, 2, 9]}, seed=1)
    found = read_answers(tmp_path, stored["trial"])
    assert found.correct.tolist() == [True, False, True]
    assert found.samples["image"].tolist() == [4, 2, 9]
    assert found.source == "builtin"


def test_missing_and_older_predictions_say_so(tmp_path, trial) -> None:
    with pytest.raises(NoSamples, match="cannot be read"):
        read_answers(tmp_path, "0" * 16)
    import torch

    older = TrialStore(tmp_path).open({"seed": 9})
    older.finish({"status": "done"}, {}, {"test": torch.zeros(3)}, {})
    with pytest.raises(NoSamples, match="do not say which samples"):
        read_answers(tmp_path, older.trial)


@pytest.mark.parametrize("names", [("a", "b", "c"), ("a", "b", "c", "d")])
def test_any_number_of_modalities_names_a_sample(names: tuple[str, ...]) -> None:
    """Samples that differ in the first of many modalities alone are different ones."""
    first = {name: [1, 2, 3] for name in names}
    other = first | {names[0]: [1, 2, 2**30]}
    found = match(answers([1, 0, 1], **first), answers([0, 1, 1], **other))
    assert found.a.tolist() == [True, False]
    assert found.b.tolist() == [False, True]
    assert found.left_out == 2


def test_the_modality_with_the_fewest_samples_is_the_one_they_share() -> None:
    many = {"a": [1, 2, 3, 4], "b": [5, 6, 6, 7], "c": [8, 8, 9, 9]}
    found = match(answers([1, 0, 1, 0], **many), answers([1, 0, 1, 0], **many))
    assert found.shared == "c"
    assert found.clusters.tolist() == [8, 8, 9, 9]
    alone = match(answers([1, 0], a=[1, 2], b=[3, 4]), answers([1, 0], a=[1, 2], b=[3, 4]))
    assert (alone.shared, alone.clusters) == ("", None)
