"""Labels that are words: a class each, in an order that a user can name."""

import numpy as np
import pytest
import torch

import spikefuse as sf
from spikefuse.core.errors import InputError
from spikefuse.data.sources.words import numbered

WORDS = ["oak", "ash", "elm", "oak"]


@pytest.mark.parametrize("labels", [WORDS, tuple(WORDS), np.array(WORDS)])
def test_words_are_numbered_by_their_alphabet(labels: object) -> None:
    assert numbered("dataset", labels, None) == ([2, 0, 1, 2], ("ash", "elm", "oak"))


def test_classes_say_the_order_and_refuse_another_word() -> None:
    order = ["oak", "elm", "ash", "yew"]
    assert numbered("dataset", WORDS, order) == ([0, 2, 1, 0], tuple(order))
    with pytest.raises(InputError, match=r"labels must be one of oak, elm, got 'ash'"):
        numbered("dataset", WORDS, ["oak", "elm"])


def test_labels_by_modality_share_their_classes() -> None:
    numbers, classes = numbered("dataset", {"leaf": ["oak", "elm"], "bark": ["ash"]}, None)
    assert (numbers, classes) == ({"leaf": [2, 1], "bark": [0]}, ("ash", "elm", "oak"))


@pytest.mark.parametrize("labels", [[0, 1], np.arange(3), torch.arange(3), [], None, ["a", 1]])
def test_what_holds_no_words_is_left_alone(labels: object) -> None:
    found, classes = numbered("dataset", labels, None)
    assert found is labels
    assert classes is None


def test_data_of_word_labels_equal_those_of_their_numbers() -> None:
    values = np.random.default_rng(0).normal(size=(40, 6, 12))
    words = [WORDS[number % 3] for number in range(40)]
    of_words = sf.dataset({"leaf": values, "bark": values}, words)
    of_numbers = sf.dataset(
        {"leaf": values, "bark": values},
        [("ash", "elm", "oak").index(word) for word in words],
        classes=("ash", "elm", "oak"),
    )
    assert of_words.classes == ("ash", "elm", "oak")
    assert of_words.source.name == of_numbers.source.name
