"""Numbers by seed: means, intervals and paired differences."""

import pytest
from scipy import stats

from spikefuse.analysis.estimates import Estimate, estimate
from spikefuse.analysis.series import Series, minus
from spikefuse.analysis.words import difference, points, span, with_interval


def test_the_interval_is_students() -> None:
    values = [0.97, 0.981, 0.969, 0.99]
    found = estimate(dict(enumerate(values)))
    assert found is not None
    low, high = stats.t.interval(0.95, 3, loc=sum(values) / 4, scale=stats.sem(values))
    assert (found.low, found.high) == pytest.approx((low, high), abs=1e-12)
    assert found.n == 4


def test_one_seed_has_a_mean_and_no_interval_and_no_seed_has_nothing() -> None:
    assert estimate({3: 0.5}) == Estimate({3: 0.5}, 0.5, None, None)
    assert estimate({}) is None


def test_the_sign_is_what_the_interval_proves() -> None:
    assert Estimate({0: 1.0, 1: 1.1}, 1.05, 0.2, 1.9).sign == 1
    assert Estimate({0: -1.0, 1: -1.1}, -1.05, -1.9, -0.2).sign == -1
    assert Estimate({0: 1.0, 1: 1.1}, 1.05, -0.2, 2.3).sign == 0
    assert Estimate({0: 1.0}, 1.0, None, None).sign == 0


def test_seeds_that_agree_are_as_wide_as_counting_makes_them() -> None:
    alike = {0: 0.5, 1: 0.5, 2: 0.5}
    bare, stepped = estimate(alike), estimate(alike, resolution=0.01)
    assert bare is not None
    assert (bare.low, bare.high, bare.sign) == (None, None, 0)
    assert "rows do not say their samples" in bare.note
    assert stepped is not None
    half = stats.t.ppf(0.975, 2) * (0.25 * 0.01 / 3) ** 0.5
    assert stepped.high == pytest.approx(0.5 + half, abs=1e-12)
    assert "agree exactly" in stepped.note
    assert stepped.sign == 1


def test_two_seeds_have_their_values_and_no_interval() -> None:
    found = estimate({0: 0.02, 1: 0.03})
    assert found is not None
    assert (found.low, found.high, found.sign) == (None, None, 0)
    assert with_interval(found).replace("\u00a0", " ") == "+2.50 pp (+2.00 pp and +3.00 pp, n = 2)"
    assert span(found, points) == "+2.00 and +3.00"


def test_silent_networks_are_counted_apart() -> None:
    series = Series({0: 0.9, 1: 0.1, 2: 0.91, 3: 0.92, 4: 0.93}, silent=(1,))
    found = estimate(series)
    assert found is not None
    live = estimate({0: 0.9, 2: 0.91, 3: 0.92, 4: 0.93})
    assert live is not None
    assert (found.mean, found.low, found.high, found.n) == (live.mean, live.low, live.high, 4)
    assert found.note == "1 of 5 networks silent (0.5 to 71.6 %), counted apart"
    assert found.silent == (1,)
    gone = estimate(Series({0: 0.1, 1: 0.1}, silent=(0, 1)))
    assert gone is not None
    assert gone.note == "both networks silent (15.8 to 100.0 %)"
    assert difference(gone)[2] == "2, all silent"
    assert with_interval(found).endswith("n\u00a0=\u00a04, 1\u00a0silent)")
    assert difference(found)[2] == "4, 1 silent"
    assert difference(live)[2] == "4"
    apart = minus(series, Series({0: 0.8, 1: 0.8, 2: 0.8}, silent=(2,)))
    assert apart.silent == (1, 2)
    assert apart.live == {0: pytest.approx(0.1)}
