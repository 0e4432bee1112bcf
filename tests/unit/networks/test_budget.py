"""Budgets: counts by hand, and widths that meet the budget within 1 %."""

import pytest
from modalities import MODALITIES

from spikefuse.core.errors import InputError
from spikefuse.networks import NetworkSpec, build, solve_width
from spikefuse.networks.budget import Width, count_macs, count_parameters

SIZES = (1_600_000, 800_000, 533_333)


def _spec(modality: str, plan: str = "pool-twice", fusion: str = "early", **more) -> NetworkSpec:
    return NetworkSpec(
        modality=modality,
        plan=plan,
        fusion=fusion if modality == "fused" else "none",
        input_shapes=dict.fromkeys(MODALITIES[modality], (1, 28, 28)),
        **more,
    )


@pytest.mark.parametrize(
    ("plan", "hidden", "parameters"),
    [
        ("pool-twice", 512, 1_630_090),
        ("simple-audio", 128, 1_625_866),
        ("simple-audio", 64, 822_346),
        ("simple-audio", 42, 546_136),
    ],
)
def test_published_counts(plan: str, hidden: int, parameters: int) -> None:
    assert count_parameters(_spec("image", plan), Width(hidden)) == parameters


def test_macs_by_hand() -> None:
    expected = 9 * 32 * 28 * 28 + 9 * 32 * 64 * 14 * 14 + 64 * 7 * 7 * 512 + 512 * 10
    assert count_macs(_spec("image"), Width(512)) == expected


@pytest.mark.parametrize("budget", SIZES)
@pytest.mark.parametrize("modality", MODALITIES)
@pytest.mark.parametrize("plan", ["pool-twice", "simple-audio"])
def test_budget_is_met_within_one_percent(plan: str, modality: str, budget: int) -> None:
    spec = _spec(modality, plan, budget=budget)
    network = build(spec)
    count = sum(parameter.numel() for parameter in network.parameters())
    assert count == count_parameters(spec, solve_width(spec))
    assert abs(count - budget) <= 0.01 * budget


@pytest.mark.parametrize("fusion", ["input", "early", "late"])
def test_every_fusion_meets_the_budget(fusion: str) -> None:
    spec = _spec("fused", fusion=fusion)
    count = sum(parameter.numel() for parameter in build(spec).parameters())
    assert abs(count - spec.budget) <= 0.01 * spec.budget


def test_impossible_budget_says_what_would_do() -> None:
    with pytest.raises(InputError, match="cannot be met within 1 %"):
        solve_width(_spec("image", budget=17_000))
