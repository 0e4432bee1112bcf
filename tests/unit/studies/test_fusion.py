"""The study of fusions asks every kind that fits, and experts of an equal share."""

from dataclasses import replace

import pytest

from spikefuse.core.errors import InputError
from spikefuse.data import SOURCES
from spikefuse.fusion import FUSIONS
from spikefuse.planning.plan import make_plan, resolve_studies
from spikefuse.results import TrialStore
from spikefuse.studies import PROFILES, STUDIES
from spikefuse.studies.fusion import FUSION

KINDS = {name for name, kind in FUSIONS.items() if not kind.for_one}


def test_all_kinds_at_both_sizes_and_experts_of_half() -> None:
    cells = FUSION.cells(["paper", "disjoint"], SOURCES["builtin"])
    assert len(cells) == len(set(cells)) == 2 * 2 * len(KINDS) + 2 * 2 * 2
    assert {cell.fusion for cell in cells if cell.modality == "fused"} == KINDS
    assert {cell.size for cell in cells if cell.modality == "fused"} == {"S", "S/3"}
    assert {cell.size for cell in cells if cell.modality == "audio"} == {"S/2", "S/6"}
    assert {(cell.protocol, cell.reading) for cell in cells} == {("disjoint", "base")}
    rows_of_before = FUSION.of_reading("calibrated").cells(["disjoint"], SOURCES["builtin"])
    assert {cell.reading for cell in rows_of_before} == {"calibrated"}
    assert [c.model_copy(update={"reading": "base"}) for c in rows_of_before] == cells
    assert STUDIES["fusion"] is FUSION


def test_quick_asks_the_smaller_size_alone_and_other_profiles_both(tmp_path) -> None:
    store = TrialStore(tmp_path)
    sizes = {
        name: {
            use.cell.size
            for trial in make_plan([FUSION], PROFILES[name], "builtin", store, seeds=1).trials
            for use in trial.uses
            if use.cell.modality == "fused"
        }
        for name in ("quick", "medium")
    }
    assert sizes == {"quick": {"S/3"}, "medium": {"S", "S/3"}}
    quick = FUSION.under("quick").cells(["disjoint"], SOURCES["builtin"])
    asked = {cell.fusion for cell in quick if cell.modality == "fused"}
    assert asked == KINDS - {"late-weighted", "hybrid"}
    experts = FUSION.under("quick").cells(["disjoint"], SOURCES["builtin"])
    assert {cell.size for cell in experts if cell.modality == "audio"} == {"S/6"}


def test_sizes_that_are_named_are_asked_under_every_profile() -> None:
    for profile in ("quick", "medium"):
        (study,) = resolve_studies(["fusion"], sizes=["S", "S"])
        cells = study.under(profile).cells(["disjoint"], SOURCES["builtin"])
        assert {(cell.modality, cell.size) for cell in cells} == {
            ("fused", "S"),
            ("image", "S/2"),
            ("audio", "S/2"),
        }
        kinds = {cell.fusion for cell in cells if cell.modality == "fused"}
        assert kinds == KINDS - ({"late-weighted", "hybrid"} if profile == "quick" else set())
    assert resolve_studies(["fusion"]) == (FUSION,)


def test_sizes_are_chosen_of_this_study_alone() -> None:
    for names in ([], ["reset"], ["fusion", "reset"], ["sensitivity"]):
        with pytest.raises(InputError, match="Name fusion"):
            resolve_studies(names, sizes=["S"])
    with pytest.raises(InputError, match="must be one of S, S/3, got 'S/6'"):
        resolve_studies(["fusion"], sizes=["S/6"])


def test_one_modality_has_nothing_to_fuse() -> None:
    both = SOURCES["builtin"]
    alone = replace(both, modalities=both.modalities[:1])
    with pytest.raises(InputError, match="two or more modalities"):
        FUSION.cells([], alone)


def test_three_seeds_at_least_where_nothing_is_asked(tmp_path) -> None:
    store = TrialStore(tmp_path)
    profile = PROFILES["smoke"]
    assert profile.seeds == 2
    assert make_plan([FUSION], profile, "builtin", store).seeds == (0, 1, 2)
    assert make_plan([FUSION], profile, "builtin", store, seeds=1).seeds == (0,)
    controls = make_plan([STUDIES["controls"]], profile, "builtin", store)
    assert controls.seeds == (0, 1)
