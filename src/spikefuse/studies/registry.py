"""All built-in studies by name."""

from spikefuse.studies.design import Study
from spikefuse.studies.paper import EXPERIMENTS

STUDIES: dict[str, Study] = {study.name: study for study in EXPERIMENTS}
"""Studies that `spikefuse run` and `spikefuse reproduce` know."""
