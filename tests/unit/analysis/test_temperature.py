"""Temperatures: closed forms, and what they do to a product of experts."""

import numpy as np
import pytest
import torch

from spikefuse.analysis.product_of_experts import product_right
from spikefuse.analysis.temperature import MOST, temperature
from spikefuse.core.errors import InputError


@pytest.mark.parametrize("true", [0.5, 1.0, 2.5])
def test_the_temperature_of_a_known_model_is_found(true: float) -> None:
    """Labels drawn from softmax(logits / T): T comes back."""
    generator = np.random.default_rng(2)
    logits = generator.normal(0.0, 3.0, (40_000, 5))
    noise = generator.gumbel(size=logits.shape)
    labels = (logits / true + noise).argmax(axis=1)
    assert temperature(logits, labels) == pytest.approx(true, rel=0.02)


def test_a_network_at_chance_is_believed_as_little_as_may_be() -> None:
    logits = np.eye(4)[np.arange(400) % 4] * 9.0
    assert temperature(logits, (np.arange(400) + np.arange(400) // 4) % 4) == pytest.approx(
        MOST, rel=1e-3
    )


def test_a_loud_expert_that_is_wrong_is_outvoted_at_its_temperature() -> None:
    """Sight says class 0 by 5, sound class 1 by 2: at temperature 5 sight says so by 1."""
    labels = torch.tensor([1])
    sight = {"image": torch.tensor([3]), "labels": labels, "logits": torch.tensor([[5.0, 0.0]])}
    sound = {"audio": torch.tensor([8]), "labels": labels, "logits": torch.tensor([[0.0, 2.0]])}
    fused = {"image": torch.tensor([3]), "audio": torch.tensor([8]), "labels": labels}
    experts = {"image": sight, "audio": sound}
    assert product_right(fused, experts).tolist() == [False]
    assert product_right(fused, experts, {"image": 5.0, "audio": 1.0}).tolist() == [True]


def test_logits_that_are_no_numbers_are_refused() -> None:
    with pytest.raises(InputError, match="logits must be finite"):
        temperature([[float("nan"), 0.0]], [0])
