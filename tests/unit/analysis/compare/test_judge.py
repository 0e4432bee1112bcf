"""Which test is chosen, why, and what it says: numbers against scipy, verdicts against the rule."""

from pathlib import Path

import numpy as np
import pytest
from scipy import stats as scipy_stats

from spikefuse.analysis.compare import Operand, compare_series
from spikefuse.stats import cluster_bootstrap, seeds_for_effect, seeds_for_equivalence, spread_range

A = (0.981, 0.984, 0.979, 0.985, 0.983)
B = (0.968, 0.971, 0.969, 0.970, 0.972)


def series(values, first: int = 0, label: str = "a", samples: int = 1000) -> Operand:
    by_seed = dict(enumerate(values, start=first))
    trials = dict.fromkeys(by_seed, "0" * 16)
    return Operand(label, by_seed, trials, samples, 0.0, Path("/nowhere"))


def test_shared_seeds_are_paired() -> None:
    found = compare_series(series(A), series(B))
    theirs = scipy_stats.ttest_rel(A, B)
    ends = theirs.confidence_interval(0.95)
    assert (found.test, found.unit, found.outcome) == ("paired t", "seeds", "better")
    assert "share 5 seeds" in found.reason
    assert (found.difference.low, found.difference.high) == pytest.approx(tuple(ends), abs=1e-12)
    assert found.p_value == pytest.approx(theirs.pvalue, abs=1e-12)
    assert found.mean_a == pytest.approx(np.mean(A))
    assert found.gap == pytest.approx(np.mean(A) - np.mean(B))
    assert found.advice == ""
    assert compare_series(series(B), series(A)).outcome == "worse"


def test_only_shared_seeds_count_and_the_rest_is_told() -> None:
    found = compare_series(series(A), series(B[1:4], first=1))
    assert found.difference.n == 3
    assert found.gap == pytest.approx(np.mean(A[1:4]) - np.mean(B[1:4]))
    assert any("2 seeds that only one" in note for note in found.notes)


@pytest.mark.parametrize("first", [4, 5, 90])
def test_other_seeds_are_welchs(first: int) -> None:
    """One shared seed of five is too few to pair."""
    found = compare_series(series(A), series(B, first=first))
    theirs = scipy_stats.ttest_ind(A, B, equal_var=False)
    ends = theirs.confidence_interval(0.95)
    assert (found.test, found.unit) == ("Welch t", "seeds a side")
    assert (found.difference.low, found.difference.high) == pytest.approx(tuple(ends), abs=1e-12)
    assert ("share 1 of" if first == 4 else "share no of") in found.reason


@pytest.mark.parametrize("shift", [0, 50])
def test_margin_is_two_one_sided_tests_of_the_same_kind(shift: int) -> None:
    near = tuple(value + 1e-4 * sign for value, sign in zip(A, (1, -1, 1, -1, 1), strict=True))
    found = compare_series(series(A), series(near, first=shift), margin=0.004)
    tests = [
        scipy_stats.ttest_rel(np.array(A) + m, near, alternative=side)
        if not shift
        else scipy_stats.ttest_ind(np.array(A) + m, near, equal_var=False, alternative=side)
        for m, side in ((0.004, "greater"), (-0.004, "less"))
    ]
    assert found.equivalence.p_value == pytest.approx(max(t.pvalue for t in tests), abs=1e-12)
    assert found.within == "within"
    assert found.outcome == "undecided"
    assert compare_series(series(A), series(B, first=shift), margin=0.004).within == "outside"
    assert compare_series(series(A), series(B, first=shift), margin=0.0125).within == "undecided"
    assert compare_series(series(A), series(B, first=shift)).within is None


