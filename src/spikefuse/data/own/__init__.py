"""Somebody's own data: found, described, decoded, divided and checked; never written into."""

from typing import TYPE_CHECKING

from spikefuse.core.lazy import on_demand

if TYPE_CHECKING:
    from spikefuse.data.own.checks import CHECKS, Inspection, Remark, refused, remarks
    from spikefuse.data.own.description import Description, Modality, Sample
    from spikefuse.data.own.discover import describe
    from spikefuse.data.own.read import OwnData, OwnModality, accepted, inspect, read_own
    from spikefuse.data.own.settings import ModalitySettings, OwnSettings, own_settings, read_toml
    from spikefuse.data.own.summary import counts, summary

__all__ = [
    "CHECKS",
    "Description",
    "Inspection",
    "Modality",
    "ModalitySettings",
    "OwnData",
    "OwnModality",
    "OwnSettings",
    "Remark",
    "Sample",
    "accepted",
    "counts",
    "describe",
    "inspect",
    "own_settings",
    "read_own",
    "read_toml",
    "refused",
    "remarks",
    "summary",
]

on_demand(__name__)
