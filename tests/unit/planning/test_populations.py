"""Populations: on a CPU as they always were, on a GPU by memory and by what fills it."""

import hashlib
import json
import math
from importlib import import_module
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from spikefuse.core.errors import InputError
from spikefuse.planning import Plan, make_plan, populations, stages
from spikefuse.planning.plan import resolve_studies
from spikefuse.planning.populations import (
    FULL,
    MEMORY_SHARE,
    SHARED_MEMORY,
    Place,
    group_trials,
    members_in_memory,
    place_of,
)
from spikefuse.results import TrialStore
from spikefuse.studies import PROFILES

GIB = 2**30


@pytest.fixture(autouse=True)
def one_stage(monkeypatch: pytest.MonkeyPatch) -> None:
    """How populations are cut; test_stages.py asks how stages cut them further."""
    monkeypatch.setattr(stages, "WORTH_STAGES", math.inf)


def _plan(folder: Path, profile: str = "paper", names: tuple[str, ...] = (), **more: Any) -> Plan:
    source = "builtin" if profile == "smoke" else "mnist-fsdd"
    studies = resolve_studies(names, more.pop("readings", ()))
    return make_plan(studies, PROFILES[profile], source, TrialStore(folder), **more)


def _names(groups: Any) -> list[list[str]]:
    return [[trial.definition.name for trial in group] for group in groups]


# -- on a CPU ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("profile", "workers", "is_shared", "count", "fingerprint"),
    [
        ("smoke", 2, False, 35, "13f96858151e"),
        ("smoke", 16, False, 43, "a678992a7e43"),
        ("smoke", None, True, 34, "91a40be7b889"),
        ("quick", 2, False, 71, "e6edae20e28a"),
        ("quick", None, True, 71, "e6edae20e28a"),
        ("paper", None, True, 165, "a1e62519f945"),
    ],
)
def test_shares_of_arrays_that_have_begun_cut_the_same_populations(
    tmp_path: Path,
    profile: str,
    workers: int | None,
    is_shared: bool,
    count: int,
    fingerprint: str,
) -> None:
    """The fingerprints are of the plans before there was a rule for GPUs, when `lab` was the base.

    The base network of today gives as many populations.
    """
    how: dict[str, Any] = {"workers": workers, "is_shared": is_shared}
    assert len(_plan(tmp_path, profile, **how).populations) == count
    plan = _plan(tmp_path, profile, readings=["lab"], **how)
    assert len(plan.populations) == count
    text = json.dumps(_names(plan.populations))
    assert hashlib.sha256(text.encode()).hexdigest()[:12] == fingerprint


