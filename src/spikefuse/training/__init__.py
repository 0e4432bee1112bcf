"""Fit a population of networks, evaluate it, keep what it learned."""

from spikefuse.training.definition import TrialDefinition
from spikefuse.training.evaluate import evaluate_condition
from spikefuse.training.fit import train_population
from spikefuse.training.noise import NoiseCondition

__all__ = ["NoiseCondition", "TrialDefinition", "evaluate_condition", "train_population"]
