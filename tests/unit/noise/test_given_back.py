"""What a noise kind of somebody's own gives back is held against what it was given."""

from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from spikefuse.core.errors import InputError
from spikefuse.noise import NOISES, NoiseCondition, NoiseDraw

VALUES = torch.zeros(1, 4, 3, 5)


def moved(monkeypatch: pytest.MonkeyPatch, answer: Any) -> Tensor:
    kind = replace(NOISES["gaussian"], disturb=lambda values, steps, strength: answer)
    monkeypatch.setitem(NOISES, "gaussian", kind)
    draw = NoiseDraw(NoiseCondition(noise_std=0.5), ("site",), [0], ("test", 0, 0))
    return draw._disturb("site", VALUES, 4)


def test_the_shape_that_was_given_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    assert moved(monkeypatch, VALUES + 1).sum() == VALUES.numel()


@pytest.mark.parametrize(
    ("answer", "got"),
    [
        (VALUES[:, :1], r"\(1, 1, 3, 5\)"),
        (VALUES[0], r"\(4, 3, 5\)"),
        (None, "'NoneType'"),
        (True, "'bool'"),
        ("x", "'str'"),
    ],
)
def test_another_is_refused_by_the_name_of_the_kind(
    monkeypatch: pytest.MonkeyPatch, answer: Any, got: str
) -> None:
    with pytest.raises(InputError, match=rf"^noise: what gaussian gives back must be .* got {got}"):
        moved(monkeypatch, answer)
