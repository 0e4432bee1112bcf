"""Data: where it is, what it holds, which sample pairs with which, and what splits share.

location = locate()                                  # nearest place that holds the data
corpus = load_corpus(DataSettings(source=location.source), location)
assignment = assign(corpus, "fused", "disjoint", seed=0)
audit(corpus, assignment).overlap("train", "validation").clips_share      # 0.0
"""

from typing import TYPE_CHECKING

from spikefuse.core.lazy import on_demand

if TYPE_CHECKING:
    from spikefuse.data.corpus import Corpus, content_at, load_corpus, require_content
    from spikefuse.data.places.download import fetch
    from spikefuse.data.places.location import (
        ENVIRONMENT,
        Location,
        banner_of,
        download_folder,
        locate,
    )
    from spikefuse.data.places.mirrors import Progress, ProgressFactory
    from spikefuse.data.places.verify import Finding, verify
    from spikefuse.data.pools import Pool
    from spikefuse.data.settings import DataSettings
    from spikefuse.data.sources.contract import FUSED, KINDS, Kind, Modality, Source, is_joint
    from spikefuse.data.sources.memory import memory_source
    from spikefuse.data.sources.raw import SAMPLE_RATE_HZ
    from spikefuse.data.sources.registry import SOURCES, choices, register_source
    from spikefuse.data.spectrogram import DECIBELS_PER_NEPER, MAGNITUDE_FLOOR
    from spikefuse.data.splits.audit import Audit, Overlap, SplitContent, audit
    from spikefuse.data.splits.protocols import PROTOCOLS, SPLITS, Assignment, assign
    from spikefuse.data.splits.selection import Selection, canonical
    from spikefuse.data.statistics import row_statistics

__all__ = [
    "DECIBELS_PER_NEPER",
    "ENVIRONMENT",
    "FUSED",
    "KINDS",
    "MAGNITUDE_FLOOR",
    "PROTOCOLS",
    "SAMPLE_RATE_HZ",
    "SOURCES",
    "SPLITS",
    "Assignment",
    "Audit",
    "Corpus",
    "DataSettings",
    "Finding",
    "Kind",
    "Location",
    "Modality",
    "Overlap",
    "Pool",
    "Progress",
    "ProgressFactory",
    "Selection",
    "Source",
    "SplitContent",
    "assign",
    "audit",
    "banner_of",
    "canonical",
    "choices",
    "content_at",
    "download_folder",
    "fetch",
    "is_joint",
    "load_corpus",
    "locate",
    "memory_source",
    "register_source",
    "require_content",
    "row_statistics",
    "verify",
]

on_demand(__name__)
