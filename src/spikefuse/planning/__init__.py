"""How a study is carried out: what is stored, what is left, in which populations, and how long."""

from spikefuse.planning.plan import Plan, make_plan

__all__ = ["Plan", "make_plan"]
