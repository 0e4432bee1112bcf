"""Two series of accuracies: the test that fits them, why it fits, and what it says."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from spikefuse.analysis.claims import ASSUMED_SAMPLES
from spikefuse.analysis.compare.advice import MORE_SEEDS, advice
from spikefuse.analysis.compare.cells import Operand, counted_apart
from spikefuse.analysis.compare.samples import Matched, NoSamples, match, read_answers
from spikefuse.analysis.words import FEWEST
from spikefuse.core.streams import numpy_stream
from spikefuse.stats import (
    Equivalence,
    Interval,
    cluster_bootstrap,
    error_ratio,
    group_interval,
    mcnemar,
    paired_difference,
    paired_samples_error_ratio,
    paired_samples_tost,
    tost,
    welch_difference,
    welch_tost,
)
from spikefuse.stats.bootstrap import FEWEST_CLUSTERS
from spikefuse.stats.groups import FEW_GROUPS
from spikefuse.stats.intervals import has_spread

Difference = Literal["better", "worse", "undecided"]
Margin = Literal["within", "outside", "undecided"]

NEAR_ONE = 0.95
"""From this accuracy of both on, the ratio of error rates is shown too."""


@dataclass(frozen=True)
class Comparison:
    """Two cells or trials, compared. Numbers are fractions of 1 (accuracy), never per cent.

    Args:
        a: What the first is called.
        b: What the second is called.
        mean_a: Mean accuracy of the seeds, or samples, that are compared.
        mean_b: The same of the second.
        test: Short name of the test, "none" where there is no fair one.
        reason: Why this test.
        unit: What n counts: seeds, seeds a side or samples.
        difference: a minus b with interval and p value; None without a test.
        p_value: Of the difference; Holm-adjusted where several cells are compared.
        equivalence: The two one-sided tests, where a margin was asked for.
        clusters: a minus b, where several samples hold the same sample of one modality: with the
            interval of a cluster bootstrap over these, of up to 20 of Student's t over their means.
        shared: That modality; empty where there is none.
        errors: Errors of a per error of b, where both are near 100 %.
        values: The two differences where only two seeds are shared, in place of an interval.
        silent: Seeds that are not in it, since a network of theirs is silent.
        advice: What more seeds would show; may be empty.
        notes: What a reader must know besides.
    """

    a: str
    b: str
    mean_a: float
    mean_b: float
    test: str
    reason: str
    unit: str
    difference: Interval | None = None
    p_value: float | None = None
    equivalence: Equivalence | None = None
    clusters: Interval | None = None
    shared: str = ""
    errors: Interval | None = None
    values: tuple[float, ...] = ()
    silent: tuple[int, ...] = ()
    advice: str = ""
    notes: tuple[str, ...] = ()

    @property
    def gap(self) -> float:
        """A minus b, with or without a test."""
        return self.mean_a - self.mean_b if self.difference is None else self.difference.estimate

    @property
    def outcome(self) -> Difference:
        """Whether a is better, worse, or neither is shown."""
        interval = self.difference
        if interval is None or self.p_value is None or self.p_value >= 1.0 - interval.confidence:
            return "undecided"
        sides = [interval, self.clusters] if self.clusters_decide else [interval]
        if any(side is not None and side.low <= 0.0 <= side.high for side in sides):
            return "undecided"
        return "better" if interval.estimate > 0.0 else "worse"

    @property
    def within(self) -> Margin | None:
        """Whether the two lie within the margin; None where none was asked for."""
        found = self.equivalence
        if found is None:
            return None
        ends = [(found.low, found.high)]
        if self.clusters_decide and self.clusters is not None:
            ends.append((self.clusters.low, self.clusters.high))
        if found.equivalent and all(
            -found.margin < low and high < found.margin for low, high in ends
        ):
            return "within"
        outside = all(low > found.margin or high < -found.margin for low, high in ends)
        return "outside" if outside else "undecided"

    @property
    def clusters_decide(self) -> bool:
        """Whether the interval over clusters must agree: McNemar takes samples as independent."""
        return self.clusters is not None and self.unit == "samples"


def compare_series(
    a: Operand, b: Operand, *, margin: float | None = None, confidence: float = 0.95
) -> Comparison:
    """Compare two series with the test that fits what they share.

    | shared | test |
    |---|---|
    | at least 3 seeds | paired Student t interval of the differences |
    | fewer, at least 3 seeds a side | Welch |
    | 2 seeds, or 2 on a side | none: with one degree of freedom the width of an interval is luck |
    | one seed, test samples | exact McNemar; if they share parts, these must agree |
    | nothing | none |

    Networks that are silent are counted apart, as everywhere.

    Args:
        a: The first.
        b: The second.
        margin: Differences up to this size, a fraction of 1, count as none.
        confidence: Of every interval; each one-sided test of the margin is at 1 - confidence.
    """
    a, b, silent, told = counted_apart(a, b)
    shared = sorted(set(a.values) & set(b.values))
    fewest = min(len(a.values), len(b.values))
    if len(shared) >= FEWEST:
        found = _paired(a, b, shared, margin, confidence)
    elif fewest >= FEWEST:
        found = _welch(a, b, margin, confidence)
    elif max(len(shared), fewest) >= 2:
        found = _two_seeds(a, b, shared)
    else:
        found = _one_seed(a, b, shared, margin, confidence)
        return replace(found, silent=silent, notes=(*told, *found.notes))
    matched, _ = _matched(a, b, [(seed, seed) for seed in shared])
    clusters = _over_clusters(matched, confidence)
    return replace(found, **clusters, silent=silent, notes=(*told, *found.notes))


def _resolution(*series: Operand) -> float:
    return max(1.0 / (each.samples or ASSUMED_SAMPLES) for each in series)


def _paired(
    a: Operand, b: Operand, seeds: Sequence[int], margin: float | None, confidence: float
) -> Comparison:
    first, second = ([each.values[seed] for seed in seeds] for each in (a, b))
    step = _resolution(a, b)
    difference = paired_difference(first, second, confidence=confidence, resolution=step)
    spread = (difference.standard_error or 0.0) * math.sqrt(len(seeds))
    left_out = len(set(a.values) ^ set(b.values))
    notes = [f"{left_out} seeds that only one of them has are left out"] if left_out else []
    alpha = 1.0 - confidence
    equivalence = None
    if margin is not None:
        equivalence = tost(first, second, margin, alpha=alpha, resolution=step)
    found = Comparison(
        a=a.label,
        b=b.label,
        mean_a=float(np.mean(first)),
        mean_b=float(np.mean(second)),
        test="paired t",
        reason=f"the two share {len(seeds)} seeds, so each seed gives one difference",
        unit="seeds",
        difference=difference,
        p_value=difference.p_value,
        equivalence=equivalence,
        errors=_errors(first, second, paired=True, confidence=confidence),
        notes=(*notes, *filter(None, [difference.note])),
    )
    return replace(found, advice=advice(found, spread, margin, confidence))


def _welch(a: Operand, b: Operand, margin: float | None, confidence: float) -> Comparison:
    first, second = (list(each.values.values()) for each in (a, b))
    step = _resolution(a, b)
    difference = welch_difference(first, second, confidence=confidence, resolution=step)
    spread = (difference.standard_error or 0.0) * math.sqrt(difference.n)
    equivalence = None
    if margin is not None:
        equivalence = welch_tost(first, second, margin, alpha=1.0 - confidence, resolution=step)
    found = Comparison(
        a=a.label,
        b=b.label,
        mean_a=float(np.mean(first)),
        mean_b=float(np.mean(second)),
        test="Welch t",
        reason=f"the two share {len(set(a.values) & set(b.values)) or 'no'} of their "
        f"{len(first)} and {len(second)} seeds, too few to pair: two independent groups",
        unit="seeds a side" if len(first) == len(second) else "seeds on the smaller side",
        difference=difference,
        p_value=difference.p_value,
        equivalence=equivalence,
        errors=_errors(first, second, paired=False, confidence=confidence),
        notes=tuple(filter(None, [difference.note])),
    )
    return replace(found, advice=advice(found, spread, margin, confidence))


def _one_seed(
    a: Operand, b: Operand, shared: Sequence[int], margin: float | None, confidence: float
) -> Comparison:
    pairs = [(seed, seed) for seed in shared]
    if not pairs and len(a.values) == len(b.values) == 1:
        pairs = [(next(iter(a.values)), next(iter(b.values)))]
    matched, problem = _matched(a, b, pairs)
    if not matched:
        return _untested(a, b, problem)
    (one,) = matched
    difference = mcnemar(one.a, one.b, confidence=confidence)
    notes = [difference.note] if difference.note else []
    if one.left_out:
        notes.append(f"{one.left_out} samples that only one of them saw are left out")
    over = _over_clusters(matched, confidence)
    if over:
        notes.append(
            f"the {difference.n} samples hold {over['clusters'].n} samples of {over['shared']} and "
            "are not independent: the answer counts only where the interval over these agrees"
        )
    alpha = 1.0 - confidence
    return Comparison(
        a=a.label,
        b=b.label,
        mean_a=float(one.a.mean()),
        mean_b=float(one.b.mean()),
        test="exact McNemar",
        reason="one seed of each and the same test samples: this tells these two networks apart, "
        "not the two settings",
        unit="samples",
        difference=difference,
        p_value=difference.p_value,
        equivalence=None
        if margin is None
        else paired_samples_tost(one.a, one.b, margin, alpha=alpha),
        **over,
        errors=_sample_errors(one, confidence),
        advice=MORE_SEEDS,
        notes=tuple(notes),
    )


def _two_seeds(a: Operand, b: Operand, seeds: Sequence[int]) -> Comparison:
    """Too few for an interval: the two differences themselves, where seeds are shared."""
    few = f"an interval wants {FEWEST} seeds of each, and there are"
    if len(seeds) < 2:
        return _untested(a, b, f"{few} {min(len(a.values), len(b.values))}")
    first, second = ([each.values[seed] for seed in seeds] for each in (a, b))
    means = float(np.mean(first)), float(np.mean(second))
    found = replace(_untested(a, b, f"{few} 2"), mean_a=means[0], mean_b=means[1])
    return replace(found, values=tuple(x - y for x, y in zip(first, second, strict=True)))


def _untested(a: Operand, b: Operand, problem: str) -> Comparison:
    counts = f"{len(a.values)} and {len(b.values)} seeds"
    return Comparison(
        a=a.label,
        b=b.label,
        mean_a=float(np.mean(list(a.values.values()))),
        mean_b=float(np.mean(list(b.values.values()))),
        test="none",
        reason=f"no test is fair: {counts}, and {problem or 'none of them is shared'}",
        unit="seeds",
        advice=MORE_SEEDS,
    )


def _matched(a: Operand, b: Operand, pairs: Sequence[tuple[int, int]]) -> tuple[list[Matched], str]:
    """The trials of each pair of seeds side by side; empty, with the reason, unless all are."""
    found: list[Matched] = []
    for series in (a, b):
        if series.noise_std:
            return [], f"{series.label} is evaluated under noise, of which no predictions are kept"
        if not series.trials:
            return [], f"of {series.label} no predictions are kept"
    for seed_a, seed_b in pairs:
        try:
            answers = read_answers(a.root, a.trials[seed_a]), read_answers(b.root, b.trials[seed_b])
            found.append(match(*answers))
            _check_accuracy(a.values[seed_a], answers[0].correct.mean(), a.label)
            _check_accuracy(b.values[seed_b], answers[1].correct.mean(), b.label)
        except NoSamples as problem:
            return [], str(problem)
    return found, ""


def _check_accuracy(value: float, predicted: float, label: str) -> None:
    """Predictions are of the test set; another split's accuracy is not theirs."""
    if abs(value - predicted) > 1e-6:
        raise NoSamples(f"the accuracies of {label} are not those of its stored test predictions")


