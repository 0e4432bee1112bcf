"""All built-in studies by name."""

from spikefuse.studies.census import CENSUS, CENSUS_LEADING, CENSUS_SMALLEST
from spikefuse.studies.controls import CONTROLS
from spikefuse.studies.design import Study
from spikefuse.studies.energy import ENERGY
from spikefuse.studies.fusion import FUSION
from spikefuse.studies.groups import LEAVING_OUT
from spikefuse.studies.leak import LEAK
from spikefuse.studies.paper import EXPERIMENTS
from spikefuse.studies.remedies import REMEDIES
from spikefuse.studies.robustness import ROBUSTNESS, ROBUSTNESS_OWN_STD
from spikefuse.studies.senses import SENSES
from spikefuse.studies.time_axis import TIME_AXIS

REPRODUCTION: tuple[str, ...] = (*(study.name for study in EXPERIMENTS), CONTROLS.name)
"""Studies that `spikefuse reproduce` runs, and other commands where none is named."""

STUDIES: dict[str, Study] = {
    study.name: study
    for study in (
        *EXPERIMENTS,
        CONTROLS,
        *LEAVING_OUT.values(),
        ENERGY,
        FUSION,
        SENSES,
        ROBUSTNESS,
        ROBUSTNESS_OWN_STD,
        CENSUS,
        CENSUS_SMALLEST,
        CENSUS_LEADING,
        TIME_AXIS,
        LEAK,
        REMEDIES,
    )
}
"""Studies that `spikefuse run` knows; `sensitivity` repeats the paper's under other readings."""
