"""What is called faithful: the share of samples beyond rounding, and of other answers."""

import pytest
import torch

from spikefuse.export.drift import drift_of

LABELS = torch.zeros(1_000, dtype=torch.int64)
LOGITS = torch.tensor([[1.0, 0.5]]).repeat(1_000, 1)


def drift(found: torch.Tensor):
    return drift_of(lambda x: x["sight"], {"sight": found}, LOGITS, LABELS)


@pytest.mark.parametrize(("beyond", "is_faithful"), [(0, True), (50, True), (51, False)])
def test_one_sample_in_twenty_may_be_beyond_rounding(beyond: int, is_faithful: bool) -> None:
    found = LOGITS.clone()
    found[:beyond, 1] += 2e-4
    assert drift(found).beyond == pytest.approx(beyond / 1_000)
    assert drift(found).is_faithful == is_faithful


@pytest.mark.parametrize(("others", "is_faithful"), [(1, True), (2, False)])
def test_one_answer_in_a_thousand_may_be_another(others: int, is_faithful: bool) -> None:
    found = LOGITS.clone()
    found[:others] = torch.tensor([0.5, 1.0])
    assert drift(found).changed == pytest.approx(others / 1_000)
    assert drift(found).is_faithful == is_faithful


def test_what_is_no_number_is_beyond() -> None:
    found = torch.full_like(LOGITS, torch.nan)
    assert drift(found).beyond == 1
    assert not drift(found).is_faithful
