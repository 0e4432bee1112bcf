"""Kinds of fusion by name."""

from spikefuse.fusion.attention import AttentionFusion
from spikefuse.fusion.contract import Fusion
from spikefuse.fusion.early import EarlyFusion
from spikefuse.fusion.experts import ExpertsFusion
from spikefuse.fusion.gated import GatedFusion
from spikefuse.fusion.hybrid import HybridFusion, HybridProductFusion
from spikefuse.fusion.input import InputFusion
from spikefuse.fusion.late import LateFusion
from spikefuse.fusion.late_product import LateProductFusion
from spikefuse.fusion.late_weighted import LateWeightedFusion
from spikefuse.fusion.none import NoFusion

FUSIONS: dict[str, type[Fusion]] = {
    "none": NoFusion,
    "input": InputFusion,
    "early": EarlyFusion,
    "late": LateFusion,
    "gated": GatedFusion,
    "late-product": LateProductFusion,
    "late-weighted": LateWeightedFusion,
    "hybrid": HybridFusion,
    "hybrid-product": HybridProductFusion,
    "experts": ExpertsFusion,
    "attention": AttentionFusion,
}
"""Kinds of fusion by name."""
