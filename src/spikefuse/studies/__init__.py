"""Questions as data: studies, their readings, and profiles of effort."""

from spikefuse.studies.design import Cell, Grid, Study
from spikefuse.studies.profiles import PROFILES, Profile
from spikefuse.studies.registry import STUDIES

__all__ = ["PROFILES", "STUDIES", "Cell", "Grid", "Profile", "Study"]
