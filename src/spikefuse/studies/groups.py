"""Do the networks know the digits or the voices? Leave one speaker out, each in turn."""

from spikefuse.data import FUSED
from spikefuse.studies.design import GROUPED, Grid, Study

SPEAKERS = Study(
    "speakers",
    "Unknown speakers",
    "How accurate are the networks for a speaker whom training never hears?",
    (Grid({"network": ("dnn", "snn"), "modality": (GROUPED, FUSED)}),),
    each_speaker=True,
)
"""Every speaker of the data is the test split once; the others train and validate."""
