"""The product of experts: by hand, and beside the fused networks of a store."""

from collections.abc import Mapping
from pathlib import Path

import pytest
import torch
from torch import Tensor

from spikefuse.analysis import product_of_experts
from spikefuse.analysis.product_of_experts import (
    Temperatures,
    product_accuracy,
    product_rows,
    products,
)
from spikefuse.core.errors import StudyError
from spikefuse.planning import Plan, make_plan
from spikefuse.planning.plan import resolve_studies
from spikefuse.results import TrialStore
from spikefuse.studies import PROFILES

CLASSES = 10


def logits(rows: Mapping[int, Mapping[int, float]]) -> Tensor:
    """Log probabilities that sum to one where all are named; absent classes have -20."""
    made = torch.full((len(rows), CLASSES), -20.0)
    for row, classes in rows.items():
        for label, value in classes.items():
            made[row, label] = value
    return made


def numbers(*values: int) -> Tensor:
    return torch.tensor(values, dtype=torch.int32)


def labels(*values: int) -> Tensor:
    return torch.tensor(values, dtype=torch.uint8)


IMAGE = {
    "image": numbers(40, 10, 30),
    "labels": labels(2, 1, 2),
    # Of samples 40, 10, 30. Sample 30 is barely wrong, sample 10 clearly right.
    "logits": logits({0: {2: 5.0}, 1: {1: 3.0, 2: 0.0}, 2: {3: 0.2, 2: 0.0}}),
}
AUDIO = {
    "audio": numbers(7, 5),
    "labels": labels(2, 1),
    # Of samples 7, 5. Sample 7 leans to the right digit, sample 5 is clearly wrong.
    "logits": logits({0: {2: 1.0, 3: 0.0}, 1: {2: 9.0, 1: 0.0}}),
}
FUSED = {
    "image": numbers(10, 30, 40, 30),
    "audio": numbers(5, 7, 7, 7),
    "labels": labels(1, 2, 2, 2),
}


def test_each_expert_speaks_for_its_own_sample() -> None:
    """Pair 10-5: audio outvotes image, wrong. Pairs 30-7 and 40-7: right, by audio and by both."""
    assert product_accuracy(FUSED, {"image": IMAGE, "audio": AUDIO}) == 0.75


def test_confidence_counts_and_scale_of_a_network_does_not_shift_it() -> None:
    shifted = IMAGE | {"logits": IMAGE["logits"] + torch.tensor([[100.0], [-50.0], [3.0]])}
    assert product_accuracy(FUSED, {"image": shifted, "audio": AUDIO}) == 0.75
    sharper = IMAGE | {"logits": 4 * IMAGE["logits"]}
    assert product_accuracy(FUSED, {"image": sharper, "audio": AUDIO}) == 1.0, (
        "image now outvotes audio on pair 10-5"
    )


@pytest.mark.parametrize(
    ("fused", "image", "said"),
    [
        ({"image": numbers(10, 31, 40, 31)}, {}, "2 of 4 pairs have an image sample"),
        ({"image": numbers(10, 30, 41, 30)}, {}, "1 of 4 pairs have an image sample"),
        ({"audio": numbers(4, 7, 7, 7)}, {}, "1 of 4 pairs have an audio sample"),
        ({"labels": labels(1, 2, 2, 3)}, {}, "labels of the image network"),
        ({}, {"logits": IMAGE["logits"] * float("nan")}, "not finite"),
    ],
)
def test_what_does_not_match_has_a_reason(
    fused: dict[str, Tensor], image: dict[str, Tensor], said: str
) -> None:
    with pytest.raises(StudyError, match=said):
        product_accuracy(FUSED | fused, {"image": IMAGE | image, "audio": AUDIO})


def test_trials_stored_without_logits_have_a_reason() -> None:
    bare = {key: value for key, value in IMAGE.items() if key != "logits"}
    with pytest.raises(StudyError, match="no logits stored"):
        product_accuracy(FUSED, {"image": bare, "audio": AUDIO})


def stored(
    folder: Path, *studies: str, left_out: str = "", seeds: int = 1
) -> tuple[Plan, TrialStore]:
    """Every network of the studies, with the predictions above in place of its own."""
    store = TrialStore(folder)
    settings = {"protocols": ("paper", "disjoint"), "seeds": seeds}
    plan = make_plan(resolve_studies(studies), PROFILES["smoke"], "builtin", store, **settings)
    answers = {"image": IMAGE, "audio": AUDIO, "fused": FUSED}
    for trial in plan.trials:
        if trial.definition.modality != left_out:
            store.open(trial.definition.naming()).finish(
                results={"status": "done", "parameters": 800, "macs": 30},
                weights={"w": torch.zeros(1)},
                predictions=answers[trial.definition.modality],
                provenance={},
            )
    return plan, store


def test_every_fused_network_with_true_pairs_has_a_row(tmp_path: Path) -> None:
    rows = product_rows(*stored(tmp_path, "model-size", "reset", "controls"))
    cells = {(r["network"], r["size"], r["reset"], r["protocol"]) for r in rows}
    assert len(rows) == len(cells) == 2 * (3 + 3 + 1), "dnn and snn at three sizes, and hard reset"
    assert ("snn", "S", "hard", "paper") in cells
    for row in rows:
        assert (row["study"], row["modality"], row["metric"]) == ("controls", "fused", "accuracy")
        assert (row["fusion"], row["split"], row["noise_std"]) == ("product-of-experts", "test", 0)
        assert (row["value"], row["samples"], row["pairing"]) == (0.75, 4, "true")
        assert len(row["trial"].split("+")) == 2