def test_a_processor_is_as_many_workers_as_cores_and_one_for_shares(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(populations, "usable_cores", lambda: 6)
    assert place_of("cpu") == Place("cpu", 6)
    assert place_of("cpu", workers=3) == Place("cpu", 3)
    assert place_of("cpu", workers=3, is_shared=True) == Place("cpu", 1)


# -- on GPUs -------------------------------------------------------------------------------------


neurons = import_module("spikefuse.neurons.lif")  # the package: `neurons.lif` is a function


@pytest.fixture
def gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    """Four GPUs of 80 GiB with Triton."""
    monkeypatch.setattr(populations, "count_devices", lambda device: 4)
    monkeypatch.setattr(populations, "memory_of", lambda device: 80 * GIB)
    monkeypatch.setattr(neurons, "resolve_backend", lambda backend, device: "triton")


@pytest.mark.usefixtures("gpus")
def test_a_place_of_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    assert place_of("cuda") == Place("cuda", 4, 80 * GIB, is_fused=True)
    assert place_of("cuda", workers=2).count == 2
    assert place_of("cuda", workers=9) == Place("cuda", 4, 80 * GIB // 3, is_fused=True)
    monkeypatch.setattr(neurons, "resolve_backend", lambda backend, device: "eager")
    assert not place_of("cuda").is_fused


@pytest.mark.usefixtures("gpus")
def test_a_plan_for_cuda_uses_the_gpus_that_are_here(tmp_path: Path) -> None:
    planned = _plan(tmp_path, device="cuda")
    expected = group_trials(planned.trials, Place("cuda", 4, 80 * GIB, is_fused=True))
    assert _names(planned.populations) == _names(expected)
    assert _names(planned.populations) != _names(_plan(tmp_path).populations)


def test_one_gpu_trains_all_members_of_a_shape_together(tmp_path: Path) -> None:
    trials = _plan(tmp_path).trials
    groups = group_trials(trials, Place("cuda", 1, 80 * GIB, is_fused=True))
    keys = {trial.definition.population_key() for trial in trials}
    assert len(groups) == len(keys)
    assert max(map(len, groups)) == 15  # IF, LIF and a reset of each of five seeds
    costs = [sum(trial.cost for trial in group) for group in groups]
    assert costs == sorted(costs, reverse=True)


@pytest.mark.parametrize("gib", [4, 8, 20])
def test_populations_fit_the_memory_in_equal_parts(tmp_path: Path, gib: int) -> None:
    trials = _plan(tmp_path, names=("neuron", "reset")).trials
    place = Place("cuda", 1, gib * GIB)
    groups = group_trials(trials, place)
    by_key: dict[str, list[Any]] = {}
    for group in groups:
        assert len(group) <= members_in_memory(group[0].definition, place)
        by_key.setdefault(group[0].definition.population_key(), []).append(group)
    assert sorted(chain(*_names(groups))) == sorted(trial.definition.name for trial in trials)
    assert any(len(parts) > 1 for parts in by_key.values()) == (gib < 20)
    for parts in by_key.values():
        sizes = [len(part) for part in parts]
        assert max(sizes) - min(sizes) <= 1
        limit = members_in_memory(parts[0][0].definition, place)
        assert len(parts) == -(-sum(sizes) // limit)


def test_memory_is_what_members_and_data_need_within_a_share(tmp_path: Path) -> None:
    definition = next(
        trial.definition
        for trial in _plan(tmp_path).trials
        if (trial.definition.modality, trial.definition.network) == ("image", "snn")
    )
    needs = populations.network_memory(
        definition.network_spec(), definition.precision, definition.batch_size
    )
    pixels, indices = 70_000 * 28 * 28, 70_000 * 3 * 8
    ten = needs.shared + pixels + 10 * (needs.member + indices)
    memory = int(ten / MEMORY_SHARE)
    assert members_in_memory(definition, Place("cuda", 1, memory + 1000)) == 10
    assert members_in_memory(definition, Place("cuda", 1, memory - 1000)) == 9
    assert members_in_memory(definition, Place("cuda", 1, GIB // 8)) == 1


def test_a_device_that_tells_no_memory_gets_small_populations(tmp_path: Path) -> None:
    trials = _plan(tmp_path).trials
    groups = _names(group_trials(trials, Place("mps")))
    assert groups == _names(group_trials(trials, Place("cuda", 1, 4 * GIB)))


def test_parts_for_several_gpus_are_fair_and_full(tmp_path: Path) -> None:
    trials = _plan(tmp_path, names=("time-steps",), seeds=64, protocols=("disjoint",)).trials
    place = Place("cuda", 4, 10_000 * GIB, is_fused=True)
    groups = group_trials(trials, place)
    fair = sum(trial.cost for trial in trials) / 8
    whole = {len(group) for group in group_trials(trials, Place("cuda", 1, 10_000 * GIB))}
    assert whole == {64}
    assert any(FULL <= len(group) < 64 for group in groups)
    for group in groups:
        assert len(group) >= FULL
        assert sum(trial.cost for trial in group) <= fair or len(group) < 2 * FULL


def test_no_gpu_is_left_without_a_population(tmp_path: Path) -> None:
    trials = _plan(tmp_path, names=("reset",), protocols=("disjoint",)).trials
    alone = group_trials(trials, Place("cuda", 1, 80 * GIB))
    assert len(alone) == 3  # image, audio, fused
    groups = group_trials(trials, Place("cuda", 5, 80 * GIB))
    assert len(groups) == 5
    assert sorted(chain(*_names(groups))) == sorted(trial.definition.name for trial in trials)
    assert len(group_trials(trials[:2], Place("cuda", 5, 80 * GIB))) == 2
    assert group_trials([], Place("cuda", 5, 80 * GIB)) == []


# -- shares of a job array on GPUs ---------------------------------------------------------------


@pytest.mark.usefixtures("gpus")
def test_shares_reckon_with_the_same_gpu_everywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = _plan(tmp_path, device="cuda", is_shared=True)
    monkeypatch.setattr(populations, "count_devices", lambda device: 1)
    monkeypatch.setattr(populations, "memory_of", lambda device: SHARED_MEMORY)
    monkeypatch.setattr(neurons, "resolve_backend", lambda backend, device: "eager")
    there = _plan(tmp_path, device="cuda", workers=1, is_shared=True)
    assert _names(here.populations) == _names(there.populations)


@pytest.mark.usefixtures("gpus")
def test_a_share_on_a_small_gpu_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(populations, "memory_of", lambda device: 8 * GIB)
    with pytest.raises(InputError, match="--shard must be left out on a GPU with less than 14 GiB"):
        _plan(tmp_path, device="cuda", is_shared=True)
    assert _plan(tmp_path, device="cuda").populations
    monkeypatch.setattr(populations, "memory_of", lambda device: 24 * GIB)
    assert place_of("cuda", workers=4, is_shared=True).memory == SHARED_MEMORY
    with pytest.raises(InputError, match="got 'a share on one with 12 GiB'"):
        place_of("cuda", workers=8, is_shared=True)
