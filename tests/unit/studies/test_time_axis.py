"""The study of the time axis asks of modalities that have one, with equal layers beside the map."""

from pathlib import Path

from spikefuse.data import SOURCES
from spikefuse.planning import make_plan
from spikefuse.results import TrialStore
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


def test_alone_it_has_seeds_enough_for_an_interval(tmp_path: Path) -> None:
    """At `quick`, too, which has two."""
    studies = [STUDIES["time-axis"]]
    plan = make_plan(studies, PROFILES["quick"], "builtin", TrialStore(tmp_path))
    assert plan.seeds == (0, 1, 2)
