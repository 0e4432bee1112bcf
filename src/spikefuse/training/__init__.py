"""Fit a population of networks, evaluate it, keep what it learned."""

from typing import TYPE_CHECKING

from spikefuse.core.lazy import on_demand

if TYPE_CHECKING:
    from spikefuse.noise.condition import NoiseCondition
    from spikefuse.training.base_network import BASE_NETWORK
    from spikefuse.training.definition import TrialDefinition, stored_definition
    from spikefuse.training.evaluate import answers_under, evaluate_condition
    from spikefuse.training.fit import train_population

__all__ = [
    "BASE_NETWORK",
    "NoiseCondition",
    "TrialDefinition",
    "answers_under",
    "evaluate_condition",
    "stored_definition",
    "train_population",
]

on_demand(__name__)