def test_too_few_seeds_say_how_many() -> None:
    first, second = (0.97, 0.98, 0.975), (0.975, 0.9795, 0.976)
    spread = float(np.std(np.subtract(first, second), ddof=1))
    found = compare_series(series(first), series(second), margin=0.003)
    assert found.within == "undecided"
    low, high = spread_range(spread, 3)
    few, many = (seeds_for_effect(each, 0.003) for each in (low, high))
    assert f"{few:,} to {many:,} seeds find" in found.advice
    few, many = (seeds_for_equivalence(each, 0.003, alpha=0.05) for each in (low, high))
    assert f"{few:,} to {many:,} seeds show" in found.advice
    assert "there are 3" in found.advice
    tiny = compare_series(series((0.9, 0.5, 0.7)), series((0.5, 0.9, 0.8)), margin=1e-5)
    assert "more than 100,000 seeds find" in tiny.advice
    assert "find a true difference of" in compare_series(series(first), series(second)).advice


@pytest.mark.parametrize(("first", "second", "shift"), [(2, 2, 0), (2, 2, 9), (2, 5, 9)])
def test_below_three_seeds_a_side_there_is_no_interval(first: int, second: int, shift: int) -> None:
    found = compare_series(series(A[:first]), series(B[:second], first=shift), margin=0.5)
    assert (found.test, found.outcome, found.within) == ("none", "undecided", None)
    assert found.difference is None
    assert found.equivalence is None
    paired = (A[0] - B[0], A[1] - B[1])
    assert found.values == (pytest.approx(paired) if shift == 0 else ())
    assert f"an interval wants 3 seeds of each, and there are {first}" in found.reason


def test_error_ratio_near_one_only() -> None:
    found = compare_series(series(A), series(B))
    logs = np.log1p(-np.array(A)) - np.log1p(-np.array(B))
    assert found.errors.estimate == pytest.approx(np.exp(logs.mean()))
    assert compare_series(series(A), series([b - 0.03 for b in B])).errors is None
    assert compare_series(series((1.0, 0.99)), series((0.98, 0.97))).errors is None


def test_equal_seeds_keep_a_width() -> None:
    found = compare_series(series((0.99,) * 3), series((0.99,) * 3), margin=0.01)
    assert found.difference.high > 0.0
    assert found.outcome == "undecided"
    assert any("agree exactly" in note for note in found.notes)


def of(row, folder: Path, label: str) -> Operand:
    seed = int(row["seed"])
    return Operand(label, {seed: row["value"]}, {seed: row["trial"]}, row["samples"], 0.0, folder)


