"""Does a spiking network hear and move better in time? Its steps as the time of the input.

Usually every step sees the whole map. With `--encoder sequence` a step sees its part of the time
axis, and what was before is in the membranes alone.
"""

from spikefuse.studies.design import TIMED, Grid, Study
from spikefuse.studies.readings import BASE, TIME_READINGS

TIME_STEPS = (4, 14)
"""Of 28 places a step sees seven, or two."""

TIME_AXIS = Study(
    "time-axis",
    "The time axis as the network's steps",
    "What does a spiking network gain or lose when it meets sound and movement in their own time?",
    (
        Grid({"network": ("snn",), "modality": (TIMED,), "reading": (BASE,)}),
        Grid(
            {
                "network": ("snn",),
                "modality": (TIMED,),
                "reading": tuple(TIME_READINGS),
                "time_steps": TIME_STEPS,
            }
        ),
    ),
    protocols=("disjoint",),
    fewest_seeds=3,
)
"""Each modality with a time axis alone: the usual network, and the same two layers without
convolutions on the whole map and on its parts in turn."""