def _over_clusters(matched: Sequence[Matched], confidence: float) -> dict[str, Any]:
    """`clusters` and `shared` of a comparison; empty where the samples are all different.

    Seeds are pooled: what several of them hold is drawn with all its samples of all seeds. Of up to
    20 the means are taken instead, each counting the same: resampling so few covers too little.
    """
    shared = {each.shared for each in matched}
    clusters = [each.clusters for each in matched if each.clusters is not None]
    if not clusters or len(clusters) < len(matched) or len(shared) > 1:
        return {}
    names = np.concatenate(clusters)
    if len(np.unique(names)) < FEWEST_CLUSTERS:
        return {}
    values = np.concatenate([each.differences for each in matched])
    if len(np.unique(names)) <= FEW_GROUPS:
        interval = group_interval(
            values, names, confidence=confidence, resolution=1.0 / len(values)
        )
    else:
        # The stream's name is part of every interval that was ever given: it stays.
        stream = numpy_stream(0, "compare", "clips")
        interval = cluster_bootstrap(values, names, stream, confidence=confidence)
    return {"clusters": interval, "shared": shared.pop()}


def _errors(
    a: Sequence[float], b: Sequence[float], *, paired: bool, confidence: float
) -> Interval | None:
    """The ratio of error rates near 100 %; None far from it, or where a seed has no error."""
    if min(np.mean(a), np.mean(b)) < NEAR_ONE or max(*a, *b) >= 1.0:
        return None
    groups = [np.log1p(-np.array(a)) - np.log1p(-np.array(b))] if paired else [a, b]
    if not any(has_spread(group) for group in groups):
        return None
    return error_ratio(a, b, paired=paired, confidence=confidence)


def _sample_errors(one: Matched, confidence: float) -> Interval | None:
    """The same over samples; None where they share parts, which the interval does not know."""
    shares = one.a.mean(), one.b.mean()
    if one.clusters is not None or min(shares) < NEAR_ONE or max(shares) >= 1.0:
        return None
    return paired_samples_error_ratio(one.a, one.b, confidence=confidence)
