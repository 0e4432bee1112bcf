"""No fusion: one modality passes through."""

from typing import ClassVar

from spikefuse.fusion.contract import Fusion


class NoFusion(Fusion):
    """One modality: everything passes through."""

    title: ClassVar[str] = "one modality"
    for_one: ClassVar[bool] = True
