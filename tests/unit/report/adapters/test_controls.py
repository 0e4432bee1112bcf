"""Baselines and the shuffled control, from tidy rows."""

from typing import Any

import pytest

from spikefuse.report.adapters.controls import controls

IMAGE, AUDIO, FUSED = (0.980, 0.984, 0.982), (0.95, 0.96, 0.97), (0.991, 0.993, 0.990)


def rows_of(row: Any, blind: tuple[float, ...], network: str = "snn") -> list[dict[str, Any]]:
    rows = []
    for seed in range(3):
        for modality, values in (("image", IMAGE), ("audio", AUDIO), ("fused", FUSED)):
            rows.append(row("model-size", seed, values[seed], modality=modality, network=network))
        joined = {"modality": "fused", "network": network}
        rows.append(row("controls", seed, blind[seed], pairing="shuffled", **joined))
        rows.append(row("controls", seed, 0.995, fusion="product-of-experts", **joined))
    return rows


def test_yardsticks_and_gains(row: Any) -> None:
    found = controls(rows_of(row, (0.9805, 0.9838, 0.9822)))

    assert found is not None
    means = {r.name: r.gain.mean for r in found.rivals if r.gain is not None}
    assert means == pytest.approx(
        {
            "image alone": 0.028 / 3,
            "audio alone": 0.094 / 3,
            "mean of both alone": 0.061 / 3,
            "product of experts": -0.011 / 3,
            "shuffled audio": (2.974 - 2.9465) / 3,
        }
    )
    experts = next(r for r in found.rivals if r.name == "product of experts")
    assert experts.accuracy is not None
    assert experts.accuracy.mean == pytest.approx(0.995)
    # The DNN has no rows: its yardsticks say so.
    reasons = {r.reason for r in found.rivals if r.network == "dnn"}
    assert reasons == {"not stored"}
    assert found.more == []


@pytest.mark.parametrize(
    ("blind", "verdict"),
    [
        ((0.9805, 0.9838, 0.9822), "equal"),
        ((0.990, 0.9942, 0.9919), "above"),
        ((0.970, 0.9738, 0.9721), "below"),
        ((0.930, 0.9998, 0.9900), "undecided"),
    ],
)
def test_shuffled_audio_against_the_image(row: Any, blind: Any, verdict: str) -> None:
    found = controls(rows_of(row, blind))

    assert found is not None
    (control,) = found.shuffled
    assert control.verdict == verdict
    assert control.difference.mean == pytest.approx((sum(blind) - sum(IMAGE)) / 3)


def test_the_snns_gain_minus_the_dnns(row: Any) -> None:
    blind = (0.9805, 0.9838, 0.9822)
    dense = rows_of(row, blind, "dnn")
    for each in dense:
        if each["modality"] == "fused" and each["study"] == "model-size":
            each["value"] -= 0.002

    found = controls(rows_of(row, blind) + dense)

    assert found is not None
    more = dict(found.more)
    assert more["image alone"].mean == pytest.approx(0.002)
    assert more["image alone"].n == 3


def test_one_seed_decides_nothing(row: Any) -> None:
    rows = [each for each in rows_of(row, (0.98, 0.98, 0.98)) if each["seed"] == 0]

    found = controls(rows)

    assert found is not None
    assert [each.verdict for each in found.shuffled] == ["undecided"]


def test_without_rows_of_the_study_there_is_nothing(row: Any) -> None:
    assert controls([row("model-size", 0, 0.9)]) is None
