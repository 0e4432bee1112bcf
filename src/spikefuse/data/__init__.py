"""Data: where it is, what it holds, which sample pairs with which, and what splits share.

location = locate()                                  # nearest place that holds the data
corpus = load_corpus(DataSettings(source=location.source), location)
assignment = assign(corpus, "fused", "disjoint", seed=0)
audit(corpus, assignment).overlap("train", "validation").clips_share      # 0.0
"""

from typing import TYPE_CHECKING

from spikefuse.core.lazy import on_demand

if TYPE_CHECKING:
    from spikefuse.data.corpus import Corpus, Pool, load_corpus
    from spikefuse.data.places.download import Progress, ProgressFactory, fetch
    from spikefuse.data.places.location import (
        ENVIRONMENT,
        Location,
        banner_of,
        download_folder,
        locate,
    )
    from spikefuse.data.places.verify import Finding, verify
    from spikefuse.data.settings import CLASSES, DATA_CHOICES, SAMPLE_RATE_HZ, DataSettings
    from spikefuse.data.spectrogram import DECIBELS_PER_NEPER, MAGNITUDE_FLOOR
    from spikefuse.data.splits.audit import Audit, Overlap, SplitContent, audit
    from spikefuse.data.splits.protocols import PROTOCOLS, SPLITS, Assignment, Selection, assign
    from spikefuse.data.statistics import audio_statistics

__all__ = [
    "CLASSES",
    "DATA_CHOICES",
    "DECIBELS_PER_NEPER",
    "ENVIRONMENT",
    "MAGNITUDE_FLOOR",
    "PROTOCOLS",
    "SAMPLE_RATE_HZ",
    "SPLITS",
    "Assignment",
    "Audit",
    "Corpus",
    "DataSettings",
    "Finding",
    "Location",
    "Overlap",
    "Pool",
    "Progress",
    "ProgressFactory",
    "Selection",
    "SplitContent",
    "assign",
    "audio_statistics",
    "audit",
    "banner_of",
    "download_folder",
    "fetch",
    "load_corpus",
    "locate",
    "verify",
]

on_demand(__name__)
