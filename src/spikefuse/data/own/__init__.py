"""Somebody's own data: found, described, decoded, divided and checked; never written into."""

from spikefuse.data.own.checks import CHECKS, Inspection, Remark, remarks
from spikefuse.data.own.description import Description, Modality, Sample
from spikefuse.data.own.discover import describe
from spikefuse.data.own.read import OwnData, OwnModality, inspect, read_own
from spikefuse.data.own.settings import ModalitySettings, OwnSettings, own_settings, read_toml

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
    "describe",
    "inspect",
    "own_settings",
    "read_own",
    "read_toml",
    "remarks",
]