def test_a_unit_of_noise_makes_no_product_of_its_own(tmp_path: Path) -> None:
    """`robustness-own-std` evaluates the usual networks: their product stands once."""
    rows = product_rows(*stored(tmp_path, "robustness-own-std", "robustness"))
    assert [(row["network"], row["reading"]) for row in rows] == [("dnn", "base"), ("snn", "base")]


def test_parts_are_the_networks_of_the_same_levels(tmp_path: Path) -> None:
    plan, store = stored(tmp_path, "reset", seeds=2)
    assert {product.seed for product in products(plan, store)} == {0, 1}
    for product in products(plan, store):
        for name, modality in zip(product.parts, ("image", "audio"), strict=True):
            part = store.read(name).definition
            assert part["modality"] == modality
            assert part["reset"] == product.cell.reset
            assert part["seed"] == product.seed


def test_a_temperature_is_fitted_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An expert stands in products of several protocols, and beside them in two studies."""
    plan, store = stored(tmp_path, "model-size", "fusion")
    fitted: list[str] = []

    def fit(_: TrialStore, name: str) -> float:
        fitted.append(name)
        return 2.0

    monkeypatch.setattr(product_of_experts, "stored_temperature", fit)
    known = Temperatures(store)
    rows = product_rows(plan, store, known)
    assert rows == product_rows(plan, store, known)
    parts = [name for product in products(plan, store, known) for name in product.parts]
    assert len(parts) > len(set(parts)), "some stand in several"
    assert len(fitted) == len(set(fitted)) == len({name for row in rows for name in names(row)})


def names(row: Mapping[str, object]) -> list[str]:
    return str(row["trial"]).split("+")


def test_the_study_of_fusions_has_experts_of_an_equal_share(tmp_path: Path) -> None:
    """One product for all kinds of a network and size, with what its parts have together."""
    plan, store = stored(tmp_path, "fusion")
    rows = product_rows(plan, store)
    assert {row["study"] for row in rows} == {"fusion"}
    found = {(row["network"], row["size"], row["metric"]): row for row in rows}
    assert len(found) == len(rows) == 2 * 2 * 3
    for (_, size, metric), row in found.items():
        assert row["value"] == {"accuracy": 0.75, "parameters": 1600, "macs": 60}[metric]
        parts = [store.read(name).definition for name in row["trial"].split("+")]
        assert [part["size"] for part in parts] == [{"S": "S/2", "S/3": "S/6"}[size]] * 2
        assert {part["init"] for part in parts} == {"calibrated"}


def test_the_study_of_remedies_has_one_product_and_what_is_left_of_it(tmp_path: Path) -> None:
    """Networks trained apart know of no remedy, and each is asked what the fused one is asked."""
    plan, store = stored(tmp_path, "remedies")
    rows = product_rows(plan, store)
    assert {(row["study"], row["reading"]) for row in rows} == {("remedies", "base")}
    joint = [row for row in rows if row["modality"] == "fused"]
    found = {(row["network"], row["metric"]): row for row in joint}
    assert len(found) == len(joint) == 2 * 3
    for (_, metric), row in found.items():
        assert row["value"] == {"accuracy": 0.75, "parameters": 1600, "macs": 60}[metric]
    single = [row for row in rows if row["modality"] != "fused"]
    assert {row["metric"] for row in single} == {"accuracy_on_pairs"}
    told = {(row["network"], row["modality"]): row for row in single}
    assert len(told) == len(single) == 2 * 2
    for (network, modality), row in told.items():
        part = store.read(row["trial"]).definition
        assert (part["network"], part["modality"]) == (network, modality)
        assert (row["size"], row["fusion"], row["samples"]) == ("S/2", "none", 4)
        answers = {"image": IMAGE, "audio": AUDIO}[modality]
        assert row["value"] == product_accuracy(FUSED, {modality: answers})


def test_two_studies_of_equal_parts_have_a_product_each(tmp_path: Path) -> None:
    plan, store = stored(tmp_path, "fusion", "remedies")
    rows = [row for row in product_rows(plan, store) if row["metric"] == "accuracy"]
    assert [row["study"] for row in rows if row["size"] == "S"] == ["fusion"] * 2 + ["remedies"] * 2


def test_a_part_that_is_not_stored_gives_a_reason_and_no_row(tmp_path: Path) -> None:
    plan, store = stored(tmp_path, "reset", left_out="audio")
    assert {p.accuracy for p in products(plan, store)} == {None}
    assert all("is missing" in p.reason for p in products(plan, store))
    assert product_rows(plan, store) == []


def test_a_part_that_diverged_is_said_in_a_row(tmp_path: Path) -> None:
    plan, store = stored(tmp_path, "reset", left_out="audio")
    for trial in plan.trials:
        if trial.definition.modality == "audio":
            store.open(trial.definition.naming()).finish(
                {"status": "diverged"}, {"w": torch.zeros(1)}, {"w": torch.zeros(1)}, {}
            )
    rows = product_rows(plan, store)
    assert {(row["metric"], row["value"], row["split"]) for row in rows} == {("diverged", 1, "")}
    assert {row["fusion"] for row in rows} == {"product-of-experts"}
    assert len(rows) == 2 * 2, "two resets under two protocols"


def test_three_experts_speak() -> None:
    """Image and a third network agree against audio on pair 10-5."""
    third = {"third": numbers(0), "labels": labels(1), "logits": logits({0: {1: 9.0}})}
    fused = {name: tensor[:1] for name, tensor in FUSED.items()} | {"third": numbers(0)}
    experts = {"image": IMAGE, "audio": AUDIO}
    assert product_accuracy(fused, experts) == 0.0
    assert product_accuracy(fused, experts | {"third": third}) == 1.0
