"""What trials have in common and what tells them apart."""

from typing import Any

import pytest

from spikefuse.report.reading.settings import (
    flatten,
    groups,
    number,
    provenance_rows,
    shared_settings,
    text,
    trial_table,
)
from spikefuse.report.reading.sources import Trial

SNN = {
    "network": "snn",
    "size": "S",
    "neuron": "lif",
    "reset": "soft",
    "time_steps": 4,
    "modality": "image",
    "protocol": "official",
    "seed": 0,
    "epochs": 3,
}
DNN = {"network": "dnn", "neuron": "relu", "reset": "none", "time_steps": 1}


def trial(name: str = "t", state: str = "done", **changes: Any) -> Trial:
    results = changes.pop("results", {})
    provenance = changes.pop("provenance", {})
    return Trial(name, state, SNN | changes, (), results, provenance)


def labels(*trials: Trial) -> list[str]:
    return [group.label for group in groups(trials)]


def test_groups_join_modality_pairing_and_seed() -> None:
    trials = [
        trial(),
        trial(seed=1),
        trial(modality="audio", epochs=15),
        trial(modality="fused", protocol="paper", fusion="early"),
        trial(modality="fused", protocol="disjoint", fusion="early"),
    ]

    (group,) = groups(trials)

    assert group.label == "SNN, size S"
    assert group.trials == tuple(trials)


def test_groups_are_named_by_what_departs_from_the_default_and_ordered() -> None:
    trials = [
        trial(**DNN),
        trial(time_steps=16),
        trial(time_steps=8),
        trial(reset="hard"),
        trial(size="S/3"),
        trial(neuron="if"),
        trial(size="S/2"),
        trial(),
    ]

    assert labels(*trials) == [
        "SNN, size S",
        "SNN, size S/2",
        "SNN, size S/3",
        "SNN, size S, IF",
        "SNN, size S, hard reset",
        "SNN, size S, T = 8",
        "SNN, size S, T = 16",
        "DNN, size S",
    ]


def test_a_further_factor_splits_and_names_groups() -> None:
    trials = [trial(surrogate="atan"), trial(surrogate="boxcar"), trial(surrogate="atan", seed=1)]

    assert labels(*trials) == ["SNN, size S, surrogate atan", "SNN, size S, surrogate boxcar"]


def test_the_selection_of_data_is_told_in_words() -> None:
    usual: dict[str, Any] = {"held_out_speaker": None, "shuffle_audio": False}
    trials = [
        trial(modality="fused", selection=usual | {"shuffle_audio": True}),
        trial(modality="fused", selection=usual),
        trial(modality="fused", selection=usual | {"held_out_speaker": "theo"}),
        trial(modality="image", selection=usual),
    ]

    assert labels(*trials) == [
        "SNN, size S",
        "SNN, size S, shuffled audio",
        "SNN, size S, theo held out",
    ]


def test_a_definition_without_anything_is_a_group() -> None:
    assert labels(Trial("x", "partial", {}, (), {}, {})) == ["?, size ?"]


def test_shared_and_differing_settings() -> None:
    trials = [trial("a"), trial("b", seed=1, data={"hop": 128})]

    assert shared_settings(trials)["epochs"] == "3"
    assert not {"seed", "data.hop"} & set(shared_settings(trials))
    assert shared_settings([]) == {}


def test_trial_table_has_differing_settings_and_the_outcome() -> None:
    results = {
        "best_epoch": 2,
        "accuracy": {"validation_best": 0.991, "test_best": 0.985},
        "parameters": 1_630_090,
        "macs": 6.5e6,
    }

    table = trial_table([trial("a", results=results), trial("b", "diverged", seed=1)])

    assert [column.title for column in table.columns] == [
        *("Trial", "State", "seed", "Best epoch", "Validation %", "Test %"),
        *("Parameters", "Multiply-adds", "Seconds"),
    ]
    assert table.rows == (
        ("a", "done", "0", "2", "99.10", "98.50", "1,630,090", "6,500,000", "\u2013"),
        ("b", "diverged", "1", *["\u2013"] * 6),
    )


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (None, "\u2013"),
        ("", "\u2013"),
        (True, "yes"),
        (0.001, "0.001"),
        (1e-5, "1e-05"),
        (["a", 1], "a, 1"),
        ([], "\u2013"),
        (7, "7"),
    ],
)
def test_text(value: object, written: str) -> None:
    assert text(value) == written


@pytest.mark.parametrize("value", ["3", None, True, [1], {}])
def test_what_is_no_number(value: object) -> None:
    assert number(value) is None


def test_flatten_keeps_order_and_dots() -> None:
    assert flatten({"b": {"y": 1, "x": {"z": 2}}, "a": 3}) == {"b.y": 1, "b.x.z": 2, "a": 3}


def test_provenance_says_where_trials_differ() -> None:
    trials = [trial(provenance={"python": "3.11", "host": {"cpu": cpu}}) for cpu in ("x", "x", "y")]
    many = [trial(provenance={"step": step}) for step in range(9)]

    assert provenance_rows(trials) == [
        ("python", "3.11"),
        ("host.cpu", "x (2 trials); y (1 trials)"),
    ]
    assert provenance_rows(many) == [("step", "9 different values, in each trial\u2019s folder")]
