"""A few groups: Student t over their means; the share of a few networks."""

import numpy as np
import pytest
from scipy import stats as scipy_stats

from spikefuse.core.errors import InputError
from spikefuse.stats import clopper_pearson, cluster_bootstrap, group_interval, mean_interval


def test_it_is_the_t_interval_of_the_group_means() -> None:
    values, groups = [0.5, 0.7, 0.9, 0.8, 0.7, 0.6], ["a", "a", "b", "c", "d", "d"]
    found, means = group_interval(values, groups), [0.6, 0.9, 0.8, 0.65]
    low, high = scipy_stats.t.interval(0.95, 3, np.mean(means), scipy_stats.sem(means))
    assert (found.estimate, found.n) == (pytest.approx(np.mean(means)), 4)
    assert (found.low, found.high) == pytest.approx((low, high), abs=1e-12)


def test_every_group_counts_once_however_many_seeds_it_has() -> None:
    few = group_interval([0.5, 0.6, 0.7, 0.8], list("abcd"))
    many = group_interval([0.5] * 7 + [0.6, 0.7, 0.8], list("aaaaaaabcd"))
    assert many.estimate == pytest.approx(few.estimate)


@pytest.mark.parametrize("groups", [list("aabb"), list("abca")])
def test_fewer_than_four_groups_are_refused_here_and_by_the_bootstrap(groups: list[str]) -> None:
    with pytest.raises(InputError, match="at least 4 different groups"):
        group_interval([0.5, 0.6, 0.7, 0.8], groups)
    with pytest.raises(InputError, match="at least 4 different clusters"):
        cluster_bootstrap([0.5, 0.6, 0.7, 0.8], groups, np.random.default_rng(0))


@pytest.mark.parametrize(("count", "total"), [(0, 5), (1, 5), (5, 5), (2, 40)])
def test_clopper_pearson_is_scipys(count: int, total: int) -> None:
    ours = clopper_pearson(count, total)
    reference = scipy_stats.binomtest(count, total).proportion_ci(0.95, "exact")
    assert (ours.low, ours.high) == pytest.approx((reference.low, reference.high), abs=1e-9)


def test_a_share_must_be_one() -> None:
    with pytest.raises(InputError, match="count"):
        clopper_pearson(6, 5)
    with pytest.raises(InputError, match="total"):
        clopper_pearson(0, 0)


def test_equal_groups_without_resolution_are_refused() -> None:
    with pytest.raises(InputError, match="must not all be equal without a resolution"):
        group_interval([0.5] * 4, list("abcd"))
    assert mean_interval([0.5] * 4, resolution=0.01).high > 0.5