class TestOneSeed:
    def test_the_same_samples_are_mcnemars(self, tmp_path: Path, trial) -> None:
        one = trial(tmp_path, [True] * 97 + [False] * 3, {"image": range(100)})
        two = trial(
            tmp_path, [False] * 12 + [True] * 88, {"image": range(100)}, network="dnn", seed=0
        )
        found = compare_series(of(one, tmp_path, "a"), of(two, tmp_path, "b"))
        assert (found.test, found.unit, found.outcome) == ("exact McNemar", "samples", "better")
        test = scipy_stats.binomtest(12, 15, 0.5)
        assert found.p_value == pytest.approx(test.pvalue, abs=1e-12)
        assert found.gap == pytest.approx(0.09)
        assert "not the two settings" in found.reason
        assert "train at least 3 seeds" in found.advice
        assert found.clusters is None

    def test_other_seeds_match_what_both_saw(self, tmp_path: Path, trial) -> None:
        one = trial(tmp_path, [True] * 40, {"image": range(40)})
        two = trial(tmp_path, [False] * 20 + [True] * 20, {"image": range(20, 60)}, seed=1)
        found = compare_series(of(one, tmp_path, "a"), of(two, tmp_path, "b"))
        assert found.difference.n == 20
        assert found.gap == pytest.approx(1.0)
        assert any("40 samples that only one of them saw" in note for note in found.notes)

    def test_shared_clips_have_a_say(self, tmp_path: Path, trial) -> None:
        """All of 30 gains come from 1 of 10 clips: samples are sure, clips are not."""
        images, clips = list(range(300)), [i % 10 for i in range(300)]
        fused = trial(tmp_path, [True] * 300, {"image": images, "audio": clips}, modality="fused")
        image = trial(tmp_path, [clip != 0 for clip in clips], {"image": images})
        found = compare_series(of(fused, tmp_path, "a"), of(image, tmp_path, "b"), margin=0.2)
        assert found.p_value < 1e-6
        assert found.clusters.n == 10
        # Student t over ten means, one of 1 and nine of 0.
        half = scipy_stats.t.ppf(0.975, 9) * np.std([1.0] + [0.0] * 9, ddof=1) / 10**0.5
        assert found.clusters.low == pytest.approx(0.1 - half)
        assert found.clusters.high == pytest.approx(0.1 + half)
        assert found.outcome == "undecided"
        assert found.equivalence.equivalent
        assert found.within == "undecided"
        assert found.errors is None
        assert any("300 samples hold 10 samples of audio" in note for note in found.notes)

    def test_without_common_samples_no_test_is_fair(self, tmp_path: Path, trial) -> None:
        image = trial(tmp_path, [True, False], {"image": [0, 1]})
        audio = trial(tmp_path, [True, True], {"audio": [0, 1]}, modality="audio")
        found = compare_series(of(image, tmp_path, "a"), of(audio, tmp_path, "b"), margin=0.1)
        assert (found.test, found.outcome, found.within) == ("none", "undecided", None)
        assert "one sees image, the other sees audio" in found.reason
        assert found.difference is None
        assert found.gap == pytest.approx(-0.5)

    def test_another_splits_accuracy_is_not_the_predictions(self, tmp_path: Path, trial) -> None:
        one = trial(tmp_path, [True, False], {"image": [0, 1]})
        two = trial(tmp_path, [True, True], {"image": [0, 1]}, network="dnn")
        found = compare_series(of(one | {"value": 0.9}, tmp_path, "a"), of(two, tmp_path, "b"))
        assert found.test == "none"
        assert "not those of its stored test predictions" in found.reason

    def test_one_seed_against_several(self) -> None:
        found = compare_series(series([0.9], first=9), series(B))
        assert found.test == "none"
        assert "1 and 5 seeds" in found.reason


@pytest.mark.parametrize("groups", [4, 20, 40])
def test_several_seeds_have_the_clips_beside_them(tmp_path: Path, trial, groups: int) -> None:
    """Seeds are pooled: a clip counts with all its samples of all seeds. Up to 20 by t."""
    generator = np.random.default_rng(0)
    sides: list[dict[int, dict]] = [{}, {}]
    values, names = [], []
    for seed in (0, 1, 2):
        clips = [i % groups for i in range(200)]
        right = generator.uniform(size=(2, 200)) < [[0.97], [0.9]]
        fused = {"image": range(200), "audio": clips}
        sides[0][seed] = trial(tmp_path, right[0], fused, modality="fused", seed=seed)
        sides[1][seed] = trial(tmp_path, right[1], {"image": range(200)}, seed=seed)
        values += (right[0].astype(float) - right[1]).tolist()
        names += clips
    first, second = (
        Operand(
            label,
            {seed: row["value"] for seed, row in rows.items()},
            {seed: row["trial"] for seed, row in rows.items()},
            200,
            0.0,
            tmp_path,
        )
        for label, rows in zip("ab", sides, strict=True)
    )
    found = compare_series(first, second)
    assert found.test == "paired t"
    assert found.clusters.estimate == pytest.approx(found.gap)
    means = [np.mean(np.array(values)[np.array(names) == group]) for group in range(groups)]
    if groups <= 20:
        half = scipy_stats.t.ppf(0.975, groups - 1) * scipy_stats.sem(means)
        ends = np.mean(means) - half, np.mean(means) + half
        tolerance = 1e-12
    else:
        expected = cluster_bootstrap(values, names, np.random.default_rng(1))
        ends, tolerance = (expected.low, expected.high), 0.003
    assert (found.clusters.low, found.clusters.high) == pytest.approx(ends, abs=tolerance)
    assert found.clusters.n == groups
    assert found == compare_series(first, second)
