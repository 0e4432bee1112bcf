"""Do the networks know the digits or the voices? Leave one speaker out, each in turn."""

from spikefuse.data.sources.fsdd import SPEAKERS as FSDD_SPEAKERS
from spikefuse.data.sources.spoken_digits import read_spoken_digits
from spikefuse.studies.design import Grid, Study

SPEAKERS = Study(
    "speakers",
    "Unknown speakers",
    "How accurate are the networks for a speaker whom training never hears?",
    (Grid({"network": ("dnn", "snn"), "modality": ("audio", "fused")}),),
    each_speaker=True,
)
"""Every speaker of the data is the test split once; the others train and validate."""


def speakers_of(source: str) -> tuple[str, ...]:
    """The speakers of a data source, in alphabetical order.

    Raises:
        DataError: The package's own clips are missing or damaged.

    Example:
        >>> speakers_of("mnist-fsdd")[0]
        'george'
    """
    return FSDD_SPEAKERS if source == "mnist-fsdd" else read_spoken_digits().speaker_names
