"""Questions as data: studies, their readings, and profiles of effort."""

from typing import TYPE_CHECKING

from spikefuse.core.lazy import on_demand

if TYPE_CHECKING:
    from spikefuse.studies.design import MOST_SEEDS, Cell, Grid, Study
    from spikefuse.studies.profiles import PROFILES, Profile
    from spikefuse.studies.registry import STUDIES

__all__ = ["MOST_SEEDS", "PROFILES", "STUDIES", "Cell", "Grid", "Profile", "Study"]

on_demand(__name__)
