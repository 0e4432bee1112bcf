"""What many claims speak of: the paper's sizes, and the ranking of its modalities."""

from spikefuse.analysis.claims.rules import Levels, Part, above
from spikefuse.analysis.figures import MODALITIES

SIZES = ("S", "S/2", "S/3")


def ascending(**levels: object) -> tuple[Part, ...]:
    """Audio < image < fused, all else equal."""
    image, audio, fused = (
        Levels(modality=modality, **levels)  # type: ignore[arg-type]
        for modality in MODALITIES
    )
    return above(image, audio), above(fused, image)
