"""Questions as data: studies, profiles, plans, their execution and the claims they answer."""

from spikefuse.studies.design import Cell, Grid, Study
from spikefuse.studies.plan import Plan, make_plan
from spikefuse.studies.profiles import PROFILES, Profile
from spikefuse.studies.registry import STUDIES

__all__ = ["PROFILES", "STUDIES", "Cell", "Grid", "Plan", "Profile", "Study", "make_plan"]
