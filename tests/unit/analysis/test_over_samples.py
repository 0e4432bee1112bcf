"""Rows over test samples: three seeds that agree on the same few clips, which prove little."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from spikefuse.analysis.claims import evaluate_claims
from spikefuse.analysis.gains import BEST
from spikefuse.analysis.headline import headline
from spikefuse.analysis.over_samples import sample_rows
from spikefuse.report.headline import answer, answer_over_controls, answer_over_mean, verdict
from spikefuse.results import TrialStore
from spikefuse.stats import Observed, mean_interval, over_samples, sample_error
from tests.support.rows import ACCURACY, CELL, Row

PAIRS, CLIPS, SEEDS = 100, 10, (0, 1, 2)
OFTEN = np.array([5, 5, 5, 5, 10, 10, 10, 10, 20, 20])
CLIP = np.repeat(np.arange(CLIPS), OFTEN)
# Clips 7, 8 and 9 are missed, and stand in half of the pairs.
MISSED = np.arange(CLIPS) >= 7


def store_trial(
    store: TrialStore, seed: int, correct: NDArray[np.bool_], samples: dict[str, Any], **levels: Any
) -> Row:
    """A finished trial that is right on these samples, and its row."""
    n = len(correct)
    labels = torch.as_tensor(np.zeros(n)).to(torch.uint8)
    predicted = torch.where(torch.as_tensor(correct), labels, labels + 1)
    logits = torch.nn.functional.one_hot(predicted.long(), 10).float()
    value, definition = float(correct.mean()), {"seed": seed, "data": {"source": "builtin"}}
    folder = store.open({"network": "snn", **levels, **definition})
    folder.finish(
        {"status": "done", "accuracy": {"test_best": value, "validation_best": value}},
        {"weight": torch.zeros(1)},
        {
            "predicted": predicted,
            "labels": labels,
            "logits": logits,
            **{name: torch.as_tensor(np.asarray(index)).int() for name, index in samples.items()},
        },
        {},
    )
    own = {"study": "model-size", "trial": folder.trial, "seed": seed, "value": value, "samples": n}
    return CELL | ACCURACY | levels | own


def table(root: Path) -> tuple[list[Row], TrialStore]:
    store, rows = TrialStore(root), []
    for seed in SEEDS:
        image = np.arange(PAIRS) + seed * PAIRS
        fused = np.ones(PAIRS, dtype=bool)
        fused[: seed + 1] = False
        sight = np.arange(PAIRS) % 2 == 0
        joint = {"image": image, "audio": CLIP}
        rows += [
            store_trial(store, seed, fused, joint, modality="fused", fusion="early"),
            store_trial(store, seed, sight, {"image": image}, modality="image"),
            store_trial(store, seed, ~MISSED, {"audio": np.arange(CLIPS)}, modality="audio"),
        ]
    return rows + [row | {"split": "validation"} for row in rows], store


def test_a_unit_of_noise_is_not_asked_again(tmp_path: Path) -> None:
    """The rows of the study's networks without noise are those that `base` has."""
    rows, store = table(tmp_path)
    for name in ("own-std", "lab+own-std"):
        own = [row | {"study": "robustness-own-std", "reading": name} for row in rows]
        assert sample_rows([*rows, *own], store) == sample_rows(rows, store) != []
        assert sample_rows(own, store) == []


def test_both_networks_are_asked_the_same_pairs(tmp_path: Path) -> None:
    """Audio alone: 70 of 100 clips' worth, but half of the pairs."""
    rows, store = table(tmp_path)
    found = headline([*rows, *sample_rows(rows, store)]).baselines["snn"].yardsticks["audio alone"]
    assert found.accuracy is not None
    assert found.gain is not None
    assert found.accuracy.mean == pytest.approx(0.5)
    assert found.gain.mean == pytest.approx(0.98 - 0.5)
    old = headline(rows).baselines["snn"].yardsticks["audio alone"]
    assert old.accuracy is not None
    assert old.accuracy.mean == pytest.approx(0.7)


def test_a_gain_that_hangs_on_three_clips_is_wide(tmp_path: Path) -> None:
    rows, store = table(tmp_path)
    rows += sample_rows(rows, store)
    found = headline(rows).gain("snn", "audio alone")
    right = np.ones((len(SEEDS), PAIRS))
    for seed in SEEDS:
        right[seed, : seed + 1] = 0
    gaps = right - (~MISSED)[CLIP]
    parts = [
        Observed(seed, gaps[seed], {"audio": CLIP, "image": np.arange(PAIRS) + seed * PAIRS})
        for seed in SEEDS
    ]
    error = sample_error(parts)
    expected = over_samples(mean_interval(gaps.mean(axis=1)), error.error, error.clusters)
    assert found is not None
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))
    assert error.error > 0.1
    assert found.over == "10 audio samples"


def test_the_first_screen_says_what_the_interval_is_over(tmp_path: Path) -> None:
    rows, store = table(tmp_path)
    seeds_alone = headline(rows)
    assert seeds_alone.baselines["snn"].best_modality == "audio"
    assert verdict(seeds_alone) == "Yes, it helps the SNN"
    both = headline([*rows, *sample_rows(rows, store)])
    gain = both.gain("snn", BEST)
    assert gain is not None
    assert gain.low is not None
    assert gain.p_value is not None
    assert gain.p_value > 0.005
    said = (answer(both), answer_over_mean(both), answer_over_controls(both))
    text = " ".join(said).replace("\u00a0", " ")
    assert "n = 3 seeds, 10 audio samples)" in text
    assert text.count("10 audio samples)") == 1  # once for the screen
    assert text.count("95 % interval") > 1


def test_claims_are_judged_over_samples_too(tmp_path: Path) -> None:
    rows, store = table(tmp_path)
    few = {each.id: each for each in evaluate_claims(rows)}
    both = {each.id: each for each in evaluate_claims([*rows, *sample_rows(rows, store)])}
    name = "fused SNN at S minus audio SNN at S"
    widths = []
    for claims, value, said in ((few, 0.28, False), (both, 0.48, True)):
        part = next(part for each in claims.values() for part in each.parts if part.words == name)
        assert part.measured_value == pytest.approx(value)
        assert ("10 audio samples" in part.note) == said
        assert part.low is not None
        assert part.high is not None
        widths.append(part.high - part.low)
    assert widths[1] > 5 * widths[0]


def test_two_seeds_have_pairs_and_no_errors(tmp_path: Path) -> None:
    rows, store = table(tmp_path)
    two = [row for row in rows if row["seed"] < 2]
    metrics = {row["metric"] for row in sample_rows(two, store)}
    assert metrics == {"accuracy_on_pairs"}


def test_without_predictions_intervals_are_over_seeds(tmp_path: Path) -> None:
    rows, _ = table(tmp_path)
    assert sample_rows(rows, TrialStore(tmp_path / "elsewhere")) == []
    gain = headline(rows).gain("snn", "audio alone")
    assert gain is not None
    assert gain.over == ""
