"""Do the networks know the classes or the people? Leave one group out, each in turn.

A group is whoever or whatever a sample is of: a speaker, a subject, a field of file names. The
study has a name for the two usual ones and one for all others; what it does is the same.
"""

from spikefuse.data import FUSED
from spikefuse.studies.design import GROUPED, Grid, Study

NOUNS = ("speaker", "subject", "group")
"""What a group is called in the study's name; its words follow the data's own name of one."""


def leaving_out(noun: str) -> Study:
    """Every group of the data is the test split once; the others train and validate.

    Example:
        >>> leaving_out("subject").name
        'subjects'
    """
    return Study(
        f"{noun}s",
        f"Unknown {noun}s",
        f"How accurate are the networks for a {noun} whom training never meets?",
        (Grid({"network": ("dnn", "snn"), "modality": (GROUPED, FUSED)}),),
        each_group=True,
    )


LEAVING_OUT: dict[str, Study] = {study.name: study for study in map(leaving_out, NOUNS)}
"""One study under the names that it may be asked for by."""
