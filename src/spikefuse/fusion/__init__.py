"""How modalities meet: at the input, as features before the classifier, or as logits."""

from typing import TYPE_CHECKING

from spikefuse.core.lazy import on_demand

if TYPE_CHECKING:
    from spikefuse.fusion.contract import Fusion, LayerCost, Layers, Parts
    from spikefuse.fusion.registry import FUSIONS

__all__ = ["FUSIONS", "Fusion", "LayerCost", "Layers", "Parts"]

on_demand(__name__)
