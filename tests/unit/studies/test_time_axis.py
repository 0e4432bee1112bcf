"""The study of the time axis asks of modalities that have one, with equal layers beside the map."""

from spikefuse.data import SOURCES
from spikefuse.studies.profiles import PROFILES
from spikefuse.studies.registry import STUDIES


def test_only_modalities_with_a_time_axis_of_their_own_are_asked() -> None:
    cells = STUDIES["time-axis"].cells(("disjoint",), SOURCES["mnist-fsdd"])
    asked = [(cell.modality, cell.reading, cell.time_steps) for cell in cells]
    assert asked == [
        ("audio", "base", 4),
        ("audio", "whole-map", 4),
        ("audio", "whole-map", 14),
        ("audio", "sequence", 4),
        ("audio", "sequence", 14),
    ]
    # Events come in their own time already, and images have none.
    assert not STUDIES["time-axis"].cells(("paired",), SOURCES["n-mnist"])


def test_the_readings_differ_in_the_encoder_alone() -> None:
    profile = PROFILES["smoke"]
    _, whole, _, sequence, _ = (
        cell.trial(0, **profile.settings(cell.modality, cell.size, "builtin"))
        for cell in STUDIES["time-axis"].cells(("disjoint",), SOURCES["builtin"])
    )
    assert (whole.encoder, sequence.encoder) == ("direct", "sequence")
    changed = sequence.model_copy(update={"encoder": "direct"})
    assert changed == whole
    assert whole.plan == "mlp"
