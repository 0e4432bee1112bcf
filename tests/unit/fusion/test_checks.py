"""What a fusion of somebody's own gives back is held against what it says of itself."""

from typing import Any

import pytest
import torch

from spikefuse.core.errors import InputError
from spikefuse.fusion.checks import check_answer, check_joined

HEADS = {"one": 3, "two": 5}


def features(**widths: int) -> dict[str, torch.Tensor]:
    return {name: torch.zeros(1, 2, 4, width) for name, width in widths.items()}


def test_what_the_heads_say_passes() -> None:
    check_joined("mine", HEADS, features(one=3, two=5), is_whole=True)
    check_joined("mine", HEADS, features(two=5), is_whole=False)
    check_answer("mine", {"one": torch.zeros(1, 4, 10)}, torch.zeros(1, 4, 10))


@pytest.mark.parametrize(
    ("joined", "says"),
    [
        (None, r"join_features of mine must be a dictionary of features by head \(one, two\), got"),
        (torch.zeros(3), "a dictionary of features by head"),
        (features(one=3), "heads of mine must be one, two, got 'one'"),
        (features(one=3, two=4), r"\[P, T, B, 5\], as its heads say of two, got \(1, 2, 4, 4\)"),
        (features(one=3) | {"two": None}, r"\[P, T, B, 5\], .* got 'NoneType'"),
        (features(one=3) | {"two": torch.zeros(4, 5)}, r"\[P, T, B, 5\], .* got \(4, 5\)"),
    ],
)
def test_other_features_are_refused_by_name(joined: Any, says: str) -> None:
    with pytest.raises(InputError, match=says):
        check_joined("mine", HEADS, joined, is_whole=True)


@pytest.mark.parametrize("answer", [None, torch.zeros(1, 4, 9), torch.zeros(4, 10)])
def test_another_answer_is_refused_by_name(answer: Any) -> None:
    with pytest.raises(InputError, match=r"join_logits of mine must be of shape \(1, 4, 10\)"):
        check_answer("mine", {"one": torch.zeros(1, 4, 10)}, answer)
