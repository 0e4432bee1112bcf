"""How modalities meet: at the input, as features before the classifier, or as logits."""

from spikefuse.fusion.contract import Fusion
from spikefuse.fusion.kinds import FUSIONS

__all__ = ["FUSIONS", "Fusion"]
