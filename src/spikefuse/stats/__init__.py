"""Intervals, paired comparisons, equivalence and planning, over seeds, samples, clips and speakers.

The unit decides the question. Over seeds: would another training run say the same? Over clips or
speakers: would other clips or other speakers? Over samples of one test set: are two fixed
classifiers different? Every result is a frozen record that names its method, its n and its level.
"""

from typing import TYPE_CHECKING

from spikefuse.core.lazy import on_demand

if TYPE_CHECKING:
    from spikefuse.stats.bootstrap import cluster_bootstrap
    from spikefuse.stats.crossed import Observed, SampleError, over_samples, sample_error
    from spikefuse.stats.equivalence import Equivalence, RangeTest, range_test, tost, welch_tost
    from spikefuse.stats.groups import clopper_pearson, group_interval
    from spikefuse.stats.intervals import (
        Bounds,
        Interval,
        difference_of_differences,
        mean_interval,
        paired_difference,
        t_bounds,
        welch_difference,
    )
    from spikefuse.stats.multiple import holm
    from spikefuse.stats.planning import (
        equivalence_power,
        minimum_detectable_effect,
        power,
        seeds_for_effect,
        seeds_for_equivalence,
        seeds_for_half_width,
        spread_range,
    )
    from spikefuse.stats.ratios import error_ratio, paired_samples_error_ratio
    from spikefuse.stats.samples import mcnemar, paired_samples_tost

__all__ = [
    "Bounds",
    "Equivalence",
    "Interval",
    "Observed",
    "RangeTest",
    "SampleError",
    "clopper_pearson",
    "cluster_bootstrap",
    "difference_of_differences",
    "equivalence_power",
    "error_ratio",
    "group_interval",
    "holm",
    "mcnemar",
    "mean_interval",
    "minimum_detectable_effect",
    "over_samples",
    "paired_difference",
    "paired_samples_error_ratio",
    "paired_samples_tost",
    "power",
    "range_test",
    "sample_error",
    "seeds_for_effect",
    "seeds_for_equivalence",
    "seeds_for_half_width",
    "spread_range",
    "t_bounds",
    "tost",
    "welch_difference",
    "welch_tost",
]

on_demand(__name__)
