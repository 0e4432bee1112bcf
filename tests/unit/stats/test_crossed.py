"""Intervals over seeds and test samples together: by hand, by simulation, and never narrower."""

import numpy as np
import pytest
from scipy import stats as scipy_stats

from spikefuse.core.errors import InputError
from spikefuse.stats import Observed, mean_interval, over_samples, range_test, sample_error, tost
from spikefuse.stats.intervals import against_zero
from tests.support.long import IS_LONG


def observed(seed: int, values: list[float], **samples: list[int]) -> Observed:
    return Observed(seed, np.array(values), {name: np.array(own) for name, own in samples.items()})


def test_clips_that_all_seeds_share_are_no_new_evidence() -> None:
    """Deviations 1/4, 1/4, 1/4, -3/4 of 4 clips: the error of one seed, whatever their number."""
    right = [1.0, 1.0, 1.0, 0.0]
    parts = [observed(seed, right, audio=[0, 1, 2, 3]) for seed in (0, 1)]
    whole = 4 / 3 * (3 * (0.25 / 4) ** 2 + (0.75 / 4) ** 2)
    by_seed = 8 / 7 * 2 * (3 * (0.25 / 8) ** 2 + (0.75 / 8) ** 2)
    found = sample_error(parts)
    assert found.error == pytest.approx((2 * (whole - by_seed)) ** 0.5)
    assert (found.clusters, found.modality) == (4, "audio")


def test_samples_that_every_seed_draws_anew_are_in_the_spread_of_seeds() -> None:
    right = [1.0, 1.0, 1.0, 0.0]
    parts = [observed(0, right, audio=[0, 1, 2, 3]), observed(1, right, audio=[4, 5, 6, 7])]
    assert sample_error(parts).error == 0.0


def test_pairs_of_a_few_clips_count_as_a_few() -> None:
    generator = np.random.default_rng(3)
    ease = generator.normal(size=20)
    clips = np.repeat(np.arange(20), 50)
    parts = [
        Observed(seed, ease[clips], {"audio": clips, "image": np.arange(1000)}) for seed in range(3)
    ]
    found = sample_error(parts)
    assert found.clusters == 20
    assert found.error == pytest.approx(ease.std(ddof=1) / 20**0.5, rel=0.02)


def test_an_interval_of_both_has_both_variances_and_reaches_its_own_p_value() -> None:
    seeds = against_zero(mean_interval([0.02, 0.03, 0.01]))
    both = over_samples(seeds, 0.02, 300)
    own = 0.01 / 3**0.5
    degrees = (own**2 + 0.02**2) ** 2 / (own**4 / 2 + 0.02**4 / 299)
    half = scipy_stats.t.ppf(0.975, degrees) * np.hypot(own, 0.02)
    assert (both.high - both.low) / 2 == pytest.approx(half)
    assert both.p_value is not None
    assert seeds.p_value is not None
    assert both.p_value > seeds.p_value
    edge = range_test(both, both.low, np.inf)
    assert edge.inside == pytest.approx(0.05, abs=1e-9)
    assert over_samples(seeds, 0.0, 300) == seeds
    barely = over_samples(seeds, 0.005, 300)
    assert (barely.low, barely.p_value) == (seeds.low, seeds.p_value)


def test_one_that_seeds_alone_call_equal_is_open_where_clips_are_few() -> None:
    a, b = [0.95, 0.951, 0.949], [0.9501, 0.9509, 0.949]
    assert tost(a, b, 0.006).equivalent
    assert not tost(a, b, 0.006, further=(0.01, 300)).equivalent


@pytest.mark.parametrize("error", [-0.1, float("nan")])
def test_an_error_below_zero_is_refused(error: float) -> None:
    with pytest.raises(InputError, match="error must be 0 or more"):
        over_samples(mean_interval([0.1, 0.2]), error, 300)


def draw(generator: np.random.Generator, n: int, spread: float) -> tuple[bool, bool]:
    """A gain of 2 pp; 100 clips in 200 pairs, the same for all seeds; does either hold it?"""
    ease, own = generator.normal(0.0, 0.15, 100), generator.normal(0.02, spread, n)
    clips = np.concatenate([np.arange(100), generator.integers(0, 100, 100)])
    parts = [
        Observed(
            seed,
            own[seed] + ease[clips] + generator.normal(0.0, 0.25, 200),
            {"audio": clips, "image": seed * 200 + np.arange(200)},
        )
        for seed in range(n)
    ]
    seeds = mean_interval([part.values.mean() for part in parts], resolution=1e-4)
    found = sample_error(parts)
    both = over_samples(seeds, found.error, found.clusters)
    return seeds.low <= 0.02 <= seeds.high, both.low <= 0.02 <= both.high


@pytest.mark.parametrize("n", [3, 5, 10])
def test_both_cover_what_seeds_alone_do_not(n: int) -> None:
    generator = np.random.default_rng(11)
    count = 8_000 if IS_LONG else 400
    held = np.array([draw(generator, n, 0.005) for _ in range(count)]).mean(axis=0)
    assert held[0] < 0.9
    margin = 0.0 if IS_LONG else 0.033
    assert 0.93 - margin <= held[1] <= 0.97 + margin
