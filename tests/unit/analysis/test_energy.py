"""Energies from tidy rows: who wins, what a modality brings for its energy, the front."""

import pytest
from energies import MODEL, energies, results

from spikefuse.analysis.energy import (
    Energies,
    _over,
    duels,
    firings,
    modality_costs,
    points,
    ratio_of,
    twins,
)
from spikefuse.analysis.series import Series


def test_the_ratio_is_that_of_each_seed_on_a_logarithmic_scale() -> None:
    (duel,) = [
        d for d in duels(Energies(results(), energies(), "disjoint")) if d.modality == "fused"
    ]

    assert duel.ratio.values == {s: pytest.approx(0.5 * (1 + 0.01 * s)) for s in range(3)}
    assert duel.ratio.mean == pytest.approx((0.5 * 0.505 * 0.51) ** (1 / 3))
    assert duel.ratio.low < duel.ratio.mean < duel.ratio.high < 1
    assert duel.winner == "snn"
    assert duel.largest == ("operations", pytest.approx(0.7))
    assert duel.first_layer == pytest.approx(0.8)
    assert duel.once.mean == pytest.approx(0.4 * duel.snn.mean)


@pytest.mark.parametrize(("times", "winner"), [(0.5, "snn"), (2.0, "dnn"), (0.99, "")])
def test_who_wins_is_what_the_interval_leaves(times: float, winner: str) -> None:
    found = duels(Energies(results(), energies(snn=times), "disjoint"))

    assert {each.winner for each in found} == {winner}


def test_two_seeds_win_only_together() -> None:
    found = duels(Energies(results(2), energies(2, snn=0.995), "disjoint"))

    assert found[0].ratio.low is None
    assert {each.winner for each in found} == {""}  # 0.995 and 1.005
    (one, *_) = duels(Energies(results(1), energies(1), "disjoint"))
    assert (one.ratio.mean, one.winner) == (pytest.approx(0.5), "")


def test_a_modality_brings_points_for_nano_joules() -> None:
    found = {
        (each.network, each.modality): each
        for each in modality_costs(Energies(results(), energies(), "disjoint"))
    }
    audio, image = found["dnn", "audio"], found["dnn", "image"]

    assert audio.share.mean == pytest.approx(0.3)
    assert audio.cost.mean == pytest.approx(0.3 * 1200)
    assert audio.brings is not None
    assert audio.per_nano is not None
    assert audio.brings.mean == pytest.approx(0.95 - 0.90)  # over the image alone
    assert audio.per_nano.mean == pytest.approx(0.05 / 0.36)  # 0.36 nJ
    assert image.brings is not None
    assert image.brings.mean == pytest.approx(0.95 - 0.80)


def test_a_silent_network_is_apart_in_points_for_nano_joules_too() -> None:
    rows = results()
    (own,) = [
        row
        for row in rows
        if (row["network"], row["modality"], row["seed"], row["metric"])
        == ("snn", "image", 2, "accuracy")
    ]
    rows += [own | {"metric": "rate.hidden", "value": 0.0, "split": "test"}]
    (audio,) = [
        each
        for each in modality_costs(Energies(rows, energies(), "disjoint"))
        if (each.network, each.modality) == ("snn", "audio")
    ]

    assert audio.brings is not None
    assert audio.per_nano is not None
    assert (audio.brings.n, audio.brings.silent) == (2, (2,))
    assert (audio.per_nano.n, audio.per_nano.silent) == (2, (2,))
    nano = [each / 1000 for each in list(audio.cost.values.values())[:2]]
    gains = list(audio.brings.values.values())
    assert list(audio.per_nano.values.values()) == pytest.approx(
        [gain / cost for gain, cost in zip(gains, nano, strict=True)]
    )


def test_firing_stands_beside_the_rates_that_break_even() -> None:
    (fused,) = [
        f for f in firings(Energies(results(), energies(), "disjoint")) if f.modality == "fused"
    ]

    assert fused.rate.mean == pytest.approx(0.081)
    assert (fused.bits, fused.eight_bit, fused.matched) == (3, 0.09375, 0.25)


