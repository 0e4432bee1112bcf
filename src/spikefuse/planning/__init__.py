"""How a study is carried out: what is stored, what is left, in which populations, and how long."""

from typing import TYPE_CHECKING

from spikefuse.core.lazy import on_demand

if TYPE_CHECKING:
    from spikefuse.planning.plan import Plan, make_plan

__all__ = ["Plan", "make_plan"]

on_demand(__name__)
