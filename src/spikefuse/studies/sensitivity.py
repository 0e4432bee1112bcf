"""Which reading of the paper explains its numbers? Its experiments under every reading."""

from collections.abc import Iterable
from dataclasses import replace

from spikefuse.core.checks import one_of
from spikefuse.studies.design import Study
from spikefuse.studies.paper import EXPERIMENTS
from spikefuse.studies.readings import READINGS

SENSITIVITY = "sensitivity"


def sensitivity_studies(
    readings: Iterable[str] = (), experiments: Iterable[str] = ()
) -> tuple[Study, ...]:
    """The paper's experiments under the readings.

    Args:
        readings: Names in `READINGS`; all if empty.
        experiments: Names of the paper's experiments; all if empty.

    Raises:
        InputError: A name is unknown.
    """
    by_name = {study.name: study for study in EXPERIMENTS}
    chosen = [one_of(SENSITIVITY, "readings", name, READINGS) for name in readings]
    kept = [one_of(SENSITIVITY, "studies", name, by_name) for name in experiments]
    under = tuple(dict.fromkeys(chosen or READINGS))
    return tuple(replace(by_name[name], readings=under) for name in dict.fromkeys(kept or by_name))


def readings_of(studies: Iterable[Study]) -> tuple[str, ...]:
    """The readings under which studies run; none for other studies than these."""
    return tuple(dict.fromkeys(name for study in studies for name in study.readings))