def test_the_front_is_what_nothing_beats() -> None:
    found = points(Energies(results(audio=0.2), energies(), "disjoint"), MODEL)
    names = {(p.levels["network"], p.levels["modality"]): p.is_best for p in found}

    assert len(found) == 6
    # Equal accuracy for half the energy: no dense network is left; audio is cheapest.
    assert names == {
        ("snn", "fused"): True,
        ("snn", "image"): True,
        ("snn", "audio"): True,
        ("dnn", "fused"): False,
        ("dnn", "image"): False,
        ("dnn", "audio"): False,
    }
    (fused,) = [
        p for p in found if p.levels["network"] == "snn" and p.levels["modality"] == "fused"
    ]
    assert fused.right is not None
    assert fused.right.mean == pytest.approx(fused.energy.mean / 0.95)


def test_a_seed_that_diverged_takes_its_cell_out() -> None:
    rows = energies()
    lost = next(row for row in rows if row["network"] == "snn" and row["modality"] == "fused")
    rows = [row for row in rows if row["trial"] != lost["trial"]]
    rows.append(lost | {"metric": "diverged", "value": 1})
    kept = [row for row in results() if row["trial"] != lost["trial"]]
    found = duels(Energies(kept, rows, "disjoint"))

    assert {each.modality for each in found} == {"image", "audio"}


def test_nothing_over_nothing_is_no_ratio() -> None:
    assert ratio_of(Series({0: 1.0}), Series({0: 0.0})) is None
    assert duels(Energies([], [], "disjoint")) == []


def test_a_twin_with_few_bits_is_paired_with_itself_and_with_the_snn() -> None:
    rows = energies()
    for network, accuracy in (("snn", 0.90), ("dnn", 0.94)):
        wanted = (network, "fused", "energy.once_pj")
        chosen = [r for r in rows if (r["network"], r["modality"], r["metric"]) == wanted]
        for row in chosen:
            value = accuracy + 0.01 * row["seed"]
            rows.append(row | {"metric": "counted.accuracy", "model": "", "value": value})
            if network == "dnn":
                few = {"metric": "quantised.accuracy", "model": "w3a3", "value": value - 0.05}
                rows.append(row | few)
    (found,) = twins(Energies(results(), rows, "disjoint"))

    assert (found.modality, found.bits) == ("fused", "w3a3")
    assert found.accuracy.values == {s: pytest.approx(0.89 + 0.01 * s) for s in range(3)}
    assert found.lost is not None
    assert found.ahead is not None
    assert found.lost.mean == pytest.approx(0.05)
    assert found.ahead.mean == pytest.approx(0.01)


def test_a_network_that_never_fires_beats_nothing_and_is_not_best() -> None:
    """It is cheap; its accuracy is chance."""
    rows = results()
    audio = [
        row
        for row in rows
        if (row["network"], row["modality"], row["metric"]) == ("snn", "audio", "accuracy")
    ]
    for row in audio:
        row["value"] = 0.99  # whatever it says
        rows.append(row | {"metric": "rate.hidden", "value": 0.0, "split": "validation"})
    found = {
        (p.levels["network"], p.levels["modality"]): p.is_best
        for p in points(Energies(rows, energies(), "disjoint"), MODEL)
    }

    assert not found["snn", "audio"]
    assert found["snn", "image"]  # dearer and less right than what the silent one says
    assert found["snn", "fused"]


def test_points_for_energy_know_whose_energy_is_of_a_silent_network() -> None:
    """Silence of the second is as silent as of the first."""
    energy = Series({0: 2.0, 1: 4.0}, silent=(1,))
    assert _over(Series({0: 1.0, 1: 1.0}), energy).silent == (1,)
    assert _over(energy, Series({0: 1.0, 1: 1.0})).silent == (1,)


def test_silent_networks_spend_least_and_win_nothing() -> None:
    rows = results()
    for own in [
        row
        for row in rows
        if (row["network"], row["modality"], row["metric"]) == ("snn", "fused", "accuracy")
    ]:
        rows.append(own | {"metric": "rate.fused.hidden", "value": 0.0, "split": "validation"})
    alive, silent = (
        [each for each in duels(Energies(own, energies(), "disjoint")) if each.modality == "fused"]
        for own in (results(), rows)
    )
    assert {each.winner for each in alive} == {"snn"}
    assert all(each.ratio.are_all_silent for each in silent)
    assert {each.winner for each in silent} == {""}
