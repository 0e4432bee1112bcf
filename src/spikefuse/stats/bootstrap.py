"""Cluster bootstrap: intervals for values that come in dependent groups."""

import numpy as np
from numpy.typing import ArrayLike

from spikefuse.core.checks import require
from spikefuse.stats.intervals import ROUNDING, Interval, check_confidence
from spikefuse.stats.special import ndtr, stdtrit

FEWEST_CLUSTERS = 4
"""Of three clusters the bootstrap covers 76 % where it says 95, of two 48."""

# Resample this many at a time, so that memory stays at a few megabytes for any number of clusters.
_CHUNK_ELEMENTS = 2_000_000


def cluster_bootstrap(
    values: ArrayLike,
    clusters: ArrayLike,
    generator: np.random.Generator,
    *,
    confidence: float = 0.95,
    resamples: int = 10_000,
) -> Interval:
    """Interval of the mean over samples, resampling whole clusters.

    10,000 test pairs hold 300 distinct clips, so they are worth about 300 observations where the
    audio decides. Pass the clip of each sample to ask what other clips of the same speakers would
    give; pass its speaker to ask what other speakers would give (clips are nested in speakers,
    and resampling the outer level alone carries the inner one along). Pass per-sample differences
    of two networks to compare them.

    The percentiles are widened so that few clusters (6 speakers) do not understate the interval:
    the tails are those of a t distribution with G - 1 degrees of freedom, times sqrt(G / (G - 1)).
    Simulated coverage at nominal 95 %, of accuracies that vary between clusters: 94 % with 40
    clusters, 92 % with 6. For fewer than about 20 take `group_interval`, which covers better.

    Args:
        values: [N], a number a sample, for example 1 for right and 0 for wrong.
        clusters: [N], the cluster of each sample: integers or strings.
        generator: Source of the resampling, for example `numpy_stream(seed, "clip-bootstrap")`.
        confidence: Nominal coverage.
        resamples: Number of bootstrap resamples.

    Returns:
        Mean over samples; n is the number of clusters.

    Raises:
        InputError: Fewer than 4 clusters, different lengths, NaN or infinity.

    Source:
        A. C. Davison, D. V. Hinkley, "Bootstrap Methods and their Application", section 3.8, 1997;
        T. C. Hesterberg, "What Teachers Should Know About the Bootstrap", section 4.1, 2015
        (arXiv:1411.5279), for the widened percentiles.
    """
    where = "cluster_bootstrap"
    check_confidence(where, confidence)
    data, group = np.asarray(values, dtype=np.float64), np.asarray(clusters)
    require(data.ndim == 1 and data.size > 0, where, "values", "of shape [N]", data.shape)
    require(bool(np.isfinite(data).all()), where, "values", "finite numbers", "NaN or infinity")
    require(group.shape == data.shape, where, "clusters", f"of shape {data.shape}", group.shape)
    require(resamples >= 100, where, "resamples", "at least 100", resamples)
    _, member = np.unique(group, return_inverse=True)
    counts = np.bincount(member).astype(np.float64)
    sums = np.bincount(member, weights=data)
    n = int(counts.size)
    require(n >= FEWEST_CLUSTERS, where, "clusters", "at least 4 different clusters", n)

    means = np.empty(resamples)
    chunk = max(1, _CHUNK_ELEMENTS // n)
    for start in range(0, resamples, chunk):
        size = min(chunk, resamples - start)
        times = generator.multinomial(n, np.full(n, 1.0 / n), size=size)
        means[start : start + size] = (times @ sums) / (times @ counts)

    quantile = stdtrit(n - 1, (1.0 + confidence) / 2.0) * np.sqrt(n / (n - 1))
    tail = float(ndtr(-quantile))
    low, high = np.quantile(means, [tail, 1.0 - tail])
    notes = []
    if float(np.ptp(sums / counts)) <= ROUNDING:
        notes.append(f"all {n} clusters agree exactly: the width of zero is not certainty")
    if tail * resamples < 1.0:
        notes.append(f"{n} clusters are too few for {resamples} resamples: ends are the extremes")
    return Interval(
        estimate=float(data.mean()),
        low=float(low),
        high=float(high),
        n=n,
        method=f"cluster bootstrap, {n} clusters, {resamples} resamples, widened percentiles",
        confidence=confidence,
        standard_error=float(means.std(ddof=1)),
        note="; ".join(notes),
    )
