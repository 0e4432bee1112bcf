"""Kinds of fusion by name."""

from spikefuse.fusion.contract import Fusion
from spikefuse.fusion.early import EarlyFusion
from spikefuse.fusion.gated import GatedFusion
from spikefuse.fusion.input import InputFusion
from spikefuse.fusion.late import LateFusion
from spikefuse.fusion.none import NoFusion

FUSIONS: dict[str, type[Fusion]] = {
    "none": NoFusion,
    "input": InputFusion,
    "early": EarlyFusion,
    "late": LateFusion,
    "gated": GatedFusion,
}
"""Kinds of fusion by name."""
