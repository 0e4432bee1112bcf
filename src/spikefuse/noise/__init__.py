"""Noise inside a network, at evaluation: kinds by name, a condition, and its draws."""

from typing import TYPE_CHECKING

from spikefuse.core.lazy import on_demand

if TYPE_CHECKING:
    from spikefuse.noise.condition import NoiseCondition
    from spikefuse.noise.contract import Noise, NoiseKind, Strength
    from spikefuse.noise.draw import NoiseDraw
    from spikefuse.noise.registry import NOISES

__all__ = ["NOISES", "Noise", "NoiseCondition", "NoiseDraw", "NoiseKind", "Strength"]

on_demand(__name__)
